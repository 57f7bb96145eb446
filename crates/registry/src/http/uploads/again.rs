//! The body of a request that brings a blob which is held already wherever there is a quota. It adds nothing, so that no quota may
//! refuse it; and whoever only says that it is that blob gets no room for other bytes. So none are written: they are compared
//! with the digest.

use actix_web::{HttpRequest, web};
use distr_domain::oci::Digest;
use futures_util::StreamExt;

use super::receive::{announced, drain, expected_length, mismatch};
use crate::blobs::Hashing;
use crate::error::OciError;
use crate::http::measure_bytes;

/// Whether the body is the blob that has this digest, all of it.
pub(super) async fn compare(request: &HttpRequest, mut body: web::Payload, digest: &Digest) -> Result<(), OciError> {
    let expected = match expected_length(request, announced(request)?, 0, request.match_info().as_str()) {
        Ok(expected) => expected,
        Err(refusal) => {
            drain(body).await;
            return Err(refusal);
        }
    };
    let mut hashing = Hashing::new(digest.algorithm());
    while let Some(part) = body.next().await {
        let bytes = part.map_err(|error| OciError::UploadInvalid(format!("the body broke off: {error}")))?;
        measure_bytes("in", bytes.len() as u64);
        hashing.update(&bytes);
    }
    let received = hashing.length();
    if let Some(length) = expected.filter(|length| *length != received) {
        return Err(mismatch(received, length));
    }
    let actual = hashing.digest();
    match actual == *digest {
        true => Ok(()),
        false => Err(OciError::DigestInvalid(format!("the blob has the digest {actual}, not {digest}"))),
    }
}
