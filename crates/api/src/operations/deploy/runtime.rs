//! What the runtime of a target asks of a wish: a package that it can install, and on a cluster values and a namespace.

use std::collections::{BTreeMap, BTreeSet};

use distr_chart::values::{Asked, InvalidValues, check};
use distr_compose::{MOST, Required, Runs};
use distr_domain::compose_file;
use distr_domain::deployment::Deployment;
use distr_domain::names::Slug;
use distr_domain::rejection::Rejection;
use distr_domain::release::{ComposePackage, HelmPackage, Package, Release};
use distr_domain::target::Runtime;
use distr_projections::target::TargetRow;
use serde_json::{Map, Value};

use super::Deploy;
use crate::failure::{Failure, OperationError};
use crate::operations::env_files::EnvFiles;

/// The longest name of an application that Helm takes for a release.
const MAX_NAME: usize = 53;

/// Variables that the agent and compose set.
const SET_ON_THE_HOST: [&str; 2] = ["DISTR_REGISTRY", "COMPOSE_PROJECT_NAME"];

/// Why a target cannot run what is wished for.
#[derive(Debug, thiserror::Error)]
pub enum UnsuitedRejection {
    #[error(
        "release {release} has no {wanted} package, and target \"{target}\" is a {runtime} target; publish a version with one"
    )]
    NoPackage { release: String, target: Slug, runtime: &'static str, wanted: &'static str },
    #[error("target \"{target}\" is a Docker host, which has no {what}; leave {what} out")]
    OfClusters { target: Slug, what: &'static str },
    #[error("namespace {namespace} is not one of target \"{target}\", which has {}", listed(.known))]
    NamespaceUnknown { namespace: Slug, target: Slug, known: Vec<Slug> },
    #[error("application {application} has a name of more than {MAX_NAME} characters, which Helm does not take")]
    NameTooLong { application: Slug },
    #[error(
        "release {release} requires {}, which the configuration does not set; set {} with the deployment",
        some(.missing),
        if .missing.len() == 1 { "it" } else { "them" }
    )]
    VariableMissing { release: String, missing: Vec<String> },
    #[error(transparent)]
    Values(#[from] InvalidValues),
}

impl Rejection for UnsuitedRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NoPackage { .. } => "deployment.no_package",
            Self::OfClusters { .. } => "deployment.of_clusters",
            Self::NamespaceUnknown { .. } => "deployment.namespace_unknown",
            Self::NameTooLong { .. } => "deployment.name_too_long",
            Self::VariableMissing { .. } => "deployment.variable_missing",
            Self::Values(InvalidValues::Unknown { .. }) => "deployment.variable_unknown",
            Self::Values(InvalidValues::Secret { .. }) => "deployment.secret_in_values",
            Self::Values(InvalidValues::Reserved { .. }) => "deployment.value_reserved",
            Self::Values(_) => "deployment.values_invalid",
        }
    }
}

/// No more names than somebody reads.
fn some(names: &[String]) -> String {
    match names.get(MOST..) {
        None | Some([]) => names.join(", "),
        Some(rest) => format!("{} and {} more", names[..MOST].join(", "), rest.len()),
    }
}

