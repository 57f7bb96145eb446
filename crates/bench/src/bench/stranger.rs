//! What somebody who has not signed in may cost: of the worst documents that the hub takes from a stranger the worst figure, in
//! milliseconds, megabytes of answer and megabytes of the hub's memory; and a sign-in, whose password is hashed on purpose.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::time::Instant;

use crate::process::{highest, resident};
use crate::row::Row;
use crate::sample::{Effort, percentile};
use crate::site::Site;
use crate::wire::Connection;

/// As long as a rate limit of 500 a second lets a worker breathe on two cores.
const LIMIT_MS: f64 = 4.0;
const LIMIT_MIB: f64 = 1.0;
/// Fewer than one address may try in a row.
const SIGN_INS: usize = 20;

pub(super) async fn run(effort: &Effort, site: &Site) -> Result<Vec<Row>> {
    let mut connection = Connection::open(site.address()).await?;
    let before = resident(site.hub_pid())?.max(highest(site.hub_pid())?);
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for (name, document) in documents() {
        let body = serde_json::to_vec(&json!({ "query": document }))?;
        let (mut waits, began) = (vec![], Instant::now());
        while waits.is_empty() || began.elapsed() < effort.sample() {
            let asked = Instant::now();
            let answer = connection.post("/graphql", None, &body).await.with_context(|| name.to_owned())?;
            waits.push(asked.elapsed().as_secs_f64() * 1000.0);
            largest = largest.max(answer.body.len() as f64 / f64::from(1 << 20));
        }
        worst = worst.max(percentile(&mut waits, 95.0));
    }
    let grown = (highest(site.hub_pid())? - before).max(0.0);
    let mut sign_ins = vec![];
    for number in 0..SIGN_INS {
        let query = format!(
            "mutation {{ sessionCreate(organization: \"acme\", email: \"{number}@example.com\", password: \"wrong\") {{ token }} }}"
        );
        let body = serde_json::to_vec(&json!({ "query": query }))?;
        let asked = Instant::now();
        let answer = connection.post("/graphql", None, &body).await?.json()?;
        ensure!(answer["errors"][0]["extensions"]["code"] == "forbidden", "not hashed: {answer}");
        sign_ins.push(asked.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(vec![
        Row::new("stranger.worst document.p95", worst, "ms").under(LIMIT_MS).aim(1.0),
        Row::new("stranger.worst document.answer", largest, "MiB").under(LIMIT_MIB).aim(1.0),
        Row::new("stranger.worst document.memory", grown, "MiB"),
        Row::new("stranger.sign-in.p95", percentile(&mut sign_ins, 95.0), "ms"),
    ])
}

/// Each goes as far as a limit lets it: text, fields, fragments, brackets, schema, body.
fn documents() -> Vec<(&'static str, String)> {
    let many = |count: usize, field: &str| (0..count).map(|n| format!("a{n}: {field} ")).collect::<String>();
    let fragments: String = (0..60).map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1)).collect();
    let spread: String = (0..200).map(|n| format!("fragment S{n} on Query {{ a }} ")).collect();
    vec![
        ("as long as it may be", format!("{{ {} }}", many(500, "a"))),
        ("fragments that double", format!("{{ ...F0 }} {fragments} fragment F60 on Query {{ a }}")),
        ("many fragments", format!("{{ a }} {spread}")),
        ("brackets", format!("{{ a{} }}", "{a".repeat(55) + &"}".repeat(55))),
        ("lists", format!("{{ a(b: {}{}) }}", "[".repeat(55), "]".repeat(55))),
        ("the schema again and again", format!("{{ {} }}", many(100, "__schema { types { name } }"))),
        ("a long text", format!("{{ a }} # {}", "x".repeat(15_000))),
        ("no document", "{".repeat(4_000)),
    ]
}
