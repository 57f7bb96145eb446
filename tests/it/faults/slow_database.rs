//! A database three milliseconds away, two hubs, and a policy that has a long way to go: one hub goes it to its end. A page that
//! takes longer than a lease lasts is no reason to take over from each other.

use std::collections::BTreeMap;
use std::time::Duration;

use distr_domain::deployment::{Deployment, DeploymentCommand, Desired};
use distr_domain::ids::{ApplicationId, CustomerId, DeploymentId, LicenseId, OrganizationId, TargetId};
use distr_embedded_postgres::start_temporary;
use distr_eventlog::{Actor, Context, EventLog, PostgresLog, execute};
use distr_tests::clock::now;
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use distr_tests::wait;
use uuid::Uuid;

use super::sick_leader::proxied;
use crate::two_hubs::KEY;

/// Wishes that the policy `seats` has to look at. Each takes several questions, so that all take some times as long as a lease.
const WISHES: u128 = 400;
const EACH_WAY: Duration = Duration::from_millis(3);
/// Far more than it takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

async fn wish(log: &PostgresLog, number: u128) {
    let [customer, application, license, target] = [1, 2, 3, 1_000 + number].map(Uuid::from_u128);
    let (target, application) = (TargetId(target), ApplicationId(application));
    let desired = Desired {
        customer: CustomerId(customer),
        target,
        application,
        version: "1.0.0".parse().expect("a version"),
        license: LicenseId(license),
        features: vec![],
        config: BTreeMap::new(),
        secrets: BTreeMap::new(),
        asked_by: Default::default(),
        channel: None,
        values: Default::default(),
        namespace: None,
    };
    let context = Context {
        organization: OrganizationId::of(&"acme".parse().expect("a name")),
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::new_v4(),
        command: Uuid::new_v4(),
        at: now(),
    };
    let stream = DeploymentId::of(target, application).0;
    let executed = execute::<Deployment>(
        log,
        stream,
        &DeploymentCommand::SetDesired { desired, heard: 0, downgrade: None, origin: None },
        &context,
    )
    .await;
    assert!(executed.is_ok(), "{:?}", executed.err());
}

#[tokio::test]
async fn a_policy_with_a_long_way_to_go_gets_there_with_two_hubs() {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let (proxy, url) = proxied(&postgres, "distr").await;
    let environment = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY)];
    let first = HubProcess::start_with(&environment).await;
    let second = HubProcess::start_with(&environment).await;
    proxy.delay(EACH_WAY);
    let log = PostgresLog::connect(&postgres.url("distr")).await.expect("the hubs' log");
    for number in 0..WISHES {
        wish(&log, number).await;
    }
    let head = log.head().await.expect("the head");
    log.close().await;
    let psql = Psql::at(&postgres.url("distr"));
    let epoch = || psql.ok("SELECT epoch FROM ops.policy WHERE name = 'seats'").parse::<u64>().expect("a number");
    let before = epoch();
    wait::until("the policy", LIMIT, async || {
        match psql.ok(&format!("SELECT position >= {head} FROM ops.policy WHERE name = 'seats'")).as_str() {
            "t" => Ok(()),
            _ => Err(format!("{}\n{}", psql.ok("SELECT * FROM ops.policy"), first.log())),
        }
    })
    .await;
    assert!(epoch() <= before + 1, "the hubs took over from each other {} times", epoch() - before);
    for hub in [&first, &second] {
        let ready = reqwest::get(hub.url("/readyz")).await.expect("an answer");
        assert_eq!(ready.status(), 200, "{}", ready.text().await.unwrap_or_default());
    }
}
