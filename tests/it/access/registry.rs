//! The registry's part of the walk: each path and method, whoever asks, with repositories, tags, digests and uploads of
//! another customer, of another organization, and with what is not there.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use distr_tests::hub::HubProcess;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::statements::Statements;
use super::world::{Corner, World};

/// Made once, as that takes longer than a request. It keeps no connections: each test has a runtime of its own.
pub(crate) static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().pool_max_idle_per_host(0).build().expect("a client"));

/// Method and path; `{name}`, `{tag}`, `{digest}` and `{blob}` are another's, or nobody's.
const REQUESTS: [(&str, &str); 17] = [
    ("GET", "/v2/{name}/tags/list"),
    ("GET", "/v2/{name}/manifests/{tag}"),
    ("HEAD", "/v2/{name}/manifests/{tag}"),
    ("GET", "/v2/{name}/manifests/{digest}"),
    ("HEAD", "/v2/{name}/manifests/{digest}"),
    ("DELETE", "/v2/{name}/manifests/{digest}"),
    ("GET", "/v2/{name}/blobs/{blob}"),
    ("HEAD", "/v2/{name}/blobs/{blob}"),
    ("DELETE", "/v2/{name}/blobs/{blob}"),
    ("POST", "/v2/{name}/blobs/uploads/"),
    ("GET", "/v2/{name}/blobs/uploads/{upload}"),
    ("PATCH", "/v2/{name}/blobs/uploads/{upload}"),
    ("PUT", "/v2/{name}/blobs/uploads/{upload}?digest={blob}"),
    ("DELETE", "/v2/{name}/blobs/uploads/{upload}"),
    ("GET", "/v2/{name}/referrers/{digest}"),
    ("GET", "/v2/_catalog"),
    ("PUT", "/v2/{name}/manifests/{tag}"),
];

/// What another has, or nobody.
struct Names {
    name: String,
    tag: String,
    digest: String,
    blob: String,
    upload: String,
}

impl Names {
    async fn of(hub: &HubProcess, owner: &str, corner: &Corner) -> Self {
        let thing = |thing| corner.things[&thing].clone();
        let name = format!("{}/{}", corner.organization, thing(super::arguments::Thing::Repository));
        let token =
            token(hub, owner, &[&format!("repository:{name}:pull,push")]).await.expect("the owner gets a token");
        let begun = send(hub, "POST", &format!("/v2/{name}/blobs/uploads/"), Some(&token), Uuid::new_v4()).await;
        let upload = begun.headers()["docker-upload-uuid"].to_str().expect("an id").to_owned();
        Self {
            name,
            tag: thing(super::arguments::Thing::Tag),
            digest: thing(super::arguments::Thing::Digest),
            blob: digest_of(layer(&thing(super::arguments::Thing::Customer)).as_bytes()),
            upload,
        }
    }

    /// In the same organization, as long, and not there.
    fn absent(&self, organization: &str) -> Self {
        let (_, path) = self.name.split_once('/').expect("a repository of an organization");
        Self {
            name: format!("{organization}/{}", "q".repeat(path.len())),
            tag: "q".repeat(self.tag.len()),
            digest: format!("sha256:{}", "a".repeat(64)),
            blob: format!("sha256:{}", "b".repeat(64)),
            upload: Uuid::new_v4().to_string(),
        }
    }

    fn fill(&self, path: &str) -> String {
        let path = path.replace("{name}", &self.name).replace("{tag}", &self.tag).replace("{digest}", &self.digest);
        path.replace("{blob}", &self.blob).replace("{upload}", &self.upload)
    }

    fn blank(&self, text: &str) -> String {
        let names = [&self.name, &self.tag, &self.digest, &self.blob, &self.upload];
        names.into_iter().fold(text.to_owned(), |text, name| text.replace(name.as_str(), "…"))
    }
}

