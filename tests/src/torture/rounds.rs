//! The rounds: faults while everybody works, then calm, then the audit.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use distr_eventlog::{Entry, Position};
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;
use tokio::time::timeout;

use super::faults::{Counts, strike};
use super::findings::{Findings, Summary};
use super::ledger::Outcome;
use super::scene::Scene;
use super::site::Topology;
use super::{Limit, Plan, audit, counted, observed, rebuilt};

/// Longer than a writer's patience.
const CLOSED_WITHIN: Duration = Duration::from_secs(240);
const QUIET_WITHIN: Duration = Duration::from_secs(120);
/// So many rounds on one topology, then as many on the other.
const STRETCH: usize = 1;

pub(crate) struct Rounds<'a> {
    plan: &'a Plan,
    dice: &'a mut StdRng,
    begun: Instant,
    summary: Summary,
}

impl<'a> Rounds<'a> {
    pub(crate) fn new(plan: &'a Plan, dice: &'a mut StdRng) -> Self {
        Self { plan, dice, begun: Instant::now(), summary: Summary::default() }
    }

    pub(crate) async fn play(mut self, scene: &mut Scene) -> Result<Summary> {
        while self.goes_on() {
            self.round(scene).await.with_context(|| format!("round {}", self.summary.rounds))?;
            if !self.summary.findings.none() {
                break;
            }
        }
        Ok(self.summary)
    }

    fn goes_on(&self) -> bool {
        match self.plan.limit {
            Limit::Rounds(rounds) => self.summary.rounds < rounds,
            Limit::Time(limit) => self.begun.elapsed() < limit,
        }
    }

    async fn round(&mut self, scene: &mut Scene) -> Result<()> {
        self.summary.rounds += 1;
        let begun = Instant::now();
        let topology = match (self.summary.rounds - 1) / STRETCH % 2 {
            0 => Topology::OneHub,
            _ => Topology::TwoHubs,
        };
        // while requests are on their way: a hub that stops must not lose them either
        scene.api.set_count(1);
        scene.site.change(topology).await?;
        scene.api.set_count(scene.site.count());
        let machine = self.dice.random_range(0..scene.machines.agents.len().max(1));
        if let Some(machine) = scene.machines.agents.get_mut(machine) {
            machine.deploy(&scene.api).await?;
        }
        let counts = strike(&scene.site, &scene.machines, self.dice, self.plan.round).await;
        let struck = begun.elapsed();
        scene.site.calm().await?;
        let (findings, clock) = self.examine(scene).await?;
        self.tell(topology, &counts, struck, &clock, &findings);
        for (fault, count) in counts {
            *self.summary.faults.entry(fault).or_default() += count;
        }
        (self.summary.cuts, self.summary.hub_starts) = (scene.site.proxy.cuts(), scene.site.starts());
        self.summary.findings.extend(findings);
        Ok(())
    }

    /// Everybody stops, and all books are compared.
    async fn examine(&mut self, scene: &mut Scene) -> Result<(Findings, Clock)> {
        let mut findings = Findings::default();
        let mut clock = Clock::start();
        if self.is_every(3) {
            findings.differences.extend(scene.machines.differences(&scene.api).await);
            clock.note("machines");
        }
        let gate = scene.gate.clone();
        let closed = timeout(CLOSED_WITHIN, gate.write()).await.context("writers and agents do not come to rest")?;
        clock.note("rest");
        while let Some(refusal) = scene.agents.try_join_next() {
            findings.differences.push(refusal.unwrap_or_else(|error| error.to_string()));
        }
        scene.machines.signal(Signal::STOP);
        let head = timeout(QUIET_WITHIN, quiet(scene)).await.context("the hubs do not come to rest")??;
        clock.note("quiet");
        let entries = audit::read(&scene.site.cluster).await?;
        audit::check_shape(&entries, &mut findings);
        audit::check_writes(&entries, &scene.ledger, &mut findings);
        audit::check_reports(&entries, &scene.ledger, &mut findings);
        observed::check(&entries, &mut findings)?;
        let client = scene.site.cluster.connect().await?;
        self.summary.stored_again = counted::check(&client, &entries, &mut findings).await?;
        clock.note("log");
        for watcher in &scene.watchers {
            audit::check_watcher(&entries, watcher, &mut findings).await;
        }
        clock.note("watchers");
        if self.is_every(2) {
            rebuilt::compare(&scene.site.cluster, head, &mut findings).await?;
            self.summary.rebuilds += 1;
            clock.note("read models");
        }
        scene.machines.signal(Signal::CONT);
        self.count(scene, &entries);
        drop(closed);
        Ok((findings, clock))
    }

    /// For what takes long: in the last round of a run, and in some before it.
    fn is_every(&self, rounds: usize) -> bool {
        self.summary.rounds.is_multiple_of(rounds) || !self.goes_on()
    }

    fn count(&mut self, scene: &Scene, entries: &[Entry]) {
        let summary = &mut self.summary;
        summary.entries = entries.len() as u64;
        summary.facts = entries.iter().filter(|entry| matches!(entry, Entry::Fact(_))).count();
        summary.seen = scene.watchers.iter().map(|watcher| watcher.seen().len()).sum();
        let books = scene.ledger.books();
        let outcomes = || books.writes.values().map(|write| &write.outcome);
        summary.writes = outcomes().filter(|outcome| matches!(outcome, Outcome::Changed(_))).count();
        summary.refused = outcomes().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
        (summary.reports, summary.asked_again) = (books.acknowledged.len(), books.asked_again);
    }

    fn tell(&self, topology: Topology, counts: &Counts, struck: Duration, clock: &Clock, findings: &Findings) {
        let faults: Vec<_> = counts.iter().map(|(fault, count)| format!("{} {count}", fault.name())).collect();
        let Summary { rounds, writes, reports, entries, .. } = &self.summary;
        let struck = struck.as_secs_f64();
        println!("round {rounds:>3}  {topology:?}, {struck:.1} s of {}", faults.join(", "));
        println!("    calm after {clock}; writes {writes}, reports {reports}, log {entries}; {findings}");
        let all = [("lost", &findings.lost), ("doubled", &findings.doubled), ("differs", &findings.differences)];
        for (kind, found) in all {
            found.iter().take(10).for_each(|sentence| println!("    {kind}: {sentence}"));
        }
    }
}

/// How long each part of an audit took.
struct Clock {
    last: Instant,
    parts: Vec<String>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), parts: vec![] }
    }

    fn note(&mut self, part: &str) {
        self.parts.push(format!("{part} {:.1} s", self.last.elapsed().as_secs_f64()));
        self.last = Instant::now();
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join(", "))
    }
}

/// Returns when nothing follows from what was written any more: everybody who follows the log is at its head. (Seats are
/// looked at much later; each of these has its wish by then.)
async fn quiet(scene: &Scene) -> Result<Position> {
    let client = scene.site.cluster.connect().await?;
    let sql = "SELECT head.position, (SELECT min(position) FROM read.checkpoint),
                   (SELECT min(position) FROM ops.policy WHERE name <> 'unused_seats')
               FROM eventlog.head";
    let mut before = (0, 0);
    loop {
        let row = client.query_one(sql, &[]).await?;
        let (head, shown, followed): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        let all_there = shown == head && followed == head;
        before = match before {
            (at, times) if at == head && all_there => (at, times + 1),
            _ => (head, 0),
        };
        if before.1 >= 5 {
            return Ok(Position::of_number(head.unsigned_abs()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
