//! Charts of a release: what Helm installs, and what its author's renderings of it run.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use async_graphql::{Enum, InputObject, Json, Object, SimpleObject};
use distr_chart::lock::{Found, FoundImage};
use distr_domain::release as domain;
use distr_signature::SignedChart;
use serde_json::Value;

use crate::failure::Failure;
use crate::graphql::context::line;
use crate::graphql::scalar::{BigInt, Digest, Name, RepositoryName, Tag};
use crate::operations::publish::HelmSource;

/// The type of a variable: what its text becomes in a chart's values.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::ValueKind")]
pub enum ValueKind {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

pub(in crate::graphql) struct HelmPackage {
    package: Arc<domain::HelmPackage>,
    /// made once, and for who asks for it alone: it goes through all of the lock
    lock_digest: LazyLock<Digest, Box<dyn FnOnce() -> Digest + Send>>,
}

impl From<Box<domain::HelmPackage>> for HelmPackage {
    fn from(package: Box<domain::HelmPackage>) -> Self {
        let package: Arc<domain::HelmPackage> = package.into();
        let of = package.clone();
        Self { package, lock_digest: LazyLock::new(Box::new(move || lock_digest(&of))) }
    }
}

fn lock_digest(domain::HelmPackage { chart, lock, settings }: &domain::HelmPackage) -> Digest {
    let signed = SignedChart::of(chart.repository.as_str(), &chart.digest, lock, settings);
    Digest(signed.lock().parse().expect("a digest that was made here"))
}

/// A package that Helm installs on a Kubernetes cluster.
#[Object]
impl HelmPackage {
    /// The repository of the chart.
    async fn repository(&self) -> RepositoryName {
        self.package.chart.repository.clone().into()
    }

    /// The digest of the chart's manifest.
    async fn digest(&self) -> Digest {
        self.package.chart.digest.clone().into()
    }

    /// The tag of the chart that was named when the release was published; null if none was.
    async fn tag(&self) -> Option<Tag> {
        self.package.chart.tag.clone().map(Tag)
    }

    /// The name that the chart has for itself.
    async fn name(&self) -> &str {
        &self.package.chart.name
    }

    /// The version of the chart.
    async fn version(&self) -> &str {
        &self.package.chart.version
    }

    /// The version of what the chart installs, as the chart says it; null if it says none.
    async fn app_version(&self) -> Option<&str> {
        self.package.chart.app_version.as_deref()
    }

    /// The versions of Kubernetes that the chart is for, as a range of Helm; null if it is for all.
    async fn kube_version(&self) -> Option<&str> {
        self.package.chart.kube_version.as_deref()
    }

    /// The size of the chart's archive in bytes.
    async fn bytes(&self) -> BigInt {
        self.package.chart.size.into()
    }

    /// The values that the chart has if nobody sets others, as an object.
    #[graphql(complexity = 50)]
    async fn values(&self) -> Json<Value> {
        Json(Value::Object(self.package.chart.values.clone()))
    }

    /// The JSON Schema that values must fit; null if the chart has none.
    #[graphql(complexity = 50)]
    async fn schema(&self) -> Option<Json<Value>> {
        self.package.chart.schema.clone().map(Json)
    }

    /// The variables that a configuration may set, by name.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn variables(&self) -> Vec<ChartVariable> {
        let settings = &self.package.settings;
        let plain = settings.config.iter().map(|(name, of)| ChartVariable {
            name: name.clone(),
            path: of.path.to_string(),
            kind: of.kind.into(),
            is_secret: false,
        });
        let secret = settings.secrets.iter().map(|(name, of)| ChartVariable {
            name: name.clone(),
            path: of.existing_secret.to_string(),
            kind: ValueKind::String,
            is_secret: true,
        });
        plain.chain(secret).collect()
    }

    /// The features of licenses that change the chart's values.
    async fn features(&self) -> Vec<Name> {
        self.package.settings.features.keys().cloned().map(Name).collect()
    }

