//! Helm's history of a release before Helm is called: what a killed Helm left locked is freed, and what the agent does not vouch for goes. None of it
//! is needed to go back, since a generation can be applied again from its chart.

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;

use crate::cluster::Cluster;
use crate::release::Release;
use crate::revision::{Revision, newest};
use crate::seals::Seals;

/// Whether anything of a release is there that its deployment does not own, and nothing that it does.
pub async fn is_foreign(
    cluster: &Cluster,
    seals: &Seals,
    release: &Release,
    deployment: &str,
) -> Result<bool, Failure> {
    let revisions = cluster.revisions(release).await?;
    Ok(!seals.know(release).await && revisions.iter().any(|revision| !is_of(revision, deployment)))
}

/// Leaves the revisions that a Helm of this agent wrote, and nobody changed since; none of them is locked. Returns a sentence for each other one.
/// Somebody else's Helm that works on the release is waited for, and a release that somebody else installed is left alone.
pub async fn clear(
    cluster: &Cluster,
    seals: &Seals,
    release: &Release,
    deployment: &str,
) -> Result<Vec<String>, Failure> {
    let (name, namespace) = (&release.name, &release.namespace);
    let revisions = cluster.revisions(release).await?;
    let is_busy = |newest: &&Revision| newest.status.is_pending() && !is_of(newest, deployment);
    if newest(&revisions).filter(is_busy).is_some() {
        return Err(Failure::passing(
            ErrorCategory::Runtime,
            format!(
                "somebody else's Helm works on release {name} in namespace {namespace}, or was killed while it did: \
                 helm rollback {name} -n {namespace}",
            ),
        ));
    }
    if is_foreign(cluster, seals, release, deployment).await? {
        return Err(Failure::passing(
            ErrorCategory::Config,
            format!(
                "somebody else installed release {name} in namespace {namespace}: uninstall it there, or deploy to another namespace"
            ),
        ));
    }
    let mut gone = vec![];
    for revision in &revisions {
        let is_own = cluster.payload(revision).await?.is_some();
        if is_own && revision.status.is_pending() {
            tracing::warn!(
                deployment,
                revision = revision.number,
                "a Helm was ended before it was done; its lock is freed"
            );
            cluster.free(revision).await?;
        }
        if !is_own {
            let sentence =
                format!("revision {} of Helm's was changed or made by somebody else, and is not used", revision.number);
            tracing::warn!(deployment, namespace, secret = revision.secret, "{sentence}");
            cluster.discard(revision).await?;
            gone.push(sentence);
        }
    }
    Ok(gone)
}

/// Vouches for what an agent installed that vouched for nothing yet.
pub async fn adopt(cluster: &Cluster, seals: &Seals, release: &Release, deployment: &str) -> Result<(), Failure> {
    if seals.know(release).await {
        return Ok(());
    }
    for revision in cluster.revisions_of(release, deployment).await? {
        cluster.vouch_for(&revision).await?;
    }
    Ok(())
}

fn is_of(revision: &Revision, deployment: &str) -> bool {
    revision.deployment.as_deref() == Some(deployment)
}
