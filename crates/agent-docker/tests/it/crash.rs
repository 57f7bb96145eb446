use std::time::Duration;

use distr_agent::converge::Settled;
use distr_domain::agent::Step;

use crate::site::{Agent, Site};

/// Lets the agent work until it reported `step`, and drops it there, as if it were killed.
async fn cut_off(mut agent: Agent, desired: &distr_domain::agent::DesiredState, step: Step) {
    let board = agent.board.clone();
    let reached = async {
        while !board.known().iter().any(|report| report.step == step) {
            board.changed().await;
        }
    };
    let both = async {
        tokio::select! {
            () = reached => {}
            _ = agent.converger.settle(desired) => panic!("it ended before {step:?}"),
        }
    };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("the step is reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_cut_off_in_any_step_is_finished_by_the_next_start() {
    for step in [Step::Pulling, Step::Proving, Step::Switching] {
        let site = Site::new().await;
        let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
        let first = site.wants(1, site.run("1.0.0", &old, &site.good()));
        assert_eq!(site.agent().settle(&first).await, Settled::Done);
        let second = site.wants(2, site.run("1.1.0", &new, &site.good()));
        cut_off(site.agent(), &second, step).await;
        assert_eq!(site.agent().settle(&second).await, Settled::Done, "{step:?}");
        assert_eq!(site.page().await.as_deref(), Some("1.1.0"), "{step:?}");
        assert!(site.containers(&site.candidate()).is_empty(), "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_cut_off_is_cleared_away_when_the_old_release_is_wanted_again() {
    let site = Site::new().await;
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    let first = site.wants(1, site.run("1.0.0", &old, &site.good()));
    assert_eq!(site.agent().settle(&first).await, Settled::Done);
    let second = site.wants(2, site.run("1.1.0", &new, &site.compose(&["sh", "-c", "sleep 1; exit 1"])));
    cut_off(site.agent(), &second, Step::Proving).await;
    let third = site.wants(3, site.run("1.0.0", &old, &site.good()));
    assert_eq!(site.agent().settle(&third).await, Settled::Done);
    assert!(site.containers(&site.candidate()).is_empty());
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
}