    /// The minutes within which the release has to become healthy on a target.
    async fn minutes(&self) -> u32 {
        self.package.settings.minutes
    }

    /// Whether a target may go back to the release before. Where it may not, a release that fails stays until a person
    /// decides.
    async fn rollback_allowed(&self) -> bool {
        self.package.settings.rollback == domain::RollbackPolicy::Allowed
    }

    /// The lock: all images that the chart may run. What the lock lacks is not run.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn images(&self) -> Vec<LockedImage> {
        self.package.lock.images.iter().cloned().map(LockedImage).collect()
    }

    /// The kinds of objects that the chart has, which an agent needs rights for.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn kinds(&self) -> Vec<LockedKind> {
        self.package.lock.kinds.iter().cloned().map(LockedKind::from).collect()
    }

    /// The digest of the lock and of what the author says of the chart, which a signature of the release as a whole
    /// covers.
    #[graphql(complexity = 500)]
    async fn lock_digest(&self) -> Digest {
        self.lock_digest.clone()
    }

    /// The number of ways in which the chart was rendered to find these.
    async fn cases(&self) -> u32 {
        self.package.lock.cases
    }

    /// The program that rendered the chart, with its version.
    async fn tool(&self) -> &str {
        &self.package.lock.tool
    }
}

/// A variable of a configuration that a chart knows.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ChartVariable {
    /// The name of the variable.
    name: String,
    /// The path in the chart's values where it goes; of a secret variable the path of its Secret's name.
    path: String,
    /// The type that it has there.
    kind: ValueKind,
    /// Whether its value is kept in a Secret of the cluster, and may name secrets.
    is_secret: bool,
}

pub(in crate::graphql) struct LockedImage(domain::LockedImage);

/// An image that a chart may run.
#[Object]
impl LockedImage {
    /// The reference as the chart has it; of this registry without the host.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// The repository of this registry; null for an image of another one.
    async fn repository(&self) -> Option<RepositoryName> {
        self.0.image.as_ref().map(|image| image.repository.clone().into())
    }

    /// The digest that runs; null for an image of another registry, whose reference has it.
    async fn digest(&self) -> Option<Digest> {
        self.0.image.as_ref().map(|image| image.digest.clone().into())
    }

    /// The objects that run the image, as `Deployment/web/nginx`, 20 at most.
    async fn found(&self) -> &[String] {
        &self.0.found
    }
}

/// A kind of objects of Kubernetes.
#[derive(SimpleObject)]
pub(in crate::graphql) struct LockedKind {
    /// The API group; empty for the core of Kubernetes.
    group: String,
    /// The kind, as `Deployment`.
    kind: String,
    /// The name in rules, as `deployments`.
    resource: String,
    /// Whether objects of the kind are in a namespace.
    namespaced: bool,
}

impl From<domain::LockedKind> for LockedKind {
    fn from(kind: domain::LockedKind) -> Self {
        let domain::LockedKind { group, kind, resource, namespaced } = kind;
        Self { group, kind, resource, namespaced }
    }
}

/// A package for Kubernetes clusters. The command `distr release publish --chart` renders the chart and makes it.
#[derive(InputObject)]
pub(in crate::graphql) struct HelmPackageInput {
    /// The reference of the chart in this registry, with the registry's host: `HOST/ORGANIZATION/PATH:TAG`, or with a digest.
    chart: String,
    /// The images that renderings of the chart run, 200 at most.
    images: Vec<RenderedImageInput>,
    /// The kinds of objects that they have, 200 at most.
    kinds: Vec<LockedKindInput>,
    /// The rules of the Roles in them, 500 at most, of 64 KiB together; none if left out.
    #[graphql(default)]
    rules: Vec<RoleRuleInput>,
    /// The number of ways in which the chart was rendered.
    cases: u32,
    /// The program that rendered the chart, with its version, of 1 to 100 characters.
    tool: String,
}

