//! Checks that touch nothing, of all objects that a rehearsal rendered: does the agent have the rights, and would the cluster take each of them.

use std::collections::BTreeSet;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::helm::Release;
use crate::labels::place;
use crate::objects::{as_applied, is_own, objects};
use crate::rights::{Resource, missing, rules};

/// Kinds that bring other kinds along.
const DEFINITION: &str = "CustomResourceDefinition";

/// `rehearsed` is what Helm printed: an object of JSON with the manifest and the hooks. Objects of kinds that the release itself brings cannot be checked before it
/// did; they are returned by their `Kind/name`.
pub async fn check(
    cluster: &Cluster,
    (release, deployment): (&Release, &str),
    rehearsed: &str,
) -> Result<Vec<String>, Failure> {
    let printed: Value = serde_json::from_str(rehearsed)
        .map_err(|error| Failure::internal("what Helm printed is not understood", error))?;
    let manifest = printed["manifest"].as_str().unwrap_or_default();
    let rendered = objects(manifest).map_err(|error| Failure::internal("what Helm rendered cannot be read", error))?;
    let mut hooks = vec![];
    for hook in printed["hooks"].as_array().into_iter().flatten() {
        let read = objects(hook["manifest"].as_str().unwrap_or_default());
        hooks.extend(read.map_err(|error| Failure::internal("what Helm rendered cannot be read", error))?);
    }
    let brought: BTreeSet<&str> = rendered
        .iter()
        .filter(|object| object["kind"] == DEFINITION)
        .filter_map(|definition| definition["spec"]["names"]["kind"].as_str())
        .collect();
    let is_brought = |object: &&Value| object["kind"].as_str().is_some_and(|kind| brought.contains(kind));
    let (later, now): (Vec<&Value>, Vec<&Value>) = rendered.iter().partition(is_brought);
    let mut resources = BTreeSet::new();
    for object in now.iter().copied().chain(&hooks) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let found = cluster.resource((&text(&object["apiVersion"]), &text(&object["kind"]))).await?;
        resources.extend(found.map(|(group, name)| Resource { group, name }));
    }
    check_rights(cluster, release, &resources).await?;
    check_owners(cluster, (release, deployment), &hooks).await?;
    for object in now {
        cluster.rehearse(&as_applied(object, release), &release.namespace).await?;
    }
    Ok(later.into_iter().map(place).collect())
}

/// Whether each hook finds nothing in its place but what is the release's: Helm deletes what has its name, whoever made that. Of other objects Helm says so
/// itself.
async fn check_owners(
    cluster: &Cluster,
    (release, deployment): (&Release, &str),
    hooks: &[Value],
) -> Result<(), Failure> {
    let mut theirs = vec![];
    for hook in hooks {
        let live = cluster.get(hook, &release.namespace).await?;
        theirs.extend(live.filter(|live| !is_own(live, release, deployment)).map(|live| place(&live)));
    }
    match theirs.is_empty() {
        true => Ok(()),
        false => Err(Failure::bad(
            ErrorCategory::Config,
            format!(
                "hooks of the release would replace what is somebody else's in namespace {}: {}; give them other names, or the release a \
                 namespace of its own",
                release.namespace,
                theirs.join(", ")
            ),
        )),
    }
}

/// Whether the agent may do in the namespace of the release what these kinds need. Of kinds that are in no namespace the cluster says so when it is
/// asked to change one.
pub async fn check_rights(cluster: &Cluster, release: &Release, resources: &BTreeSet<Resource>) -> Result<(), Failure> {
    // some authorizers cannot list what they grant
    let Some(granted) = cluster.rules(&release.namespace).await? else { return Ok(()) };
    let lacking = missing(resources, &granted);
    match lacking.is_empty() {
        true => Ok(()),
        false => Err(Failure::passing(
            ErrorCategory::Policy,
            format!(
                "the release needs rights in namespace {} that the agent does not have; add these rules to its Role:\n{}",
                release.namespace,
                rules(&lacking)
            ),
        )),
    }
}
