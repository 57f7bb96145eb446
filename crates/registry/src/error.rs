//! The answers to what goes wrong, at the top of the ladder (`fault.rs`): the one table to the status and the error body of the OCI
//! distribution specification 1.1. Docker prints the message of the first error to its user.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_RANGE, LOCATION, RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use distr_domain::fault::causes;
use distr_domain::oci::Digest;
use serde::Serialize;
use tracing::error;

use crate::disk::ReserveReached;
use crate::fault::Fault;
use crate::uploads::TooManyUploads;

/// An answer that is not what the client asked for: what the client did wrong, or a fault of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OciError {
    #[error("{message}")]
    Unauthorized { challenge: String, message: String },
    #[error("{reason}")]
    Denied { reason: String },
    #[error("{0}")]
    NameInvalid(String),
    #[error("repository {0:?} is not known")]
    NameUnknown(String),
    #[error("{0}")]
    ManifestUnknown(String),
    #[error("the manifest is not valid: {0}")]
    ManifestInvalid(String),
    #[error("the manifest has more than {limit} bytes")]
    ManifestTooLarge { limit: usize },
    #[error("blobs or manifests that the manifest names are not in the repository")]
    ManifestBlobUnknown { missing: Vec<Digest> },
    #[error("{0}")]
    BlobUnknown(String),
    #[error("{name}: a manifest names blob {digest}; delete the manifest first")]
    BlobNamed { name: String, digest: Digest },
    #[error("the upload is not known")]
    UploadUnknown,
    #[error("{0}")]
    UploadInvalid(String),
    #[error("another request is writing to the upload")]
    UploadBusy,
    /// A chunk that begins elsewhere than where the upload ends.
    #[error("the upload goes on at byte {offset}")]
    UploadOutOfOrder { location: String, offset: u64 },
    /// Between its arrival and its link. It was there, unused, for longer than the grace period.
    #[error("the blob was collected in this moment; push it again")]
    Collected,
    #[error("{0}")]
    DigestInvalid(String),
    #[error("the range lies outside of the {size} bytes")]
    RangeUnsatisfiable { size: u64 },
    #[error("{0}")]
    PageInvalid(String),
    #[error("{0}")]
    ParameterInvalid(String),
    /// A request for a token that is not one; `error` is a code of RFC 6749.
    #[error("{message}")]
    GrantInvalid { error: &'static str, message: &'static str },
    #[error("too many requests; wait {seconds} s")]
    TooMany { seconds: u64 },
    #[error(
        "{name}: {too_many}; finish them, or cancel them with DELETE on their locations; those that nobody goes on with end \
         after the hub's grace period"
    )]
    TooManyUploads { name: String, too_many: TooManyUploads },
    /// It may be another database's.
    #[error("the registry's blob store does not answer; try it again in a moment")]
    StoreUnknown,
    #[error("the registry takes {allow} there")]
    MethodNotAllowed { allow: &'static str },
    #[error("the registry has nothing under this path")]
    PathUnknown,
    #[error(transparent)]
    Fault(Fault),
}

#[derive(Serialize)]
struct Body<'a> {
    errors: Vec<Entry<'a>>,
    /// as RFC 6749 wants it of the token endpoint
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<serde_json::Value>,
}

