//! The command line, as a script would use it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::{binary, root, wait};
use serde_json::{Value, json};

use crate::access::registry::push;

pub(crate) struct Cli<'a> {
    hub: &'a HubProcess,
    home: tempfile::TempDir,
}

impl Cli<'_> {
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(binary("distr"))
            .args(["--hub", &self.hub.url("")])
            .args(arguments)
            .env("XDG_CONFIG_HOME", self.home.path())
            .env_remove("DISTR_TOKEN")
            // set to nothing is not set
            .envs(["DISTR_HUB", "DISTR_PROFILE"].map(|name| (name, "")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("distr can be started");
        let mut stdin = child.stdin.take().expect("piped");
        let _ = stdin.write_all(input.as_bytes()); // it may end without reading
        drop(stdin);
        child.wait_with_output().expect("distr ends")
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let all: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
        let output = self.run(&all, "");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    pub(crate) fn file(&self, name: &str, yaml: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, yaml).expect("own directory");
        path.to_str().expect("UTF-8").to_owned()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) async fn signed_in(hub: &HubProcess) -> Cli<'_> {
    let cli = Cli { hub, home: tempfile::tempdir().expect("a temporary directory can be made") };
    let login = cli.run(&["login", "--organization", "acme", "--email", OWNER], PASSWORD);
    assert_eq!(login.status.code(), Some(0), "{}", text(&login.stderr));
    cli
}

#[tokio::test]
async fn without_signing_in_it_says_how_to() {
    let hub = HubProcess::start().await;
    let cli = Cli { hub: &hub, home: tempfile::tempdir().expect("a temporary directory can be made") };
    let output = cli.run(&["fleet"], "");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("distr login"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn what_is_declared_is_planned_then_applied_once() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    let example = root().join("examples/hello/distr.yaml");
    let example = Path::to_str(&example).expect("UTF-8");
    assert_eq!(cli.run(&["apply", "-f", example, "--plan"], "").status.code(), Some(6), "there is something to do");
    assert_eq!(cli.json(&["customer", "list"]), json!([]), "a plan changes nothing");
    let applied = cli.run(&["apply", "-f", example], "");
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    assert_eq!(cli.run(&["apply", "-f", example, "--plan"], "").status.code(), Some(0), "all is as declared");
    let head = cli.json(&["events", "--head"]);
    assert_eq!(cli.run(&["apply", "-f", example], "").status.code(), Some(0));
    assert_eq!(cli.json(&["events", "--head"]), head, "applying again changes nothing");
    assert_eq!(cli.json(&["license", "list"])[0]["customer"], "globex");
}

/// The hub keeps its drawing, which has another digest than the file.
#[tokio::test]
async fn a_declared_svg_is_known_again() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    let rect = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><rect width='1' height='1'/></svg>";
    cli.file("logo.svg", rect);
    let file = cli.file("pictures.yaml", "applications: [{name: hello, icon: logo.svg}]\nbranding: {logo: logo.svg}\n");
    let applied = cli.run(&["apply", "-f", &file], "");
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    let plan = cli.run(&["apply", "-f", &file, "--plan"], "");
    assert_eq!(plan.status.code(), Some(0), "all is as declared: {}", text(&plan.stdout));
    cli.file("logo.svg", &rect.replace("'0 0 1 1'", "'0 0 1 2'"));
    assert_eq!(cli.run(&["apply", "-f", &file, "--plan"], "").status.code(), Some(6), "the file is another one");
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_place_before_anything_is_sent() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    let file = cli.file("bad.yaml", "customers:\n  - name: globex\napplications:\n  - name: hello\n    colour: red\n");
    let output = cli.run(&["apply", "-f", &file], "");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("bad.yaml:5:5") && said.contains("colour"), "{said}");
    assert_eq!(cli.json(&["customer", "list"]), json!([]));
}