#[tokio::test]
async fn the_registry_tells_nothing_of_anothers_repositories() {
    let world = World::make().await;
    let (hub, World { globex, initech, wayne, .. }) = (&world.hub, &world);
    let acme = hub.sign_in("acme").await;
    let theirs = Names::of(hub, &acme, initech).await;
    let mut statements = Statements::of(hub);
    let mut wrong = vec![];
    for (corner, organization) in [(globex, "acme"), (wayne, "qqqq")] {
        let agent = ("agent".to_owned(), corner.agent.clone());
        for (asker, secret) in corner.askers.iter().chain([&agent]) {
            let nobodys = theirs.absent(organization);
            for (method, path) in REQUESTS {
                let not_mine = ask(hub, &mut statements, secret, method, path, &theirs).await;
                let not_there = ask(hub, &mut statements, secret, method, path, &nobodys).await;
                if not_mine != not_there {
                    wrong.push(format!(
                        "{asker} of {}: {method} {path}\n  {not_mine:?}\n  {not_there:?}",
                        corner.organization
                    ));
                }
            }
            wrong.extend(mounts(hub, secret, corner, &theirs, &nobodys).await);
            wrong.extend(mentions(hub, secret, corner, &theirs, &nobodys).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // nothing of theirs was harmed
    let token = token(hub, &acme, &[&format!("repository:{}:pull", theirs.name)]).await.expect("a token");
    for path in ["/v2/{name}/manifests/{tag}", "/v2/{name}/blobs/{blob}"] {
        let response = send(hub, "GET", &theirs.fill(path), Some(&token), Uuid::new_v4()).await;
        assert_eq!(response.status(), 200, "{path}");
    }
}

/// Status, the headers that say something, the body, and the statements that it took; without the names.
async fn ask(
    hub: &HubProcess,
    statements: &mut Statements<'_>,
    secret: &str,
    method: &str,
    path: &str,
    names: &Names,
) -> (u16, String, usize) {
    let token = token(hub, secret, &[&format!("repository:{}:pull,push,delete", names.name)]).await;
    let correlation = Uuid::new_v4();
    let response = send(hub, method, &names.fill(path), token.as_deref(), correlation).await;
    let status = response.status().as_u16();
    let told = |name: &&str| response.headers().get(*name).map(|value| format!("{name}: {value:?} "));
    let headers: String = ["location", "range", "content-length", "docker-content-digest", "www-authenticate", "link"]
        .iter()
        .filter_map(told)
        .collect();
    let body = response.text().await.unwrap_or_default();
    (status, names.blank(&format!("{headers}{body}")), statements.count(correlation))
}

/// Mounting another's blob into a repository of one's own is as if there were none.
async fn mounts(hub: &HubProcess, secret: &str, own: &Corner, theirs: &Names, nobodys: &Names) -> Vec<String> {
    let mine = format!("{}/{}", own.organization, own.things[&super::arguments::Thing::Repository]);
    let mut answers = vec![];
    for names in [theirs, nobodys] {
        let scopes = [format!("repository:{mine}:pull,push"), format!("repository:{}:pull", names.name)];
        let token = token(hub, secret, &scopes.each_ref().map(String::as_str)).await;
        let path = format!("/v2/{mine}/blobs/uploads/?mount={}&from={}", theirs.blob, names.name);
        answers.push(send(hub, "POST", &path, token.as_deref(), Uuid::new_v4()).await.status());
    }
    let refused = answers[0] == answers[1] && answers[0] != 201;
    if refused { vec![] } else { vec![format!("mount into {mine}: {answers:?}")] }
}

/// A manifest in a repository of one's own that mentions another's blob or manifest, by each descriptor that there is, is taken
/// or refused as if there were none, and opens nothing.
async fn mentions(hub: &HubProcess, secret: &str, own: &Corner, theirs: &Names, nobodys: &Names) -> Vec<String> {
    let mine = format!("{}/{}", own.organization, own.things[&super::arguments::Thing::Repository]);
    let token = token(hub, secret, &[&format!("repository:{mine}:pull,push")]).await;
    let mut wrong = vec![];
    for place in MENTIONS {
        let mut answers = vec![];
        for digest in [&theirs.blob, &theirs.digest, &nobodys.blob] {
            let manifest = mentioning(place, digest);
            let path = format!("/v2/{mine}/manifests/{}", digest_of(manifest.as_bytes()));
            let mut put = CLIENT.put(hub.url(&path)).header("content-type", media_of(place)).body(manifest);
            if let Some(token) = &token {
                put = put.bearer_auth(token);
            }
            let mut statuses = vec![put.send().await.expect("an answer").status().as_u16()];
            for (method, what) in [("GET", "blobs"), ("HEAD", "blobs"), ("GET", "manifests"), ("HEAD", "manifests")] {
                let path = format!("/v2/{mine}/{what}/{digest}");
                statuses.push(send(hub, method, &path, token.as_deref(), Uuid::new_v4()).await.status().as_u16());
            }
            answers.push(statuses);
        }
        let is_served = answers.iter().any(|statuses| statuses[1..].contains(&200));
        if is_served || answers.iter().any(|statuses| *statuses != answers[0]) {
            wrong.push(format!("{mine} mentions it as {place}: {answers:?}"));
        }
    }
    wrong
}

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const MENTIONS: [&str; 9] = [
    "config",
    "layer",
    "non-distributable layer",
    "foreign layer",
    "layer with data",
    "blob",
    "child",
    "subject",
    "unknown descriptor",
];

fn media_of(place: &str) -> &'static str {
    match place {
        "child" => "application/vnd.oci.image.index.v1+json",
        "blob" => "application/vnd.oci.artifact.manifest.v1+json",
        _ => IMAGE,
    }
}

/// A manifest that mentions the digest at this place, and names nothing else that may be missing.
fn mentioning(place: &str, digest: &str) -> String {
    let named = |media: &str| json!({ "mediaType": media, "digest": digest, "size": 2 });
    let elsewhere =
        |media: &str| json!({ "mediaType": media, "digest": digest, "size": 2, "urls": ["https://example.com/layer"] });
    let with_data = || json!({ "mediaType": "text/plain", "digest": digest, "size": 2, "data": "e30=" });
    let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2 });
    let image = |config: Value, layers: Value| json!({ "schemaVersion": 2, "config": config, "layers": layers });
    let manifest = match place {
        "config" => image(named("application/vnd.oci.image.config.v1+json"), json!([])),
        "layer" => image(empty, json!([named("application/vnd.oci.image.layer.v1.tar")])),
        "non-distributable layer" => {
            image(empty, json!([elsewhere("application/vnd.oci.image.layer.nondistributable.v1.tar")]))
        }
        "foreign layer" => {
            image(empty, json!([elsewhere("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")]))
        }
        "layer with data" => image(empty, json!([with_data()])),
        "blob" => json!({ "schemaVersion": 2, "blobs": [named("text/plain")] }),
        "child" => json!({ "schemaVersion": 2, "manifests": [named(IMAGE)] }),
        "subject" => json!({ "schemaVersion": 2, "config": empty, "layers": [], "subject": named(IMAGE) }),
        _ => json!({ "schemaVersion": 2, "config": empty, "layers": [], "example": [named(IMAGE)] }),
    };
    manifest.to_string()
}

