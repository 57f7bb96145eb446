//! The token endpoint and the challenge: `/token`, and the 401 of everything under `/v2/`.

use reqwest::Method;
use serde_json::Value;

use crate::client::Answer;
use crate::server::run;
use crate::vendor::push_image;
use crate::world::{SECRET, World};

/// Without any credential, and without going after a challenge.
async fn bare(world: &World, method: Method, path: &str) -> Answer {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.request(method, format!("http://{}{path}", world.address)).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: answer.bytes().await.unwrap().to_vec() }
}

async fn token(world: &World, username: &str, secret: &str) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/token?service=distr&scope=repository:acme/hello:pull", world.address);
    let answer = http.get(url).basic_auth(username, Some(secret)).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn everything_without_a_token_is_challenged_alike() {
    run(async {
        let world = World::start().await;
        let realm = format!("Bearer realm=\"http://{}/token\",service=\"distr\"", world.address);
        let blob = format!("/v2/acme/hello/blobs/sha256:{}", "0".repeat(64));
        let cases = [
            (Method::GET, "/v2/", None),
            (Method::GET, "/v2/acme/hello/manifests/1", Some("pull")),
            (Method::HEAD, "/v2/acme/hello/manifests/1", Some("pull")),
            (Method::GET, &blob, Some("pull")),
            (Method::POST, "/v2/acme/hello/blobs/uploads/", Some("pull,push")),
            (Method::PUT, "/v2/acme/hello/manifests/1", Some("pull,push")),
            (Method::DELETE, "/v2/acme/hello/manifests/1", Some("pull,delete")),
            (Method::GET, "/v2/acme/hello/tags/list", Some("pull")),
            (Method::GET, "/v2/UPPER/manifests/1", None),
            (Method::GET, "/v2/_catalog", Some("registry:catalog:*")),
            (Method::GET, "/v2/acme/hello/referrers/sha256:x", Some("pull")),
            (Method::DELETE, &blob, Some("pull,delete")),
            (Method::POST, "/v2/acme/hello/manifests/1", None),
            (Method::PUT, "/v2/acme/hello/blobs/uploads/1?digest=a&digest=b", Some("pull,push")),
            (Method::GET, "/v2/what/is/this", None),
        ];
        for (method, path, actions) in cases {
            let answer = bare(&world, method.clone(), path).await;
            let scope = actions.map(|actions| match actions.starts_with("registry:") {
                true => format!(",scope=\"{actions}\""),
                false => format!(",scope=\"repository:acme/hello:{actions}\""),
            });
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), format!("{realm}{}", scope.unwrap_or_default()), "{path}");
            if method != Method::HEAD {
                assert_eq!(answer.error(), "401 UNAUTHORIZED: a token is needed", "{path}");
            }
        }
        world.stop().await;
    });
}

#[test]
fn a_token_is_for_five_minutes() {
    run(async {
        let world = World::start().await;
        let (status, json) = token(&world, "publisher", SECRET).await;
        assert_eq!((status, &json["expires_in"]), (200, &Value::from(300)));
        assert_eq!(json["token"], json["access_token"]);
        assert!(json["issued_at"].is_string());
        world.stop().await;
    });
}

#[test]
fn the_password_grant_gives_a_token_too() {
    run(async {
        let world = World::start().await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}/token", world.address);
        let form = |grant, password| {
            [("grant_type", grant), ("service", "distr"), ("username", "publisher"), ("password", password)]
        };
        let good = http.post(&url).form(&form("password", SECRET)).send().await.unwrap();
        assert_eq!(good.status(), 200);
        let token: Value = good.json().await.unwrap();
        let bearer = token["access_token"].as_str().unwrap();
        let base = http.get(format!("http://{}/v2/", world.address)).bearer_auth(bearer).send().await.unwrap();
        assert_eq!(base.status(), 200);
        let wrong = http.post(&url).form(&form("password", "guess")).send().await.unwrap();
        assert_eq!(wrong.status(), 401);
        let other = http.post(&url).form(&form("refresh_token", SECRET)).send().await.unwrap();
        assert_eq!(other.status(), 401);
        let empty = http.post(&url).send().await.unwrap();
        assert_eq!(empty.status(), 400);
        world.stop().await;
    });
}

#[test]
fn wrong_credentials_get_no_token() {
    run(async {
        let world = World::start().await;
        for (username, secret) in [("publisher", "guess"), ("nobody", SECRET), ("", "")] {
            let (status, json) = token(&world, username, secret).await;
            assert_eq!(status, 401);
            assert_eq!(json["errors"][0]["code"], "UNAUTHORIZED");
            assert_eq!(json["errors"][0]["message"], "the user name or the token is wrong");
        }
        world.stop().await;
    });
}

#[test]
fn a_token_of_somebody_whose_access_was_revoked_stops_at_the_next_request() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 200);
        world.callers.revoke("publisher");
        let answer = publisher.get("/v2/acme/hello/manifests/1").await;
        assert_eq!(answer.error(), "401 UNAUTHORIZED: the token's owner has lost its access");
        world.stop().await;
    });
}

#[test]
fn a_token_is_good_for_nothing_that_it_was_not_asked_for() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        let (_, json) = token(&world, "publisher", SECRET).await;
        let bearer = json["token"].as_str().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |method: Method, path: &str| {
            let url = format!("http://{}{path}", world.address);
            http.request(method, url).bearer_auth(bearer).send().await.unwrap()
        };
        assert_eq!(ask(Method::GET, "/v2/acme/hello/manifests/1").await.status(), 200);
        for (method, path) in [
            (Method::PUT, "/v2/acme/hello/manifests/1"),
            (Method::DELETE, "/v2/acme/hello/manifests/1"),
            (Method::POST, "/v2/acme/hello/blobs/uploads/"),
            (Method::GET, "/v2/acme/other/manifests/1"),
        ] {
            let answer = ask(method, path).await;
            assert_eq!(answer.status(), 401, "{path}");
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(challenge.ends_with("error=\"insufficient_scope\""), "{challenge}");
        }
        world.stop().await;
    });
}
