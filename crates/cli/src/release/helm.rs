//! Helm, which packs, pushes and renders charts on the vendor's machine. It works in a folder of its own: neither the configuration
//! nor the plugins of whoever calls it have a part in a release.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;
use tar::{Archive, Builder};
use tempfile::TempDir;

/// Variables that Helm finds its way by.
const KEPT: [&str; 8] =
    ["PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy"];
/// Which Helm, if it is not the one on the path.
const BINARY: &str = "DISTR_HELM";

/// Helm in a folder of its own, which goes with it.
pub(super) struct Helm {
    folder: TempDir,
    binary: PathBuf,
}

/// A registry that Helm pushes to.
pub(super) struct Registry<'a> {
    /// `host[:port]`
    pub(super) host: &'a str,
    pub(super) secret: &'a str,
    pub(super) plain_http: bool,
}

impl Helm {
    pub(super) fn open() -> Result<Self> {
        let folder = TempDir::new().context("cannot make a folder for Helm")?;
        let binary = std::env::var_os(BINARY).map_or_else(|| PathBuf::from("helm"), PathBuf::from);
        Ok(Self { folder, binary })
    }

    /// A folder for what becomes of a chart.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The name and version of the program: `helm v4.1.4`.
    pub(super) fn version(&self) -> Result<String> {
        let version = self.run(["version", "--template", "{{ .Version }}"])?;
        Ok(format!("helm {}", version.trim()))
    }

    /// The archive of the chart in a folder: the same bytes whenever it is made.
    pub(super) fn package(&self, chart: &Path) -> Result<PathBuf> {
        let packed = self.folder().join("packed");
        fs::create_dir_all(&packed)?;
        self.run([OsStr::new("package"), chart.as_os_str(), "--destination".as_ref(), packed.as_os_str()])?;
        let archive = one_file(&packed)?;
        without_times(&archive).with_context(|| format!("cannot read {}", archive.display()))?;
        Ok(archive)
    }

    /// The archive of a chart in a registry, at `oci://host/path` with a tag or digest.
    pub(super) fn pull(&self, reference: &str, registry: &Registry<'_>) -> Result<PathBuf> {
        let pulled = self.folder().join("pulled");
        fs::create_dir_all(&pulled)?;
        self.log_in(registry)?;
        let (name, version) = match reference.split_once('@') {
            // Helm takes a digest as part of the name
            Some(_) => (reference, None),
            None => match reference.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
                Some((name, tag)) => (name, Some(tag)),
                None => (reference, None),
            },
        };
        let name = format!("oci://{name}");
        let mut arguments = vec!["pull", &name, "--destination"];
        let destination = pulled.to_string_lossy().into_owned();
        arguments.push(&destination);
        arguments.extend(version.iter().flat_map(|version| ["--version", version]));
        arguments.extend(registry.plain_http.then_some("--plain-http"));
        self.run(arguments)?;
        one_file(&pulled)
    }

    /// Pushes an archive below `oci://host/path`, and answers the digest of its manifest.
    pub(super) fn push(&self, archive: &Path, below: &str, registry: &Registry<'_>) -> Result<String> {
        self.log_in(registry)?;
        // the manifest has the time of the file, and the same chart is to have the same digest
        let pushed = self.folder().join("pushed.tgz");
        fs::copy(archive, &pushed)?;
        fs::File::options().write(true).open(&pushed)?.set_modified(SystemTime::UNIX_EPOCH)?;
        let below = format!("oci://{}/{below}", registry.host);
        let archive = pushed.to_string_lossy().into_owned();
        let mut arguments = vec!["push", &archive, &below];
        arguments.extend(registry.plain_http.then_some("--plain-http"));
        let said = self.run_saying(arguments)?;
        let digest = said.lines().find_map(|line| line.trim().strip_prefix("Digest:"));
        Ok(digest.with_context(|| format!("helm push names no digest: {said}"))?.trim().to_owned())
    }

    /// What a chart renders with these files of values, definitions of custom kinds included.
    pub(super) fn template(&self, release: &str, chart: &Path, values: &[PathBuf]) -> Result<String> {
        let mut arguments: Vec<&OsStr> = vec!["template".as_ref(), release.as_ref(), chart.as_os_str()];
        arguments.extend(["--include-crds", "--namespace", "default"].map(OsStr::new));
        for file in values {
            arguments.extend(["--values".as_ref(), file.as_os_str()]);
        }
        self.run(arguments)
    }

    /// The credential lies in a file of its own that nobody else may read, and is in no argument.
    fn log_in(&self, Registry { host, secret, .. }: &Registry<'_>) -> Result<()> {
        let auth = BASE64_STANDARD.encode(format!("distr:{secret}"));
        let config = json!({ "auths": { *host: { "auth": auth } } });
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.login());
        serde_json::to_writer(file.context("cannot write Helm's login")?, &config)?;
        Ok(())
    }

    fn login(&self) -> PathBuf {
        self.folder().join("login.json")
    }

    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<String> {
        let output = self.output(arguments)?;
        String::from_utf8(output.stdout).context("helm wrote no text")
    }

    /// What it says to people, too.
    fn run_saying<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<String> {
        let output = self.output(arguments)?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    fn output<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<std::process::Output> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
        command.env("HOME", self.folder()).env("HELM_REGISTRY_CONFIG", self.login());
        for (name, folder) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
        {
            command.env(name, self.folder().join(folder));
        }
        let output = command.output().with_context(|| {
            format!(
                "cannot run {}: a release with a chart is rendered by Helm 3.17 or newer; install it, or name it in {BINARY}",
                self.binary.display()
            )
        })?;
        if !output.status.success() {
            bail!("helm: {}", String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("Error: "));
        }
        Ok(output)
    }
}

/// Helm gives each file in an archive the time of packing.
fn without_times(archive: &Path) -> io::Result<()> {
    let bytes = fs::read(archive)?;
    let mut packed = Builder::new(GzEncoder::new(vec![], Compression::best()));
    for entry in Archive::new(GzDecoder::new(&bytes[..])).entries()? {
        let mut entry = entry?;
        let mut header = entry.header().clone();
        header.set_mtime(0);
        header.set_cksum();
        let path = entry.path()?.into_owned();
        let mut content = vec![];
        entry.read_to_end(&mut content)?;
        packed.append_data(&mut header, path, &content[..])?;
    }
    fs::write(archive, packed.into_inner()?.finish()?)
}

fn one_file(folder: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(folder)?.next().context("helm made no archive")??;
    Ok(entry.path())
}
