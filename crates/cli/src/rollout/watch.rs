//! Watching a rollout until all its waves have passed, it stops, or it waits for a person. What a look means is a pure function.

use std::time::Duration;

use anyhow::Result;

use super::Of;
use super::plan::counted;
use super::show;
use crate::exit::{Failure, is_passing};
use crate::hub::Hub;
use crate::operation::read;
use crate::progress::Progress;
use crate::session::Session;

use rollout_progress::{RolloutProgressRollout as Seen, RolloutState as State, RolloutWaveState as WaveState};

read!("src/rollout.graphql": RolloutProgress);

const INTERVAL: Duration = Duration::from_secs(1);

/// What nobody but a person ends.
const OF_PEOPLE: [&str; 5] =
    ["rollout.not_approved", "rollout.plan_changed", "gate.sample", "gate.success", "gate.reached"];

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// and what is being done
    Going(String),
    Passed(String),
    Stopped(String),
    /// somebody has to do something
    Held(String),
}

pub(super) async fn until_done(session: &Session, of: &Of) -> Result<()> {
    let progress = Progress::start(&session.out);
    let verdict = loop {
        let doing = match look(&session.hub, of).await {
            Ok(seen) => match verdict(&seen) {
                Verdict::Going(doing) => doing,
                verdict => break verdict,
            },
            Err(error) if is_passing(&error) => "the hub is away; waiting for it".to_owned(),
            Err(error) => return Err(error),
        };
        progress.tell(&doing);
        tokio::time::sleep(INTERVAL).await;
    };
    drop(progress);
    if session.out.is_json() {
        show::status(session, of).await?;
    }
    let sentence = |what: String| format!("rollout \"{}\" of {}: {what}", of.name, of.app);
    match verdict {
        Verdict::Passed(what) => session.out.say(&sentence(what)),
        Verdict::Stopped(what) => Err(Failure::RolloutStopped(sentence(what)).into()),
        Verdict::Held(what) => Err(Failure::HeldForPerson(sentence(what)).into()),
        Verdict::Going(_) => Ok(()),
    }
}

async fn look(hub: &Hub, of: &Of) -> Result<Seen> {
    let variables = rollout_progress::Variables { application: of.app.clone(), name: of.name.clone() };
    Ok(hub.ask::<RolloutProgress>(variables).await?.rollout)
}

fn verdict(seen: &Seen) -> Verdict {
    let because = |otherwise: &str| seen.reason.clone().unwrap_or_else(|| otherwise.to_owned());
    match seen.state {
        State::COMPLETED => Verdict::Passed(format!("completed; {}", tally(seen))),
        State::TAILING => Verdict::Passed(format!("all waves have passed; {}", tally(seen))),
        State::HALTED => {
            let why = seen.halted_because.clone().unwrap_or_else(|| because("nobody said why"));
            Verdict::Stopped(format!("halted: {why}"))
        }
        State::ABORTED => Verdict::Stopped(format!("aborted: {}", because("nobody said why"))),
        State::SUPERSEDED => Verdict::Stopped("superseded by a newer rollout".to_owned()),
        State::PAUSED => Verdict::Held(format!("paused: {}", because("nobody said why"))),
        State::PLANNED | State::RUNNING | State::Other(_) => held(seen),
    }
}

fn held(seen: &Seen) -> Verdict {
    match seen.holds.iter().find(|hold| OF_PEOPLE.contains(&hold.code.as_str())) {
        Some(hold) => Verdict::Held(format!("{} ({})", hold.text, hold.code)),
        None => Verdict::Going(doing(seen)),
    }
}

fn doing(seen: &Seen) -> String {
    let current = seen.waves.iter().find(|wave| !matches!(wave.state, WaveState::PASSED | WaveState::SKIPPED));
    let wave = current.map(|wave| format!("wave {} \"{}\": ", wave.number, wave.name)).unwrap_or_default();
    match seen.holds.first() {
        Some(hold) => format!("{wave}{}; waits because {}", tally(seen), hold.text),
        None => format!("{wave}{}", tally(seen)),
    }
}

/// Of all waves.
fn tally(seen: &Seen) -> String {
    let (mut members, mut waiting, mut in_flight, mut succeeded, mut failed) = (0, 0, 0, 0, 0);
    for wave in &seen.waves {
        members += wave.members;
        waiting += wave.waiting;
        in_flight += wave.in_flight;
        succeeded += wave.succeeded;
        failed += wave.failed + wave.lost;
    }
    let of = counted(members.unsigned_abs());
    format!("{succeeded} of {of} succeeded, {failed} failed, {in_flight} in flight, {waiting} waiting")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(state: &str, holds: Value) -> Seen {
        let wave = json!({
            "number": 1, "name": "all", "state": "OPEN", "members": 3, "waiting": 1, "inFlight": 1, "succeeded": 1,
            "failed": 0, "lost": 0,
        });
        let seen =
            json!({ "state": state, "haltedBecause": "it failed", "reason": "lunch", "holds": holds, "waves": [wave] });
        serde_json::from_value(seen).unwrap()
    }

    #[test]
    fn a_rollout_whose_waves_have_passed_is_done() {
        let tally = "1 of 3 targets succeeded, 0 failed, 1 in flight, 1 waiting";
        assert_eq!(verdict(&seen("COMPLETED", json!([]))), Verdict::Passed(format!("completed; {tally}")));
        assert_eq!(verdict(&seen("TAILING", json!([]))), Verdict::Passed(format!("all waves have passed; {tally}")));
    }

    #[test]
    fn what_stops_it_and_what_waits_for_a_person_are_told_apart() {
        assert_eq!(verdict(&seen("HALTED", json!([]))), Verdict::Stopped("halted: it failed".into()));
        assert_eq!(verdict(&seen("PAUSED", json!([]))), Verdict::Held("paused: lunch".into()));
        let hold = |code: &str| json!([{ "code": code, "text": "so it is" }]);
        assert_eq!(verdict(&seen("RUNNING", hold("gate.success"))), Verdict::Held("so it is (gate.success)".into()));
        let waits = verdict(&seen("RUNNING", hold("window.closed")));
        assert!(matches!(waits, Verdict::Going(doing) if doing.ends_with("waits because so it is")));
    }
}
