//! What containers write beside the compose file outlives generations, and what a release ships is there, read-only.

use std::path::PathBuf;

use distr_agent::converge::Settled;
use distr_agent_docker::home::Home;
use distr_domain::agent::{DataRemoval, ErrorCategory, PinnedImage, RunInstruction};
use distr_domain::release::PackageFile;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::registry::docker;
use crate::site::{Agent, Site};

fn file(path: &str, text: &str, executable: bool) -> PackageFile {
    PackageFile { path: path.parse().unwrap(), content: text.as_bytes().to_vec().into(), executable }
}

/// The site's release with mounts and files beside its compose file.
fn release(site: &Site, version: &str, image: &PinnedImage, is_good: bool) -> RunInstruction {
    let mounts = "volumes: [\"data:/data\", \"./rows:/rows\", \"${LOGS:-.}/logs:/logs\", \"./conf:/conf:ro\", \
                  \"./bin/hello:/bin/hello\"]\n    env_file: [app.env, .env]";
    let compose = if is_good { site.good() } else { site.compose(&["false"]) };
    let files = vec![
        file("conf/version", version, false),
        file("conf/deep/more", "more", false),
        file("bin/hello", "#!/bin/busybox sh\necho hello\n", true),
        file("app.env", "SHIPPED=yes\n", false),
    ];
    let compose = compose.replace("volumes: [\"data:/data\"]", mounts);
    RunInstruction { files, ..site.run(version, image, &compose) }
}

async fn apply(agent: &mut Agent, site: &Site, generation: u64, run: RunInstruction) -> Settled {
    agent.settle(&site.wants(generation, run)).await
}

/// The output of a command in the container.
fn inside(site: &Site, words: &[&str]) -> String {
    let containers = site.containers(&site.project);
    docker(&[&["exec", containers[0].as_str()], words].concat())
}

fn write(site: &Site, path: &str) {
    inside(site, &["/bin/busybox", "touch", path]);
}

fn rows(site: &Site) -> Vec<String> {
    inside(site, &["/bin/busybox", "ls", "/rows"]).lines().map(str::to_owned).collect()
}

fn folders(site: &Site) -> Vec<(String, PathBuf)> {
    Home::of(&site.data().deployment(site.deployment)).folders().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_files_are_there_read_only_and_written_folders_stay() {
    let site = Site::new().await;
    std::fs::write(site.policy().path, "data-removal: automatic\n").unwrap();
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    assert_eq!(apply(&mut agent, &site, 1, release(&site, "1.0.0", &image, true)).await, Settled::Done);

    assert_eq!(inside(&site, &["/bin/busybox", "cat", "/conf/version", "/conf/deep/more"]), "1.0.0more");
    assert_eq!(inside(&site, &["/bin/hello"]), "hello\n");
    let environment = inside(&site, &["/bin/busybox", "env"]);
    assert!(environment.contains("SHIPPED=yes") && environment.contains("PASSWORD=it's $ecret"), "{environment}");
    let refused = inside(&site, &["/bin/busybox", "sh", "-c", "echo x 2>&1 >/conf/version || true; cat /conf/version"]);
    assert!(refused.contains("Read-only") && refused.ends_with("1.0.0"), "{refused}");
    write(&site, "/rows/first");
    write(&site, "/logs/first");
    let paths: Vec<String> = folders(&site).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["logs", "rows"]);

    assert_eq!(apply(&mut agent, &site, 2, release(&site, "1.1.0", &image, true)).await, Settled::Done);
    assert_eq!(inside(&site, &["/bin/busybox", "cat", "/conf/version"]), "1.1.0", "the files of the new release");
    assert_eq!(rows(&site), ["first"]);
    assert_eq!(agent.settle(&site.wants_removal(3, DataRemoval::Keep)).await, Settled::Done);
    assert!(folders(&site).iter().all(|(_, folder)| folder.join("first").exists()), "a removal keeps the data");
    assert_eq!(apply(&mut agent, &site, 4, release(&site, "1.1.0", &image, true)).await, Settled::Done);
    assert_eq!(rows(&site), ["first"]);
    assert_eq!(agent.settle(&site.wants_removal(5, DataRemoval::Remove)).await, Settled::Done);
    assert_eq!(folders(&site), [], "a removal with all data takes it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_not_in_the_folder_of_the_compose_file() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let compose = site.good().replace("\"data:/data\"", "\"./:/here\"");
    assert_eq!(apply(&mut agent, &site, 1, site.run("1.0.0", &image, &compose)).await, Settled::Done);
    assert_eq!(inside(&site, &["/bin/busybox", "ls", "-A", "/here"]), "");
}