async fn send(hub: &HubProcess, method: &str, path: &str, token: Option<&str>, correlation: Uuid) -> Response {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = CLIENT.request(method.clone(), hub.url(path)).header("x-correlation-id", correlation.to_string());
    if matches!(method, Method::PUT | Method::PATCH) {
        request = request.header("content-type", "application/vnd.oci.image.manifest.v1+json").body("{}");
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.expect("an answer")
}

/// The registry's own token for a token or a session of the hub; none if it is not let in.
pub(crate) async fn token(hub: &HubProcess, secret: &str, scopes: &[&str]) -> Option<String> {
    let query: Vec<(&str, &str)> = scopes.iter().map(|scope| ("scope", *scope)).collect();
    let request = CLIENT.get(hub.url("/token")).query(&query).basic_auth("walk", Some(secret));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["token"].as_str().map(str::to_owned)
}

/// An image of one layer; its digest.
pub(crate) async fn push(hub: &HubProcess, secret: &str, name: &str, tag: &str, mark: &str) -> String {
    let image = ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"];
    push_as(hub, secret, (name, tag), mark, image).await
}

/// The same with these media types of configuration and layer.
pub(crate) async fn push_as(
    hub: &HubProcess,
    secret: &str,
    (name, tag): (&str, &str),
    mark: &str,
    [config, of_layer]: [&str; 2],
) -> String {
    let token = token(hub, secret, &[&format!("repository:{name}:pull,push")]).await.expect("the owner gets a token");
    let layer = layer(mark);
    for blob in ["{}", &layer] {
        let path = format!("/v2/{name}/blobs/uploads/?digest={}", digest_of(blob.as_bytes()));
        let request = CLIENT.post(hub.url(&path)).bearer_auth(&token).body(blob.to_owned());
        assert_eq!(request.send().await.expect("an answer").status(), 201);
    }
    let described = |media: &str, blob: &str| json!({ "mediaType": media, "digest": digest_of(blob.as_bytes()), "size": blob.len() });
    let media = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media,
        "config": described(config, "{}"),
        "layers": [described(of_layer, &layer)],
    });
    let manifest = manifest.to_string();
    let request = CLIENT.put(hub.url(&format!("/v2/{name}/manifests/{tag}"))).bearer_auth(&token);
    let response = request.header("content-type", media).body(manifest.clone()).send().await.expect("an answer");
    assert_eq!(response.status(), 201, "{:?}", response.text().await);
    digest_of(manifest.as_bytes())
}

fn layer(mark: &str) -> String {
    format!("the layer of {mark}")
}

pub(crate) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, bytes)))
}
