//! An auditor's afternoon: a history is exported, verified from its files alone by two programs that share no code, and whoever owns
//! the database changes it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use distr_tests::{binary, root};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Auditor {
    hub: HubProcess,
    owner: String,
    /// where the files lie
    folder: TempDir,
}

impl Auditor {
    /// Of a hub with some history.
    async fn begin() -> Self {
        Self::of(HubProcess::start().await).await
    }

    async fn of(hub: HubProcess) -> Self {
        let owner = hub.sign_in("acme").await;
        let auditor = Self { hub, owner, folder: tempfile::tempdir().expect("a temporary directory can be made") };
        for number in 0..20 {
            auditor.change(&format!("customerCreate(name: \"c{number}\") {{ changed }}")).await;
        }
        auditor.until_in_the_tree().await;
        auditor
    }

    async fn change(&self, mutation: &str) -> Value {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
    }

    fn database(&self) -> Psql {
        Psql::of(&self.hub)
    }

    async fn until_in_the_tree(&self) {
        let sql = "SELECT position = (SELECT position FROM eventlog.head) FROM ops.policy WHERE name = 'proof'";
        self.database().until(sql, "t").await;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn distr(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary("distr"));
        command.args(arguments).current_dir(self.folder.path()).env("DISTR_HUB", self.hub.url(""));
        command.env("DISTR_TOKEN", &self.owner).env("XDG_CONFIG_HOME", self.folder.path());
        command.output().expect("distr can be started")
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.distr(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Keeps the key and a checkpoint, as somebody does who begins to trust.
    fn keep(&self) {
        std::fs::write(self.path("acme.key"), self.ok(&["audit", "key"])).expect("own folder");
        std::fs::write(self.path("kept.checkpoint"), self.ok(&["audit", "checkpoint"])).expect("own folder");
    }

    /// What both verifiers say, each where no network is.
    #[track_caller]
    fn verified(&self, folder: &str) -> [Output; 2] {
        let distr = binary("distr");
        let script = root().join("deploy/verify-history.py");
        let [key, kept] = ["acme.key", "kept.checkpoint"];
        [
            self.offline(&distr, &["audit", "verify", folder, "--key", key, "--since", kept]),
            self.offline(Path::new("python3"), &[script.to_str().expect("UTF-8"), folder, key, "--since", kept]),
        ]
    }

    /// Both verifiers find something in the folder as these words, with these arguments of its period.
    #[track_caller]
    fn both_find(&self, words: &str, period: &[&str]) {
        let script = root().join("deploy/verify-history.py");
        let rust = [&["audit", "verify", "history", "--key", "acme.key"], period].concat();
        let python = [&[script.to_str().expect("UTF-8"), "history", "acme.key"], period].concat();
        for output in [self.offline(&binary("distr"), &rust), self.offline(Path::new("python3"), &python)] {
            assert_eq!(output.status.code(), Some(1), "{words}: {}", all(&output));
            assert!(all(&output).contains(words), "{words:?} is not in {}", all(&output));
        }
    }

    /// In a network namespace without any network, where the machine lets one make it.
    fn offline(&self, program: &Path, arguments: &[&str]) -> Output {
        let cut_off =
            Command::new("unshare").args(["-rn", "true"]).output().is_ok_and(|output| output.status.success());
        let mut command = match cut_off {
            true => {
                let mut command = Command::new("unshare");
                command.arg("-rn").arg(program);
                command
            }
            false => Command::new(program),
        };
        command.args(arguments).current_dir(self.folder.path()).env_remove("DISTR_HUB").env_remove("DISTR_TOKEN");
        command.env("XDG_CONFIG_HOME", self.folder.path()).output().expect("a verifier can be started")
    }

    /// Exports what there is now, and has both verifiers find these words, and nothing that is not expected.
    #[track_caller]
    fn finds(&self, name: &str, words: &[&str]) {
        self.ok(&["audit", "export", name]);
        for output in self.verified(name) {
            assert_eq!(output.status.code(), Some(1), "{}", all(&output));
            let said = all(&output);
            words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in {said}"));
        }
    }
}

fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whoever hands the folder over writes what it says of its period, and chooses which entries are in it.
#[tokio::test]
async fn what_a_folder_says_of_itself_is_not_believed() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    auditor.ok(&["audit", "export", "history"]);
    let path = auditor.path("history/entries.jsonl");
    let entries = std::fs::read_to_string(&path).expect("entries");
    let lines: Vec<&str> = entries.split_inclusive('\n').collect();
    let says = |period: &str| std::fs::write(auditor.path("history/export.json"), period).expect("own folder");
    let holds = |lines: &[&str]| std::fs::write(&path, lines.concat()).expect("own folder");

    says(r#"{"from":"2026-01-01T00:00:00Z","to":"2099-01-01T00:00:00Z"}"#);
    holds(&[]);
    auditor.both_find("no entry is there", &[]);
    holds(&lines[..10]);
    auditor.both_find("may be missing", &[]);
    says(r#"{"from":"2099-01-01T00:00:00Z","to":"1970-01-01T00:00:00Z"}"#);
    holds(&lines[5..6]);
    auditor.both_find("the period ends at", &[]);
    auditor.both_find("may be missing", &["--from", "2026-01-01T00:00:00Z"]);
    auditor.both_find("may be missing", &["--from", "2026-01-01T00:00:00Z", "--to", "2099-01-01T00:00:00Z"]);
    says(r#"{"from":null,"to":null}"#);
    let gone = |name: &str| {
        std::fs::remove_file(auditor.path(name)).expect("own folder");
        std::os::unix::fs::symlink("/dev/zero", auditor.path(name)).expect("own folder");
    };
    holds(&[&lines[..], &lines[3..4]].concat());
    auditor.both_find("it is there twice, or not in its place", &[]);
    holds(&["[".repeat(200_000).as_str()]);
    auditor.both_find("", &[]);
    gone("history/entries.jsonl");
    auditor.both_find("is no file", &[]);
}

#[tokio::test]
async fn an_export_is_verified_by_two_programs_from_its_files_alone() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    // an access, beside the facts
    let hub = &auditor.hub;
    let refused = reqwest::Client::new().get(hub.url("/v2/acme/none/manifests/1")).basic_auth("owner", Some("wrong"));
    refused.send().await.expect("an answer");
    auditor.change("customerCreate(name: \"later\") { changed }").await;
    auditor.until_in_the_tree().await;
    let said = auditor.ok(&["audit", "export", "history"]);
    let (count, rest) = said.strip_prefix("wrote ").and_then(|said| said.split_once(" of ")).expect("what was written");
    assert_eq!(Some(count), rest.split(' ').next(), "all of it: {said}");
    for output in auditor.verified("history") {
        assert!(output.status.success(), "{}", all(&output));
        assert!(all(&output).contains(&format!("{count} entries are as distr/")), "{}", all(&output));
    }
    let again = auditor.distr(&["audit", "export", "history"]);
    assert_eq!(again.status.code(), Some(2), "{}", all(&again));

    let position = auditor.ok(&["events", "--head"]);
    let events: Value = serde_json::from_str(&auditor.ok(&["events", "-o", "json"])).expect("JSON");
    let customer = events.as_array().expect("a list").iter().find(|event| event["type"] == "CustomerCreated");
    let at = customer.expect("a customer")["position"].as_str().expect("a position");
    auditor.ok(&["audit", "proof", at, "--file", "event.tlog-proof"]);
    let proven = auditor.ok(&["audit", "verify", "event.tlog-proof", "--key", "acme.key"]);
    assert!(proven.contains("type CustomerCreated"), "{proven}");
    let none =
        auditor.distr(&["audit", "proof", &(position.trim().parse::<u64>().expect("a number") + 1000).to_string()]);
    assert!(all(&none).contains("proof.none"), "{}", all(&none));
    let text = std::fs::read_to_string(auditor.path("event.tlog-proof")).expect("it was written");
    std::fs::write(auditor.path("forged"), text.replacen("index ", "index 1", 1)).expect("own folder");
    assert_eq!(auditor.distr(&["audit", "verify", "forged", "--key", "acme.key"]).status.code(), Some(1));
}

#[tokio::test]
async fn a_period_is_exported_with_its_neighbours() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    let times = auditor
        .database()
        .ok("SELECT to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM eventlog.event
         ORDER BY position");
    let times: Vec<&str> = times.lines().collect();
    let (from, to) = (times[5], times[times.len() - 5]);
    let said = auditor.ok(&["audit", "export", "part", "--from", from, "--to", to]);
    for output in auditor.verified("part") {
        assert!(output.status.success(), "{said} {}", all(&output));
    }
    let lines = std::fs::read_to_string(auditor.path("part/entries.jsonl")).expect("entries");
    let committed =
        |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["committedAt"].as_str().map(str::to_owned);
    let of_period: Vec<String> = lines.lines().filter_map(committed).collect();
    assert!(of_period[0].as_str() < from && of_period[1].as_str() >= from, "{of_period:?} from {from}");
    let [.., last_but_one, last] = &of_period[..] else { panic!("{of_period:?}") };
    assert!(last.as_str() >= to && last_but_one.as_str() < to, "{of_period:?} to {to}");
}

#[tokio::test]
async fn whoever_owns_the_database_changes_nothing_unseen() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    let database = auditor.database();
    // whoever owns it is not stopped by what keeps the log from being changed
    let forge = |sql: &str| database.ok(&format!("SET session_replication_role = replica; {sql}"));
    let customers = "SELECT position FROM eventlog.event WHERE event_type = 'CustomerCreated' ORDER BY position";
    let positions = database.ok(customers);
    let positions: Vec<&str> = positions.lines().collect();
    let id = |position: &str| database.ok(&format!("SELECT id FROM eventlog.event WHERE position = {position}"));
    let payload = |position: &str| {
        database.ok(&format!("SELECT encode(payload, 'hex') FROM eventlog.event WHERE position = {position}"))
    };

    // one byte
    let (at, before) = (positions[3], payload(positions[3]));
    let set = |position: &str, hex: &str| {
        forge(&format!("UPDATE eventlog.event SET payload = decode('{hex}', 'hex') WHERE position = {position}"))
    };
    set(at, &before.replacen("63", "64", 1));
    auditor.finds("edited", &[id(at).trim(), "is not the one that is signed", "1 findings"]);
    set(at, &before);
    auditor.ok(&["audit", "export", "mended"]);
    for output in auditor.verified("mended") {
        assert!(output.status.success(), "{}", all(&output));
    }

    // two that change places
    let swap = |one: &str, other: &str| {
        forge(&format!(
            "BEGIN;
             CREATE TEMP TABLE one AS SELECT * FROM eventlog.event WHERE position = {one};
             CREATE TEMP TABLE other AS SELECT * FROM eventlog.event WHERE position = {other};
             DELETE FROM eventlog.event WHERE position IN ({one}, {other});
             UPDATE one SET position = {other}, previous = (SELECT previous FROM other);
             UPDATE other SET position = {one}, previous = {one} - 1;
             INSERT INTO eventlog.event SELECT * FROM other;
             INSERT INTO eventlog.event SELECT * FROM one;
             COMMIT;"
        ))
    };
    let (one, other) = (positions[6], positions[7]);
    let ids = [id(one), id(other)];
    swap(one, other);
    auditor.finds("swapped", &[ids[0].trim(), ids[1].trim(), "2 findings"]);
    swap(one, other);

    // what was said last, with all that points to it
    forge(
        "BEGIN;
         DELETE FROM eventlog.event WHERE position = (SELECT last_fact FROM eventlog.head);
         UPDATE eventlog.head SET position = last_fact - 1, last_fact = (SELECT max(position) FROM eventlog.event);
         COMMIT;",
    );
    auditor.ok(&["audit", "export", "dropped"]);
    for output in auditor.verified("dropped") {
        assert!(all(&output).contains("is signed, and not there"), "{}", all(&output));
    }
}

#[tokio::test]
async fn a_key_takes_the_place_of_another_and_who_knows_either_follows() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    let keys = || -> Vec<Value> {
        let keys: Value = serde_json::from_str(&auditor.ok(&["audit", "key", "--all", "-o", "json"])).expect("JSON");
        keys.as_array().expect("a list").clone()
    };
    let replace = |more: &[&str]| {
        auditor.ok(&[&["audit", "replace-key", "--reason", "a year has passed"], more].concat());
        std::fs::write(auditor.path("new.key"), auditor.ok(&["audit", "key"])).expect("own folder");
    };
    let fact = || {
        let events: Value = serde_json::from_str(&auditor.ok(&["events", "-o", "json"])).expect("JSON");
        let events = events.as_array().expect("a list").clone();
        events.into_iter().rfind(|event| event["type"] == "HistoryKeyReplaced").expect("the fact")
    };
    let verify = |folder: &str, key: &str| {
        let script = root().join("deploy/verify-history.py");
        let python = [script.to_str().expect("UTF-8"), folder, key];
        let rust = ["audit", "verify", folder, "--key", key];
        [auditor.offline(&binary("distr"), &rust), auditor.offline(Path::new("python3"), &python)]
    };

    replace(&[]);
    assert_eq!(fact()["data"]["key"], keys()[0]["key"]);
    assert_eq!((&keys()[0]["endsAt"], keys()[1]["endsAt"].is_string()), (&Value::Null, true));
    auditor.until_in_the_tree().await;
    auditor.ok(&["audit", "export", "overlapping"]);
    for output in [verify("overlapping", "acme.key"), verify("overlapping", "new.key")].iter().flatten() {
        assert!(output.status.success(), "{}", all(output));
    }

    // after a theft: none of the others signs any more
    std::fs::rename(auditor.path("new.key"), auditor.path("second.key")).expect("own folder");
    replace(&["--at-once"]);
    assert_eq!((&fact()["data"]["at_once"], keys().len()), (&json!(true), 3));
    auditor.until_in_the_tree().await;
    auditor.ok(&["audit", "export", "later"]);
    for gone in ["acme.key", "second.key"] {
        for output in verify("later", gone) {
            assert!(!output.status.success(), "{gone}: {}", all(&output));
        }
    }
    for output in verify("later", "new.key") {
        assert!(output.status.success(), "{}", all(&output));
    }
}

/// The hub is broken off when the key is told of and does not sign yet: the next checkpoint is by that key, and by no other.
#[tokio::test]
async fn a_key_that_was_told_of_signs_before_anything_else_is_signed() {
    let auditor = Auditor::begin().await;
    let database = auditor.database();
    auditor.ok(&["audit", "key"]);
    database.ok("CREATE FUNCTION ops.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
                 CREATE TRIGGER fail BEFORE UPDATE ON ops.proof_key FOR EACH ROW EXECUTE FUNCTION ops.fail()");
    let replace = "mutation { historyKeyReplace(reason: \"r\", atOnce: true) { changed } }";
    let ask = async || auditor.hub.graphql(Some(&auditor.owner), replace, json!({})).await;
    assert_eq!(ask().await.code(), Some("internal"));
    database.ok("DROP TRIGGER fail ON ops.proof_key");
    let told = "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'key' FROM eventlog.event
                WHERE event_type = 'HistoryKeyReplaced'";
    let told = database.ok(told);
    assert_eq!(told.lines().count(), 1, "{told}");
    auditor.until_in_the_tree().await;
    auditor.hub.later(chrono::TimeDelta::minutes(1));
    let note = auditor.ok(&["audit", "checkpoint"]);
    assert_eq!(note.lines().filter(|line| line.starts_with('—')).count(), 1, "{note}");
    let keys: Value = serde_json::from_str(&auditor.ok(&["audit", "key", "--all", "-o", "json"])).expect("JSON");
    let (newest, before) = (&keys[0], &keys[1]);
    assert_eq!((newest["key"].as_str(), &newest["endsAt"]), (Some(told.trim()), &Value::Null), "{keys}");
    assert!(before["endsAt"].is_string(), "the one before has ended: {keys}");
}

/// What a hub seals with the key that went out of force nobody opens later: it makes no key, and signs nothing.
#[tokio::test]
async fn between_a_rotation_of_the_master_key_and_the_restart_nothing_is_signed_and_nobody_waits() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let mut auditor = Auditor { hub, owner, folder: tempfile::tempdir().expect("a temporary directory can be made") };
    auditor.change("customerCreate(name: \"globex\") { changed }").await;
    auditor.until_in_the_tree().await;
    let keys = auditor.database().ok("SELECT count(*) FROM ops.proof_key");
    let rotated = auditor.hub.command(&["rotate-master-key"]);
    assert!(rotated.status.success(), "{}", all(&rotated));
    let replaced = auditor.distr(&["audit", "replace-key", "--reason", "r"]);
    assert!(!replaced.status.success() && all(&replaced).contains("something went wrong"), "{}", all(&replaced));
    assert_eq!(auditor.database().ok("SELECT count(*) FROM ops.proof_key"), keys);
    if keys.trim() == "0" {
        assert!(!auditor.distr(&["audit", "checkpoint"]).status.success());
        assert_eq!(auditor.database().ok("SELECT count(*) FROM ops.signed_root").trim(), "0");
    }
    auditor.hub.stop().await;
    auditor.hub.run("acme").await;
    auditor.owner = auditor.hub.sign_in("acme").await;
    auditor.until_in_the_tree().await;
    auditor.ok(&["audit", "replace-key", "--reason", "r"]);
    let is_signed = |note: &str| note.lines().any(|line| line.starts_with('—'));
    assert!(is_signed(&auditor.ok(&["audit", "checkpoint"])));

    // as an earlier version left it
    let database = auditor.database();
    database.ok("UPDATE ops.signed_root SET checkpoint = split_part(checkpoint, E'\\n\\n', 1) || E'\\n\\n'");
    assert!(is_signed(&auditor.ok(&["audit", "checkpoint"])));
    auditor.change("customerCreate(name: \"initech\") { changed }").await;
    auditor.until_in_the_tree().await;
    auditor.hub.later(chrono::TimeDelta::minutes(1));
    assert!(is_signed(&auditor.ok(&["audit", "checkpoint"])));
}

/// A replacement that still overlaps needs no second connection where there is one.
#[tokio::test]
async fn a_hub_with_one_connection_signs_with_two_keys() {
    let hub = HubProcess::with_one_connection().await;
    let auditor = Auditor::of(hub).await;
    auditor.change("historyKeyReplace(reason: \"r\") { changed }").await;
    auditor.until_in_the_tree().await;
    auditor.hub.later(chrono::TimeDelta::minutes(1));
    let note = auditor.ok(&["audit", "checkpoint"]);
    assert_eq!(note.lines().filter(|line| line.starts_with('—')).count(), 2, "{note}");
}

/// Somebody with a stolen token replaces it again and again: the history is signed all the same, and what they made ends at once.
#[tokio::test]
async fn however_often_a_key_is_replaced_checkpoints_can_be_read() {
    let auditor = Auditor::begin().await;
    auditor.ok(&["audit", "key"]);
    let replace = async |at_once: bool| {
        let replace =
            format!("mutation {{ historyKeyReplace(reason: \"r\", atOnce: {at_once}) {{ keys {{ endsAt }} }} }}");
        auditor.hub.graphql(Some(&auditor.owner), &replace, json!({})).await.data()["historyKeyReplace"]["keys"].clone()
    };
    let signing = |keys: &Value, now: chrono::DateTime<chrono::Utc>| {
        let ends = keys.as_array().expect("keys").iter().map(|key| key["endsAt"].as_str());
        ends.filter(|ends| ends.is_none_or(|ends| ends.parse::<chrono::DateTime<chrono::Utc>>().expect("a time") > now))
            .count()
    };
    for _ in 0..5 {
        futures_util::future::join_all((0..5).map(|_| replace(false))).await;
    }
    let keys = replace(false).await;
    assert!(signing(&keys, distr_tests::clock::now()) <= 8, "{keys}");
    auditor.until_in_the_tree().await;
    auditor.hub.later(chrono::TimeDelta::minutes(1));
    let note = auditor.ok(&["audit", "checkpoint"]);
    assert!(note.lines().filter(|line| line.starts_with('—')).count() <= 8, "{note}");

    // beside one that gives them time
    futures_util::future::join_all([replace(false), replace(true), replace(false)]).await;
    let keys: Value = serde_json::from_str(&auditor.ok(&["audit", "key", "--all", "-o", "json"])).expect("JSON");
    let later = distr_tests::clock::now() + chrono::TimeDelta::minutes(2);
    assert!(signing(&keys, later) <= 3, "those from before sign no more: {keys}");
}

/// The tree is made anew without an entry, and signed with the right key: the checkpoint that somebody kept tells, and the hub itself
/// signs nothing more.
#[tokio::test]
async fn a_tree_that_is_made_anew_is_signed_by_nobody() {
    let auditor = Auditor::begin().await;
    auditor.keep();
    let database = auditor.database();
    database.ok("UPDATE ops.tree_tile SET hashes = overlay(hashes PLACING sha256('another') FROM 65) WHERE level = 0");
    auditor.change("customerCreate(name: \"later\") { changed }").await;
    auditor.until_in_the_tree().await;
    auditor.hub.later(chrono::TimeDelta::minutes(1));
    let answer = auditor.hub.graphql(Some(&auditor.owner), "{ history { checkpoint { size } } }", json!({})).await;
    assert_eq!(answer.code(), Some("internal"), "{answer:?}");
    assert!(auditor.hub.log().contains("does not go on from what was signed"), "{}", auditor.hub.log());
}

#[tokio::test]
async fn a_history_is_its_organizations() {
    let auditor = Auditor::begin().await;
    let hub = &auditor.hub;
    let note = auditor.ok(&["audit", "checkpoint"]);
    let organization =
        note.strip_prefix("distr/").and_then(|note| note.split('/').next()).expect("an origin").to_owned();
    let client = reqwest::Client::new();
    let get = async |path: String, secret: Option<&str>| {
        let mut request = client.get(hub.url(&path));
        if let Some(secret) = secret {
            request = request.bearer_auth(secret);
        }
        request.send().await.expect("an answer").status()
    };
    let paths = ["checkpoint", "tile/0/000.p/1", "entries?from=0&to=10", "leaves?size=10"];
    for path in paths {
        assert_eq!(get(format!("/log/{organization}/{path}"), None).await, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(get(format!("/log/{organization}/{path}"), Some(&auditor.owner)).await, StatusCode::OK, "{path}");
    }
    let customer = auditor.change("customerCreate(name: \"globex\") { changed }").await;
    assert_eq!(customer["customerCreate"]["changed"], true);
    let viewer = hub
        .join(&auditor.owner, "v@globex.example", "role: CUSTOMER_VIEWER, customer: \"globex\"", "a good password")
        .await;
    for (path, expected) in
        paths.into_iter().zip([StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN])
    {
        assert_eq!(get(format!("/log/{organization}/{path}"), Some(&viewer)).await, expected, "{path}");
        let foreign = format!("/log/{}/{path}", uuid::Uuid::from_u128(1));
        assert_eq!(get(foreign, Some(&viewer)).await, StatusCode::NOT_FOUND, "{path}");
    }
    for bad in ["tile/0/0", "tile/9/000", "entries?from=x&to=1", "entries", "leaves"] {
        assert_eq!(
            get(format!("/log/{organization}/{bad}"), Some(&auditor.owner)).await,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
    assert_eq!(get(format!("/log/{organization}/tile/0/001"), Some(&auditor.owner)).await, StatusCode::NOT_FOUND);
}
