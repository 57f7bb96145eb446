//! The name of a deployment's compose project, chosen once.

use distr_domain::agent::DesiredDeployment;

use crate::observe::Observed;

/// `distr-<application>`, unless a project of that name on this machine is another's.
pub(super) fn choose(wanted: &DesiredDeployment, observed: &Observed) -> String {
    if let Some(project) = observed.project_of(wanted.deployment) {
        return project.to_owned();
    }
    let plain = format!("distr-{}", wanted.application);
    match observed.of_project(&plain).is_empty() {
        true => plain,
        false => format!("{plain}-{}", &wanted.deployment.0.simple().to_string()[..8]),
    }
}
