use serde_json::{Value, json};

use super::*;
use crate::fixture::container;

fn expected() -> Expectation {
    Expectation { generation: 4, services: BTreeMap::from([("web".to_owned(), 1)]), jobs: BTreeSet::new() }
}

fn judged(change: impl FnOnce(&mut Container)) -> Verdict {
    let mut one = container("web", 4);
    change(&mut one);
    judge(&expected(), &[&one], &BTreeMap::new())
}

fn why(verdict: Verdict) -> String {
    match verdict {
        Verdict::Healthy => "healthy".to_owned(),
        Verdict::Pending(why) => format!("pending: {why}"),
        Verdict::Unhealthy(illness) => format!("ill: {}", illness.why),
    }
}

#[test]
fn a_container_is_well_when_it_runs_and_its_check_says_so() {
    type Change = fn(&mut Container);
    let cases: [(Change, &str); 9] = [
        (|_| {}, "healthy"),
        (|c| c.probe = None, "healthy"),
        (|c| c.probe = Some(Probe::Starting), "pending: service web is not healthy yet"),
        (|c| c.probe = Some(Probe::Unhealthy), "ill: service web is unhealthy"),
        (|c| (c.state, c.exit_code) = (State::Exited, Some(1)), "ill: service web ended (exit code 1)"),
        (|c| c.state = State::Created, "pending: service web is not started"),
        (|c| (c.state, c.restarts) = (State::Restarting, 1), "pending: service web restarts (exit code 0)"),
        (|c| c.restarts = 3, "ill: service web was restarted 3 times"),
        (|c| c.generation = Some(3), "pending: service web has 0 of 1 containers"),
    ];
    for (change, text) in cases {
        assert_eq!(why(judged(change)), text);
    }
}

#[test]
fn restarts_of_long_ago_do_not_count() {
    let old = Container { restarts: 9, ..container("web", 4) };
    let before = BTreeMap::from([(old.id.clone(), 8)]);
    assert_eq!(judge(&expected(), &[&old], &before), Verdict::Healthy);
}

#[test]
fn every_replica_is_needed() {
    let two = Expectation { services: BTreeMap::from([("web".to_owned(), 2)]), ..expected() };
    let verdict = judge(&two, &[&container("web", 4)], &BTreeMap::new());
    assert_eq!(why(verdict), "pending: service web has 1 of 2 containers");
}

#[test]
fn a_job_is_well_when_it_ended_with_0() {
    let job = Expectation { jobs: BTreeSet::from(["web".to_owned()]), ..expected() };
    let of = |state, exit_code| {
        let one = Container { state, exit_code: Some(exit_code), probe: None, ..container("web", 4) };
        why(judge(&job, &[&one], &BTreeMap::new()))
    };
    assert_eq!(of(State::Exited, 0), "healthy");
    assert_eq!(of(State::Exited, 2), "ill: service web ended (exit code 2)");
    assert_eq!(of(State::Running, 0), "pending: service web has not ended");
}

#[test]
fn the_limit_follows_the_longest_chain_of_health_checks() {
    let check =
        |start: u64| json!({"start_period": format!("{start}s"), "interval": "10s", "timeout": "5s", "retries": 2});
    let of = |services: Value| limit(&serde_json::from_value(json!({"services": services})).unwrap()).as_secs();
    let after = |service: &str| json!({service: {"condition": "service_healthy"}});
    assert_eq!(of(json!({"web": {}})), 60, "without a check");
    assert_eq!(of(json!({"web": {"healthcheck": {}}})), 190, "the engine's defaults");
    assert_eq!(of(json!({"web": {"healthcheck": check(100)}})), 140);
    let chain =
        json!({"web": {"healthcheck": check(100), "depends_on": after("db")}, "db": {"healthcheck": check(50)}});
    assert_eq!(of(chain), 230);
    assert_eq!(of(json!({"web": {"healthcheck": check(1_200)}})), 1_240, "a slow start");
    assert_eq!(of(json!({"web": {"healthcheck": check(100_000)}})), 3_600, "bounded");
    let ended = json!({"migrate": {"condition": "service_completed_successfully"}});
    let job = json!({"web": {"healthcheck": check(100), "depends_on": ended}, "migrate": {"healthcheck": check(1)}});
    assert_eq!(of(job), 900 + 140, "a job, whose health nobody waits for");
    let circle = json!({"a": {"depends_on": after("b")}, "b": {"depends_on": after("a")}});
    assert_eq!(of(circle), 60);
}
