//! From a request to a change of its repository, and from the rules' refusals to answers.

use distr_domain::artifact::ArtifactRejection;
use distr_eventlog::{Context, ExecuteError};
use uuid::Uuid;

use crate::changing::{ChangeError, Changing};
use crate::error::OciError;
use crate::fault::Fault;
use crate::guard::Visit;
use crate::registry::Registry;

pub(super) fn changing<'a>(registry: &'a Registry, visit: &'a Visit) -> Changing<'a> {
    let context = Context {
        organization: visit.organization,
        actor: visit.caller.actor.clone(),
        causation: None,
        correlation: visit.correlation,
        command: Uuid::now_v7(),
        at: registry.now(),
    };
    let Registry { log, pool, shown, .. } = registry;
    Changing { log: log.as_ref(), pool, shown, repository: &visit.name.path, context }
}

/// What a rule refused is recorded, but for what is not there.
pub(super) async fn refused(registry: &Registry, visit: &Visit, error: ChangeError) -> OciError {
    use distr_domain::rejection::Rejection;

    let no = match error {
        ChangeError::Execute(ExecuteError::Rejected(no)) => no,
        ChangeError::NotShownYet(error) => return Fault::NotShownYet(error).into(),
        error => return Fault::Change(error).into(),
    };
    match &no {
        ArtifactRejection::TagUnknown { .. } | ArtifactRejection::ManifestUnknown { .. } => {
            OciError::ManifestUnknown(no.to_string())
        }
        ArtifactRejection::TagImmutable { .. } | ArtifactRejection::Pinned { .. } => {
            match registry.record_refusal(visit, None, no.code(), &no.to_string()).await {
                Ok(()) => OciError::Denied { reason: format!("{}: {no}", visit.subject) },
                Err(fault) => fault.into(),
            }
        }
    }
}
