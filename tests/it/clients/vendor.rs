//! A hub with a vendor's and a customer's secrets for clients to log in with.

use distr_tests::hub::{Answer, HubProcess};
use serde_json::{Value, json};

pub(super) struct Vendor {
    pub(super) hub: HubProcess,
    /// `host:port`
    pub(super) registry: String,
    pub(super) owner: String,
    /// of the owner: pulls, pushes and deletes
    pub(super) secret: String,
}

impl Vendor {
    pub(super) async fn start() -> Self {
        let hub = HubProcess::start().await;
        let (registry, owner) = (hub.registry(), hub.sign_in("acme").await);
        let mut vendor = Self { hub, registry, owner, secret: String::new() };
        vendor.secret = vendor.token("label: \"ci\", scopes: [PULL, PUSH, DELETE]").await;
        vendor
    }

    /// `acme/<repository>` of this registry.
    pub(super) fn image(&self, repository: &str) -> String {
        format!("{}/acme/{repository}", self.registry)
    }

    pub(super) async fn ask(&self, document: &str, variables: Value) -> Answer {
        self.hub.graphql(Some(&self.owner), document, variables).await
    }

    pub(super) async fn run(&self, mutation: &str) -> Value {
        self.ask(&format!("mutation {{ {mutation} }}"), json!({})).await.data()
    }

    /// A token's secret.
    pub(super) async fn token(&self, arguments: &str) -> String {
        let issued = self.run(&format!("tokenIssue({arguments}) {{ secret }}")).await;
        issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
    }

    /// The secret of a robot of customer globex, which has no license.
    pub(super) async fn customer(&self) -> String {
        self.run("customerCreate(name: \"globex\") { changed }").await;
        let robot = "robotAdd(name: \"puller\", role: CUSTOMER_ADMIN, customer: \"globex\") { member { id } }";
        let robot = self.run(robot).await;
        let id = robot["robotAdd"]["member"]["id"].as_str().expect("an id").to_owned();
        self.token(&format!("label: \"p\", scopes: [PULL], member: \"{id}\"")).await
    }

    /// A release of application hello that runs this image.
    pub(super) async fn publish(&self, version: &str, image: &str) -> Answer {
        let publish = "mutation ($version: Version!, $compose: String!) {
            releasePublish(application: \"hello\", version: $version, packages: [{ compose: { file: $compose } }]) {
                release { images { repository digest signedBy } }
            }
        }";
        let compose = format!("services:\n  web:\n    image: {image}\n");
        self.ask(publish, json!({ "version": version, "compose": compose })).await
    }

    /// Application hello, released with this image, and a customer's secret. Nothing is licensed yet.
    pub(super) async fn release_to_customer(&self, image: &str) -> String {
        self.run("applicationCreate(name: \"hello\") { changed }").await;
        self.publish("1.0.0", image).await.data();
        self.customer().await
    }

    pub(super) async fn license(&self) {
        let license = "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }";
        self.run(license).await;
    }

    pub(super) async fn revoke_license(&self) {
        self.run("licenseRevoke(customer: \"globex\", name: \"l\", reason: \"contract ended\") { changed }").await;
    }
}
