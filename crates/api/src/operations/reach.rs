//! How far a token reaches that is for some repositories only: to releases that run no other repository of the
//! organization, and to applications all of whose releases are of that kind. An application without a release belongs to
//! nobody yet. Images of other registries are nobody's repositories.

use distr_domain::ids::ApplicationId;
use distr_domain::release::ReleaseImage;
use distr_domain::token::is_for;
use distr_projections::release::{self, Run};

use crate::auth::MemberCaller;
use crate::failure::Failure;
use crate::models::ReadModels;

/// To publish, promote, demote, deprecate and revoke.
pub async fn check_application(
    models: &ReadModels,
    caller: &MemberCaller,
    application: ApplicationId,
) -> Result<(), Failure> {
    let patterns = caller.repositories();
    if patterns.is_empty() {
        return Ok(());
    }
    let run = release::run_by(&*models.client().await?, caller.organization, application).await?;
    let Run { releases, repositories } = run;
    let all_own = repositories.iter().all(|repository| is_for(patterns, repository.as_str()));
    match all_own && (releases == 0 || !repositories.is_empty()) {
        true => Ok(()),
        false => Err(Failure::Forbidden(
            "your token is for some repositories only, and releases of this application run others; use another token"
                .into(),
        )),
    }
}

/// A release that is about to be published.
pub fn check_images(caller: &MemberCaller, images: &[ReleaseImage]) -> Result<(), Failure> {
    images.iter().try_for_each(|image| caller.check_repository(&image.repository))
}

/// Whether what the release is made of may be seen.
pub fn sees(caller: &MemberCaller, images: &[ReleaseImage]) -> bool {
    caller.repositories().is_empty() || (!images.is_empty() && check_images(caller, images).is_ok())
}
