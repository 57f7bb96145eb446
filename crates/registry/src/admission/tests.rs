use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_domain::access::{AccessOutcome, AccessRecord};
use distr_domain::ids::TokenId;
use distr_domain::permission::{Membership, VendorRole};
use distr_domain::token::TokenScope;
use distr_eventlog::{Actor, Entry, EventLog, Limit, MemoryLog, Position, Selection};
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::*;
use crate::caller::{CallerAccess, Callers, CallersFault};
use crate::limits::Limits;
use crate::record::Recording;
use crate::scope;
use crate::token::Tokens;

/// A hub that has revoked all credentials, or none.
struct Hub {
    has_revoked: bool,
}

#[async_trait]
impl Callers for Hub {
    async fn authenticate(&self, _: &str, _: &str) -> Result<Option<Caller>, CallersFault> {
        unreachable!("a request to a repository brings a token")
    }

    async fn current(&self, caller: &Caller) -> Result<Option<Caller>, CallersFault> {
        Ok((!self.has_revoked).then(|| caller.clone()))
    }
}

/// An admission alone: no read models, and so no public repositories.
struct Alone {
    admission: Admission,
    log: Arc<MemoryLog>,
    recording: Recording,
}

fn clock() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn alone(has_revoked: bool) -> Alone {
    let authentication = Authentication {
        tokens: Tokens::new(b"key"),
        callers: Arc::new(Hub { has_revoked }),
        limits: Limits::new(1000),
        public_url: Some("https://r.example.com".to_owned()),
        clock,
    };
    let nowhere = deadpool_postgres::Manager::new(tokio_postgres::Config::new(), NoTls);
    let rights = Rights::new(deadpool_postgres::Pool::builder(nowhere).build().unwrap());
    let log = Arc::new(MemoryLog::new());
    let (recorder, recording) = Recorder::start(log.clone(), clock);
    Alone { admission: Admission::new(Arc::new(authentication), rights, recorder), log, recording }
}

impl Alone {
    /// A push to `acme/hello` by a vendor with this role, whose token was asked for `scope`.
    async fn push(&self, organization: &str, role: VendorRole, scope: &str) -> Result<Visit, OciError> {
        let access = CallerAccess::Member {
            membership: Membership::Vendor { role },
            scopes: vec![TokenScope::Pull, TokenScope::Push],
            repositories: vec![],
            token: TokenId(Uuid::nil()),
        };
        let organization = OrganizationId::of(&organization.parse().unwrap());
        let caller = Caller { organization: Some(organization), actor: Actor::Operator, access };
        let token = self.admission.authentication.issue(caller, scope::parse([scope])).unwrap().token;
        let request = TestRequest::default().insert_header((AUTHORIZATION, format!("Bearer {token}")));
        self.admission.admit(&request.to_http_request(), "acme/hello", Object::Manifest("1.0.0"), Need::Push).await
    }

    /// All that was recorded, as code and reason of refusals.
    async fn refusals(self) -> Vec<(String, String)> {
        drop(self.admission);
        self.recording.finished().await;
        let page = self.log.scan(Position::START, Limit::entries(100), Selection::Telemetry).await.unwrap();
        let records = page.entries.into_iter().map(|entry| match entry {
            Entry::Telemetry(recorded) => serde_json::from_slice::<AccessRecord>(&recorded.record.payload).unwrap(),
            Entry::Fact(_) => unreachable!("only telemetry was asked for"),
        });
        let refusals = records.map(|record| match record.outcome {
            AccessOutcome::Refused { code, reason } => (code, reason),
            AccessOutcome::Granted { rule } => panic!("granted by {rule}"),
        });
        refusals.collect()
    }
}

const PUSH: &str = "repository:acme/hello:pull,push";

#[tokio::test]
async fn a_publisher_is_admitted_by_its_role_and_nothing_is_recorded_yet() {
    let alone = alone(false);
    let visit = alone.push("acme", VendorRole::Publisher, PUSH).await.unwrap();
    assert_eq!(visit.right, Right::Whole { rule: "role publisher".to_owned() });
    assert_eq!((visit.subject.as_str(), visit.organization), ("acme/hello:1.0.0", visit.name.organization()));
    assert!(alone.refusals().await.is_empty());
}

#[tokio::test]
async fn a_token_for_less_is_answered_with_the_challenge_for_more() {
    let refused = alone(false).push("acme", VendorRole::Publisher, "repository:acme/hello:pull").await;
    let Err(OciError::Unauthorized { challenge, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(
        challenge,
        "Bearer realm=\"https://r.example.com/token\",service=\"distr\",scope=\"repository:acme/hello:pull,push\",\
         error=\"insufficient_scope\""
    );
}

#[tokio::test]
async fn a_token_whose_owner_has_lost_its_access_is_not_taken() {
    let refused = alone(true).push("acme", VendorRole::Publisher, PUSH).await;
    assert!(matches!(&refused, Err(OciError::Unauthorized { challenge, .. }) if challenge.contains("invalid_token")));
}

#[tokio::test]
async fn a_role_that_may_not_is_denied_with_the_reason_and_recorded() {
    let alone = alone(false);
    let refused = alone.push("acme", VendorRole::Support, PUSH).await;
    let Err(OciError::Denied { reason }) = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "acme/hello: role support may not push");
    assert_eq!(alone.refusals().await, [("registry.role".to_owned(), "role support may not push".to_owned())]);
}

#[tokio::test]
async fn a_repository_of_another_organization_is_unknown() {
    let alone = alone(false);
    let refused = alone.push("globex", VendorRole::Owner, PUSH).await;
    assert!(matches!(refused, Err(OciError::ManifestUnknown(_))), "{refused:?}");
    assert_eq!(alone.refusals().await[0].0, "registry.unknown");
}

#[tokio::test]
async fn nobody_is_admitted_while_the_store_is_not_known() {
    let alone = alone(false);
    alone.admission.hold_back(true);
    let refused = alone.push("acme", VendorRole::Publisher, PUSH).await;
    assert!(matches!(refused, Err(OciError::StoreUnknown)), "{refused:?}");
    alone.admission.hold_back(false);
    alone.push("acme", VendorRole::Publisher, PUSH).await.unwrap();
}
