use distr_agent::converge::Settled;
use distr_domain::agent::{Instruction, Step};

use crate::site::{Site, of};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_does_not_get_well_holds_up_no_other() {
    let (broken, well) = (Site::new().await, Site::new().await);
    let slow = broken.compose(&["sh", "-c", "sleep 1; exit 1"]);
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
    let (mut one, mut other) = (Site::new().await, Site::new().await);
    other.application = one.application.clone();
    let image = one.image("1.0.0");
    let also = other.image("1.0.0");
    assert_eq!(one.agent().settle(&one.wants(1, one.run("1.0.0", &image, &one.good()))).await, Settled::Done);
    let before = one.containers(&one.project);
    assert_eq!(other.agent().settle(&other.wants(1, other.run("1.0.0", &also, &other.good()))).await, Settled::Done);
    other.project = format!("{}-{}", one.project, &other.deployment.0.simple().to_string()[..8]);
    assert_eq!((one.containers(&one.project), other.containers(&other.project).len()), (before, 1));
    one.project = format!("distr-{}", one.application);
}
