use distr_agent::converge::Settled;
use distr_domain::agent::{DataRemoval, Step};

use crate::site::{Site, of};

#[tokio::test(flavor = "multi_thread")]
async fn removal_keeps_the_data_unless_its_removal_is_said() {
    let site = Site::new().await;
    std::fs::write(site.policy().path, "data-removal: automatic\n").unwrap();
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let volume = format!("{}_data", site.project);
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &image, &site.good()))).await, Settled::Done);

    let nothing = site.desires(&[]);
    agent.converger.settle(&nothing).await.unwrap();
    assert_eq!(site.containers(&site.project).len(), 1, "what is not listed is not touched");

    agent.reports();
    assert_eq!(agent.settle(&site.wants_removal(2, DataRemoval::Keep)).await, Settled::Done);
    assert!(site.containers(&site.project).is_empty());
    assert_eq!(site.volumes(), [volume]);
    assert!(!site.data().generation(site.deployment, 1).exists());
    let reports = of(&agent.reports(), site.deployment);
    assert!(reports.iter().any(|report| report.step == Step::Removing));
    assert_eq!((reports.last().unwrap().step, &reports.last().unwrap().running), (Step::Removed, &None));

    assert_eq!(agent.settle(&site.wants(3, site.run("1.0.0", &image, &site.good()))).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    assert_eq!(agent.settle(&site.wants_removal(4, DataRemoval::Remove)).await, Settled::Done);
    assert!(site.containers(&site.project).is_empty() && site.volumes().is_empty());
}
