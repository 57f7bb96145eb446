//! A hub that asks for what it asked for before, because it means ill or was restored from a backup: nothing is done without
//! whoever owns the host, and an answer that he gave long ago counts no longer.

use distr_agent::converge::Settled;
use distr_agent::desired;
use distr_domain::agent::{DataRemoval, DesiredState, ErrorCategory};

use crate::policy::consents;
use crate::site::{Agent, Site};

async fn held(agent: &mut Agent, desired: &DesiredState) -> String {
    let Settled::Troubled(error) = agent.settle(desired).await else { panic!("the host holds it") };
    assert_eq!(error.category, ErrorCategory::Policy, "{}", error.text);
    error.text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_void_once_something_else_was_asked_for() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let release = site.run("1.0.0", &site.image("1.0.0"), &site.good());
    assert_eq!(agent.settle(&site.wants(1, release.clone())).await, Settled::Done);
    let removal = site.wants_removal(2, DataRemoval::Remove);
    held(&mut agent, &removal).await;
    desired::store(&site.data(), &removal).unwrap();
    consents(&site, &["give", &site.application, "--generation", "2"]);

    assert_eq!(agent.settle(&site.wants(3, release.clone())).await, Settled::Done);
    // also for an agent that was started anew
    let mut agent = site.agent();
    let said = held(&mut agent, &removal).await;
    assert!(said.contains("asks for generation 2 after it had asked for 3"), "{said}");
    assert_eq!((site.volumes().len(), site.page().await.as_deref()), (1, Some("1.0.0")));

    // nor does it run what is over, whatever the policy says
    std::fs::write(site.policy().path, "data-removal: automatic\n").unwrap();
    held(&mut agent, &removal).await;
    assert!(held(&mut agent, &site.wants(1, release)).await.contains("asks for generation 1 after it had asked for 3"));
    assert_eq!(site.volumes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_hub_was_restored_from_a_backup_the_owner_of_the_host_lets_it_go_on() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let release = site.run("1.0.0", &site.image("1.0.0"), &site.good());
    assert_eq!(agent.settle(&site.wants(5, release.clone())).await, Settled::Done);
    let restored = site.wants(3, release.clone());
    let said = held(&mut agent, &restored).await;
    assert!(said.contains("restored from a backup") && said.contains("consent give"), "{said}");
    desired::store(&site.data(), &restored).unwrap();
    assert!(consents(&site, &["list"]).contains("asks for generation 3 after it had asked for 5"));
    consents(&site, &["give", &site.application, "--generation", "3"]);
    assert_eq!(agent.settle(&restored).await, Settled::Done);
    assert_eq!(
        agent.settle(&site.wants(4, release)).await,
        Settled::Done,
        "what is newer than that is not asked about"
    );
}
