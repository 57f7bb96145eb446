//! Read models on a real Postgres: every statement prepares, rows fit their tables, the log twice gives the same rows, and
//! two runners never move one group together.

mod charts;
mod following;
mod harness;
mod parking;
mod past;
mod patterns;
mod rebuilding;
mod shape;

use std::sync::Arc;
use std::time::Duration;

use distr_domain::customer::{Customer, CustomerCommand};
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, SeatId, TargetId};
use distr_domain::license::{License, LicenseCommand, Terms};
use distr_domain::names::Slug;
use distr_domain::seat::{Seat, SeatChange, SeatCommand};
use distr_eventlog::{EventLog, MemoryLog, Position};
use distr_projections::{
    Group, LiveShape, Paging, Runner, Scope, customer, groups, license, past_pool, prepare_live, read_pool, seat,
};
use harness::{ORGANIZATION, database, run};
use uuid::Uuid;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);
const SCOPE: Scope = Scope { organization: ORGANIZATION, customer: None };

fn name(text: &str) -> Slug {
    text.parse().unwrap()
}

/// Looks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LIMIT, "{what} did not come about in {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn every_statement_prepares() {
    let (_postgres, database) = database().await;
    let client = read_pool(&database, 1).get().await.unwrap();
    let past = past_pool(&database, 1).get().await.unwrap();
    let mut checked = 0;
    for file in harness::sql_files() {
        let sql = std::fs::read_to_string(&file).unwrap();
        if ["CREATE TABLE", "CREATE VIEW", "CREATE FUNCTION", "DO $$"].iter().any(|script| sql.contains(script)) {
            continue;
        }
        for client in [&client, &past] {
            client.prepare(&sql).await.unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        }
        checked += 1;
    }
    assert!(checked > 25, "{checked} statements");
}

#[tokio::test]
async fn a_license_is_shown_as_its_events_say() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let customer = CustomerId::of(ORGANIZATION, &name("globex"));
    let application = ApplicationId::of(ORGANIZATION, &name("hello"));
    let id = LicenseId::of(customer, &name("l"));
    let terms = Terms { seats: Some(2), versions: vec!["1.x".parse().unwrap()], ..Terms::default() };
    let issue = LicenseCommand::Issue { customer, application, name: name("l"), terms: terms.clone() };
    run::<License>(&*log, id.0, issue).await;
    let [one, other] = [1, 2].map(|number| TargetId(Uuid::from_u128(number)));
    for (target, change) in [(one, SeatChange::Take), (other, SeatChange::Take), (one, SeatChange::Release)] {
        let command = SeatCommand { license: id, target, of_old: false, change };
        run::<Seat>(&*log, SeatId::of(id, target).0, command).await;
    }
    run::<License>(&*log, id.0, LicenseCommand::Suspend { reason: "unpaid".into() }).await;
    let runner = start(&database, &log, Group::CORE).await;
    runner.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();

    let client = read_pool(&database, 1).get().await.unwrap();
    let row = license::find(&client, SCOPE, id).await.unwrap().expect("the license is there");
    assert_eq!((row.terms, row.position), (terms, 5));
    assert_eq!(row.seats_taken, 1);
    let licenses = async |target| license::with_seat(&client, ORGANIZATION, target).await.unwrap();
    assert_eq!((licenses(one).await.len(), licenses(other).await[0].id), (0, id));
    assert_eq!(seat::before(&client, id, Position::of_number(3)).await.unwrap(), 0);
    assert_eq!(seat::before(&client, id, Position::of_number(4)).await.unwrap(), 1);
    assert_eq!(serde_json::to_value(&row.standing).unwrap()["standing"], "suspended");
    let other = Scope { customer: Some(CustomerId(Uuid::from_u128(9))), ..SCOPE };
    assert_eq!(license::find(&client, other, id).await.unwrap(), None);
    runner.stop().await;
}

#[tokio::test]
async fn a_group_is_moved_by_one_runner_and_taken_over_when_it_stops() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let (first, second) = (start(&database, &log, Group::CORE).await, start(&database, &log, Group::CORE).await);
    for n in 0..50 {
        let name = name(&format!("c{n}"));
        let create = CustomerCommand::Create { name: name.clone(), display_name: "C".into() };
        run::<Customer>(&*log, CustomerId::of(ORGANIZATION, &name).0, create).await;
    }
    for runner in [&first, &second] {
        runner.progress.wait_for(Position::of_number(50), LIMIT).await.unwrap();
    }
    first.stop().await;
    let late = name("late");
    let create = CustomerCommand::Create { name: late.clone(), display_name: "L".into() };
    run::<Customer>(&*log, CustomerId::of(ORGANIZATION, &late).0, create).await;
    second.progress.wait_for(Position::of_number(51), LIMIT).await.unwrap();
    let client = read_pool(&database, 1).get().await.unwrap();
    let page = customer::list(&client, SCOPE, None, &Paging::first(100)).await.unwrap();
    assert_eq!((page.items.len(), page.has_next), (51, false));
    second.stop().await;
}

pub(crate) async fn start(
    database: &distr_postgres::Address,
    log: &Arc<dyn EventLog>,
    group: &str,
) -> distr_projections::FollowerHandle {
    let pool = read_pool(database, 4);
    let client = pool.get().await.unwrap();
    let group = groups(&client).await.unwrap().into_iter().find(|other| other.name == group).unwrap();
    drop(client);
    Runner::start(group, log.clone(), pool, Uuid::new_v4(), |_, _| ())
}

#[tokio::test]
async fn the_live_schema_is_made_once() {
    let (_postgres, database) = database().await;
    let mut client = database.connect().await.unwrap();
    assert_eq!(prepare_live(&mut client).await.unwrap(), LiveShape::Current);
    client.batch_execute("UPDATE read.shape SET shape = shape - 1").await.unwrap();
    assert_eq!(prepare_live(&mut client).await.unwrap(), LiveShape::Older);
    client.batch_execute("UPDATE read.shape SET shape = shape + 2").await.unwrap();
    assert!(matches!(prepare_live(&mut client).await.unwrap(), LiveShape::Newer { .. }));
}
