//! nginx and Caddy with the files of `deploy/`, on ports of a test's own, before a hub of this machine.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;
use tokio_tungstenite::Connector;

use crate::authority::{Authority, Pair};
use crate::{root, wait};

pub struct ReverseProxy {
    pub port: u16,
    child: Child,
    folder: TempDir,
}

impl ReverseProxy {
    /// At this port, with a certificate of this authority. `change` is made to the file.
    pub async fn nginx(port: u16, hub: u16, authority: &Authority, change: impl FnOnce(String) -> String) -> Self {
        let folder = open_folder();
        let Pair { certificate, key } = authority.issue(folder.path(), "proxy");
        let site = std::fs::read_to_string(root().join("deploy/nginx.conf")).expect("deploy/nginx.conf");
        let site = site
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{hub}"))
            .replace("listen 443 ssl http2", &format!("listen 127.0.0.1:{port} ssl http2"))
            .replace("/etc/distr/tls.pem", &text(&certificate))
            .replace("/etc/distr/tls.key", &text(&key));
        let path = text(folder.path());
        // what Debian's own main file has, in a folder of the test's
        let main = format!(
            "daemon off; pid {path}/nginx.pid; error_log {path}/error.log; worker_processes 1;
            events {{ worker_connections 512; }}
            http {{ access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;
            fastcgi_temp_path {path}/fastcgi; uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;
            {} }}",
            change(site)
        );
        std::fs::write(folder.path().join("nginx.conf"), main).expect("own directory");
        let arguments = ["-p".to_owned(), path.clone(), "-c".to_owned(), format!("{path}/nginx.conf")];
        Self::start("nginx", &arguments, folder, port, authority).await
    }

    pub async fn caddy(port: u16, hub: u16, authority: &Authority, change: impl FnOnce(String) -> String) -> Self {
        let folder = open_folder();
        let Pair { certificate, key } = authority.issue(folder.path(), "proxy");
        let site = std::fs::read_to_string(root().join("deploy/Caddyfile")).expect("deploy/Caddyfile");
        // a name of this machine and a certificate that is there, in place of one from an authority of the internet
        let site = site.replace("127.0.0.1:8080", &format!("127.0.0.1:{hub}")).replace(
            "distr.example.com {",
            &format!("https://localhost:{port} {{\n\ttls {} {}", text(&certificate), text(&key)),
        );
        let main = format!("{{\n\tadmin off\n\tauto_https off\n\tdefault_sni localhost\n}}\n{}", change(site));
        std::fs::write(folder.path().join("Caddyfile"), main).expect("own directory");
        let file = text(&folder.path().join("Caddyfile"));
        let arguments = ["run", "--adapter", "caddyfile", "--config", &file].map(str::to_owned);
        Self::start("caddy", &arguments, folder, port, authority).await
    }

    async fn start(program: &str, arguments: &[String], folder: TempDir, port: u16, authority: &Authority) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).expect("own directory");
        let child = Command::new(program)
            .args(arguments)
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("an open file"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{program} cannot be started; script/setup-tools --tests installs it: {error}")
            });
        let proxy = Self { port, child, folder };
        let client = client(authority);
        wait::until("the proxy", Duration::from_secs(30), async || {
            match client.get(proxy.url("/healthz")).send().await {
                Ok(answer) if answer.status() == 200 => Ok(()),
                other => Err(format!("{other:?}\n{}", proxy.log())),
            }
        })
        .await;
        proxy
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub fn log(&self) -> String {
        ["log", "error.log"]
            .map(|name| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default())
            .concat()
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to end, and not when it is killed
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Trusts this authority and no other.
pub fn client(authority: &Authority) -> Client {
    client_with(authority, |builder| builder)
}

pub fn client_with(authority: &Authority, set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).expect("a certificate");
    set(Client::builder().tls_certs_only([root])).build().expect("a client")
}

/// The same for sockets.
pub fn connector(authority: &Authority) -> Connector {
    Connector::Rustls(Arc::new(config(authority)))
}

/// The same for TLS alone.
pub fn config(authority: &Authority) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate");
    roots.add(root).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config.expect("its versions").with_root_certificates(roots).with_no_client_auth()
}

/// nginx's workers are of another user.
fn open_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("own directory");
    folder
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}
