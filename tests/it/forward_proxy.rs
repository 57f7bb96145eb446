//! Clients in a network that lets them out through a proxy alone, to a hub whose certificate an authority of their own signed.

use std::process::Stdio;
use std::time::Duration;

use distr_tests::binary;
use distr_tests::forward_proxy::ForwardProxy;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::tls::Secure;

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_command_line_asks_and_listens_through_the_proxy() {
    let (secure, proxy) = (Secure::start(&[]).await, ForwardProxy::start().await);
    let owner = secure.sign_in().await;
    let distr = |arguments: &[&str]| {
        let mut command = Command::new(binary("distr"));
        command
            .args(arguments)
            .env("HTTPS_PROXY", proxy.url())
            .env("SSL_CERT_FILE", secure.authority_file())
            .env("DISTR_HUB", format!("https://hub.test:{}", secure.hub.port))
            .env("DISTR_TOKEN", &owner)
            .env("HOME", secure.hub.data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    };
    let created = timeout(LIMIT, distr(&["customer", "create", "globex"]).output()).await.expect("in time");
    let created = created.expect("distr can be started");
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let asked = proxy.asked_for().len();
    assert!(asked > 0, "the proxy was passed by");

    let mut following =
        distr(&["events", "--follow", "--after", "0", "-o", "jsonl"]).spawn().expect("distr can be started");
    let mut lines = BufReader::new(following.stdout.take().expect("its output")).lines();
    let told = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            if line.contains("CustomerCreated") {
                return;
            }
        }
        let said = following.wait_with_output().await.expect("it ends");
        panic!("it ended: {}", String::from_utf8_lossy(&said.stderr));
    };
    timeout(LIMIT, told).await.expect("the events come");
    assert!(proxy.asked_for().len() > asked, "the socket passed the proxy by");
}
