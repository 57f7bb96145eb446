//! Who may do what, asked at each request: the token, its caller, the organization, the caller's own rights. What licenses
//! say comes after, in `licensed`.

use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::{HttpMessage, HttpRequest};
use distr_domain::access::AccessAction;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::oci::Digest;
use distr_postgres::LookupError;
use futures_util::future::join;
use uuid::Uuid;

use crate::authorization::bearer_token;
use crate::caller::{Caller, Need, Right};
use crate::challenge::{self, Wanted};
use crate::client::Client;
use crate::error::OciError;
use crate::fault::Fault;
use crate::http::check_texts;
use crate::limits::Asker;
use crate::name::RepositoryName;
use crate::pull::{Found, Pullable};
use crate::registry::Registry;
use crate::rights::{self, Refused};
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

impl Registry {
    /// Who presents a good token, or the challenge.
    pub(crate) async fn authenticate(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Claims, OciError> {
        let claims = self.claims(request, wanted)?;
        self.check_current(request, wanted, &claims).await?;
        Ok(claims)
    }

    /// What a token says that this registry has made. Whether its owner still has access is `check_current`.
    fn claims(&self, request: &HttpRequest, wanted: Option<Wanted<'_>>) -> Result<Claims, OciError> {
        check_texts(request)?;
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let verified = header.and_then(bearer_token).map(|token| self.tokens.verify(token, self.now()));
        let credential = verified.as_ref().and_then(|claims| claims.as_ref().ok()?.caller.credential());
        self.limits.check(match credential {
            Some(credential) => Asker::Credential(credential),
            None => Asker::of_address(Client::of(request).address),
        })?;
        let invalid = |message: &str| self.challenge(request, wanted, Some("invalid_token"), message);
        match verified {
            None => Err(self.challenge(request, wanted, None, "a token is needed")),
            Some(verified) => verified.map_err(|error| invalid(&error.to_string())),
        }
    }

    async fn check_current(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
        claims: &Claims,
    ) -> Result<(), OciError> {
        if claims.caller == Caller::ANONYMOUS {
            return Ok(());
        }
        match self.callers.current(&claims.caller).await {
            Ok(Some(current)) if current == claims.caller => Ok(()),
            Ok(_) => {
                let message = "the token's owner has lost its access";
                Err(self.challenge(request, wanted, Some("invalid_token"), message))
            }
            Err(fault) => Err(Fault::Callers(fault).into()),
        }
    }

    /// Admits a request to a repository. Repositories of other organizations are as unknown as those that nobody has.
    pub(crate) async fn admit(
        &self,
        request: &HttpRequest,
        name: &str,
        object: Object<'_>,
        need: Need,
    ) -> Result<Visit, OciError> {
        let parsed = name.parse::<RepositoryName>();
        let wanted = parsed.is_ok().then_some(Wanted::Repository { name, need });
        let claims = self.authenticate(request, wanted).await?;
        let parsed = parsed.map_err(|error| OciError::NameInvalid(error.to_string()))?;
        let right = self.right(&claims.caller, &parsed, need).await?;
        self.let_in(request, claims, parsed, right, (object, need)).await
    }

    /// Admits a request to pull what `find` looks for: it is looked up while the caller's credential is asked about, and is for
    /// the customer whose licenses decide, if licenses do.
    pub(crate) async fn admit_to_pull<T: Pullable>(
        &self,
        request: &HttpRequest,
        name: &str,
        (object, need): (Object<'_>, Need),
        find: impl AsyncFnOnce(&RepositoryName, Option<CustomerId>) -> Result<Found<T>, LookupError>,
    ) -> Result<(Visit, Found<T>), OciError> {
        let parsed = name.parse::<RepositoryName>();
        let wanted = parsed.is_ok().then_some(Wanted::Repository { name, need });
        let claims = self.claims(request, wanted)?;
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                self.check_current(request, wanted, &claims).await?;
                return Err(OciError::NameInvalid(error.to_string()));
            }
        };
        let is_own = claims.caller.organization == Some(parsed.organization());
        let customer = claims.caller.customer().filter(|_| is_own);
        let (current, found) = join(self.check_current(request, wanted, &claims), find(&parsed, customer)).await;
        current?;
        let found = found.map_err(Fault::from)?;
        let right = rights::to_pull(&claims.caller, &parsed, need, found.pullable.is_public());
        let visit = self.let_in(request, claims, parsed, right, (object, need)).await?;
        Ok((visit, found))
    }