#[tokio::test]
async fn all_that_is_wrong_with_files_is_said_at_once() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    let one = cli.file("one.yaml", "customers: [{name: Globex}]\n");
    let two = cli.file("two.yaml", "applications: [{name: hello, colour: red}]\n");
    let shapes = cli.run(&["apply", "-f", &one, "-f", &two], "");
    let said = text(&shapes.stderr);
    assert_eq!((shapes.status.code(), said.matches("error: ").count()), (Some(2), 2), "{said}");
    let names = cli.file("names.yaml", "licenses:\n- {customer: a, app: b}\n- {customer: c, app: d}\n");
    let names = cli.run(&["apply", "-f", &names], "");
    assert_eq!((names.status.code(), text(&names.stderr).lines().count()), (Some(2), 4), "{}", text(&names.stderr));

    let latin = cli.home.path().join("latin.yaml");
    std::fs::write(&latin, b"customers: [{name: globex, displayName: \"Gl\xf6bex\"}]\n").expect("own directory");
    let latin = cli.run(&["apply", "-f", latin.to_str().expect("UTF-8")], "");
    assert_eq!(latin.status.code(), Some(2));
    assert!(text(&latin.stderr).contains("is no text in UTF-8"), "{}", text(&latin.stderr));

    let ended = "applications: [{name: hello}]\ncustomers: [{name: globex}]\n\
        licenses: [{customer: globex, app: hello, expires: 2020-12-31}]\n";
    let plan = text(&cli.run(&["apply", "--plan", "-f", "-"], ended).stdout);
    assert!(plan.contains("its end has passed"), "{plan}");
}

#[tokio::test]
async fn its_own_version_is_said_whatever_hub_there_is() {
    let hub = HubProcess::start().await;
    assert_eq!(signed_in(&hub).await.json(&["version"])["hub"], env!("CARGO_PKG_VERSION"));
    let address = hub.url("");
    drop(hub);
    let away = Command::new(binary("distr")).args(["version", "--hub", &address]).env("DISTR_TOKEN", "dst_x").output();
    let away = away.expect("distr can be started");
    assert!(text(&away.stdout).contains(env!("CARGO_PKG_VERSION")), "{away:?}");
    assert_eq!(away.status.code(), Some(5), "{away:?}");
}

#[tokio::test]
async fn an_auditor_replays_a_period_as_lines_of_json() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    cli.json(&["customer", "create", "globex"]);
    let output = cli.run(&["events", "--from", "2020-01-01", "--to", "2100-01-01", "-o", "jsonl"], "");
    let events: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let (accesses, events): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event["type"] == "Access");
    assert!(accesses.iter().all(|access| access["data"]["action"] == "sign_in"), "{accesses:?}");
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(types, ["OrganizationCreated", "MemberAdded", "CustomerCreated"]);
    assert!(events.iter().all(|event| event["actor"].is_string() && event["correlation"].is_string()));
    let nothing = cli.run(&["events", "--to", "2020-01-01", "-o", "jsonl"], "");
    assert_eq!((nothing.status.code(), text(&nothing.stdout)), (Some(0), String::new()));
}

#[tokio::test]
async fn members_tokens_and_targets_come_and_go() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    cli.json(&["customer", "create", "globex"]);
    cli.json(&["member", "robot", "ci", "--role", "publisher"]);
    cli.json(&["member", "role", "ci", "--role", "auditor"]);
    let token = cli.json(&["token", "create", "nightly", "--scope", "read", "--member", "ci"]);
    let secret = token["secret"].as_str().expect("a secret").to_owned();
    let whoami = |secret: &str| {
        Command::new(binary("distr"))
            .args(["--hub", &hub.url(""), "whoami", "-o", "json"])
            .env("DISTR_TOKEN", secret)
            .env("XDG_CONFIG_HOME", cli.home.path())
            .output()
            .expect("distr can be started")
    };
    let shown: Value = serde_json::from_slice(&whoami(&secret).stdout).expect("JSON");
    assert_eq!((&shown["role"], &shown["email"]), (&json!("AUDITOR"), &Value::Null), "{shown}");
    assert_eq!(shown["token"]["scopes"], json!(["READ"]), "{shown}");
    let session = text(&cli.run(&["whoami"], "").stdout);
    assert!(session.contains("signed in with  a session"), "{session}");
    let listed = text(&cli.run(&["token", "list", "--member", "ci"], "").stdout);
    assert!(listed.contains("nightly") && !listed.contains("with its parent"), "{listed}");
    let ended = cli.run(&["member", "end-sessions", "ci"], "");
    assert_eq!(text(&ended.stdout).trim(), "ci has no session", "{}", text(&ended.stderr));
    let removed = cli.run(&["member", "remove", "ci"], "");
    assert_eq!(removed.status.code(), Some(0), "{}", text(&removed.stderr));
    assert_eq!(whoami(&secret).status.code(), Some(4));

    cli.json(&["target", "create", "factory", "--customer", "globex"]);
    assert_eq!(cli.json(&["fleet"])[0]["state"], "UNKNOWN");
    cli.json(&["target", "retire", "factory", "--customer", "globex", "--reason", "sold"]);
    assert_eq!(cli.json(&["fleet"]), json!([]));
}

