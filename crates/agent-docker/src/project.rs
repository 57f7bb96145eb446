//! The name of a deployment's compose project, chosen once.

use distr_domain::agent::DesiredDeployment;

use crate::containers::Containers;

/// The one that it has on this machine; else `distr-<application>-` and the beginning of the deployment's id, or all of it, if
/// somebody else has a project of that name: other agents on the same engine may choose at this very moment.
pub(super) fn choose(wanted: &DesiredDeployment, observed: &Containers) -> String {
    if let Some(project) = observed.project_of(wanted.deployment) {
        return project.to_owned();
    }
    let id = wanted.deployment.0.simple().to_string();
    let [short, long] = [&id[..8], &id].map(|id| format!("distr-{}-{id}", wanted.application));
    match observed.of_project(&short).is_empty() {
        true => short,
        false => long,
    }
}

#[cfg(test)]
mod tests {
    use distr_agent::fixture::{DEPLOYMENT, wanted};
    use distr_domain::ids::DeploymentId;
    use uuid::Uuid;

    use super::*;
    use crate::containers::Container;
    use crate::fixture::container;

    #[test]
    fn a_project_of_somebody_else_is_never_taken_over() {
        let short = choose(&wanted(1), &Containers::default());
        assert_eq!(short, format!("distr-{}-{}", wanted(1).application, &DEPLOYMENT.0.simple().to_string()[..8]));
        let with = |deployment| Containers {
            list: vec![Container { project: short.clone(), deployment, ..container("web", 1) }],
        };
        assert_eq!(choose(&wanted(1), &with(Some(DEPLOYMENT))), short);
        for other in [None, Some(DeploymentId(Uuid::from_u128(8)))] {
            let chosen = choose(&wanted(1), &with(other));
            assert!(chosen.starts_with(&short) && chosen.len() > short.len(), "{chosen}");
        }
    }
}
