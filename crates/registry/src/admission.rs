//! Admission: who may do what, asked at each request: the token, its caller, the organization, the caller's own rights. What
//! licenses say comes after, in `entitlements`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_postgres::LookupError;
use futures_util::future::join;

use crate::authentication::Authentication;
use crate::caller::{Caller, Need, NotAllowed, Right};
use crate::challenge::Wanted;
use crate::error::OciError;
use crate::fault::Fault;
use crate::name::RepositoryName;
use crate::pull::{Found, Pullable};
use crate::record::Recorder;
use crate::rights::{self, Refused, Rights};
use crate::scope::{Access, Action};
use crate::token::Claims;
use crate::visit::{Object, Visit};

/// The admission of requests. Whom it turns away is recorded.
pub(crate) struct Admission {
    authentication: Arc<Authentication>,
    rights: Rights,
    recorder: Recorder,
    /// whose the blob store is has to be found out first
    is_held_back: AtomicBool,
}

impl Admission {
    pub(crate) fn new(authentication: Arc<Authentication>, rights: Rights, recorder: Recorder) -> Self {
        Self { authentication, rights, recorder, is_held_back: AtomicBool::new(false) }
    }

    /// Admits nobody while the blob store may be another database's.
    pub(crate) fn hold_back(&self, is_held_back: bool) {
        self.is_held_back.store(is_held_back, Ordering::Release);
    }

    /// Admits a request to a repository. Repositories of other organizations are as unknown as those that nobody has.
    pub(crate) async fn admit(
        &self,
        request: &HttpRequest,
        name: &str,
        object: Object<'_>,
        need: Need,
    ) -> Result<Visit, OciError> {
        self.admit_wanting(request, name, (object, need), Wanted::Repository { name, need }).await
    }

    /// Admits a request to push, perhaps by a mount from another repository: whoever has no token is told to get one for both.
    pub(crate) async fn admit_to_push(
        &self,
        request: &HttpRequest,
        name: &str,
        from: Option<&str>,
    ) -> Result<Visit, OciError> {
        let wanted = match from {
            Some(from) => Wanted::Mount { name, from },
            None => Wanted::Repository { name, need: Need::Push },
        };
        self.admit_wanting(request, name, (Object::Repository, Need::Push), wanted).await
    }

    async fn admit_wanting(
        &self,
        request: &HttpRequest,
        name: &str,
        (object, need): (Object<'_>, Need),
        wanted: Wanted<'_>,
    ) -> Result<Visit, OciError> {
        let parsed = name.parse::<RepositoryName>();
        let claims = self.authentication.authenticate(request, parsed.is_ok().then_some(wanted)).await?;
        let parsed = parsed.map_err(|error| OciError::NameInvalid(error.to_string()))?;
        let right = self.rights.of(&claims.caller, &parsed, need).await?;
        self.let_in(request, claims, parsed, right, (object, need, wanted)).await
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
        let claims = self.authentication.claims(request, wanted)?;
        let check_current = self.authentication.check_current(request, wanted, &claims);
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                check_current.await?;
                return Err(OciError::NameInvalid(error.to_string()));
            }
        };
        let is_own = claims.caller.organization == Some(parsed.organization());
        let customer = claims.caller.customer().filter(|_| is_own);
        let (current, found) = join(check_current, find(&parsed, customer)).await;
        current?;
        let found = found.map_err(Fault::from)?;
        let right = rights::to_pull(&claims.caller, &parsed, need, found.pullable.is_public());
        let wanted = Wanted::Repository { name, need };
        let visit = self.let_in(request, claims, parsed, right, (object, need, wanted)).await?;
        Ok((visit, found))
    }

    /// The visit, if right, token and store let it in.
    async fn let_in(
        &self,
        request: &HttpRequest,
        claims: Claims,
        parsed: RepositoryName,
        right: Result<Right, Refused>,
        (object, need, wanted): (Object<'_>, Need, Wanted<'_>),
    ) -> Result<Visit, OciError> {
        let name = parsed.to_string();
        if right == Err(Refused::SignIn) {
            let message = "sign in first; without, only public repositories can be pulled from";
            return Err(self.insufficient(request, wanted, message));
        }
        if right.is_ok() && !covers(&claims.access, &name, need) {
            return Err(self.insufficient(request, wanted, "the token is for something else"));
        }
        let visit = Visit::new(request, claims, parsed, object, need);
        match right {
            Ok(right) => {
                self.check_store()?;
                Ok(visit.with(right))
            }
            Err(Refused::NotAllowed(no)) => Err(self.recorder.deny(&visit, &name, &no).await),
            Err(Refused::Unknown | Refused::SignIn) => {
                let no = NotAllowed::new("registry.unknown", "it is not known to the caller");
                self.recorder.refusal(&visit, None, &no).await?;
                Err(object.unknown(&visit.name))
            }
        }
    }

    /// Admits a request to the list of the repositories of the caller's organization.
    pub(crate) async fn admit_to_catalog(
        &self,
        request: &HttpRequest,
    ) -> Result<(Caller, OrganizationId, Right), OciError> {
        let claims = self.authentication.authenticate(request, Some(Wanted::Catalog)).await?;
        let insufficient = |message| self.insufficient(request, Wanted::Catalog, message);
        let organization = claims.caller.organization.ok_or_else(|| insufficient("sign in first"))?;
        let right = claims.caller.right_somewhere(Need::Pull);
        let right = right.map_err(|no| OciError::Denied { reason: format!("the catalog: {no}") })?;
        match claims.access.iter().any(Access::is_catalog) {
            true => Ok((claims.caller, organization, right)),
            false => Err(insufficient("the token is for something else")),
        }
    }

    /// The challenge to get a token for more.
    pub(crate) fn insufficient(&self, request: &HttpRequest, wanted: Wanted<'_>, message: &str) -> OciError {
        self.authentication.challenge(request, Some(wanted), Some("insufficient_scope"), message)
    }

    fn check_store(&self) -> Result<(), OciError> {
        match self.is_held_back.load(Ordering::Acquire) {
            false => Ok(()),
            true => Err(OciError::StoreUnknown),
        }
    }
}

/// Whether the token was asked for this.
fn covers(access: &[Access], name: &str, need: Need) -> bool {
    let enough: &[Action] = match need {
        Need::Look => &[Action::Pull, Action::Push],
        Need::Pull => &[Action::Pull],
        Need::Push => &[Action::Push],
        Need::Delete => &[Action::Delete],
    };
    access.iter().any(|access| access.is_of(name) && access.actions.iter().any(|action| enough.contains(action)))
}

#[cfg(test)]
mod tests;