#[tokio::test]
async fn an_invited_person_is_told_what_is_missing_and_its_owner_what_to_do() {
    let hub = HubProcess::start().await;
    let cli = signed_in(&hub).await;
    let invited = cli.run(&["member", "invite", "ann@acme.example", "--role", "auditor"], "");
    let (code, said) = (text(&invited.stdout), text(&invited.stderr));
    let until = said.split("good until ").nth(1).and_then(|rest| rest.split(',').next()).expect("a time");
    assert!(until.len() == 20 && until.ends_with('Z'), "{said}");
    let reset = text(&cli.run(&["member", "reset-password", "ann@acme.example"], "").stderr);
    assert!(reset.contains("distr member invite-again"), "{reset}");
    let nameless = text(&cli.run(&["login", "--profile", "ann", "--code"], &code).stderr);
    assert!(nameless.contains("no name was given; use --name"), "{nameless}");
    let silent = text(&cli.run(&["login", "--profile", "ann", "--code", "--name", "Ann"], &code).stderr);
    assert!(silent.contains("no new password was given; set DISTR_NEW_PASSWORD"), "{silent}");
}

#[tokio::test]
async fn a_repository_shows_what_it_holds_may_hold_and_who_asked_for_it() {
    let hub = HubProcess::start_with(&[("DISTR_REGISTRY_QUOTA", "1 GiB")]).await;
    let cli = signed_in(&hub).await;
    let owner = hub.sign_in("acme").await;
    let digest = push(&hub, &owner, "acme/hello", "1.0.0", "hello").await;
    let shown = cli.json(&["repository", "show", "hello"]);
    let held = shown["usage"]["bytes"].as_u64().expect("bytes");
    assert!(held > 0 && shown["usage"]["quota"].is_null(), "{shown}");
    let usage = "{ organization { registryUsage { bytes quota } } }";
    let organization = hub.graphql(Some(&owner), usage, json!({})).await.data()["organization"].clone();
    assert_eq!(organization["registryUsage"], json!({ "bytes": held, "quota": 1 << 30 }));

    assert_eq!(cli.json(&["repository", "set-quota", "hello", "1KiB"])["changed"], true);
    assert_eq!(cli.json(&["repository", "set-quota", "hello", "1024"])["changed"], false);
    assert_eq!(cli.json(&["repository", "list"])[0]["usage"], json!({ "bytes": held, "quota": 1024 }));
    let wrong = cli.run(&["repository", "set-quota", "hello", "much"], "");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("quota \"much\" is not valid"), "{}", text(&wrong.stderr));
    assert_eq!(cli.json(&["repository", "clear-quota", "hello"])["changed"], true);
    assert!(cli.json(&["repository", "show", "hello"])["usage"]["quota"].is_null());

    let table = cli.run(&["repository", "list"], "");
    let row = text(&table.stdout).lines().nth(1).map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(row.as_ref().is_some_and(|row| row.starts_with("hello PRIVATE 1")), "{row:?}");
    let tags = cli.json(&["repository", "tags", "hello"]);
    assert_eq!((&tags[0]["name"], &tags[0]["digest"]), (&json!("1.0.0"), &json!(digest)));
    push(&hub, &owner, "acme/gone", "1", "gone").await;
    push(&hub, &owner, "acme/gone", "2", "gone").await;
    assert_eq!(cli.json(&["repository", "delete-tag", "gone", "2"])["changed"], true);
    assert_eq!(cli.json(&["repository", "tags", "gone"]).as_array().map(Vec::len), Some(1));
    assert_eq!(cli.json(&["repository", "delete", "gone"])["changed"], true);
    let gone = cli.run(&["repository", "show", "gone"], "");
    assert!(text(&gone.stderr).contains("nothing was pushed to it"), "{}", text(&gone.stderr));

    let accesses = wait::until("the push", Duration::from_secs(30), async || {
        let accesses = cli.json(&["repository", "accesses", "hello", "--digest", &digest]);
        if accesses == json!([]) { Err("none".to_owned()) } else { Ok(accesses) }
    });
    assert_eq!(accesses.await[0]["subject"], "acme/hello:1.0.0");
    let table = cli.run(&["repository", "accesses", "hello"], "");
    assert!(text(&table.stdout).contains("acme/hello:1.0.0"), "{}", text(&table.stdout));
}
