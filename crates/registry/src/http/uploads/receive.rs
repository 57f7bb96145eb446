//! The body of a request that brings bytes, as far as quotas and the disk have room for it.

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use futures_util::StreamExt;

use super::Session;
use crate::blobs::Writing;
use crate::error::OciError;
use crate::http::{capacity, measure_bytes};
use crate::quota::PushQuotas;
use crate::range;
use crate::registry::Registry;

/// How many bytes an upload may grow between two looks at the disk.
const DISK_STEP: u64 = 256 * 1024;
/// Bytes of a blob at most: what the sizes of links can say.
const MOST: u64 = i64::MAX as u64;

/// Writes the request's body, which must be what its `Content-Range` says, if it has one. What arrived before a body broke
/// off stays, for the client to go on from. Of what does not fit into a quota or on the disk nothing stays: no more than fits is
/// written, and the rest of the body is read, so that its client reads the refusal.
pub(super) async fn receive(
    session: &Session,
    registry: &Registry,
    mut writing: Box<dyn Writing>,
    request: &HttpRequest,
    mut body: web::Payload,
) -> Result<Box<dyn Writing>, OciError> {
    let begin = writing.offset();
    let announced = announced(request)?;
    let expected = match expected_length(request, announced, begin, &session.location()) {
        Ok(expected) => expected,
        Err(refusal) => {
            drop(writing);
            drain(body).await;
            return Err(refusal);
        }
    };
    let mut room = Room::of(session, registry, begin).await?;
    let mut refusal = room.expect(announced.unwrap_or(0)).await.err();
    while let Some(part) = body.next().await {
        match part {
            Ok(_) if refusal.is_some() => {}
            Ok(bytes) => {
                measure_bytes("in", bytes.len() as u64);
                refusal = take(&mut room, &mut writing, bytes).await.err();
            }
            Err(_) if refusal.is_some() => break,
            Err(error) => {
                // while nobody else writes to it
                let kept = room.keep(writing.offset()).await;
                registry.uploads.pause(&session.visit.name, session.key, writing).await?;
                kept?;
                return Err(OciError::UploadInvalid(format!("the body broke off: {error}")));
            }
        }
    }
    if let Some(refusal) = refusal {
        drop(writing);
        session.cancel(registry).await?;
        return Err(refusal);
    }
    let received = writing.offset() - begin;
    match expected {
        Some(length) if length != received => {
            drop(writing);
            session.cancel(registry).await?;
            Err(mismatch(received, length))
        }
        _ => Ok(writing),
    }
}

/// The chunk is not as long as it says.
pub(super) fn mismatch(received: u64, length: u64) -> OciError {
    OciError::UploadInvalid(format!("the chunk has {received} bytes, and its Content-Range says {length}"))
}

async fn take(room: &mut Room<'_>, writing: &mut Box<dyn Writing>, bytes: Bytes) -> Result<(), OciError> {
    room.check(writing.offset(), bytes.len() as u64).await?;
    Ok(writing.write(bytes).await?)
}

/// How large the upload may become, as far as it was asked.
struct Room<'a> {
    session: &'a Session,
    registry: &'a Registry,
    quotas: PushQuotas,
    /// the size that the request says
    expected: u64,
    /// the size up to which quotas were asked
    reserved: u64,
    /// the size up to which the disk was asked
    on_disk: u64,
}

impl<'a> Room<'a> {
    async fn of(session: &'a Session, registry: &'a Registry, begin: u64) -> Result<Self, OciError> {
        let quotas = registry.quotas.of(&session.visit.name).await?;
        let reserved = match quotas.is_empty() {
            true => u64::MAX,
            false => registry.uploads.reserved(session.key).await?,
        };
        Ok(Self { session, registry, quotas, expected: begin, reserved, on_disk: begin })
    }

    /// Whether a body of this length fits.
    async fn expect(&mut self, length: u64) -> Result<(), OciError> {
        self.expected = self.expected.saturating_add(length);
        self.check_disk(length).await?;
        self.reserve(self.expected).await
    }

    /// Whether so many bytes fit after those that are there. The disk is asked again and again: others write to it, too.
    async fn check(&mut self, written: u64, more: u64) -> Result<(), OciError> {
        let size = written + more;
        if size > self.on_disk {
            self.check_disk(more).await?;
            self.on_disk = size + DISK_STEP;
        }
        self.reserve(size).await
    }

    async fn check_disk(&self, bytes: u64) -> Result<(), OciError> {
        capacity::check_disk(self.registry, &self.session.visit, self.registry.disk.check_blob(bytes)).await
    }

    /// Reserves no more than is there: whether the rest ever comes, nobody knows.
    async fn keep(&self, offset: u64) -> Result<(), OciError> {
        if !self.quotas.is_empty() && self.reserved > offset {
            self.registry.uploads.lower(self.session.key, self.reserved, offset).await?;
        }
        Ok(())
    }

    async fn reserve(&mut self, size: u64) -> Result<(), OciError> {
        if size > self.reserved {
            let wanted = (size, size <= self.expected);
            let upload = self.session.upload();
            let reserved = self.registry.quotas.reserve(upload, &self.quotas, self.reserved, wanted).await;
            self.reserved = self.registry.recorder.or_deny(&self.session.visit, reserved).await?;
        }
        Ok(())
    }
}

/// How many bytes the body has, if the request says so.
pub(super) fn announced(request: &HttpRequest) -> Result<Option<u64>, OciError> {
    let length = request.headers().get(CONTENT_LENGTH);
    match length.and_then(|length| length.to_str().ok()?.parse().ok()) {
        Some(length) if length > MOST => {
            Err(OciError::UploadInvalid(format!("Content-Length is {length}, and no blob has more than {MOST} bytes")))
        }
        length => Ok(length),
    }
}

/// Reads what is refused, so that its client reads the refusal.
pub(super) async fn drain(mut body: web::Payload) {
    while let Some(Ok(_)) = body.next().await {}
}

/// The length of a chunk that says where it belongs. A body of another length, if the request announces it, is refused before
/// anything of it is written.
pub(super) fn expected_length(
    request: &HttpRequest,
    announced: Option<u64>,
    offset: u64,
    location: &str,
) -> Result<Option<u64>, OciError> {
    let Some(header) = request.headers().get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let chunk = header.to_str().ok().and_then(range::chunk);
    let chunk = chunk.ok_or_else(|| OciError::UploadInvalid("Content-Range must be <first>-<last>".to_owned()))?;
    if chunk.start != offset {
        return Err(OciError::UploadOutOfOrder { location: location.to_owned(), offset });
    }
    let length = chunk.end - chunk.start;
    match announced {
        Some(announced) if announced != length => Err(mismatch(announced, length)),
        _ => Ok(Some(length)),
    }
}
