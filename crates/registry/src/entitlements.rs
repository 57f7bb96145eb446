//! What the licenses in force at this moment say of a pull by a customer or an agent. The rule is the domain's; here it is
//! asked with what the read models and the clock say now, and its refusal becomes the answer.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, Pool};
use distr_domain::entitlement::{EntitlementSubject, HeldLicense, Refusal, decide};
use distr_domain::ids::{ApplicationId, CustomerId, OrganizationId};
use distr_domain::names::RepositoryPath;
use distr_domain::oci::Digest;
use distr_projections::entitlement;

use crate::caller::{Caller, NotAllowed, Right};
use crate::clock::Clock;
use crate::error::OciError;
use crate::fault::Fault;
use crate::name::RepositoryName;
use crate::pull::{Found, FoundManifest, Pullable};
use crate::record::{Basis, Recorder};
use crate::visit::{Object, Visit};

/// Why a pull is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    /// `role publisher`, `license "hello-2026"`
    pub(crate) rule: String,
    pub(crate) basis: Option<Basis>,
}

/// The entitlements of customers: what they may have by their licenses.
pub(crate) struct Entitlements {
    pool: Pool,
    recorder: Recorder,
    clock: Clock,
}

impl Entitlements {
    pub(crate) fn new(pool: Pool, recorder: Recorder, clock: Clock) -> Self {
        Self { pool, recorder, clock }
    }

    /// Whether the visitor may have what was found at this digest. Asked of what is not there, too: a customer is not to tell it
    /// from what is not its own, not even by the time. A refusal is recorded here.
    pub(crate) async fn grant<T: Pullable>(
        &self,
        visit: &Visit,
        object: Object<'_>,
        digest: &Digest,
        found: &Found<T>,
    ) -> Result<Granted, OciError> {
        if let Right::Whole { rule } = &visit.right {
            return Ok(Granted { rule: rule.clone(), basis: None });
        }
        let (held, caller) = (&found.held, &visit.caller);
        if let Ok(granted) = self.decide(caller, found.pullable.asked(), held) {
            return Ok(granted);
        }
        // seldom needed: not a part of a release that the licenses cover
        let (client, digests) = (self.pool.get().await?, std::slice::from_ref(digest));
        let attached =
            entitlement::asked_attached(&client, visit.name.organization(), &visit.name.path, digests).await?;
        let mut asked = found.pullable.asked().to_vec();
        asked.extend(attached.into_iter().map(|(_, asked)| asked));
        match self.decide(caller, &asked, held) {
            Ok(granted) => Ok(granted),
            Err(_) if caller.is_late() && granted(&asked, held, (self.clock)()).is_ok() => {
                Err(self.recorder.deny(visit, &visit.name.to_string(), &NotAllowed::late()).await)
            }
            Err(refusal) => {
                if found.pullable.is_there() {
                    let basis = basis(&asked, held, &refusal);
                    self.recorder.refusal(visit, Some(basis), &refusal).await?;
                }
                Err(answer(&visit.name, object, &refusal))
            }
        }
    }

    /// Those of `rows` whose manifest the caller may have. Nothing is recorded: nothing is served.
    pub(crate) async fn licensed<T>(
        &self,
        client: &Client,
        visit: &Visit,
        mut rows: Vec<T>,
        digest: impl Fn(&T) -> &Digest,
    ) -> Result<Vec<T>, Fault> {
        let Right::Licensed { customer } = visit.right else {
            return Ok(rows);
        };
        let (organization, path) = (visit.name.organization(), &visit.name.path);
        let digests: BTreeSet<Digest> = rows.iter().map(|row| digest(row).clone()).collect();
        let digests: Vec<Digest> = digests.into_iter().collect();
        let held = entitlement::held_licenses(client, organization, customer).await?;
        let asked = entitlement::asked_for_manifests(client, organization, path, &digests).await?;
        let caller = &visit.caller;
        let is_open =
            |digest: &Digest| asked.get(digest).is_some_and(|asked| self.decide(caller, asked, &held).is_ok());
        let (mut open, others): (BTreeSet<Digest>, BTreeSet<Digest>) = digests.into_iter().partition(is_open);
        if !others.is_empty() {
            let others: Vec<Digest> = others.into_iter().collect();
            let attached = entitlement::asked_attached(client, organization, path, &others).await?.into_iter();
            let is_open = |asked: &EntitlementSubject| self.decide(caller, std::slice::from_ref(asked), &held).is_ok();
            open.extend(attached.filter(|(_, asked)| is_open(asked)).map(|of| of.0));
        }
        rows.retain(|row| open.contains(digest(row)));
        Ok(rows)
    }