fn listed(names: &[Slug]) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.iter().map(Slug::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// What a cluster needs beside the configuration; empty for a Docker host.
#[derive(Default)]
pub(super) struct Suited {
    pub(super) values: Map<String, Value>,
    pub(super) namespace: Option<Slug>,
}

pub(super) async fn suit(
    deploy: &Deploy,
    target: &TargetRow,
    release: &Release,
    before: &Deployment,
    (config, features): (&BTreeMap<String, String>, &[Slug]),
) -> Result<Suited, OperationError<UnsuitedRejection>> {
    let packages = &release.content.packages;
    let wanted = target.runtime.package();
    let version = release.version.as_ref().map(ToString::to_string).unwrap_or_default();
    let name = format!("{} {version}", deploy.application);
    if !packages.iter().any(|package| package.kind() == wanted) {
        return refused(UnsuitedRejection::NoPackage {
            release: name,
            target: target.name.clone(),
            runtime: target.runtime.as_str(),
            wanted: wanted.as_str(),
        });
    }
    match (target.runtime, Package::helm(packages)) {
        (Runtime::Kubernetes, Some(package)) => {
            let kept = || before.desired.as_ref().map(|desired| desired.values.clone()).unwrap_or_default();
            let values = deploy.values.clone().unwrap_or_else(kept);
            let namespace = namespace(deploy, target, before)?;
            if deploy.application.as_str().len() > MAX_NAME {
                return refused(UnsuitedRejection::NameTooLong { application: deploy.application.clone() });
            }
            let values = check_values(package.clone(), config.clone(), values, features.to_vec()).await?;
            Ok(Suited { values, namespace })
        }
        _ => {
            let what = deploy.values.as_ref().map(|_| "values").or(deploy.namespace.as_ref().map(|_| "namespace"));
            match what {
                Some(what) => refused(UnsuitedRejection::OfClusters { target: target.name.clone(), what }),
                None => {
                    check_variables(name, release, config.clone(), features.to_vec()).await.map(|()| Suited::default())
                }
            }
        }
    }
}

/// Whether the configuration has all that the compose file cannot do without: compose on the host would refuse the file.
async fn check_variables(
    name: String,
    release: &Release,
    config: BTreeMap<String, String>,
    features: Vec<Slug>,
) -> Result<(), OperationError<UnsuitedRejection>> {
    let Some(compose) = release.content.compose().cloned() else { return Ok(()) };
    // away from the threads that serve others: it takes time and stack
    let reading = tokio::task::spawn_blocking(move || missing(&compose, &config, &features));
    let missing = reading.await.map_err(Failure::fault)?;
    match missing.is_empty() {
        true => Ok(()),
        false => refused(UnsuitedRejection::VariableMissing { release: name, missing }),
    }
}

fn missing(package: &ComposePackage, config: &BTreeMap<String, String>, features: &[Slug]) -> Vec<String> {
    // one that this hub's version cannot read is the agent's to judge
    let Ok(file) = compose_file::read(&package.file) else { return vec![] };
    let has = |name: &str, required: Required| match (config.get(name), required) {
        (Some(_), Required::Value) => true,
        (Some(value), Required::Text) => !value.is_empty(),
        (None, _) => SET_ON_THE_HOST.contains(&name),
    };
    let services = distr_compose::runs(&file);
    // compose reads the files of the services that run
    let run = services.iter().filter(|(_, service)| is_on(service, features));
    let required = distr_compose::required(&file).into_iter().chain(EnvFiles::read(run, &package.files).required);
    let missing: BTreeSet<String> =
        required.filter(|(name, required)| !has(name, *required)).map(|(name, _)| name).collect();
    missing.into_iter().collect()
}

fn is_on(service: &Runs, features: &[Slug]) -> bool {
    let mut profiles = service.profiles.iter();
    service.profiles.is_empty() || profiles.any(|profile| features.iter().any(|feature| feature.as_str() == profile))
}

/// The one that is named, else the one that it is in, else the target's first.
fn namespace(
    deploy: &Deploy,
    target: &TargetRow,
    before: &Deployment,
) -> Result<Option<Slug>, OperationError<UnsuitedRejection>> {
    match &deploy.namespace {
        Some(namespace) if !target.namespaces.contains(namespace) => refused(UnsuitedRejection::NamespaceUnknown {
            namespace: namespace.clone(),
            target: target.name.clone(),
            known: target.namespaces.clone(),
        }),
        Some(namespace) => Ok(Some(namespace.clone())),
        None => {
            let kept = before.desired.as_ref().and_then(|desired| desired.namespace.clone());
            Ok(kept.or_else(|| target.namespaces.first().cloned()))
        }
    }
}

/// Away from the threads that serve others: a schema may take time.
async fn check_values(
    package: HelmPackage,
    config: BTreeMap<String, String>,
    values: Map<String, Value>,
    features: Vec<Slug>,
) -> Result<Map<String, Value>, OperationError<UnsuitedRejection>> {
    let checking = tokio::task::spawn_blocking(move || {
        let asked = Asked { config: &config, values: &values, features: &features };
        check(&package.chart, &package.settings, asked).map(|()| values)
    });
    let checked = checking.await.map_err(Failure::fault)?;
    checked.map_err(|invalid| OperationError::Rejected(invalid.into()))
}

fn refused<T>(why: UnsuitedRejection) -> Result<T, OperationError<UnsuitedRejection>> {
    Err(OperationError::Rejected(why))
}

#[cfg(test)]
mod tests {
    use distr_domain::release::PackageFile;

    use super::*;

    #[test]
    fn what_the_compose_file_requires_is_in_the_configuration() {
        let file = "services: {web: {image: '${DISTR_REGISTRY}/a/b', environment: {A: '${A:?a}', B: '${B?b}', C: '${C:-c}', R: '${DISTR_REGISTRY:?}'}}}";
        let of = |config: &[(&str, &str)]| {
            let config = config.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let package = ComposePackage { file: file.to_owned(), files: vec![] };
            missing(&package, &config, &[])
        };
        compose_file::read(file).expect("a file that a release may have");
        assert_eq!(of(&[]), ["A", "B"]);
        assert_eq!(of(&[("A", ""), ("B", "")]), ["A"]);
        assert_eq!(of(&[("A", "x"), ("B", "")]), [""; 0]);
    }

    #[test]
    fn no_more_names_are_told_than_somebody_reads() {
        let names: Vec<String> = (0..23).map(|n| format!("N{n}")).collect();
        assert_eq!(some(&names[..2]), "N0, N1");
        assert!(some(&names[..20]).ends_with(", N19"));
        assert!(some(&names).ends_with(", N19 and 3 more"));
    }

    #[test]
    fn what_files_of_variables_require_is_in_the_configuration_if_their_service_runs() {
        let shipped = |path: &str, content: &str| PackageFile {
            path: path.parse().expect("a path"),
            content: content.as_bytes().to_vec().into(),
            executable: false,
        };
        let package = ComposePackage {
            file: "services: {web: {image: x, env_file: ./a.env}, more: {image: x, profiles: [plus], env_file: [a.env, b.env]}}"
                .to_owned(),
            files: vec![shipped("a.env", "A=${A_KEY:?a}\nHOST=db\n"), shipped("b.env", "B=${B_KEY?b}${HOST:?h}\n")],
        };
        let of = |config: &[&str], features: &[Slug]| {
            let config = config.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
            missing(&package, &config, features)
        };
        assert_eq!(of(&[], &[]), ["A_KEY"]);
        assert_eq!(of(&[], &["plus".parse().expect("a name")]), ["A_KEY", "B_KEY"]);
        assert_eq!(of(&["A_KEY", "B_KEY"], &["plus".parse().expect("a name")]), [""; 0]);
    }
}
