//! The Secret with which the nodes pull.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use distr_agent::clock::{Clock, SystemClock};
use distr_agent::data_dir::DataDir;
use distr_agent::link::{HubLink, LinkFault};
use distr_agent::secret::{CurrentSecret, Secret};
use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::pull::PullSecrets;
use distr_domain::agent::{HeartbeatRequest, HeartbeatResponse, PullCredentialResponse, RotateResponse};
use serde_json::Value;

use crate::cluster::Site;

/// A hub that gives one credential after another, each for a day.
struct Hub {
    given: Arc<AtomicU32>,
    clock: Arc<Time>,
    is_old: bool,
}

struct Time(Mutex<DateTime<Utc>>);

impl Clock for Time {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

#[async_trait]
impl HubLink for Hub {
    async fn heartbeat(&self, _: &Secret, _: &HeartbeatRequest) -> Result<HeartbeatResponse, LinkFault> {
        unreachable!("nobody sends any")
    }

    async fn rotate(&self, _: &Secret) -> Result<RotateResponse, LinkFault> {
        unreachable!("nobody asks")
    }

    async fn pull_credential(&self, secret: &Secret) -> Result<PullCredentialResponse, LinkFault> {
        assert_eq!(secret.expose(), "the-agents-own");
        if self.is_old {
            let [code, message] = ["http", "Not Found"].map(str::to_owned);
            return Err(LinkFault::Refused { status: 404, code, message });
        }
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        let expires_at = self.clock.now() + TimeDelta::days(1);
        Ok(PullCredentialResponse { username: "pull".to_owned(), secret: format!("secret-{number}"), expires_at })
    }
}

fn pulls(site: &Site, given: &Arc<AtomicU32>, clock: &Arc<Time>, is_old: bool) -> PullSecrets {
    let hub = Hub { given: given.clone(), clock: clock.clone(), is_old };
    let own = CurrentSecret::new(Secret::new("the-agents-own"));
    let data = DataDir::open(&site.folder.path().join("data")).unwrap();
    PullSecrets::new(Box::new(hub), own, clock.clone(), data).without_pauses()
}

/// The password for the registry in the namespace's Secret.
fn password(site: &Site) -> String {
    let secret = site.get(&["secret", "distr-pull"]);
    assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
    let config = STANDARD.decode(secret["data"][".dockerconfigjson"].as_str().unwrap()).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    config["auths"]["hub.example"]["password"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_secret_is_there_renewed_at_half_its_life_and_put_back() {
    let Some(site) = Site::new() else { return };
    let namespace = site.release.namespace.clone();
    let cluster = Cluster::connect(&site.helm.cluster).await.unwrap();
    let (given, clock) = (Arc::new(AtomicU32::new(0)), Arc::new(Time(Mutex::new(SystemClock.now()))));
    let first = pulls(&site, &given, &clock, false);
    first.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!(password(&site), "secret-1");
    // an agent that begins anew goes on with it, and so does one whose Secret somebody removed
    let second = pulls(&site, &given, &clock, false);
    second.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    site.kubectl(&["delete", "secret", "-n", &namespace, "distr-pull"]);
    second.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!((password(&site).as_str(), given.load(Ordering::SeqCst)), ("secret-1", 1));
    *clock.0.lock().unwrap() += TimeDelta::hours(13);
    second.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!((password(&site).as_str(), given.load(Ordering::SeqCst)), ("secret-2", 2));
    // what somebody writes into it is believed by nobody
    let patch = r#"{"metadata":{"annotations":{"distr.sh/expires-at":"2999-01-01T00:00:00Z"}},"data":{".dockerconfigjson":"e30="}}"#;
    site.kubectl(&["patch", "secret", "-n", &namespace, "distr-pull", "-p", patch]);
    second.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!((password(&site).as_str(), given.load(Ordering::SeqCst)), ("secret-2", 2));
    site.kubectl(&["patch", "secret", "-n", &namespace, "distr-pull", "-p", patch]);
    // a hub that gives none, now or ever, takes away nothing
    *clock.0.lock().unwrap() += TimeDelta::hours(13);
    site.kubectl(&["delete", "secret", "-n", &namespace, "distr-pull"]);
    second.ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!(password(&site), "secret-3");
    *clock.0.lock().unwrap() += TimeDelta::hours(13);
    pulls(&site, &given, &clock, true).ensure(&cluster, "hub.example", &namespace).await.unwrap();
    assert_eq!(password(&site), "secret-3");
    second.leave(&cluster, &BTreeSet::from([namespace.clone()])).await.unwrap();
    assert_eq!(password(&site), "secret-3");
    second.leave(&cluster, &BTreeSet::new()).await.unwrap();
    assert!(
        site.get(&["secrets"])["items"].as_array().unwrap().iter().all(|of| of["metadata"]["name"] != "distr-pull")
    );
    std::fs::remove_file(site.folder.path().join("data/pull.json")).unwrap();
    let failure = pulls(&site, &given, &clock, true).ensure(&cluster, "hub.example", &namespace).await.unwrap_err();
    assert!(failure.text.contains("too old for clusters: update it"), "{}", failure.text);
}
