//! `distr-hub verify rollouts`: a sound log says so, and what was tampered with is named.

use std::process::Output;

use distr_tests::binary;

use super::*;

fn verify(hub: &HubProcess) -> Output {
    std::process::Command::new(binary("distr-hub"))
        .args(["verify", "rollouts"])
        .env("DISTR_DATA_DIR", hub.data.path().join("hub"))
        .output()
        .expect("distr-hub can be started")
}

#[tokio::test]
async fn what_was_done_is_what_the_rules_let_happen_and_a_changed_row_is_named() {
    let (hub, owner) = vendor().await;
    let mut sites = sites(&hub, &owner, &[("early", true), ("x", false)]).await;
    let campaign = Campaign::start(&hub, &owner, CAREFUL).await;
    campaign.until("the end", &mut sites, is_in("COMPLETED")).await;
    let verified = verify(&hub);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    assert!(said.starts_with("1 rollouts with 2 releases of targets") && said.contains("nothing differs"), "{said}");

    Psql::of(&hub).ok("UPDATE read.rollout_target SET class = 'failed' WHERE wave = 1");
    let verified = verify(&hub);
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(!verified.status.success());
    assert!(
        said.contains("1 differences")
            && said.contains("is succeeded in wave 1, and the read models say failed in wave 1"),
        "{said}"
    );
}
