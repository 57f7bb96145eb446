//! A running registry of its own for each test, with callers that the test knows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use async_trait::async_trait;
use distr_domain::access::AccessRecord;
use distr_domain::ids::{CredentialId, CustomerId, MemberId, OrganizationId, TargetId, TokenId};
use distr_domain::permission::{CustomerRole, Membership, VendorRole};
use distr_domain::quota::Quota;
use distr_domain::token::TokenScope;
use distr_embedded_postgres::EmbeddedPostgres;
use distr_eventlog::{Actor, Entry, EventLog, Limit, MemoryLog, Position, Selection};
use distr_projections::{FollowerHandle, Group, Progress, Runner, groups, prepare_live, read_pool};
use distr_registry::{
    BlobStore, Caller, CallerAccess, Callers, CallersFault, FileBlobs, Maintenance, Ports, Registry, Settings,
    UploadCaps,
};
use distr_tests::clock::now;
use tempfile::TempDir;
use uuid::Uuid;

use crate::bucket;
use crate::client::Client;
use crate::server;

/// The secret of every caller.
pub(crate) const SECRET: &str = "let-me-in";
pub(crate) const GLOBEX: &str = "globex";

pub(crate) struct World {
    /// `127.0.0.1:<port>`
    pub(crate) address: String,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) shown: Progress,
    pub(crate) callers: Arc<KnownCallers>,
    pub(crate) blobs: TempDir,
    pub(crate) maintenance: Maintenance,
    http: ServerHandle,
    runner: FollowerHandle,
    _postgres: Arc<EmbeddedPostgres>,
}

