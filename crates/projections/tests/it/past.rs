//! The read models as of a position are what they were when the log ended there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use distr_domain::ids::OrganizationId;
use distr_eventlog::{EventLog, MemoryLog, Position};
use distr_postgres::Address;
use distr_projections::past::{self, Moment};
use distr_projections::{Group, RebuildOptions, past_pool, rebuild};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::harness::{Streams, database, golden, tables};
use crate::{LIMIT, start};

type Tables = BTreeMap<String, Vec<String>>;

/// Those that can be seen as of a position.
async fn kept(database: &Address) -> Vec<String> {
    let client = database.connect().await.unwrap();
    let views = "SELECT table_name::text FROM information_schema.views
                 WHERE table_schema = 'as_of' AND table_name NOT IN ('heartbeat', 'release_asked', 'entitled_image')";
    client.query(views, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn as_of(database: &Address, position: Position, kept: &[String]) -> Tables {
    let client = past_pool(database, 1).get().await.unwrap();
    past::look_at(&client, Moment { position, at: DateTime::UNIX_EPOCH }).await.unwrap();
    let mut seen = BTreeMap::new();
    for name in kept {
        let sql = format!("SELECT to_jsonb(t)::text FROM {name} t ORDER BY id");
        let rows = client.query(&sql, &[]).await.unwrap();
        seen.insert(name.clone(), rows.iter().map(|row| row.get(0)).collect());
    }
    seen
}

/// Appends events at random: any of any type, in any order, as nobody's commands would. Whoever is told of a step finds the log
/// at its end.
async fn appended(log: &dyn EventLog, seed: u64, events: usize, mut told: impl AsyncFnMut(Position)) {
    let (mut random, golden, mut streams) = (StdRng::seed_from_u64(seed), golden(), Streams::default());
    for _ in 0..events {
        let event = &golden[random.random_range(0..golden.len())];
        // names of organizations are unique
        let organization = if event["category"] == "organization" { 1 } else { random.random_range(1..4) };
        streams.append(log, OrganizationId(Uuid::from_u128(organization)), event).await;
        told(log.head().await.unwrap()).await;
    }
}

#[tokio::test]
async fn as_of_a_position_they_are_what_they_were_then() {
    const EVENTS: usize = 300;
    let mut changed = BTreeSet::new();
    for seed in 0..2 {
        // each entry by itself, and a picture of the tables after it
        let (_postgres, stepwise) = database().await;
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        let kept = kept(&stepwise).await;
        assert!(kept.len() >= 14, "{kept:?}");
        let core = start(&stepwise, &log, Group::CORE).await;
        let audit = start(&stepwise, &log, Group::AUDIT).await;
        let mut pictures: Vec<(Position, Tables)> = vec![];
        appended(&*log, seed, EVENTS, async |position| {
            core.progress.wait_for(position, LIMIT).await.unwrap();
            audit.progress.wait_for(position, LIMIT).await.unwrap();
            if position.number() % 7 == 0 {
                let mut now = tables(&stepwise, "read").await;
                now.retain(|table, _| kept.contains(table));
                pictures.push((position, now));
            }
        })
        .await;
        // all at once, as a hub that was away
        let (_postgres, away) = database().await;
        let late = [start(&away, &log, Group::CORE).await, start(&away, &log, Group::AUDIT).await];
        for runner in &late {
            runner.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();
        }
        for runner in [core, audit].into_iter().chain(late) {
            runner.stop().await;
        }
        // and made anew
        let (_postgres, anew) = database().await;
        rebuild(&anew, log.clone(), RebuildOptions::default(), |_| {}).await.unwrap();
        assert_eq!(tables(&anew, "read").await, tables(&away, "read").await, "seed {seed}");
        for (position, then) in &pictures {
            for (how, database) in [("stepwise", &stepwise), ("away", &away), ("anew", &anew)] {
                let seen = as_of(database, *position, &kept).await;
                for (table, rows) in then {
                    assert_eq!(&seen[table], rows, "seed {seed}, {how}, {table} as of {}", position.number());
                }
            }
        }
        let filled = tables(&anew, "read").await.into_iter().filter(|(_, rows)| !rows.is_empty());
        changed.extend(filled.filter_map(|(table, _)| table.strip_suffix("_past").map(str::to_owned)));
    }
    for table in ["release", "tag", "license", "seat", "target", "deployment", "generation"] {
        assert!(changed.contains(table), "no row of {table} changed: {changed:?}");
    }
}
