//! People and programs that change things, all at once and over each other. Each change has a key of its own, is asked
//! again until its outcome is known, and is then entered in the books.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::RwLock;
use uuid::Uuid;

use super::api::{Answer, Api, Mutation};
use super::ledger::{Ledger, Outcome, Write};
use super::signature::argument_type;

/// Customers that every writer changes.
pub(crate) const SHARED: usize = 4;
/// A change that nobody can settle for so long is a defect.
const PATIENCE: Duration = Duration::from_secs(180);

/// Held open by whoever changes something; the audit closes it.
pub(crate) type Gate = Arc<RwLock<()>>;

pub(crate) struct Writer {
    pub(crate) number: usize,
    pub(crate) api: Api,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) gate: Gate,
    pub(crate) targets: Vec<String>,
    dice: StdRng,
    made: u64,
    licenses: Vec<(usize, String)>,
    tokens: Vec<String>,
}

/// A mutation that is called by its field, and the event that says that it happened.
struct Change {
    event_type: &'static str,
    field: &'static str,
    arguments: Vec<(&'static str, Value)>,
    /// of the payload, beside position and changed
    selection: &'static str,
}

impl Writer {
    pub(crate) fn new(
        number: usize,
        seed: u64,
        api: Api,
        ledger: Arc<Ledger>,
        gate: Gate,
        targets: Vec<String>,
    ) -> Self {
        let dice = StdRng::seed_from_u64(seed.wrapping_add(1_000 + number as u64));
        Self { number, api, ledger, gate, targets, dice, made: 0, licenses: vec![], tokens: vec![] }
    }

    /// Until the task is ended.
    pub(crate) async fn run(mut self) {
        loop {
            let open = Arc::clone(&self.gate).read_owned().await;
            self.change().await;
            drop(open);
            tokio::time::sleep(Duration::from_millis(self.dice.random_range(20..150))).await;
        }
    }

    async fn change(&mut self) {
        let shared = self.dice.random_range(0..SHARED);
        let change = match self.dice.random_range(0..12) {
            0 | 1 => self.create_customer(),
            2..=4 => self.rename_customer(shared),
            5 => self.describe_application(),
            6 => self.issue_license(shared),
            7 if !self.licenses.is_empty() => self.change_license(),
            8 => self.issue_token(),
            9 if !self.tokens.is_empty() => self.revoke_token(),
            10 => self.add_robot(),
            _ => self.deploy(),
        };
        if let Some(token) = self.settle(change).await.pointer("/it/token/id").and_then(Value::as_str) {
            self.tokens.push(token.to_owned());
        }
    }

    /// Asks until it is known what became of it. The answer's data, if there is any.
    async fn settle(&mut self, change: Change) -> Value {
        let mutation = change.mutation();
        let event_type = change.event_type;
        let begun = Instant::now();
        loop {
            let (outcome, data) = match self.api.mutate(&mutation).await {
                Answer::Data(data) => (outcome(&data["it"]), data),
                Answer::Refused { code, message } => (Outcome::Refused(format!("{code}: {message}")), Value::Null),
                Answer::Unknown(seen) if begun.elapsed() > PATIENCE => {
                    (Outcome::Refused(format!("unsettled for {PATIENCE:?}: {seen}")), Value::Null)
                }
                Answer::Unknown(_) => {
                    self.ledger.books().asked_again += 1;
                    tokio::time::sleep(Duration::from_millis(self.dice.random_range(20..300))).await;
                    continue;
                }
            };
            self.ledger.books().writes.insert(mutation.correlation, Write { event_type, outcome });
            return data;
        }
    }

    /// Said by nobody before.
    fn new_name(&mut self) -> String {
        self.made += 1;
        format!("w{}-{}", self.number, self.made)
    }

    fn create_customer(&mut self) -> Change {
        let name = self.new_name();
        Change::new("CustomerCreated", "customerCreate").with("name", name)
    }