/// `publisher`, `auditor`, `puller` and `pusher` of acme; `customer`, `viewer` and `agent` of acme's customer globex;
/// `stranger`, the owner of another organization; `robot` of acme, whose token is for `tools/*`.
#[derive(Default)]
pub(crate) struct KnownCallers {
    callers: HashMap<&'static str, Caller>,
    revoked: Mutex<HashSet<String>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(None, settings()).await
    }

    pub(crate) async fn start_with(requests_per_second: u32) -> Self {
        Self::with(None, Settings { requests_per_second, ..settings() }).await
    }

    /// With a quota for each organization.
    pub(crate) async fn with_quota(bytes: u64) -> Self {
        let quota = Some(Quota::try_new(bytes).expect("a quota"));
        Self::with(None, Settings { quota, ..settings() }).await
    }

    /// With so few uploads under way.
    pub(crate) async fn with_uploads(uploads: UploadCaps) -> Self {
        Self::with(None, Settings { uploads, ..settings() }).await
    }

    /// With blobs in a bucket rather than in files.
    pub(crate) async fn in_bucket(bucket: &bucket::Place) -> Self {
        Self::with(Some(bucket), settings()).await
    }

    /// With blobs in a bucket that clients are sent to.
    pub(crate) async fn beside_bucket(bucket: &bucket::Place) -> Self {
        Self::with(Some(bucket), Settings { redirect_blobs: true, ..settings() }).await
    }

    async fn with(bucket: Option<&bucket::Place>, settings: Settings) -> Self {
        let (postgres, url) = server::database().await;
        let config: tokio_postgres::Config = url.parse().expect("the server's URL");
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        let (mut client, connection) = config.connect(tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        prepare_live(&mut client).await.expect("read models");
        let parked = include_str!("../../../api/migrations/V8__parked.sql");
        client.batch_execute(&format!("CREATE SCHEMA ops; {parked}")).await.expect("what a runner asks for");
        distr_registry::migrate(&mut client).await.expect("the registry's schema");
        let runners = read_pool(&config.clone().into(), 4);
        // one alone: whoever has a connection and asks for another waits for itself
        let pool = read_pool(&config.clone().into(), 1);
        // a job has one for its lock while it works with another, and two are tried at once
        let jobs = read_pool(&config.clone().into(), 3);
        let core = groups(&runners.get().await.expect("a connection")).await.expect("the groups");
        let core = core.into_iter().find(|group| group.name == Group::CORE).expect("group core");
        let runner = Runner::start(core, log.clone(), runners, Uuid::now_v7(), |_, _| ());
        let shown = runner.progress.clone();

        let blobs = TempDir::new().expect("a directory");
        let callers = Arc::new(KnownCallers::new());
        let store: Arc<dyn BlobStore> = match bucket {
            Some(place) => Arc::new(place.open()),
            None => Arc::new(FileBlobs::open(blobs.path()).await.expect("a blob store")),
        };
        let maintenance =
            Maintenance { log: log.clone(), pool: jobs, blobs: store.clone(), shown: shown.clone(), clock: now };
        let ports =
            Ports { log: log.clone(), pool, blobs: store, callers: callers.clone(), shown: shown.clone(), clock: now };
        let (registry, _) = Registry::start(ports, settings);
        let registry = web::Data::new(registry);
        let app = move || App::new().app_data(registry.clone()).configure(distr_registry::configure);
        let server = HttpServer::new(app).workers(2).disable_signals().bind("127.0.0.1:0").expect("a port");
        let address = server.addrs()[0].to_string();
        let server = server.run();
        let http = server.handle();
        tokio::spawn(server);
        Self { address, log, shown, callers, blobs, maintenance, http, runner, _postgres: postgres }
    }

    pub(crate) fn client(&self, username: &'static str) -> Client {
        Client::new(&self.address, username)
    }

    /// The accesses recorded so far, when there are at least `count`.
    pub(crate) async fn accesses(&self, count: usize) -> Vec<AccessRecord> {
        loop {
            let page =
                self.log.scan(Position::START, Limit::entries(1000), Selection::Telemetry).await.expect("the log");
            let records = page.entries.iter().map(|entry| match entry {
                Entry::Telemetry(recorded) => serde_json::from_slice(&recorded.record.payload).expect("a record"),
                Entry::Fact(_) => unreachable!("only telemetry was asked for"),
            });
            let records: Vec<AccessRecord> = records.collect();
            if records.len() >= count {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.http.stop(false).await;
        self.runner.stop().await;
    }
}

fn settings() -> Settings {
    Settings {
        token_key: b"0123456789".to_vec(),
        public_url: None,
        requests_per_second: 100_000,
        quota: None,
        redirect_blobs: false,
        uploads: UploadCaps::default(),
        disk: Arc::default(),
    }
}

pub(crate) fn organization(name: &str) -> OrganizationId {
    OrganizationId::of(&name.parse().expect("a name"))
}

pub(crate) fn customer() -> CustomerId {
    CustomerId::of(organization("acme"), &GLOBEX.parse().expect("a name"))
}

impl KnownCallers {
    fn new() -> Self {
        use TokenScope::*;
        let vendor = |role| Membership::Vendor { role };
        let customer_role = |role| Membership::Customer { customer: customer(), role };
        let target = TargetId(Uuid::from_u128(1));
        let credential = CredentialId(Uuid::from_u128(2));
        let agent = Caller {
            organization: Some(organization("acme")),
            actor: Actor::Agent(target),
            access: CallerAccess::Agent { customer: customer(), target, credential, only: None },
        };
        let callers = HashMap::from([
            ("publisher", member("acme", vendor(VendorRole::Publisher), &[Pull, Push, Delete])),
            ("puller", member("acme", vendor(VendorRole::Publisher), &[Pull])),
            ("pusher", member("acme", vendor(VendorRole::Publisher), &[Push])),
            ("auditor", member("acme", vendor(VendorRole::Auditor), &[Pull, Push, Delete])),
            ("customer", member("acme", customer_role(CustomerRole::Admin), &[Pull, Push, Delete])),
            ("viewer", member("acme", customer_role(CustomerRole::Viewer), &[Pull])),
            ("stranger", member("initech", vendor(VendorRole::Owner), &[Pull, Push, Delete])),
            ("agent", agent),
        ]);
        let mut robot = member("acme", vendor(VendorRole::Publisher), &[Pull, Push]);
        if let CallerAccess::Member { repositories, .. } = &mut robot.access {
            *repositories = vec!["tools/*".parse().expect("a pattern")];
        }
        let callers = callers.into_iter().chain([("robot", robot)]).collect();
        Self { callers, revoked: Mutex::default() }
    }

    pub(crate) fn revoke(&self, username: &str) {
        let actor = self.callers[username].actor.to_string();
        self.revoked.lock().expect("the lock").insert(actor);
    }
}

fn member(organization_name: &str, membership: Membership, scopes: &[TokenScope]) -> Caller {
    Caller {
        organization: Some(organization(organization_name)),
        actor: Actor::Member(MemberId(Uuid::now_v7())),
        access: CallerAccess::Member {
            membership,
            scopes: scopes.to_vec(),
            repositories: vec![],
            token: TokenId(Uuid::now_v7()),
        },
    }
}

#[async_trait]
impl Callers for KnownCallers {
    async fn authenticate(&self, username: &str, secret: &str) -> Result<Option<Caller>, CallersFault> {
        Ok(self.callers.get(username).filter(|_| secret == SECRET).cloned())
    }

    async fn current(&self, caller: &Caller) -> Result<Option<Caller>, CallersFault> {
        let revoked = self.revoked.lock().expect("the lock").contains(&caller.actor.to_string());
        Ok(self.callers.values().find(|known| *known == caller && !revoked).cloned())
    }
}
