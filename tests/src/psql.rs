//! The real `psql`, on the Postgres of a hub.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::hub::HubProcess;
use crate::wait;

pub struct Psql {
    url: String,
}

impl Psql {
    /// As the superuser, over the socket of the hub's embedded Postgres.
    pub fn of(hub: &HubProcess) -> Self {
        let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr");
        Self::at(&url.expect("the hub has a Postgres"))
    }

    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// No header, no alignment, quiet, an end at the first error.
    fn arguments(&self) -> [&str; 5] {
        ["-X", "-Atq", "-v", "ON_ERROR_STOP=1", &self.url]
    }

    pub fn run(&self, sql: &str) -> Output {
        std::process::Command::new("psql")
            .args(self.arguments())
            .args(["-c", sql])
            .stdin(Stdio::null())
            .output()
            .expect("psql can be started")
    }

    /// What it prints; fails the test if it fails.
    #[track_caller]
    pub fn ok(&self, sql: &str) -> String {
        let output = self.run(sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Waits until the query says this.
    pub async fn until(&self, sql: &str, expected: &str) {
        wait::until(sql, Duration::from_secs(60), async || match self.ok(sql) {
            said if said == expected => Ok(()),
            said => Err(said),
        })
        .await
    }

    /// One connection that stays open.
    pub fn session(&self) -> Session {
        let mut child = Command::new("psql")
            .args(self.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("psql can be started");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        Session { _child: child, input, output }
    }
}

pub struct Session {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Session {
    /// Returns when the statements are done, with the lines that they printed.
    pub async fn run(&mut self, sql: &str) -> Vec<String> {
        self.input.write_all(format!("{sql}\n\\echo --done\n").as_bytes()).await.expect("psql reads");
        let mut lines = vec![];
        loop {
            let line = tokio::time::timeout(Duration::from_secs(30), self.output.next_line()).await;
            match line.expect("psql answers in time").expect("psql writes lines") {
                Some(line) if line == "--done" => return lines,
                Some(line) => lines.push(line),
                None => panic!("psql ended in: {sql}"),
            }
        }
    }
}