impl OciError {
    /// The table.
    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::Denied { .. } => (StatusCode::FORBIDDEN, "DENIED"),
            Self::NameInvalid(_) => (StatusCode::BAD_REQUEST, "NAME_INVALID"),
            Self::NameUnknown(_) => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
            Self::ManifestUnknown(_) => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
            Self::ManifestInvalid(_) => (StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
            Self::ManifestTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
            Self::ManifestBlobUnknown { .. } => (StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN"),
            Self::BlobUnknown(_) => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            Self::BlobNamed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
            Self::UploadUnknown => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            Self::UploadInvalid(_) => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
            Self::UploadBusy => (StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID"),
            Self::UploadOutOfOrder { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
            Self::Collected => (StatusCode::SERVICE_UNAVAILABLE, "BLOB_UPLOAD_INVALID"),
            Self::DigestInvalid(_) => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
            Self::RangeUnsatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID"),
            Self::PageInvalid(_) => (StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID"),
            Self::ParameterInvalid(_) => (StatusCode::BAD_REQUEST, "UNSUPPORTED"),
            Self::GrantInvalid { .. } => (StatusCode::BAD_REQUEST, "UNSUPPORTED"),
            Self::TooMany { .. } | Self::TooManyUploads { .. } => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS"),
            Self::StoreUnknown => (StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
            Self::PathUnknown => (StatusCode::NOT_FOUND, "UNSUPPORTED"),
            Self::Fault(Fault::Behind(_) | Fault::Unrecorded { .. }) => (StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN"),
            Self::Fault(fault) if fault.is_of_database() => (StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN"),
            // clients show the reason of a 403, and of nothing beyond 499
            Self::Fault(fault) if fault.is_full_disk() => (StatusCode::FORBIDDEN, "DENIED"),
            Self::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Fault(Fault::Behind(_)) => "the push is stored but does not show yet; try it again".to_owned(),
            Self::Fault(fault) if fault.is_full_disk() => ReserveReached.to_string(),
            Self::Fault(fault) if fault.is_of_database() => {
                "the registry's database does not answer; try it again in a moment".to_owned()
            }
            Self::Fault(_) => "the registry could not do it; the reason is in its log".to_owned(),
            error => error.to_string(),
        }
    }

    fn headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            Self::Unauthorized { challenge, .. } => {
                response.insert_header((WWW_AUTHENTICATE, challenge.as_str()));
            }
            Self::UploadOutOfOrder { location, offset } => {
                response.insert_header((LOCATION, location.as_str()));
                response.insert_header((RANGE, format!("0-{}", offset.saturating_sub(1))));
            }
            Self::TooMany { seconds } => {
                response.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            Self::MethodNotAllowed { allow } => {
                response.insert_header((ALLOW, *allow));
            }
            // of a blob that a manifest names: all but what was asked
            Self::BlobNamed { .. } => {
                response.insert_header((ALLOW, "GET, HEAD"));
            }
            Self::RangeUnsatisfiable { size } => {
                response.insert_header((CONTENT_RANGE, format!("bytes */{size}")));
            }
            _ => {}
        }
    }
}

impl ResponseError for OciError {
    fn status_code(&self) -> StatusCode {
        self.row().0
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Fault(fault) = self {
            error!(error = causes(fault), "a registry request failed");
        }
        let (status, code) = self.row();
        let message = self.message();
        let entry = |detail| Entry { code, message: &message, detail };
        let errors = match self {
            Self::ManifestBlobUnknown { missing } => {
                missing.iter().map(|digest| entry(Some(serde_json::json!({ "digest": digest })))).collect()
            }
            _ => vec![entry(None)],
        };
        let mut response = HttpResponse::build(status);
        self.headers(&mut response);
        let (error, error_description) = match self {
            Self::GrantInvalid { error, message } => (Some(*error), Some(*message)),
            _ => (None, None),
        };
        response.json(Body { errors, error, error_description })
    }
}

impl<F: Into<Fault>> From<F> for OciError {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use actix_web::body::to_bytes;
    use distr_eventlog::Position;
    use distr_projections::WaitError;
    use serde_json::Value;

    use super::*;
    use crate::blobs::BlobFault;

    async fn answer(error: impl Into<OciError>) -> (u16, String, String) {
        let response = error.into().error_response();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
        let text = |field: &str| body["errors"][0][field].as_str().unwrap().to_owned();
        (status, text("code"), text("message"))
    }

    fn broken_store(kind: io::ErrorKind) -> BlobFault {
        BlobFault::new("read", "sha256:secret", kind.into())
    }

    #[actix_web::test]
    async fn a_fault_tells_the_client_nothing_of_its_cause() {
        let (status, code, message) = answer(broken_store(io::ErrorKind::PermissionDenied)).await;
        assert_eq!((status, code.as_str()), (500, "UNKNOWN"));
        assert_eq!(message, "the registry could not do it; the reason is in its log");
    }

    #[actix_web::test]
    async fn a_full_disk_is_a_refusal_whose_reason_clients_show() {
        let (status, code, message) = answer(broken_store(io::ErrorKind::StorageFull)).await;
        assert_eq!((status, code.as_str()), (403, "DENIED"));
        assert_eq!(message, ReserveReached.to_string());
    }

    #[actix_web::test]
    async fn what_may_be_tried_again_is_unavailable() {
        let behind = Fault::Behind(WaitError { wanted: Position::of_number(2), at: Position::of_number(1) });
        let away = Fault::Pool(deadpool_postgres::PoolError::Closed);
        let words = "the registry's database does not answer; try it again in a moment";
        for (fault, message) in [
            (behind, "the push is stored but does not show yet; try it again"),
            (away, words),
            (Fault::LookUp(distr_postgres::LookupError::TooLate { seconds: 5 }), words),
        ] {
            assert_eq!(answer(fault).await, (503, "UNKNOWN".to_owned(), message.to_owned()));
        }
    }

    #[actix_web::test]
    async fn each_missing_part_of_a_manifest_is_an_entry() {
        let missing: Vec<Digest> = ["a", "b"].map(|hex| format!("sha256:{}", hex.repeat(64)).parse().unwrap()).into();
        let response = OciError::ManifestBlobUnknown { missing: missing.clone() }.error_response();
        let body: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
        let named: Vec<&str> =
            body["errors"].as_array().unwrap().iter().filter_map(|entry| entry["detail"]["digest"].as_str()).collect();
        assert_eq!(named, missing.iter().map(Digest::as_str).collect::<Vec<_>>());
    }
}
