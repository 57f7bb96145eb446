//! A vendor's customers see its colours, pictures and words before they sign in, at the hub and at a host of the vendor's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_tests::hub::HubProcess;
use distr_tests::root;
use reqwest::{Client, Response, StatusCode};
use serde_json::json;

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><path d=\"M0 0h1v1z\"/></svg>";
const SET_IMAGE: &str = "mutation ($image: BrandingImage!, $data: String) {
    brandingSetImage(image: $image, data: $data) { changed branding { logo { path mediaType bytes } } } }";

/// A page as a browser asks for it, by this name of the host.
async fn page(hub: &HubProcess, host: &str, path: &str) -> Response {
    let request = Client::new().get(hub.url(path)).header("host", host).header("accept", "text/html");
    request.send().await.expect("an answer")
}

async fn before_sign_in(hub: &HubProcess, host: &str, organization: &str) -> serde_json::Value {
    let query = format!(
        "{{ portal(organization: \"{organization}\") {{ organization displayName isOwnHost branding {{ support }} }} }}"
    );
    let request = Client::new().post(hub.url("/graphql")).json(&json!({ "query": query })).header("host", host);
    let answer: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer["errors"].is_null(), "{answer:#}");
    answer["data"]["portal"].clone()
}

/// The portal may not be built where this runs; what the hub puts into it is tested where it is made.
fn is_built() -> bool {
    root().join("portal/dist/customer.html").exists()
}

#[tokio::test]
async fn customers_see_whose_portal_it_is_before_they_sign_in() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let nobody = before_sign_in(&hub, "localhost", "none").await;
    assert_eq!(
        before_sign_in(&hub, "localhost", "acme").await,
        nobody,
        "an organization without a branding is told of"
    );

    let set =
        "mutation { brandingSet(accent: \"#ffff00\", support: \"https://support.acme.example\", homeText: \"Hi.\") {
        changed branding { accent accents { light { text textContrast isMoved } dark { text } } } } }";
    let set = hub.graphql(Some(&owner), set, json!({})).await.data()["brandingSet"].clone();
    let light = &set["branding"]["accents"]["light"];
    assert!(light["textContrast"].as_f64() >= Some(4.5) && light["isMoved"] == true, "{set:#}");
    assert_eq!(set["branding"]["accents"]["dark"]["text"], "#ffff00");
    let shown = before_sign_in(&hub, "localhost", "acme").await;
    assert_eq!(shown["branding"]["support"], "https://support.acme.example");

    let variables = json!({ "image": "LOGO", "data": STANDARD.encode(SVG) });
    let logo =
        hub.graphql(Some(&owner), SET_IMAGE, variables).await.data()["brandingSetImage"]["branding"]["logo"].clone();
    let path = logo["path"].as_str().expect("a path").to_owned();
    let picture = Client::new().get(hub.url(&format!("/{path}"))).send().await.expect("an answer");
    let header = |name: &str| picture.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    assert!(header("cache-control").contains("immutable") && header("x-content-type-options") == "nosniff");
    assert!(picture.bytes().await.expect("bytes").starts_with(b"\x89PNG"));

    if is_built() {
        let html = page(&hub, "localhost", "/p/acme/sign-in").await.text().await.expect("text");
        assert!(html.contains(&path), "the logo is there before the scripts are: {html}");
        let (_, rest) = html.split_once("branding/acme.").expect("a stylesheet");
        let name = rest.split('"').next().expect("a name");
        let css = Client::new().get(hub.url(&format!("/branding/acme.{name}"))).send().await.expect("an answer");
        assert_eq!(css.status(), StatusCode::OK);
        assert!(css.text().await.expect("text").contains("--accent: "));
        let other = page(&hub, "localhost", "/v/acme").await.text().await.expect("text");
        assert!(!other.contains("branding/"), "the vendor's own pages stay the portal's: {other}");
    }

    hub.graphql(Some(&owner), SET_IMAGE, json!({ "image": "LOGO", "data": null })).await.data();
    let gone = Client::new().get(hub.url(&format!("/{path}"))).send().await.expect("an answer");
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_picture_and_no_colour_is_refused() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let script = SVG.replace("<path", "<script>alert(1)</script><path");
    for bytes in [script.as_bytes(), b"<html></html>", b"GIF89a", b"", &[0; 200_000]] {
        let variables = json!({ "image": "FAVICON", "data": STANDARD.encode(bytes) });
        let answer = hub.graphql(Some(&owner), SET_IMAGE, variables).await;
        assert_eq!(answer.code(), Some("bad_input"), "{answer:?}");
    }
    let variables = json!({ "image": "FAVICON", "data": "no base64!" });
    assert_eq!(hub.graphql(Some(&owner), SET_IMAGE, variables).await.code(), Some("bad_input"));
    for field in ["accent: \"red\"", "accent: \"#fff;}\"", "support: \"javascript:alert(1)\""] {
        let answer =
            hub.graphql(Some(&owner), &format!("mutation {{ brandingSet({field}) {{ changed }} }}"), json!({})).await;
        assert!(answer.0["errors"].is_array(), "{field}: {answer:?}");
    }
}

/// `distr-hub portal-host`, beside the hub that runs.
fn portal_host(hub: &HubProcess, arguments: &[&str]) -> Result<String, String> {
    let output = hub.command(&[&["portal-host"], arguments].concat());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

#[tokio::test]
async fn a_host_of_its_own_is_one_organizations_and_other_names_find_nothing() {
    let hub = HubProcess::start_with(&[("DISTR_PUBLIC_URL", "https://hub.example")]).await;
    for (host, status) in [
        ("hub.example", StatusCode::OK),
        ("localhost:1234", StatusCode::OK),
        ("portal.acme.example", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        for path in ["/", "/p/acme", "/v/acme/targets"] {
            assert_eq!(page(&hub, host, path).await.status(), status, "{host}{path}");
        }
    }
    let none = portal_host(&hub, &["add", "portal.acme.example", "--organization", "none"]).unwrap_err();
    assert!(none.contains("there is no organization \"none\""), "{none}");
    assert!(portal_host(&hub, &["add", "https://portal.acme.example", "--organization", "acme"]).is_err());
    let added = portal_host(&hub, &["add", "Portal.Acme.Example", "--organization", "acme"]).unwrap();
    assert_eq!(added, "portal.acme.example is the portal of \"acme\"");
    assert!(portal_host(&hub, &["list"]).unwrap().starts_with("portal.acme.example is the portal of \"acme\", since "));

    let shown = before_sign_in(&hub, "PORTAL.acme.example:8443", "another").await;
    assert_eq!((&shown["organization"], &shown["isOwnHost"]), (&json!("acme"), &json!(true)));
    let answer = page(&hub, "portal.acme.example", "/targets").await;
    assert_eq!(answer.status(), StatusCode::OK);
    if is_built() {
        let html = answer.text().await.expect("text");
        assert!(html.contains("<meta name=\"distr-organization\" content=\"acme\">"), "{html}");
    }
    assert_eq!(
        portal_host(&hub, &["remove", "portal.acme.example"]).unwrap(),
        "nothing is found at portal.acme.example any more"
    );
    assert_eq!(page(&hub, "portal.acme.example", "/").await.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(portal_host(&hub, &["remove", "portal.acme.example"]).is_err());
}
