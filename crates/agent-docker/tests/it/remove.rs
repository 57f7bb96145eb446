use distr_agent::converge::Settled;
use distr_domain::agent::{DataRemoval, Step};

use crate::registry::docker;
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
    assert!(!site.data().generation(site.deployment, "1").exists());
    let reports = of(&agent.reports(), site.deployment);
    assert!(reports.iter().any(|report| report.step == Step::Removing));
    assert_eq!((reports.last().unwrap().step, &reports.last().unwrap().running), (Step::Removed, &None));

    assert_eq!(agent.settle(&site.wants(3, site.run("1.0.0", &image, &site.good()))).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    assert_eq!(agent.settle(&site.wants_removal(4, DataRemoval::Remove)).await, Settled::Done);
    assert!(site.containers(&site.project).is_empty() && site.volumes().is_empty());
}

/// Volumes that have no name of their own, of an image or of a compose file.
fn anonymous(site: &Site) -> Vec<String> {
    let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}";
    let names = site
        .containers(&site.project)
        .iter()
        .map(|id| docker(&["inspect", "--format", format, id]))
        .collect::<String>();
    names.split_whitespace().filter(|name| name.len() == 64).map(str::to_owned).collect()
}

fn is_there(volume: &str) -> bool {
    !docker(&["volume", "ls", "--quiet", "--filter", &format!("name={volume}")]).trim().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_without_a_name_are_kept_and_removed_as_others_are() {
    let site = Site::new().await;
    std::fs::write(site.policy().path, "data-removal: automatic\n").unwrap();
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let nameless = site.good().replace(r#"volumes: ["data:/data"]"#, r#"volumes: ["data:/data", "/var/nameless"]"#);
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &image, &nameless))).await, Settled::Done);
    let first = anonymous(&site);
    assert_eq!(first.len(), 1);
    // another definition of the network makes its containers anew, and the volume goes with them
    docker(&["exec", &site.containers(&site.project)[0], "/bin/busybox", "touch", "/var/nameless/kept"]);
    let closed = format!("{nameless}networks: {{default: {{labels: {{a: b}}}}}}\n");
    assert_eq!(agent.settle(&site.wants(2, site.run("1.0.1", &image, &closed))).await, Settled::Done);
    let list = ["exec", &site.containers(&site.project)[0], "/bin/busybox", "ls", "/var/nameless"];
    assert_eq!(docker(&list), "kept\n");
    assert_eq!(anonymous(&site), first);
    // the next release has no such mount, and the engine forgets whose the volume was
    assert_eq!(agent.settle(&site.wants(3, site.run("1.1.0", &image, &site.good()))).await, Settled::Done);
    assert_eq!(agent.settle(&site.wants(4, site.run("1.2.0", &image, &nameless))).await, Settled::Done);
    let second = anonymous(&site);
    assert_ne!(first, second);
    assert_eq!(agent.settle(&site.wants_removal(5, DataRemoval::Keep)).await, Settled::Done);
    assert!(first.iter().chain(&second).all(|volume| is_there(volume)), "data stays");
    let mut agent = site.agent();
    assert_eq!(agent.settle(&site.wants_removal(6, DataRemoval::Remove)).await, Settled::Done);
    assert!(!first.iter().chain(&second).any(|volume| is_there(volume)), "all data goes");
}
