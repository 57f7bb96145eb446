//! The report of a license: what it tells, and that nobody changes a word of it unseen.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use distr_tests::binary;
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::access::registry::token;
use crate::withheld::{change, world};

struct Auditor {
    folder: TempDir,
}

impl Auditor {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn distr(&self, hub: Option<(&HubProcess, &str)>, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary("distr"));
        command.args(arguments).current_dir(self.folder.path()).env("XDG_CONFIG_HOME", self.folder.path());
        command.env_remove("DISTR_HUB").env_remove("DISTR_TOKEN");
        if let Some((hub, secret)) = hub {
            command.env("DISTR_HUB", hub.url("")).env("DISTR_TOKEN", secret);
        }
        command.output().expect("distr can be started")
    }

    /// What it says, offline.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.distr(None, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        all(&output)
    }

    #[track_caller]
    fn refused(&self, file: &str, words: &str) {
        let output = self.distr(None, &["audit", "verify", file, "--key", "acme.key"]);
        assert!(!output.status.success(), "{file}: {}", all(&output));
        assert!(all(&output).contains(words), "{words:?} is not in {}", all(&output));
    }
}

fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn pull(hub: &HubProcess, secret: &str, reference: &str) -> StatusCode {
    let token = token(hub, secret, &["repository:acme/app:pull"]).await.expect("a token");
    let request = reqwest::Client::new().get(hub.url(&format!("/v2/acme/app/manifests/{reference}")));
    request.bearer_auth(token).send().await.expect("an answer").status()
}

#[tokio::test]
async fn a_report_tells_what_was_agreed_used_and_refused_and_each_word_is_proven() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    assert_eq!(pull(&hub, &customer, "1").await, StatusCode::OK);
    let amend = "licenseAmend(customer: \"globex\", name: \"l\", terms: { seats: 3 }) { changed }";
    let suspend = "licenseSuspend(customer: \"globex\", name: \"l\", reason: \"unpaid <b>since</b> May\") { changed }";
    for mutation in [amend, suspend] {
        change(&hub, &owner, mutation).await;
    }
    assert_eq!(pull(&hub, &customer, "1").await, StatusCode::FORBIDDEN);
    // what is another customer's is not in it
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let other = "licenseIssue(customer: \"initech\", application: \"app\", name: \"l\", terms: {}) { changed }";
    change(&hub, &owner, other).await;
    let caught_up = "SELECT position = (SELECT position FROM eventlog.head) FROM ops.policy WHERE name = 'proof'";
    Psql::of(&hub).until(caught_up, "t").await;

    let auditor = Auditor { folder: tempfile::tempdir().expect("a temporary directory can be made") };
    let online = |arguments: &[&str]| {
        let output = auditor.distr(Some((&hub, &owner)), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    std::fs::write(auditor.path("acme.key"), online(&["audit", "key"])).expect("own folder");
    online(&["audit", "export", "history"]);
    let report = |file: &str, more: &[&str]| {
        let of = ["audit", "report", "history", "--key", "acme.key", "--customer", "globex", "--license", "l"];
        auditor.distr(None, &[&of[..], &["--file", file], more].concat())
    };
    let written = report("l.html", &[]);
    assert!(written.status.success(), "{}", all(&written));
    for file in ["l.html", "l.json"] {
        let said = auditor.ok(&["audit", "verify", file, "--key", "acme.key"]);
        assert!(said.contains("license l of customer globex with acme: 3 agreed, 1 used, 1 refused"), "{said}");
    }
    let data = std::fs::read_to_string(auditor.path("l.json")).expect("it was written");
    let told: Value = serde_json::from_str(&data).expect("JSON");
    let story = &told["story"];
    let what = |part: &str| -> Vec<&str> {
        story[part].as_array().expect("lines").iter().map(|line| line["what"].as_str().expect("words")).collect()
    };
    let begins = ["issued: any version; channels stable", "amended, so that it is: any version", "suspended"];
    for (what, begin) in what("agreed").into_iter().zip(begins) {
        assert!(what.starts_with(begin), "{what}");
    }
    assert_eq!((what("used"), what("refused")), (vec!["pull of acme/app:1"], vec!["pull of acme/app:1"]));
    let reason = story["refused"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("unpaid") && reason.ends_with("(entitlement.suspended)"), "{reason}");
    assert!(!data.contains("initech"), "another customer is told of");
    let page = std::fs::read_to_string(auditor.path("l.html")).expect("it was written");
    assert!(page.contains("unpaid &lt;b&gt;since&lt;/b&gt; May") && !page.contains("<b>"), "what is written is text");

    // a word of the page, of the story, of an entry; an entry more or less
    let write = |name: &str, text: String| std::fs::write(auditor.path(name), text).expect("own folder");
    write("page.html", page.replacen("unpaid &lt;", "paid &lt;", 1));
    auditor.refused("page.html", "the page around it is not");
    let forge = |forge: &dyn Fn(&mut Value)| {
        let mut forged = told.clone();
        forge(&mut forged);
        write("forged.json", forged.to_string());
    };
    forge(&|told| told["story"]["refused"] = Value::Array(vec![]));
    auditor.refused("forged.json", "another story");
    let refusal = told["evidence"].as_array().expect("entries").iter().rposition(|entry| entry["kind"] == "access");
    let refusal = refusal.expect("the refusal");
    forge(&|told| {
        let payload = told["evidence"][refusal]["payload"].as_str().expect("a payload").replace("refused", "granted");
        told["evidence"][refusal]["payload"] = Value::String(payload);
    });
    auditor.refused("forged.json", "is not the one that is signed");
    forge(&|told| _ = told["evidence"].as_array_mut().expect("entries").remove(refusal));
    auditor.refused("forged.json", "another story");
    forge(&|told| told["evidence"][refusal]["note"] = "all is paid".into());
    auditor.refused("forged.json", "says something that this version of distr does not know");
    forge(&|told| told["asked"]["license"] = "m".into());
    auditor.refused("forged.json", "has no license m");
    forge(&|told| {
        let again = told["evidence"][refusal].clone();
        told["evidence"].as_array_mut().expect("entries").push(again);
    });
    auditor.refused("forged.json", "nothing to do with it");

    // nothing is told where nothing is whole, or where it is not
    let none = auditor.distr(
        None,
        &[
            "audit",
            "report",
            "history",
            "--key",
            "acme.key",
            "--customer",
            "globex",
            "--license",
            "x",
            "--file",
            "x.html",
        ],
    );
    assert!(all(&none).contains("customer globex has no license x"), "{}", all(&none));
    assert!(!auditor.path("x.html").exists() && !auditor.path("x.json").exists());
    let again = report("l.html", &[]);
    assert_eq!(again.status.code(), Some(2), "{}", all(&again));
    let later = report("later.html", &["--from", "2099-01-01"]);
    assert!(later.status.success(), "{}", all(&later));
    let said = auditor.ok(&["audit", "verify", "later.html", "--key", "acme.key"]);
    assert!(said.contains("3 agreed, 0 used, 0 refused"), "{said}");
    let entries = auditor.path("history/entries.jsonl");
    let lines = std::fs::read_to_string(&entries).expect("entries");
    write_over(&entries, &lines.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>());
    let broken = report("broken.html", &[]);
    assert!(all(&broken).contains("entry 0 is signed, and not there"), "{}", all(&broken));
}

fn write_over(path: &Path, text: &str) {
    std::fs::write(path, text).expect("own folder");
}
