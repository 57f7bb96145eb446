use distr_agent::converge::Settled;
use distr_domain::agent::{Instruction, Step};

use crate::site::{Site, of};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_does_not_get_well_holds_up_no_other() {
    let (broken, well) = (Site::new().await, Site::new().await);
    // longer than the other takes, however busy the machine is
    let slow = broken.compose(&["sh", "-c", "sleep 20; exit 1"]);
    let (broken_image, well_image) = (broken.image("1.0.0"), broken.registry.push("acme/well", "2.0.0"));
    let desired = broken.desires(&[
        broken.wanted(1, Instruction::Run(broken.run("1.0.0", &broken_image, &slow))),
        well.wanted(1, Instruction::Run(well.run("2.0.0", &well_image, &well.good()))),
    ]);
    let mut agent = broken.agent();
    let settled = agent.converger.settle(&desired).await.unwrap();
    assert!(matches!(settled[&broken.deployment], Settled::Failed(_)), "{settled:?}");
    assert_eq!(settled[&well.deployment], Settled::Done);
    let reports = agent.reports();
    let first = |deployment, step| {
        let has = |report: &&distr_domain::agent::Report| of(&[(*report).clone()], deployment)[0].step == step;
        reports.iter().find(has).expect("the step is reported").sequence
    };
    assert!(first(well.deployment, Step::Applied) < first(broken.deployment, Step::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_with_the_same_application_do_not_take_each_others_project() {
    let (one, mut other) = (Site::new().await, Site::new().await);
    other.application = one.application.clone();
    other.project = format!("distr-{}-{}", other.application, &other.deployment.0.simple().to_string()[..8]);
    let (image, also) = (one.image("1.0.0"), other.image("1.0.0"));
    let (mut of_one, mut of_other) = (one.agent(), other.agent());
    // at once: neither sees anything of the other when it chooses
    let wanted = one.wants(1, one.run("1.0.0", &image, &one.good()));
    let also_wanted = other.wants(1, other.run("1.0.0", &also, &other.good()));
    let settled = tokio::join!(of_one.settle(&wanted), of_other.settle(&also_wanted));
    assert_eq!(settled, (Settled::Done, Settled::Done));
    assert_eq!((one.containers(&one.project).len(), other.containers(&other.project).len()), (1, 1));
}
