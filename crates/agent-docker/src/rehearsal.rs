//! Reads a compose file as an apply would, and asks what an apply asks: does it say what runs, and does the policy allow it.
//! Without hub, engine or any effect: images of the hub's registry count as pinned, as they are once the release is published.

use std::collections::BTreeMap;
use std::path::PathBuf;

use distr_agent::fault::Failure;
use distr_agent::signed::Verified;
use distr_domain::agent::{AskedBy, DesiredDeployment, Instruction, PinnedImage, RunInstruction};
use distr_domain::compose_file::REGISTRY_VARIABLE;
use distr_domain::ids::DeploymentId;
use distr_domain::oci::Digest;
use distr_domain::release::PackageFile;
use serde_json::Value;
use uuid::Uuid;

use crate::bound;
use crate::compose::Selection;
use crate::folder::Folder;
use crate::home::Home;
use crate::policy::{DeploymentFolders, Host, Need, Policy, Subject, needs};
use crate::reading::{Place, Placed, Vendors};

const PROJECT: &str = "distr-check";
/// In the place of a digest that the hub finds when the release is published.
const SOME_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
/// In the place of a registry that is not known: only [`REGISTRY_VARIABLE`] names it.
const SOME_REGISTRY: &str = "registry.invalid";

pub struct Rehearsal {
    pub compose: String,
    /// the files beside it, as a release would ship them
    pub files: Vec<PackageFile>,
    pub config: BTreeMap<String, String>,
    pub application: String,
    pub policy: Policy,
    /// the agent's own files and folders
    pub own: Vec<PathBuf>,
    /// names of the hub's registry, `host[:port]`, first the one that images are pulled from
    pub registries: Vec<String>,
}

/// Reasons why a file would not run here.
#[derive(Debug, Default)]
pub struct Objections {
    /// services that do not say what runs, each a sentence; no policy lets them run
    pub unbound: Vec<String>,
    /// what the policy refuses
    pub refused: Vec<Need>,
}

pub async fn rehearse(rehearsal: &Rehearsal) -> Result<Objections, Failure> {
    let temporary = std::fs::canonicalize(std::env::temp_dir());
    let temporary = temporary.map_err(|error| Failure::of_disk("cannot use the folder for temporary files", &error))?;
    let scratch = Scratch(temporary.join(format!("distr-check-{}", Uuid::new_v4())));
    let folder = Folder::at(scratch.0.join("0"));
    let mut wanted = wanted(rehearsal)?;
    let vendors = Vendors::write(PROJECT, &folder, &wanted.run).await?;
    let mut own: Vec<&str> = rehearsal.registries.iter().map(String::as_str).collect();
    if own.is_empty() {
        own.push(SOME_REGISTRY);
    }
    let registry = own[0];
    wanted.run.images = as_published(&vendors.raw, registry)?;
    let home = Home::of(&scratch.0);
    let folders = DeploymentFolders { home: home.path().to_owned(), files: folder.files() };
    let host = Host::new(rehearsal.own.iter().cloned()).with(folders);
    let place = Place {
        project: PROJECT,
        folder: &folder,
        home: &home,
        host: &host,
        registry,
        policy: &rehearsal.policy,
        application: &rehearsal.application,
    };
    let Placed { plain, written, mut refused, .. } =
        place.put(&vendors, (&wanted.deployment, &wanted.run), Selection::Everything).await?;
    let unbound = bound::faults(&plain, &wanted.run, &Verified::default(), &own);
    let subject = Subject { project: PROJECT, model: &plain, written: &written, host: &host, registry };
    refused.extend(rehearsal.policy.refused(&rehearsal.application, needs(&subject)));
    Ok(Objections { unbound, refused })
}

struct Wanted {
    deployment: DesiredDeployment,
    run: RunInstruction,
}

fn wanted(rehearsal: &Rehearsal) -> Result<Wanted, Failure> {
    let run = RunInstruction {
        version: "0.0.0".parse().map_err(invalid)?,
        compose: rehearsal.compose.clone(),
        files: rehearsal.files.clone(),
        images: vec![],
        trust: None,
        signatures: vec![],
        profiles: vec![],
        config: rehearsal.config.clone(),
    };
    let deployment = DesiredDeployment {
        deployment: DeploymentId(Uuid::nil()),
        application: "application".parse().map_err(invalid)?,
        generation: 0,
        asked_by: AskedBy::Vendor,
        instruction: Instruction::Run(run.clone()),
    };
    Ok(Wanted { deployment, run })
}

/// The images that the hub pins when the release is published: those of its registry, by name or by [`REGISTRY_VARIABLE`].
fn as_published(raw: &Value, registry: &str) -> Result<Vec<PinnedImage>, Failure> {
    let some: Digest = SOME_DIGEST.parse().map_err(invalid)?;
    let services = raw.get("services").and_then(Value::as_object).into_iter().flatten();
    let pinned = |(service, content): (&String, &Value)| {
        let image = content.get("image").and_then(Value::as_str)?;
        let path = [registry, REGISTRY_VARIABLE].iter().find_map(|host| image.strip_prefix(host)?.strip_prefix('/'))?;
        let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, digest.parse().ok()));
        let repository = path.split_once(':').map_or(path, |(repository, _)| repository).to_owned();
        let digest = digest.unwrap_or_else(|| some.clone());
        Some(PinnedImage { service: service.clone(), repository, digest, signature: None })
    };
    Ok(services.filter_map(pinned).collect())
}

fn invalid(error: impl std::fmt::Debug) -> Failure {
    Failure::internal("cannot make a release of the file", format!("{error:?}"))
}

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_of_the_hubs_registry_count_as_pinned_and_others_do_not() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let raw = json!({"services": {
            "a": {"image": "hub.example/acme/web:1.0.0"},
            "b": {"image": "${DISTR_REGISTRY}/acme/a/b"},
            "c": {"image": format!("hub.example/acme/web:1@{digest}")},
            "d": {"image": "postgres:17"},
            "e": {"image": "hub.example.org/acme/web:1"},
            "f": {},
        }});
        let pins = as_published(&raw, "hub.example").unwrap();
        let pins: Vec<_> = pins.iter().map(|pin| (&*pin.service, &*pin.repository, pin.digest.to_string())).collect();
        let some = SOME_DIGEST.to_owned();
        assert_eq!(pins, [("a", "acme/web", some.clone()), ("b", "acme/a/b", some), ("c", "acme/web", digest)]);
    }
}
