//! From a request to a change of its repository, and from the rules' refusals to answers.

use distr_domain::artifact::ArtifactRejection;
use distr_eventlog::Context;
use uuid::Uuid;

use crate::changing::{ChangeError, Changing};
use crate::error::OciError;
use crate::registry::Registry;
use crate::visit::Visit;

pub(super) fn changing<'a>(registry: &'a Registry, visit: &'a Visit) -> Changing<'a> {
    let context = Context {
        organization: visit.organization,
        actor: visit.caller.actor.clone(),
        causation: None,
        correlation: visit.correlation,
        command: Uuid::now_v7(),
        at: (registry.clock)(),
    };
    let Registry { log, pool, shown, .. } = registry;
    Changing { log: log.as_ref(), pool, shown, repository: &visit.name.path, context, reason: None }
}

/// What a rule refused is recorded, but for what is not there.
pub(super) async fn refused(registry: &Registry, visit: &Visit, error: ChangeError) -> OciError {
    let no = match error {
        ChangeError::Rejected(no) => no,
        ChangeError::Fault(fault) => return fault.into(),
    };
    match &no {
        ArtifactRejection::TagUnknown { .. } | ArtifactRejection::ManifestUnknown { .. } => {
            OciError::ManifestUnknown(no.to_string())
        }
        ArtifactRejection::TagImmutable { .. }
        | ArtifactRejection::Pinned { .. }
        | ArtifactRejection::Listed { .. } => registry.recorder.deny(visit, &visit.subject, &no).await,
    }
}
