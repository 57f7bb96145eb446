//! The one way in which a request changes a repository: a command on its stream, then the wait until the read models show it.

use distr_domain::artifact::{Artifact, ArtifactCommand, ArtifactRejection};
use distr_eventlog::{Context, ExecuteError, execute};
use uuid::Uuid;

use crate::error::OciError;
use crate::fault::Fault;
use crate::guard::Visit;
use crate::registry::{Registry, SHOWN_WITHIN};

pub(super) async fn change(registry: &Registry, visit: &Visit, command: ArtifactCommand) -> Result<(), OciError> {
    let context = Context {
        organization: visit.organization,
        actor: visit.caller.actor.clone(),
        causation: None,
        correlation: Uuid::now_v7(),
        command: Uuid::now_v7(),
        at: registry.now(),
    };
    let artifact = visit.name.artifact().0;
    let executed = execute::<Artifact>(registry.log.as_ref(), artifact, &command, &context).await;
    let position = match executed.map_err(refused)?.position {
        Some(position) => position,
        // it was true already; but whoever made it so may have done it just now
        None => registry.log.head().await?,
    };
    Ok(registry.shown.wait_for(position, SHOWN_WITHIN).await?)
}

fn refused(error: ExecuteError<ArtifactRejection>) -> OciError {
    match error {
        ExecuteError::Rejected(ArtifactRejection::ChildMissing { missing, .. }) => {
            OciError::ManifestBlobUnknown { missing: vec![missing] }
        }
        ExecuteError::Rejected(
            no @ (ArtifactRejection::TagUnknown { .. } | ArtifactRejection::ManifestUnknown { .. }),
        ) => OciError::ManifestUnknown(no.to_string()),
        error => Fault::Execute(error).into(),
    }
}
