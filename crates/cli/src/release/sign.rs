//! `distr release sign`, and `publish --sign`: one signature for the compose file, the files that it names and the digest of each image.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use distr_domain::oci::Digest;
use distr_signature::{IN_TOTO, ReleaseStatement, bundle, envelope_layer, pre_authentication, verify_release};
use serde_json::{Value, json};

use super::key::PrivateKey;
use super::{Of, ReleaseShow, ReleaseSign, package, release_show, release_sign};
use crate::exit::Failure;
use crate::hub::Hub;
use crate::input;
use crate::login;
use crate::output::remark;
use crate::session::Session;

/// One of the three.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct How {
    /// Sign with a private key: PKCS #8 as PEM, or of cosign; its password comes from DISTR_SIGNING_PASSWORD or is asked for
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Attach a signature that was made elsewhere: a sigstore bundle or a DSSE envelope
    #[arg(long, value_name = "FILE")]
    envelope: Option<PathBuf>,
    /// Only print the in-toto statement, byte for byte, for other tools to sign
    #[arg(long)]
    print_statement: bool,
}

pub(super) async fn run(session: &Session, of: Of, how: How, compose: Option<PathBuf>) -> Result<()> {
    let Session { hub, out } = session;
    let Of { app, version } = of;
    let sentence = format!("signed {app} {version}");
    if let Some(file) = how.envelope {
        let envelope = input::text(&file)?;
        if is_statement(&envelope) {
            let file = file.display();
            let text =
                format!("{file} is the unsigned statement; sign it, and give the envelope or bundle that comes of it");
            return Err(Failure::Usage(text).into());
        }
        return out.did(attach(hub, app, version, envelope).await?, "release", &sentence);
    }
    let variables = release_show::Variables { application: app.clone(), version: version.clone(), as_of: None };
    let release = hub.ask::<ReleaseShow>(variables).await?.release;
    let mut packages = package::Shown::of(&release)?;
    if let Some(path) = &compose {
        packages.compose = Some(package::collect(path)?);
    }
    let statement = statement(hub, &app, &version, &packages, &release).await?;
    let Some(key) = how.key else {
        // not a byte more, as it is to be signed
        return Ok(std::io::stdout().write_all(statement.to_json().as_bytes())?);
    };
    match sign(&statement, &PrivateKey::read(&key)?, &release)? {
        Some(envelope) => out.did(attach(hub, app, version, envelope).await?, "release", &sentence),
        None => out.did(json!({ "changed": false, "release": release }), "release", &sentence),
    }
}

/// What is signed: names, the compose file and its files as they lie here, the chart with its lock, and the digests that the hub pinned.
pub(super) async fn statement(
    hub: &Hub,
    application: &str,
    version: &str,
    packages: &package::Shown,
    release: &Value,
) -> Result<ReleaseStatement> {
    let organization = login::organization(hub).await?;
    let images = release["images"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_compose = images.iter().filter(|image| image["package"] == "COMPOSE");
    let services = of_compose.map(|image| {
        let of = |field: &str| image[field].as_str().unwrap_or_default().to_owned();
        let digest: Digest = of("digest").parse()?;
        Ok((of("service"), format!("{organization}/{}", of("repository")), digest))
    });
    let services: Vec<_> = services.collect::<Result<_>>().context("the hub's answer names no digest")?;
    let names = (&organization.parse()?, &application.parse()?, &version.parse()?);
    let chart = packages.chart.as_ref().map(|chart| chart.signed(&organization));
    match (&packages.compose, chart) {
        (Some(compose), chart) => {
            let statement = ReleaseStatement::new(names, &compose.file, services).with_files(&compose.files);
            Ok(chart.into_iter().fold(statement, ReleaseStatement::with_chart))
        }
        (None, Some(chart)) => Ok(ReleaseStatement::of_chart(names, chart)),
        (None, None) => anyhow::bail!("the release has no package that this version of distr knows; update it"),
    }
}

/// Says what it signs, as the digests of tags are the hub's word. Nothing if the key has signed just this already: two
/// signatures of one key may differ, and would only pile up.
pub(super) fn sign(statement: &ReleaseStatement, key: &PrivateKey, release: &Value) -> Result<Option<String>> {
    let public = [key.public()?];
    let envelopes = release["envelopes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let layers = envelopes.iter().filter_map(|of| envelope_layer(of["envelope"].as_str()?));
    if verify_release(statement, &layers.collect::<Vec<_>>(), &public).is_ok() {
        return Ok(None);
    }
    let id = public[0].id();
    remark(&format!("signing with key SHA256:{id}"));
    if let Some(digest) = statement.compose_digest() {
        remark(&format!("  compose file sha256:{digest}"));
    }
    if let Some(chart) = statement.chart() {
        remark(&format!("  chart {} with lock {}", chart.chart(), chart.lock()));
    }
    for (path, digest) in statement.files() {
        remark(&format!("  file {path} {digest}"));
    }
    for (service, image) in statement.services() {
        remark(&format!("  service {service} runs {image}"));
    }
    let json = statement.to_json();
    let signature = key.sign(&pre_authentication(IN_TOTO, json.as_bytes()))?;
    Ok(Some(bundle(json.as_bytes(), id, &signature).content))
}

pub(super) async fn attach(hub: &Hub, application: String, version: String, envelope: String) -> Result<Value> {
    let variables = release_sign::Variables { application: application.clone(), version, envelope };
    let signed = hub.ask::<ReleaseSign>(variables).await?.release_sign;
    // the newest is the last
    let newest = signed["release"]["signatures"].as_array().and_then(|kept| kept.last());
    let is_new = signed["changed"] != Value::Bool(false);
    if is_new && newest.is_some_and(|signature| signature["standing"] == "UNVERIFIED") {
        remark(&format!(
            "the hub verified no signature that came while {application} trusted no keys; name the keys that count with: \
             distr app set-signing-keys {application} --key NAME=FILE"
        ));
    }
    Ok(signed)
}

/// Whether it is the bare statement that `--print-statement` prints, without an envelope.
fn is_statement(text: &str) -> bool {
    let json: Option<Value> = serde_json::from_str(text).ok();
    let kind = json.as_ref().and_then(|json| json["_type"].as_str());
    kind.is_some_and(|kind| kind.starts_with("https://in-toto.io/Statement/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unsigned_statement_is_told_from_an_envelope() {
        let names = (&"acme".parse().unwrap(), &"hello".parse().unwrap(), &"1.0.0".parse().unwrap());
        let statement = ReleaseStatement::new(names, "services: {}", []).to_json();
        assert!(is_statement(&statement));
        assert!(!is_statement(&bundle(statement.as_bytes(), "id", b"signature").content) && !is_statement("{"));
    }
}