/// A folder within another could be replaced by a link to anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn no_mount_leads_through_what_a_container_writes() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let mount = |mounts: &str| site.good().replace("\"data:/data\"", mounts);
    let first = site.run("1.0.0", &image, &mount("\"./a:/a\""));
    assert_eq!(apply(&mut agent, &site, 1, first).await, Settled::Done);
    inside(&site, &["/bin/busybox", "ln", "-s", "/", "/a/host"]);
    let evil = site.run("1.0.1", &image, &mount("\"./a/host/etc:/etc-of-host\""));
    assert_eq!(apply(&mut agent, &site, 2, evil).await, Settled::Done);
    assert_eq!(inside(&site, &["/bin/busybox", "ls", "-A", "/etc-of-host"]), "", "a folder of its own");
    let both = site.run("1.0.2", &image, &mount("\"./a:/a\", \"./a/b:/b\""));
    let Settled::Failed(error) = apply(&mut agent, &site, 3, both).await else { panic!("it is refused") };
    assert_eq!(error.category, ErrorCategory::Config);
    assert!(error.text.contains("mounts ./a and ./a/b, of which one lies in the other"), "{}", error.text);
}

/// Whatever happens to a deployment in whatever order, all that its containers wrote is there, but for a removal that says so.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_container_wrote_is_lost() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let mut random = StdRng::seed_from_u64(11);
    let (mut agent, mut generation, mut written, mut told) = (site.agent(), 1, vec![], vec![]);
    assert_eq!(apply(&mut agent, &site, generation, release(&site, "1.0.0", &image, true)).await, Settled::Done);
    for step in 0..6 {
        let mut row = format!("row-{step}");
        write(&site, &format!("/rows/{row}"));
        written.push(std::mem::take(&mut row));
        let version = format!("1.{step}.0");
        let what = random.random_range(0..5);
        told.push(what);
        match what {
            // an update, or the same release again
            0 => {
                generation += 1;
                assert_eq!(
                    apply(&mut agent, &site, generation, release(&site, &version, &image, true)).await,
                    Settled::Done
                );
            }
            // an update that fails and goes back, and then another that does not
            1 => {
                let failed = apply(&mut agent, &site, generation + 1, release(&site, &version, &image, false)).await;
                assert!(matches!(failed, Settled::Failed(_)), "{failed:?}");
                assert_eq!(rows(&site), written, "after a rollback: {told:?}");
                generation += 2;
                assert_eq!(
                    apply(&mut agent, &site, generation, release(&site, &version, &image, true)).await,
                    Settled::Done
                );
            }
            // a repair
            2 => {
                docker(&["rm", "--force", &site.containers(&site.project)[0]]);
                generation += 1;
                assert_eq!(
                    apply(&mut agent, &site, generation, release(&site, &version, &image, true)).await,
                    Settled::Done
                );
            }
            // a new agent process
            3 => {
                agent = site.agent();
                generation += 1;
                assert_eq!(
                    apply(&mut agent, &site, generation, release(&site, &version, &image, true)).await,
                    Settled::Done
                );
            }
            // a removal that keeps the data, and the way back
            _ => {
                assert_eq!(agent.settle(&site.wants_removal(generation + 1, DataRemoval::Keep)).await, Settled::Done);
                generation += 2;
                assert_eq!(
                    apply(&mut agent, &site, generation, release(&site, &version, &image, true)).await,
                    Settled::Done
                );
            }
        }
        assert_eq!(rows(&site), written, "{told:?}");
    }
}
