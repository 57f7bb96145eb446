//! A browser's session: a cookie that counts for the hub's own pages alone, and ends when nobody uses it.

use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::psql::Psql;
use distr_tests::socket::Socket;
use reqwest::{Client, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};

const WHO: &str = "{ viewer { role } }";

/// As a page of this origin asks.
fn page(hub: &HubProcess, origin: &str, query: &str) -> RequestBuilder {
    let body = json!({ "query": query });
    Client::new().post(hub.url("/graphql")).json(&body).header("x-distr-portal", "1").header("origin", origin)
}

/// Signs in; the cookie as the browser is told to keep it.
async fn start(hub: &HubProcess) -> String {
    let start = format!(
        "mutation {{ sessionStart(organization: \"acme\", email: \"{OWNER}\", password: \"{PASSWORD}\") {{ expiresAt }} }}"
    );
    let answer = page(hub, &hub.url(""), &start).send().await.expect("an answer");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    let body = answer.text().await.expect("text");
    assert!(body.contains("expiresAt") && !body.contains("dss_"), "{body}");
    cookie
}

/// `name=value`
fn kept(cookie: &str) -> &str {
    cookie.split(';').next().expect("a pair")
}

async fn role(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_secret_is_in_the_cookie_alone_and_counts_for_the_hubs_own_pages() {
    let hub = HubProcess::start().await;
    let cookie = start(&hub).await;
    for part in ["=dss_", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let own = hub.url("");
    let (_, answer) = role(page(&hub, &own, WHO).header("cookie", kept(&cookie))).await;
    assert_eq!(answer["data"]["viewer"]["role"], "OWNER");
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        let (status, answer) = role(page(&hub, origin, WHO).header("cookie", kept(&cookie))).await;
        assert_eq!((status, answer["code"].as_str()), (StatusCode::FORBIDDEN, Some("session.origin")), "{origin}");
    }
    let body = json!({ "query": WHO });
    let unmarked = Client::new().post(hub.url("/graphql")).json(&body).header("origin", &own);
    let (status, _) = role(unmarked.header("cookie", kept(&cookie))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // whoever sends a token is asked about the token
    let (status, _) = role(page(&hub, &own, WHO).header("cookie", kept(&cookie)).bearer_auth("dst_none")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_socket_is_opened_by_the_cookie_of_an_own_page_alone() {
    let hub = HubProcess::start().await;
    let (cookie, own) = (start(&hub).await, hub.url(""));
    let url = hub.url("/graphql").replace("http://", "ws://");
    let open = async |origin: &str| {
        let headers = [("cookie", kept(&cookie)), ("origin", origin)];
        Socket::open_with(&url, &headers, None, "subscription { targetChanged { id } }", json!({})).await
    };
    assert!(open(&own).await.is_ok());
    assert!(open("https://evil.example").await.is_err());
}

#[tokio::test]
async fn the_session_ends_by_a_sign_out_and_when_nobody_uses_it() {
    let hub = HubProcess::start().await;
    let (cookie, own) = (start(&hub).await, hub.url(""));
    let ask = |query: &str| page(&hub, &own, query).header("cookie", kept(&cookie));
    let age = |by: &str| {
        let set = format!("created_at = created_at - interval '{by}', last_used_at = last_used_at - interval '{by}'");
        let aged = Psql::of(&hub).run(&format!("UPDATE ops.credential SET {set} WHERE kind = 'session'"));
        assert!(aged.status.success(), "{aged:?}");
    };
    age("119 minutes");
    assert_eq!(role(ask(WHO)).await.1["data"]["viewer"]["role"], "OWNER");
    age("2 minutes");
    assert_eq!(role(ask(WHO)).await.1["errors"][0]["extensions"]["code"], "unauthenticated");
    // a browser with an old cookie can sign in
    let next = start(&hub).await;
    let out = page(&hub, &own, "mutation { sessionEnd { changed } }").header("cookie", kept(&next));
    let answer = out.send().await.expect("an answer");
    let forgotten = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
    let after = page(&hub, &own, WHO).header("cookie", kept(&next));
    assert_eq!(role(after).await.1["errors"][0]["extensions"]["code"], "unauthenticated");
}

#[tokio::test]
async fn programs_start_no_session_of_a_browser() {
    let hub = HubProcess::start().await;
    let start = "mutation { sessionStart(organization: \"acme\", email: \"e\", password: \"p\") { expiresAt } }";
    let by_code = "mutation { sessionStartByCode(code: \"c\", password: \"p\", name: \"n\") { expiresAt } }";
    for start in [start, by_code] {
        assert_eq!(hub.graphql(None, start, json!({})).await.code(), Some("session.origin"), "{start}");
    }
}

/// As a page asks with a code; a name goes with an invitation alone.
async fn start_by_code(hub: &HubProcess, code: &Value, name: Option<&str>) -> (Option<String>, Value) {
    let name = name.map(|name| format!(", name: \"{name}\"")).unwrap_or_default();
    let password = "a long enough password";
    let start =
        format!("mutation {{ sessionStartByCode(code: {code}, password: \"{password}\"{name}) {{ expiresAt }} }}");
    let answer = page(hub, &hub.url(""), &start).send().await.expect("an answer");
    let cookie = answer.headers().get(header::SET_COOKIE).map(|cookie| cookie.to_str().expect("text").to_owned());
    (cookie, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_one_time_code_starts_a_session_whose_secret_is_in_the_cookie_alone() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let invite = "mutation { memberInvite(email: \"pat@example.com\", role: AUDITOR) { code member { id } } }";
    let invited = hub.graphql(Some(&owner), invite, json!({})).await.data()["memberInvite"].clone();
    // a code of an invitation is none of a password that was reset
    let (cookie, answer) = start_by_code(&hub, &invited["code"], None).await;
    assert_eq!((cookie, &answer["errors"][0]["extensions"]["code"]), (None, &json!("member.code_void")));
    let (cookie, answer) = start_by_code(&hub, &invited["code"], Some("Pat")).await;
    let cookie = cookie.expect("a cookie");
    assert!(cookie.contains("=dss_") && cookie.contains("; HttpOnly"), "{cookie}");
    assert!(!answer.to_string().contains("dss_"), "{answer}");
    let (_, who) = role(page(&hub, &hub.url(""), WHO).header("cookie", kept(&cookie))).await;
    assert_eq!(who["data"]["viewer"]["role"], "AUDITOR");
    let (again, answer) = start_by_code(&hub, &invited["code"], Some("Pat")).await;
    assert_eq!((again, &answer["errors"][0]["extensions"]["code"]), (None, &json!("member.code_void")));

    let reset = "mutation ($id: ID!) { memberResetPassword(id: $id) { code } }";
    let reset = hub.graphql(Some(&owner), reset, json!({ "id": invited["member"]["id"] })).await.data();
    let (_, out) = role(page(&hub, &hub.url(""), WHO).header("cookie", kept(&cookie))).await;
    assert_eq!(out["errors"][0]["extensions"]["code"], "unauthenticated");
    let (cookie, _) = start_by_code(&hub, &reset["memberResetPassword"]["code"], None).await;
    let (_, who) = role(page(&hub, &hub.url(""), WHO).header("cookie", kept(&cookie.expect("a cookie")))).await;
    assert_eq!(who["data"]["viewer"]["role"], "AUDITOR");
}

#[tokio::test]
async fn who_views_as_a_customer_sees_what_it_sees_and_changes_nothing() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let made = "mutation {
        globex: customerCreate(name: \"globex\") { changed } initech: customerCreate(name: \"initech\") { changed }
        own: targetRegister(customer: \"globex\", name: \"own\") { changed }
        other: targetRegister(customer: \"initech\", name: \"other\") { changed }
        hello: applicationCreate(name: \"hello\") { changed }
    }";
    hub.graphql(Some(&owner), made, json!({})).await.data();
    let (cookie, origin) = (start(&hub).await, hub.url(""));
    let ask = async |query: &str| role(page(&hub, &origin, query).header("cookie", kept(&cookie))).await.1;
    let view = "mutation { sessionViewAs(customer: \"globex\", reason: \"ticket 7\") { until customer { name } } }";
    // a program's session is none of a page's
    assert_eq!(hub.graphql(Some(&owner), view, json!({})).await.code(), Some("session.origin"));
    let nobodys = ask("mutation { sessionViewAs(customer: \"nobody\") { until } }").await;
    assert_eq!(nobodys["errors"][0]["extensions"]["code"], "not_found");
    assert_eq!(ask(view).await["data"]["sessionViewAs"]["customer"]["name"], "globex");

    let seen = "{ viewer { role viewingUntil customer { name } tokens { id } permissions }
                 targets { nodes { name } } customers { nodes { name } } applications { nodes { name } } }";
    let answer = ask(seen).await["data"].clone();
    assert_eq!(answer["viewer"]["role"], "CUSTOMER_VIEWER");
    assert_eq!(answer["viewer"]["customer"]["name"], "globex");
    assert_eq!(answer["viewer"]["tokens"], Value::Null);
    assert_eq!(answer["viewer"]["permissions"], json!(["READ_CATALOG", "READ_CUSTOMERS", "READ_FLEET"]));
    assert!(answer["viewer"]["viewingUntil"].is_string(), "{answer}");
    assert_eq!(answer["targets"]["nodes"], json!([{ "name": "own" }]));
    assert_eq!(answer["customers"]["nodes"], json!([{ "name": "globex" }]));
    // no license of the customer names one
    assert_eq!(answer["applications"]["nodes"], json!([]));
    for (query, code) in [
        ("{ target(customer: \"initech\", name: \"other\") { id } }", "not_found"),
        ("{ events(after: \"0\") { scannedTo } }", "forbidden"),
        ("{ members { nodes { id } } }", "forbidden"),
        ("{ sessions { id } }", "session.viewing"),
        ("mutation { customerRename(name: \"globex\", displayName: \"G\") { changed } }", "forbidden"),
        ("mutation { targetRegister(customer: \"globex\", name: \"more\") { changed } }", "forbidden"),
        ("mutation { sessionEndOthers { changed } }", "session.viewing"),
        ("mutation { passwordChange(current: \"a\", new: \"a long enough password\") { changed } }", "session.viewing"),
        // the vendor's member is none of the customer's
        ("mutation { tokenIssue(label: \"more\", scopes: [READ]) { secret } }", "not_found"),
        (view, "forbidden"),
    ] {
        assert_eq!(ask(query).await["errors"][0]["extensions"]["code"], code, "{query}");
    }
    // the same person elsewhere is the owner as before
    assert_eq!(hub.graphql(Some(&owner), WHO, json!({})).await.data()["viewer"]["role"], "OWNER");
    let facts = "{ events(after: \"0\", first: 500) { events { type actor data } } }";
    let facts = hub.graphql(Some(&owner), facts, json!({})).await.data()["events"]["events"].clone();
    let viewed = facts.as_array().expect("events").iter().filter(|fact| fact["type"] == "CustomerViewed");
    let viewed: Vec<_> = viewed.collect();
    assert_eq!(viewed.len(), 1, "{facts}");
    assert_eq!(viewed[0]["data"]["reason"], "ticket 7");
    assert!(viewed[0]["actor"].as_str().is_some_and(|actor| actor.starts_with("member")), "{viewed:?}");

    let end = "mutation { sessionViewEnd { changed } }";
    assert_eq!(ask(end).await["data"]["sessionViewEnd"]["changed"], true);
    assert_eq!(ask(end).await["data"]["sessionViewEnd"]["changed"], false);
    assert_eq!(ask(WHO).await["data"]["viewer"]["role"], "OWNER");
    // it ends by itself, too
    ask(view).await;
    assert_eq!(ask(WHO).await["data"]["viewer"]["role"], "CUSTOMER_VIEWER");
    hub.later(chrono::TimeDelta::minutes(31));
    assert_eq!(ask(WHO).await["data"]["viewer"]["role"], "OWNER");
}

#[tokio::test]
async fn a_view_ends_with_the_right_to_it_and_others_have_none() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let invite = "mutation { memberInvite(email: \"pat@example.com\", role: SUPPORT) { code member { id } } }";
    let invited = hub.graphql(Some(&owner), invite, json!({})).await.data()["memberInvite"].clone();
    let (cookie, _) = start_by_code(&hub, &invited["code"], Some("Pat")).await;
    let (cookie, origin) = (cookie.expect("a cookie"), hub.url(""));
    let ask = async |query: &str| role(page(&hub, &origin, query).header("cookie", kept(&cookie))).await.1;
    let view = "mutation { sessionViewAs(customer: \"globex\") { until } }";
    ask(view).await;
    assert_eq!(ask(WHO).await["data"]["viewer"]["role"], "CUSTOMER_VIEWER");
    let change = "mutation ($id: ID!) { memberChangeRole(id: $id, role: AUDITOR) { changed } }";
    hub.graphql(Some(&owner), change, json!({ "id": invited["member"]["id"] })).await.data();
    assert_eq!(ask(WHO).await["data"]["viewer"]["role"], "AUDITOR");
    assert_eq!(ask(view).await["errors"][0]["extensions"]["code"], "forbidden");
}

#[tokio::test]
async fn documents_come_under_a_strict_policy_and_nothing_else_is_one() {
    let hub = HubProcess::start().await;
    let get = |path: &str| Client::new().get(hub.url(path)).header("accept", "text/html,*/*").send();
    for path in ["/", "/v/acme/targets/globex/factory", "/p/acme/downloads"] {
        let answer = get(path).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
        for part in
            ["default-src 'none'", "script-src 'self';", "require-trusted-types-for 'script'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert_eq!(answer.headers()["cross-origin-opener-policy"], "same-origin");
    }
    for path in ["/assets/none.js", "/v2/none", "/agent/v1/none", "/graphql/none"] {
        let answer = get(path).await.expect("an answer");
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        assert!(!answer.status().is_success() && !kind.contains("html"), "{path}: {} {kind}", answer.status());
    }
    let plain = Client::new().get(hub.url("/none")).send().await.expect("an answer");
    assert_eq!(plain.status(), StatusCode::NOT_FOUND);
}
