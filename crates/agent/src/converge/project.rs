//! The name of a deployment's compose project, chosen once.

use distr_domain::agent::DesiredDeployment;

use crate::observe::Observed;

/// The one that it has on this machine; else `distr-<application>-` and the beginning of the deployment's id: other agents on
/// the same engine may choose at this very moment.
pub(super) fn choose(wanted: &DesiredDeployment, observed: &Observed) -> String {
    match observed.project_of(wanted.deployment) {
        Some(project) => project.to_owned(),
        None => format!("distr-{}-{}", wanted.application, &wanted.deployment.0.simple().to_string()[..8]),
    }
}
