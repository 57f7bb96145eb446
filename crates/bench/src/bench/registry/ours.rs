//! Our side: the real hub on its Postgres, with a vendor's robot, and customers with a license and a robot each. Tokens come
//! from `/token`, as clients get theirs.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::content::Content;
use super::{BOTH_REPOSITORIES, CUSTOMERS, Who};
use crate::site::{Database, Graphql, Hub, sign_in};
use crate::wire::Connection;

const APPLICATION: &str = "bench";

#[derive(Debug)]
pub(super) struct Ours {
    pub(super) database: Database,
    hub: Hub,
    owner: String,
    /// of the vendor's robot, then of the customers'
    secrets: Vec<String>,
}

impl Ours {
    pub(super) async fn start(database: Database) -> Result<Self> {
        let hub = Hub::start(&database).await?;
        let owner = sign_in(hub.address).await?;
        let mut ours = Self { database, hub, owner, secrets: vec![] };
        let vendor = ours.robot("PUBLISHER", None, "[PULL, PUSH]").await?;
        ours.secrets.push(vendor);
        for number in 0..CUSTOMERS {
            let customer = customer(number);
            ours.ask("mutation ($c: Name!) { customerCreate(name: $c) { changed } }", json!({ "c": customer })).await?;
            let robot = ours.robot("CUSTOMER_ADMIN", Some(&customer), "[PULL]").await?;
            ours.secrets.push(robot);
        }
        Ok(ours)
    }

    /// Releases everything, and licenses all customers for it.
    pub(super) async fn publish(&self, content: &Content) -> Result<()> {
        let address = self.address();
        let service = |(number, tag)| format!("  service-{number}:\n    image: {address}/{BOTH_REPOSITORIES}:{tag}\n");
        let services: String = content.tags().iter().enumerate().map(service).collect();
        let release = json!({ "a": APPLICATION, "compose": format!("services:\n{services}") });
        let create = "mutation ($a: Name!) { applicationCreate(name: $a) { changed } }";
        self.ask(create, json!({ "a": APPLICATION })).await?;
        let publish = "mutation ($a: Name!, $compose: String!) {
            releasePublish(application: $a, version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) { changed }
        }";
        self.ask(publish, release).await?;
        for number in 0..CUSTOMERS {
            let license = "mutation ($c: Name!, $a: Name!) {
                licenseIssue(customer: $c, application: $a, name: \"license\", terms: {}) { changed }
            }";
            self.ask(license, json!({ "c": customer(number), "a": APPLICATION })).await?;
        }
        Ok(())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.hub.address
    }

    pub(super) fn hub_pid(&self) -> u32 {
        self.hub.pid()
    }

    pub(super) async fn token(&self, who: Who) -> Result<String> {
        let (secret, actions) = match who {
            Who::Vendor => (&self.secrets[0], "pull,push"),
            Who::Customer(number) => (&self.secrets[1 + number], "pull"),
        };
        let request = format!(
            "GET /token?service=distr&scope=repository:{BOTH_REPOSITORIES}:{actions} HTTP/1.1\r\nhost: bench\r\n\
             authorization: Basic {}\r\n\r\n",
            STANDARD.encode(format!("bench:{secret}"))
        );
        let answer = Connection::open(self.address()).await?.exchange(request.as_bytes()).await?.json()?;
        ensure!(answer["scope"].as_str().is_some_and(|scope| !scope.is_empty()), "the token is for nothing");
        text(&answer["token"])
    }

    pub(super) async fn stop(self) -> Result<()> {
        self.hub.stop().await?;
        self.database.stop().await
    }

    /// The secret of its token.
    async fn robot(&self, role: &str, customer: Option<&str>, scopes: &str) -> Result<String> {
        let add = "mutation ($n: String!, $role: Role!, $c: Name) {
            robotAdd(name: $n, role: $role, customer: $c) { member { id } }
        }";
        let variables =
            json!({ "n": format!("robot of {}", customer.unwrap_or("the vendor")), "role": role, "c": customer });
        let member = self.ask(add, variables).await?["robotAdd"]["member"]["id"].take();
        let issue =
            format!("mutation ($m: ID!) {{ tokenIssue(label: \"bench\", scopes: {scopes}, member: $m) {{ secret }} }}");
        text(&self.ask(&issue, json!({ "m": member })).await?["tokenIssue"]["secret"])
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let mut graphql = Graphql::open(self.address(), &self.owner).await?;
        graphql.ask(query, variables).await
    }
}

fn customer(number: usize) -> String {
    format!("customer-{number:02}")
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("an answer lacks a text")
}