    /// The repositories with a release that the caller may have, who is of this customer, in byte order.
    pub(crate) async fn repositories(
        &self,
        client: &Client,
        caller: &Caller,
        (organization, customer): (OrganizationId, CustomerId),
    ) -> Result<Vec<RepositoryPath>, Fault> {
        let held = entitlement::held_licenses(client, organization, customer).await?;
        let applications: BTreeSet<ApplicationId> = held.iter().map(|license| license.application).collect();
        let applications: Vec<ApplicationId> = applications.into_iter().collect();
        let asked = entitlement::asked_by_repository(client, organization, &applications).await?;
        let licensed = asked.into_iter().filter(|(_, asked)| self.decide(caller, asked, &held).is_ok());
        let mut paths: Vec<RepositoryPath> = licensed.map(|(path, _)| path).collect();
        paths.sort();
        Ok(paths)
    }

    /// What its visitor should know of a manifest that it may have.
    pub(crate) fn deprecation(&self, found: &Found<FoundManifest>) -> Option<String> {
        found.pullable.deprecation(&found.held, (self.clock)())
    }

    fn decide(&self, caller: &Caller, asked: &[EntitlementSubject], held: &[HeldLicense]) -> Result<Granted, Refusal> {
        let now = (self.clock)();
        if !caller.is_late() {
            return granted(asked, held, now);
        }
        let Granted { rule, basis } = granted(&caller.counting(asked), held, now)?;
        Ok(Granted { rule: format!("{rule}, late: the pull credential has ended"), basis })
    }
}

fn granted(asked: &[EntitlementSubject], held: &[HeldLicense], now: DateTime<Utc>) -> Result<Granted, Refusal> {
    let grant = decide(asked, held, now)?;
    let license = held.iter().find(|license| license.id == grant.license);
    let basis = Basis { license: Some(grant.license), application: license.map(|license| license.application) };
    Ok(Granted { rule: format!("license \"{}\"", grant.name), basis: Some(basis) })
}

/// The license that refused, or at least the application that no license covers.
fn basis(asked: &[EntitlementSubject], held: &[HeldLicense], refusal: &Refusal) -> Basis {
    let covers = |license: &&HeldLicense| asked.iter().any(|asked| asked.application == license.application);
    let license = held.iter().filter(covers).find(|license| Some(&license.name) == refusal.license());
    let application = license.map(|license| license.application).or(asked.first().map(|asked| asked.application));
    Basis { license: license.map(|license| license.id), application }
}

/// What was never released, or is another customer's alone, is answered like what isn't there: clients that only probe (for
/// signatures, for referrers) go on, and a customer learns nothing of what the vendor makes for others.
fn answer(name: &RepositoryName, object: Object<'_>, refusal: &Refusal) -> OciError {
    match refusal.is_withheld() {
        true => object.unknown(name),
        false => OciError::Denied { reason: format!("{name}: {refusal}") },
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::LicenseId;
    use distr_domain::license::{Standing, Terms};
    use uuid::Uuid;

    use super::*;

    const HELLO: ApplicationId = ApplicationId(Uuid::from_u128(1));
    const OTHER: ApplicationId = ApplicationId(Uuid::from_u128(2));
    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn license(name: &str, standing: Standing) -> HeldLicense {
        let id = LicenseId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
        HeldLicense { id, name: name.parse().unwrap(), application: HELLO, terms: Terms::default(), standing }
    }

    fn release(application: ApplicationId) -> EntitlementSubject {
        let version = Some("1.0.0".parse().unwrap());
        EntitlementSubject { application, version, channels: vec![], revoked: None, deprecated: None, feature: None }
    }

    #[test]
    fn a_grant_names_its_license() {
        let held = [license("globex-hello", Standing::Active)];
        let granted = granted(&[release(HELLO)], &held, NOW).unwrap();
        assert_eq!(granted.rule, "license \"globex-hello\"");
        assert_eq!(granted.basis, Some(Basis { license: Some(held[0].id), application: Some(HELLO) }));
    }

    #[test]
    fn a_refusal_rests_on_the_license_that_refused_or_on_the_application() {
        let held = [license("globex-hello", Standing::Revoked { reason: "contract ended".to_owned() })];
        let refused = |asked: &[EntitlementSubject]| {
            let refusal = granted(asked, &held, NOW).unwrap_err();
            basis(asked, &held, &refusal)
        };
        assert_eq!(refused(&[release(HELLO)]), Basis { license: Some(held[0].id), application: Some(HELLO) });
        assert_eq!(refused(&[release(OTHER)]), Basis { license: None, application: Some(OTHER) });
        assert_eq!(refused(&[]), Basis { license: None, application: None });
    }

    #[test]
    fn what_no_license_covers_is_answered_like_what_is_not_there() {
        let (name, object) = ("acme/hello".parse().unwrap(), Object::Manifest("1.0.0"));
        let answer = |refusal| answer(&name, object, &refusal).to_string();
        let unknown = object.unknown(&name).to_string();
        assert_eq!([answer(Refusal::NotReleased), answer(Refusal::NoLicense)], [unknown.clone(), unknown]);
        let revoked = Refusal::Revoked { license: "a".parse().unwrap(), reason: "contract ended".to_owned() };
        assert_eq!(answer(revoked), "acme/hello: license \"a\" was revoked: contract ended");
    }
}
