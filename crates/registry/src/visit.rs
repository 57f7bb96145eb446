//! A visit: what a request wants of one repository, and who its caller is. It is what rules are asked with, and what is recorded.

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpMessage, HttpRequest};
use distr_domain::access::AccessAction;
use distr_domain::ids::OrganizationId;
use distr_domain::oci::Digest;
use uuid::Uuid;

use crate::caller::{Caller, Need, Right};
use crate::client::Client;
use crate::error::OciError;
use crate::name::RepositoryName;
use crate::scope::{Access, Action};
use crate::token::Claims;

/// What a request is about within its repository, as its path says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object<'a> {
    Manifest(&'a str),
    Blob(&'a str),
    Repository,
}

/// A request that its caller may make, as far as its own rights go.
#[derive(Debug)]
pub(crate) struct Visit {
    /// whose log it is recorded in: the repository's, or of a refused stranger its own
    pub(crate) organization: OrganizationId,
    pub(crate) caller: Caller,
    pub(crate) access: Vec<Access>,
    pub(crate) name: RepositoryName,
    pub(crate) right: Right,
    /// `acme/hello:1.0.0`, `acme/hello@sha256:…`, `acme/hello`
    pub(crate) subject: String,
    pub(crate) digest: Option<Digest>,
    pub(crate) action: AccessAction,
    pub(crate) source: Source,
    pub(crate) correlation: Uuid,
}

/// What a request's events have in common with its log lines; in the request's extensions, by whoever mounts the registry.
#[derive(Debug, Clone, Copy)]
pub struct Correlation(pub Uuid);

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) address: Option<String>,
    pub(crate) user_agent: Option<String>,
}

impl Visit {
    /// A visit of which the caller's rights are not known yet.
    pub(crate) fn new(
        request: &HttpRequest,
        claims: Claims,
        name: RepositoryName,
        object: Object<'_>,
        need: Need,
    ) -> Self {
        let (subject, digest) = match object {
            Object::Manifest(reference) | Object::Blob(reference) => match reference.parse::<Digest>() {
                Ok(digest) => (format!("{name}@{digest}"), Some(digest)),
                Err(_) => (format!("{name}:{}", shortened(reference)), None),
            },
            Object::Repository => (name.to_string(), None),
        };
        let organization = claims.caller.organization.unwrap_or(name.organization());
        Self {
            organization,
            caller: claims.caller,
            access: claims.access,
            name,
            right: Right::Whole { rule: String::new() },
            subject,
            digest,
            action: action(object, need),
            correlation: correlation(request),
            source: Source::of(request),
        }
    }

    /// The visit of a caller that has this right.
    pub(crate) fn with(self, right: Right) -> Self {
        Self { right, organization: self.name.organization(), ..self }
    }

    /// The repositories that the token was asked to pull from.
    pub(crate) fn pullable(&self) -> impl Iterator<Item = &str> {
        let pull = self.access.iter().filter(|access| access.actions.contains(&Action::Pull));
        pull.map(|access| access.name.as_str())
    }
}

impl Object<'_> {
    /// What a caller is told of something that isn't there, or not for it.
    pub(crate) fn unknown(self, name: &RepositoryName) -> OciError {
        match self {
            Object::Manifest(reference) => {
                OciError::ManifestUnknown(format!("manifest {:?} is not known in {name}", shortened(reference)))
            }
            Object::Blob(digest) => {
                OciError::BlobUnknown(format!("blob {:?} is not known in {name}", shortened(digest)))
            }
            Object::Repository => OciError::NameUnknown(name.to_string()),
        }
    }
}

impl Source {
    fn of(request: &HttpRequest) -> Self {
        let address = Client::of(request).address.map(|address| address.to_string());
        let user_agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map(shortened);
        Self { address, user_agent }
    }
}

fn action(object: Object<'_>, need: Need) -> AccessAction {
    match (need, object) {
        (Need::Delete, _) => AccessAction::Delete,
        (Need::Push, _) => AccessAction::Push,
        (Need::Look | Need::Pull, Object::Blob(_)) => AccessAction::PullBlob,
        (Need::Look | Need::Pull, Object::Manifest(_) | Object::Repository) => AccessAction::Pull,
    }
}

fn correlation(request: &HttpRequest) -> Uuid {
    request.extensions().get::<Correlation>().map_or_else(Uuid::now_v7, |correlation| correlation.0)
}

/// What the client chose freely, at a length that may be stored and shown.
fn shortened(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