/// An image that renderings of a chart run.
#[derive(InputObject)]
pub(in crate::graphql) struct RenderedImageInput {
    /// The reference, as it was rendered, of up to 500 characters.
    reference: String,
    /// The features of which each one brings the image; none if it is there without any.
    #[graphql(default)]
    features: Vec<Name>,
    /// The objects that run it, as `Deployment/web/nginx`, 20 at most.
    #[graphql(default)]
    found: Vec<String>,
}

/// A kind of objects of Kubernetes.
#[derive(InputObject)]
pub(in crate::graphql) struct LockedKindInput {
    /// The API group; empty for the core of Kubernetes.
    group: String,
    /// The kind, as `Deployment`.
    kind: String,
    /// The name in rules, as `deployments`.
    resource: String,
    /// Whether objects of the kind are in a namespace.
    namespaced: bool,
}

/// A rule of a Role, as Kubernetes has it, of 200 words at most.
#[derive(InputObject)]
pub(in crate::graphql) struct RoleRuleInput {
    /// The API groups, at least one; empty for the core of Kubernetes.
    api_groups: Vec<String>,
    /// The resources, at least one, as `pods` or `pods/log`.
    resources: Vec<String>,
    /// The names of objects; all objects if left out.
    #[graphql(default)]
    resource_names: Vec<String>,
    /// The verbs, at least one, as `get`.
    verbs: Vec<String>,
}

/// The most objects that are kept of an image.
const MAX_PLACES: usize = 20;
const MAX_TEXT: usize = 500;

impl TryFrom<HelmPackageInput> for HelmSource {
    type Error = Failure;

    fn try_from(input: HelmPackageInput) -> Result<Self, Failure> {
        let HelmPackageInput { chart, images, kinds, rules, cases, tool } = input;
        let images = images.into_iter().map(image).collect::<Result<Vec<_>, _>>()?;
        let distinct = BTreeSet::from_iter(images.iter().map(|image| &image.reference)).len();
        if distinct != images.len() {
            return Err(Failure::BadInput("an image is named twice; name each once".to_owned()));
        }
        let found = Found {
            images,
            kinds: kinds.into_iter().map(kind).collect::<Result<_, _>>()?,
            rules: rules.into_iter().map(rule).collect(),
        };
        Ok(Self { chart, found, cases, tool: line("tool", tool, 100)? })
    }
}

fn image(RenderedImageInput { reference, features, found }: RenderedImageInput) -> Result<FoundImage, Failure> {
    if found.len() > MAX_PLACES {
        return Err(Failure::BadInput(format!(
            "image {reference:?} names {} objects; at most {MAX_PLACES}",
            found.len()
        )));
    }
    Ok(FoundImage {
        reference: line("reference", reference, MAX_TEXT)?,
        features: features.into_iter().map(|name| name.0).collect(),
        found: found.into_iter().map(|place| line("found", place, MAX_TEXT)).collect::<Result<_, _>>()?,
    })
}

fn kind(LockedKindInput { group, kind, resource, namespaced }: LockedKindInput) -> Result<domain::LockedKind, Failure> {
    let name = if group.is_empty() { kind.clone() } else { format!("{kind}.{group}") };
    let domain::KindName { kind, group } = name.parse().map_err(|error: domain::InvalidKind| bad(error.to_string()))?;
    if !domain::is_resource(&resource) || resource.contains('/') {
        let resource: String = resource.chars().take(80).collect();
        return Err(bad(format!("resource {resource:?} is no kind's own name in rules, such as \"deployments\"")));
    }
    Ok(domain::LockedKind { group, kind, resource, namespaced })
}

fn rule(RoleRuleInput { api_groups, resources, resource_names, verbs }: RoleRuleInput) -> domain::RoleRule {
    domain::RoleRule { api_groups, resources, resource_names, verbs }
}

fn bad(reason: String) -> Failure {
    Failure::BadInput(reason)
}

#[cfg(test)]
mod tests;