    /// Checks right, token and store.
    async fn let_in(
        &self,
        request: &HttpRequest,
        claims: Claims,
        parsed: RepositoryName,
        right: Result<Right, Refused>,
        (object, need): (Object<'_>, Need),
    ) -> Result<Visit, OciError> {
        let name = parsed.to_string();
        let wanted = Some(Wanted::Repository { name: &name, need });
        let insufficient = |message: &str| self.challenge(request, wanted, Some("insufficient_scope"), message);
        if right == Err(Refused::SignIn) {
            return Err(insufficient("sign in first; without, only public repositories can be pulled from"));
        }
        if right.is_ok() && !covers(&claims.access, &name, need) {
            return Err(insufficient("the token is for something else"));
        }
        let visit = Visit::new(request, claims, parsed, object, need);
        match right {
            Ok(right) => {
                self.check_store()?;
                Ok(Visit { right, organization: visit.name.organization(), ..visit })
            }
            Err(Refused::NotAllowed(no)) => {
                self.record_refusal(&visit, None, no.code, &no.reason).await?;
                Err(OciError::Denied { reason: format!("{}: {no}", visit.name) })
            }
            Err(Refused::Unknown | Refused::SignIn) => {
                self.record_refusal(&visit, None, "registry.unknown", "it is not known to the caller").await?;
                Err(object.unknown(&visit.name))
            }
        }
    }

    /// Admits a request to the list of the repositories of the caller's organization.
    pub(crate) async fn admit_to_catalog(
        &self,
        request: &HttpRequest,
    ) -> Result<(Caller, OrganizationId, Right), OciError> {
        let wanted = Some(Wanted::Catalog);
        let claims = self.authenticate(request, wanted).await?;
        let insufficient = |message: &str| self.challenge(request, wanted, Some("insufficient_scope"), message);
        let organization = claims.caller.organization.ok_or_else(|| insufficient("sign in first"))?;
        let right = claims.caller.right_somewhere(Need::Pull);
        let right = right.map_err(|no| OciError::Denied { reason: format!("the catalog: {no}") })?;
        match claims.access.iter().any(Access::is_catalog) {
            true => Ok((claims.caller, organization, right)),
            false => Err(insufficient("the token is for something else")),
        }
    }

    pub(crate) fn challenge(
        &self,
        request: &HttpRequest,
        wanted: Option<Wanted<'_>>,
        error: Option<&str>,
        message: &str,
    ) -> OciError {
        let challenge = challenge::bearer(request, &self.settings, wanted, error);
        OciError::Unauthorized { challenge, message: message.to_owned() }
    }
}

impl Visit {
    fn new(request: &HttpRequest, claims: Claims, name: RepositoryName, object: Object<'_>, need: Need) -> Self {
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
            // until the caller's rights are known
            right: Right::Whole { rule: String::new() },
            subject,
            digest,
            action: action(object, need),
            correlation: correlation(request),
            source: Source::of(request),
        }
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
    pub(crate) fn of(request: &HttpRequest) -> Self {
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

fn covers(access: &[Access], name: &str, need: Need) -> bool {
    let enough: &[Action] = match need {
        Need::Look => &[Action::Pull, Action::Push],
        Need::Pull => &[Action::Pull],
        Need::Push => &[Action::Push],
        Need::Delete => &[Action::Delete],
    };
    access.iter().any(|access| access.is_of(name) && access.actions.iter().any(|action| enough.contains(action)))
}

fn correlation(request: &HttpRequest) -> Uuid {
    request.extensions().get::<Correlation>().map_or_else(Uuid::now_v7, |correlation| correlation.0)
}

/// What the client chose freely, at a length that may be stored and shown.
fn shortened(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
