//! Which charts a cluster's agent needs rights for, and what these are.

use std::sync::Arc;

use distr_domain::ids::{ApplicationId, ReleaseId};
use distr_domain::release::{
    Chart, ChartLock, ChartSettings, HelmPackage, Package, PackageKind, Release, ReleaseCommand, ReleaseContent,
    ReleaseImage, RoleRule,
};
use distr_eventlog::{EventLog, MemoryLog};
use distr_projections::release::{chart_rights, newest_charts};
use distr_projections::{Group, read_pool};

use crate::harness::{ORGANIZATION, database, run};
use crate::{LIMIT, name, start};

/// The chart, as releases name it among their images.
fn itself() -> ReleaseImage {
    ReleaseImage {
        package: PackageKind::Helm,
        service: "chart".to_owned(),
        repository: "charts/hello".parse().unwrap(),
        digest: format!("sha256:{}", "1".repeat(64)).parse().unwrap(),
        tag: None,
        feature: None,
    }
}

/// A chart whose one rule names this resource.
fn chart(resource: &str) -> Package {
    let digest = format!("sha256:{}", "1".repeat(64));
    let of = |word: &str| vec![word.to_owned()];
    let rule = RoleRule { api_groups: of(""), resources: of(resource), resource_names: vec![], verbs: of("get") };
    Package::Helm(Box::new(HelmPackage {
        chart: Chart {
            repository: "charts/hello".parse().unwrap(),
            digest: digest.parse().unwrap(),
            tag: None,
            archive: digest.parse().unwrap(),
            size: 1,
            name: "hello".to_owned(),
            version: "1.0.0".to_owned(),
            app_version: None,
            kube_version: None,
            values: serde_json::Map::new(),
            schema: None,
        },
        settings: ChartSettings::default(),
        lock: ChartLock {
            registry: "hub.example".to_owned(),
            images: vec![],
            kinds: vec![],
            rules: vec![rule],
            cases: 1,
            tool: "helm".to_owned(),
        },
    }))
}

#[tokio::test]
async fn the_newest_chart_is_the_newest_of_each_application() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let [hello, shop, other] = ["hello", "shop", "other"].map(|of| ApplicationId::of(ORGANIZATION, &name(of)));
    for (application, version, resource, is_published) in [
        (hello, "1.0.0", "old", true),
        (hello, "1.1.0", "hellos", true),
        (hello, "1.2.0", "drafts", false),
        (shop, "3.0.0", "shops", true),
        (other, "9.0.0", "others", true),
    ] {
        let content = ReleaseContent { packages: vec![chart(resource)], images: vec![itself()], notes: String::new() };
        let version: distr_domain::version::Version = version.parse().unwrap();
        let id = ReleaseId::of(application, &version).0;
        let replaces = ReleaseContent::default();
        let draft = ReleaseCommand::Draft { application, version, content: content.clone(), replaces };
        run::<Release>(&*log, id, draft).await;
        if is_published {
            run::<Release>(&*log, id, ReleaseCommand::Publish { content, trust: None }).await;
        }
    }
    let runner = start(&database, &log, Group::CORE).await;
    runner.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();
    let client = read_pool(&database, 1).get().await.unwrap();

    let mut newest = newest_charts(&client, ORGANIZATION, &[hello, shop]).await.unwrap();
    let mut expected =
        [(hello, "1.1.0"), (shop, "3.0.0")].map(|(of, version)| ReleaseId::of(of, &version.parse().unwrap()));
    newest.sort();
    expected.sort();
    assert_eq!(newest, expected);

    let rights = chart_rights(&client, ORGANIZATION, &newest, 10_000).await.unwrap();
    let rules = rights.of_each.expect("they are small").into_iter().flat_map(|right| right.rules);
    let mut resources: Vec<String> = rules.flat_map(|rule| rule.resources).collect();
    resources.sort();
    assert_eq!(resources, ["hellos", "shops"]);
    // measured, and not read
    let large = chart_rights(&client, ORGANIZATION, &newest, 100).await.unwrap();
    assert_eq!((large.bytes, large.of_each), (rights.bytes, None));
    assert!(rights.bytes > 100, "{}", rights.bytes);
    let none = chart_rights(&client, ORGANIZATION, &[], 100).await.unwrap();
    assert_eq!((none.bytes, none.of_each), (0, Some(vec![])));
    runner.stop().await;
}
