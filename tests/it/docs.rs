//! The documentation says what is so: every command that it names is one of the programs', and the pages that begin with a sign-in
//! work from top to bottom.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::{binary, root};
use serde_json::Value;

use crate::access::registry::push;

const PROGRAMS: [&str; 3] = ["distr", "distr-hub", "distr-agent"];

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of the documentation, as the portal shows them, and the first one that people read.
fn pages() -> Vec<String> {
    let contents: Value = serde_json::from_str(&read("docs/contents.json")).expect("JSON");
    let chapters = contents.as_array().expect("chapters").iter();
    let pages = chapters.flat_map(|chapter| chapter["pages"].as_array().expect("pages"));
    let files = pages.map(|page| page["file"].as_str().expect("a file").to_owned());
    files.chain(["README.md".to_owned()]).collect()
}

/// What is typed in the examples of a page: the lines after a prompt, each with those that it goes on in.
fn typed(page: &str) -> Vec<String> {
    let mut commands: Vec<String> = vec![];
    for example in page.split("```console\n").skip(1) {
        let example = example.split_once("```").expect("an example ends").0;
        let mut lines = example.lines();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("$ ").or(line.strip_prefix("# ")) else { continue };
            let mut command = command.to_owned();
            while let Some(begun) = command.strip_suffix('\\') {
                command = begun.to_owned() + lines.next().expect("a line goes on");
            }
            commands.push(command);
        }
    }
    commands
}

/// What stands between backticks in the text of a page.
fn named(page: &str) -> Vec<String> {
    let text: String = page.split("```").step_by(2).collect();
    text.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}

/// The words up to where the shell, or a placeholder, takes over; nothing, if it is no command of ours.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut is_cut = false;
    for letter in command.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(String::new()),
            ('|' | '<' | '>' | '#' | '[' | '…' | ';', None) => {
                is_cut = true;
                break;
            }
            _ => words.last_mut()?.push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    if is_cut && words.last().is_some_and(|last| last.starts_with("--")) {
        words.pop();
    }
    let is_ours = PROGRAMS.contains(&words.first()?.as_str());
    // `COMMAND` stands for any
    let is_whole = words.get(1).is_none_or(|word| word.chars().any(|letter| !letter.is_ascii_uppercase()));
    (is_ours && is_whole).then_some(words)
}

/// Asks for help at the end, which programs give once they have understood what stands before it. A flag that is named alone may want
/// a value.
fn help(words: &[String]) -> Result<(), String> {
    let ask = |value: &[&str]| {
        let mut command = Command::new(binary(&words[0]));
        command.args(&words[1..]).args(value).arg("--help").output().expect("the program starts")
    };
    let output = ask(&[]);
    let names_flag = words.last().is_some_and(|last| last.starts_with('-'));
    match output.status.success() || names_flag && ask(&["1"]).status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn every_command_that_the_documentation_names_is_there() {
    let mut wrong = vec![];
    let mut known = 0;
    for file in pages() {
        let page = read(&file);
        for command in typed(&page).into_iter().chain(named(&page)) {
            let Some(words) = words(&command) else { continue };
            match help(&words) {
                Ok(()) => known += 1,
                Err(said) => wrong.push(format!("{file}: {command}\n{said}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known > 100, "only {known} commands were found");
}

/// A page's reader, with a folder of its own.
struct Reader<'a> {
    hub: &'a HubProcess,
    folder: &'a Path,
}

impl Reader<'_> {
    fn run(&self, words: &[String], input: &str) -> Output {
        let mut child = Command::new(binary("distr"))
            .args(&words[1..])
            .current_dir(self.folder)
            .env("XDG_CONFIG_HOME", self.folder)
            .env_remove("DISTR_TOKEN")
            .envs(["DISTR_HUB", "DISTR_PROFILE"].map(|name| (name, "")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("distr can be started");
        let mut stdin = child.stdin.take().expect("piped");
        let _ = std::io::Write::write_all(&mut stdin, input.as_bytes()); // it may end without reading
        drop(stdin);
        child.wait_with_output().expect("distr ends")
    }

    /// Does what the page says; `instead` is what stands for its names.
    async fn follow(&self, commands: &[String], instead: &[(&str, &str)], secret: &str) {
        for command in commands {
            let mut command = command.replace("https://hub.example.com", &self.hub.url(""));
            for (name, own) in instead {
                command = command.replace(name, own);
            }
            if command.starts_with("docker push") {
                push(self.hub, secret, "acme/hello", "1.0.0", "hello").await;
            }
            // nobody is at the machine, and a log that is followed has no end
            let ours = words(&command).filter(|words| words[0] == "distr" && !words.contains(&"--follow".to_owned()));
            let Some(mut words) = ours else { continue };
            words.retain(|word| !["--wait", "--watch"].contains(&word.as_str()));
            let input = if words[1] == "login" { PASSWORD } else { "a secret" };
            let output = self.run(&words, input);
            let is_plan =
                words.contains(&"--plan".to_owned()) || words[1..].starts_with(&["rollout", "plan"].map(str::to_owned));
            let expected = if is_plan { 6 } else { 0 };
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(expected), "{command}: {said}");
        }
    }
}

#[tokio::test]
async fn the_first_pages_work_from_top_to_bottom() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let folders = ["vendor", "customer"].map(|_| tempfile::tempdir().expect("a temporary directory can be made"));
    let page = read("docs/start-vendor.md");
    let declared = page.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```")).expect("a file").0;
    let compose = format!("services:\n  web:\n    image: {}/acme/hello:1.0.0\n", hub.registry());
    for (name, content) in [("distr.yaml", declared), ("compose.yaml", compose.as_str())] {
        std::fs::write(folders[0].path().join(name), content).expect("own directory");
    }
    let instead = [("you@acme.example", OWNER)];
    let vendor = Reader { hub: &hub, folder: folders[0].path() };
    vendor.follow(&typed(&page), &instead, &owner).await;
    let rules = read("docs/rollouts.md");
    let rules = rules.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```")).expect("a file").0;
    std::fs::write(folders[0].path().join("careful.yaml"), rules).expect("own directory");
    for page in ["docs/start-auditor.md", "docs/troubleshooting.md", "docs/rollouts.md"] {
        vendor.follow(&typed(&read(page)), &[], &owner).await;
    }

    // a person of the customer, who has accepted already
    hub.join(&owner, "kim@globex.example", "role: CUSTOMER_ADMIN, customer: \"globex\"", PASSWORD).await;
    let login = "distr login --organization acme --email kim@globex.example";
    let instead = [("distr login --code", login), ("factory", "plant")];
    let customer = Reader { hub: &hub, folder: folders[1].path() };
    customer.follow(&typed(&read("docs/start-customer.md")), &instead, &owner).await;

    // the contract ends at last
    let ends: Vec<String> =
        named(&page).into_iter().filter(|command| command.starts_with("distr license revoke")).collect();
    assert_eq!(ends.len(), 1, "the page says how a contract ends");
    vendor.follow(&ends, &[], &owner).await;
}