    fn rename_customer(&mut self, shared: usize) -> Change {
        let name = self.new_name();
        Change::new("CustomerRenamed", "customerRename").with("name", customer(shared)).with("displayName", name)
    }

    fn describe_application(&mut self) -> Change {
        let name = self.new_name();
        let change = Change::new("ApplicationDescribed", "applicationDescribe").with("name", "simulated");
        change.with("displayName", name)
    }

    fn issue_license(&mut self, shared: usize) -> Change {
        let name = self.new_name();
        self.licenses.push((shared, name.clone()));
        let change = Change::new("LicenseIssued", "licenseIssue").with("customer", customer(shared));
        change.with("application", "simulated").with("name", name).with("terms", json!({ "seats": 1 }))
    }

    fn change_license(&mut self) -> Change {
        let (shared, name) = self.licenses[self.dice.random_range(0..self.licenses.len())].clone();
        let change = match self.dice.random_range(0..3) {
            0 => Change::new("LicenseAmended", "licenseAmend")
                .with("terms", json!({ "seats": self.dice.random_range(1..1_000) })),
            1 => Change::new("LicenseSuspended", "licenseSuspend").with("reason", "unpaid"),
            _ => Change::new("LicenseResumed", "licenseResume"),
        };
        change.with("customer", customer(shared)).with("name", name)
    }

    fn issue_token(&mut self) -> Change {
        let label = self.new_name();
        let change = Change::new("TokenIssued", "tokenIssue").with("label", label);
        Change { selection: "token { id }", ..change.with("scopes", json!(["READ"])) }
    }

    fn revoke_token(&mut self) -> Change {
        let token = self.tokens.swap_remove(self.dice.random_range(0..self.tokens.len()));
        Change::new("TokenRevoked", "tokenRevoke").with("id", token)
    }

    fn add_robot(&mut self) -> Change {
        let name = self.new_name();
        Change::new("MemberAdded", "robotAdd").with("name", name).with("role", "AUDITOR")
    }

    fn deploy(&mut self) -> Change {
        let target = self.targets[self.dice.random_range(0..self.targets.len())].clone();
        let version = ["1.0.0", "1.1.0"][self.dice.random_range(0..2)];
        let config = json!([{ "key": "MARK", "value": self.new_name() }]);
        Change::new("DesiredReleaseSet", "deploymentSetRelease")
            .with("customer", customer(0))
            .with("target", target)
            .with("application", "simulated")
            .with("version", version)
            .with("config", config)
            .with("allowDowngrade", true)
            .with("reason", "there and back")
    }
}

pub(crate) fn customer(number: usize) -> String {
    format!("customer-{number}")
}

fn outcome(payload: &Value) -> Outcome {
    let position = payload["position"].as_str().and_then(|text| text.parse().ok());
    match (payload["changed"].as_bool(), position) {
        (Some(true), Some(position)) => Outcome::Changed(position),
        (Some(false), _) => Outcome::Unchanged,
        _ => Outcome::Refused(format!("a strange answer: {payload}")),
    }
}

impl Change {
    fn new(event_type: &'static str, field: &'static str) -> Self {
        Self { event_type, field, arguments: vec![], selection: "" }
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    fn mutation(&self) -> Mutation {
        let list = |text: &dyn Fn(&str) -> String| {
            self.arguments.iter().map(|(name, _)| text(name)).collect::<Vec<_>>().join(", ")
        };
        let declared = list(&|name| format!("${name}: {}", argument_type(self.field, name)));
        let passed = list(&|name| format!("{name}: ${name}"));
        let variables = self.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Mutation {
            key: Uuid::new_v4(),
            correlation: Uuid::new_v4(),
            document: format!(
                "mutation ({declared}) {{ it: {}({passed}) {{ position changed {} }} }}",
                self.field, self.selection
            ),
            variables: Value::Object(variables.collect()),
        }
    }
}
