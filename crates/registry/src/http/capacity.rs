//! The capacity for what is pushed: its quotas, and the reserve of the disk. What is refused here is recorded.

use distr_domain::oci::Digest;

use crate::blobs::UploadKey;
use crate::disk::ReserveReached;
use crate::error::OciError;
use crate::fault::OperationError;
use crate::quota::PushQuotas;
use crate::registry::Registry;
use crate::visit::Visit;

/// Whether `bytes` of a push fit into its quotas, of this digest if it is known.
pub(super) async fn check_quotas(
    registry: &Registry,
    visit: &Visit,
    quotas: &PushQuotas,
    digest: Option<&Digest>,
    bytes: u64,
) -> Result<(), OciError> {
    let checked = registry.quotas.check(&visit.name, quotas, digest, bytes).await;
    registry.recorder.or_deny(visit, checked).await
}

/// The answer of the disk's reserve to a push.
pub(super) async fn check_disk(
    registry: &Registry,
    visit: &Visit,
    checked: Result<(), ReserveReached>,
) -> Result<(), OciError> {
    registry.recorder.or_deny(visit, checked.map_err(OperationError::Rejected)).await
}

/// Links a blob that is in the store to the visited repository, if it fits, and ends the upload that brought it.
pub(super) async fn hold(
    registry: &Registry,
    visit: &Visit,
    quotas: &PushQuotas,
    digest: &Digest,
    upload: Option<UploadKey>,
) -> Result<(), OciError> {
    let held = registry.quotas.hold(&visit.name, quotas, digest, upload).await;
    match registry.recorder.or_deny(visit, held).await? {
        true => Ok(()),
        false => Err(OciError::Collected),
    }
}
