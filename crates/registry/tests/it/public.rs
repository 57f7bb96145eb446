//! Public repositories: whoever asks may pull, and nothing else.

use distr_domain::access::AccessOutcome;
use distr_domain::artifact::Visibility;
use distr_domain::artifact::settings::SettingsChange;
use reqwest::Method;
use serde_json::Value;

use crate::server::run;
use crate::vendor::{digest_of, push_image};
use crate::world::World;

impl World {
    async fn set_visibility(&self, repository: &str, visibility: Visibility) {
        self.set(repository, SettingsChange::SetVisibility { visibility }).await;
    }
}

/// As a client without a login: challenged, then with a token that it got without credentials.
async fn anonymous(world: &World, method: Method, path: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}{path}", world.address);
    let challenged = http.request(method.clone(), &url).send().await.unwrap();
    assert_eq!(challenged.status(), 401);
    let challenge = challenged.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let scope = challenge.split("scope=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let token = http.get(format!("http://{}/token", world.address)).query(&[("service", "distr"), ("scope", scope)]);
    let token: Value = token.send().await.unwrap().json().await.unwrap();
    let answer = http.request(method, &url).bearer_auth(token["token"].as_str().unwrap()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[test]
fn anybody_pulls_from_a_public_repository_and_nobody_else_from_a_private_one() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", b"layer").await;
        push_image(&publisher, "acme/secret", "1", b"secret").await;
        let (manifest, blob) = ("/v2/acme/hello/manifests/1", format!("/v2/acme/hello/blobs/{}", digest_of(b"layer")));
        assert_eq!(anonymous(&world, Method::GET, manifest).await.0, 401);

        world.set_visibility("hello", Visibility::Public).await;
        for path in [manifest, &blob, "/v2/acme/hello/tags/list", "/v2/"] {
            assert_eq!(anonymous(&world, Method::GET, path).await.0, 200, "{path}");
        }
        // of another organization, and a customer without a license
        assert_eq!(world.client("stranger").get(manifest).await.status, 200);
        assert_eq!(world.client("customer").get(manifest).await.status, 200);
        for (method, path) in [
            (Method::PUT, manifest),
            (Method::DELETE, manifest),
            (Method::POST, "/v2/acme/hello/blobs/uploads/"),
            (Method::GET, "/v2/acme/secret/manifests/1"),
            (Method::GET, "/v2/acme/nothing/manifests/1"),
            (Method::GET, "/v2/nobody/nothing/manifests/1"),
        ] {
            let (status, body) = anonymous(&world, method.clone(), path).await;
            assert_eq!(status, 401, "{method} {path} {body}");
        }
        // a blob of a private repository is not there for who knows its digest
        let secret = format!("/v2/acme/hello/blobs/{}", digest_of(b"secret"));
        assert_eq!(anonymous(&world, Method::GET, &secret).await.0, 404);

        let records = world.accesses(5).await;
        let by_nobody: Vec<_> = records.iter().filter(|record| record.actor == "anonymous").collect();
        let first = by_nobody.first().expect("the pull is recorded");
        assert_eq!(first.outcome, AccessOutcome::Granted { rule: "public repository".into() });
        assert_eq!((first.digest.as_deref(), first.customer), (Some(digest.as_str()), None));

        world.set_visibility("hello", Visibility::Private).await;
        assert_eq!(anonymous(&world, Method::GET, manifest).await.0, 401);
        world.stop().await;
    });
}

#[test]
fn haste_is_answered_with_a_time_to_wait() {
    run(async {
        let world = World::start_with(1).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |path: &str| http.get(format!("http://{}{path}", world.address)).send().await.unwrap();
        let mut refused = None;
        for _ in 0..30 {
            let answer = ask("/v2/").await;
            if answer.status() == 429 {
                refused = Some(answer);
                break;
            }
            assert_eq!(answer.status(), 401);
        }
        let refused = refused.expect("thirty requests at once are too many");
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(wait >= 1);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
        assert_eq!(ask("/token").await.status(), 429);
        world.stop().await;
    });
}
