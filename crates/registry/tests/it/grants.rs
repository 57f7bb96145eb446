//! What a token is given for: both grants, refresh tokens, the scopes that are left, robots.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::server::run;
use crate::vendor::{digest_of, push_image};
use crate::world::{SECRET, World};

struct Tokens<'a> {
    world: &'a World,
    http: reqwest::Client,
}

impl<'a> Tokens<'a> {
    fn of(world: &'a World) -> Self {
        Self { world, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.world.address)
    }

    async fn get(&self, username: Option<&str>, query: &str) -> (StatusCode, Value) {
        let mut request = self.http.get(self.url(&format!("/token?service=distr&client_id=test&{query}")));
        if let Some(username) = username {
            request = request.basic_auth(username, Some(SECRET));
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn post(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let all = [&[("service", "distr"), ("client_id", "test")], form].concat();
        let answer = self.http.post(self.url("/token")).form(&all).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn scope(&self, username: Option<&str>, query: &str) -> String {
        let (status, json) = self.get(username, query).await;
        assert_eq!(status, 200, "{json}");
        json["scope"].as_str().unwrap().to_owned()
    }

    /// The status with this answer's token.
    async fn ask(&self, token: &Value, method: Method, path: &str) -> (u16, String) {
        let token = token["access_token"].as_str().unwrap();
        let answer = self.http.request(method, self.url(path)).bearer_auth(token).send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    }
}

#[test]
fn a_token_has_of_the_scopes_what_its_caller_may_have() {
    run(async {
        let world = World::start().await;
        let tokens = Tokens::of(&world);
        let everything = "scope=repository:acme/hello:pull,push,delete";
        for (username, expected) in [
            ("publisher", "repository:acme/hello:pull,push,delete"),
            ("puller", "repository:acme/hello:pull"),
            ("pusher", "repository:acme/hello:push"),
            ("auditor", ""),
            ("viewer", ""),
            ("customer", "repository:acme/hello:pull"),
            ("agent", "repository:acme/hello:pull"),
            ("stranger", ""),
            ("robot", ""),
        ] {
            assert_eq!(tokens.scope(Some(username), everything).await, expected, "{username}");
        }
        let several = "scope=repository:acme/a:pull&scope=repository:acme/b:push,fly%20repository:initech/c:pull";
        let expected = "repository:acme/a:pull repository:acme/b:push";
        assert_eq!(tokens.scope(Some("publisher"), several).await, expected);
        world.stop().await;
    });
}

#[test]
fn a_robots_token_is_for_its_repositories_and_actions() {
    run(async {
        let world = World::start().await;
        let robot = world.client("robot");
        push_image(&robot, "acme/tools/lint", "1", b"layer").await;
        assert_eq!(robot.get("/v2/acme/tools/lint/manifests/1").await.status, 200);
        let delete = robot.delete("/v2/acme/tools/lint/manifests/1").await;
        assert_eq!(delete.error(), "403 DENIED: acme/tools/lint: the token does not have the scope delete");
        let other = robot.post("/v2/acme/hello/blobs/uploads/", "").await;
        assert_eq!(other.error(), "403 DENIED: acme/hello: the token is for other repositories");
        world.stop().await;
    });
}

#[test]
fn a_refresh_token_stands_for_its_credential_and_ends_with_it() {
    run(async {
        let world = World::start().await;
        let tokens = Tokens::of(&world);
        push_image(&world.client("publisher"), "acme/hello", "1", b"layer").await;
        let (_, plain) = tokens.get(Some("publisher"), "").await;
        assert_eq!(plain["refresh_token"], Value::Null, "nobody asked for one");
        let (_, by_get) = tokens.get(Some("publisher"), "offline_token=true").await;
        let password =
            [("grant_type", "password"), ("username", "publisher"), ("password", SECRET), ("access_type", "offline")];
        let (_, by_post) = tokens.post(&password).await;
        for answer in [by_get, by_post] {
            let refresh = answer["refresh_token"].as_str().unwrap().to_owned();
            let scope = "repository:acme/hello:pull";
            let grant = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", scope)];
            let (status, token) = tokens.post(&grant).await;
            assert_eq!((status.as_u16(), token["scope"].as_str()), (200, Some(scope)));
            assert_eq!(token["refresh_token"], refresh.as_str());
            assert_eq!(tokens.ask(&token, Method::GET, "/v2/acme/hello/manifests/1").await.0, 200);
            assert_eq!(tokens.ask(&token, Method::PUT, "/v2/acme/hello/manifests/1").await.0, 401);
        }
        let (_, kept) = tokens.get(Some("puller"), "offline_token=true").await;
        let refresh = kept["refresh_token"].as_str().unwrap();
        world.callers.revoke("puller");
        for secret in [refresh, "dsr_guess", ""] {
            let (status, json) = tokens.post(&[("grant_type", "refresh_token"), ("refresh_token", secret)]).await;
            assert_eq!((status.as_u16(), &json["errors"][0]["code"]), (401, &Value::from("UNAUTHORIZED")));
        }
        world.stop().await;
    });
}

#[test]
fn a_request_that_is_no_grant_is_told_so_in_both_ways() {
    run(async {
        let world = World::start().await;
        let tokens = Tokens::of(&world);
        let (status, json) = tokens.post(&[("grant_type", "authorization_code")]).await;
        assert_eq!((status.as_u16(), &json["error"]), (400, &Value::from("unsupported_grant_type")));
        assert_eq!(json["errors"][0]["message"], "the grant types password and refresh_token are taken");
        let (status, json) = tokens.post(&[]).await;
        assert_eq!((status.as_u16(), &json["error"]), (400, &Value::from("invalid_request")));
        world.stop().await;
    });
}

#[test]
fn what_another_token_could_do_is_challenged_and_the_rest_is_refused() {
    run(async {
        let world = World::start().await;
        let tokens = Tokens::of(&world);
        push_image(&world.client("publisher"), "acme/hello", "1", b"layer").await;
        let pull = "scope=repository:acme/hello:pull";
        let (_, token) = tokens.get(Some("publisher"), pull).await;
        let (status, challenge) = tokens.ask(&token, Method::DELETE, "/v2/acme/hello/manifests/1").await;
        let expected = "scope=\"repository:acme/hello:pull,delete\",error=\"insufficient_scope\"";
        assert!(status == 401 && challenge.ends_with(expected), "{status} {challenge}");
        let (_, token) = tokens.get(Some("puller"), pull).await;
        assert_eq!(tokens.ask(&token, Method::DELETE, "/v2/acme/hello/manifests/1").await, (403, String::new()));
        world.stop().await;
    });
}

#[test]
fn one_challenge_names_both_repositories_of_a_mount() {
    run(async {
        let world = World::start().await;
        let tokens = Tokens::of(&world);
        let digest = digest_of(b"layer");
        let ask = async |query: String| {
            let path = format!("/v2/acme/new/blobs/uploads/?{query}");
            let answer = tokens.http.post(tokens.url(&path)).send().await.unwrap();
            answer.headers()["www-authenticate"].to_str().unwrap().to_owned()
        };
        let both = "scope=\"repository:acme/new:pull,push repository:acme/base:pull\"";
        let challenge = ask(format!("mount={digest}&from=acme/base")).await;
        assert!(challenge.contains(both), "{challenge}");
        let one = "scope=\"repository:acme/new:pull,push\"";
        for query in [format!("mount={digest}"), format!("mount={digest}&from=NO"), "from=acme/base".to_owned()] {
            let challenge = ask(query).await;
            assert!(challenge.contains(one), "{challenge}");
        }
        world.stop().await;
    });
}

#[test]
fn an_upload_ends_with_a_digest_that_the_registry_knows() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let begin = |algorithm: &str| format!("/v2/acme/new/blobs/uploads/?digest-algorithm={algorithm}");
        let refused = publisher.post(&begin("md5"), "").await;
        assert_eq!(
            refused.error(),
            "400 UNSUPPORTED: digest-algorithm is \"md5\", and the registry takes sha256 and sha512"
        );
        for known in ["sha256", "sha512"] {
            assert_eq!(publisher.post(&begin(known), "").await.status, 202);
        }
        world.stop().await;
    });
}
