//! `GET` and `HEAD /v2/<name>/manifests/<reference>` (end-3). A `GET` that brings bytes is a pull,
//! and is recorded as one.

use std::sync::LazyLock;

use actix_web::http::header::{CONTENT_TYPE, ETAG, WARNING};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use distr_domain::oci::{Digest, Reference};

use crate::caller::Need;
use crate::entitlements::Granted;
use crate::error::OciError;
use crate::http::{conditional, measure_bytes, no_body};
use crate::name::RepositoryName;
use crate::registry::Registry;
use crate::visit::{Object, Visit};
use distr_projections::entitlement::pulls::ManifestFacts;

pub(crate) async fn head(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, reference) = path.into_inner();
    let Shown { manifest, warning, .. } = find(&request, &registry, &name, &reference, Need::Look).await?;
    if conditional::is_known(&request, &manifest.digest) {
        return Ok(conditional::not_modified(&manifest.digest));
    }
    Ok(described(&manifest, warning).body(no_body(manifest.size)))
}

pub(crate) async fn get(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, OciError> {
    let (name, reference) = path.into_inner();
    let Shown { visit, manifest, granted, warning } = find(&request, &registry, &name, &reference, Need::Pull).await?;
    if conditional::is_known(&request, &manifest.digest) {
        return Ok(conditional::not_modified(&manifest.digest));
    }
    let bytes = registry.manifests.of(&manifest.digest, manifest.size).await?;
    registry.recorder.grant(&visit, Some(&manifest.digest), granted.basis, &granted.rule).await?;
    measure_bytes("out", manifest.size);
    Ok(described(&manifest, warning).body(bytes))
}

/// A manifest that the caller may have.
struct Shown {
    visit: Visit,
    manifest: ManifestFacts,
    granted: Granted,
    warning: Option<String>,
}

/// The manifest, if the caller may have it.
async fn find(
    request: &HttpRequest,
    registry: &Registry,
    name: &str,
    text: &str,
    need: Need,
) -> Result<Shown, OciError> {
    let object = Object::Manifest(text);
    let Ok(reference) = text.parse::<Reference>() else {
        // what is no reference names no manifest
        let visit = registry.admission.admit(request, name, object, need).await?;
        return Err(object.unknown(&visit.name));
    };
    let look_up = async |name: &RepositoryName, customer| registry.pulls.manifest(name, reference, customer).await;
    let (visit, found) = registry.admission.admit_to_pull(request, name, (object, need), look_up).await?;
    let manifest = found.pullable.manifest().cloned();
    let digest = manifest.as_ref().map_or(&*NOTHING, |manifest| &manifest.digest);
    let granted = registry.entitlements.grant(&visit, object, digest, &found).await?;
    let manifest = manifest.ok_or_else(|| object.unknown(&visit.name))?;
    let warning = registry.entitlements.deprecation(&found).map(warning);
    Ok(Shown { visit, manifest, granted, warning })
}

/// A warning as the distribution specification has it: code 299, no agent, and a text. No header takes every text.
fn warning(text: String) -> String {
    let plain = |c: char| match c {
        '"' | '\\' => '\'',
        ' '..='~' => c,
        _ => '?',
    };
    format!("299 - \"{}\"", text.chars().map(plain).collect::<String>())
}

/// Of a manifest that is not there, a digest that nothing has.
static NOTHING: LazyLock<Digest> =
    LazyLock::new(|| format!("sha256:{}", "0".repeat(64)).parse().expect("a digest of zeros"));

fn described(manifest: &ManifestFacts, warning: Option<String>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, manifest.media_type.as_str()))
        .insert_header((ETAG, conditional::etag(&manifest.digest)))
        .insert_header(("Docker-Content-Digest", manifest.digest.as_str()));
    if let Some(warning) = warning {
        response.insert_header((WARNING, warning));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_a_header_whatever_somebody_wrote() {
        let text = warning("release \"1.0.0\" is deprecated: a\r\nSet-Cookie: b\\ ü".to_owned());
        assert_eq!(text, "299 - \"release '1.0.0' is deprecated: a??Set-Cookie: b' ?\"");
    }
}
