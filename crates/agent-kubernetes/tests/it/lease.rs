//! Which of two replicas is in charge.

use std::time::Duration;

use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::lease::{Lease, Times};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cluster::Site;

const LONG: Duration = Duration::from_secs(60);

async fn candidate(site: &Site, name: &str) -> Lease {
    let times =
        Times { retry: Duration::from_millis(200), request: Duration::from_secs(5), life: Duration::from_secs(4) };
    let cluster = Cluster::connect(&site.helm.cluster).await.unwrap();
    Lease::new(&cluster, &site.release.namespace, name.to_owned(), times)
}

#[tokio::test]
async fn one_replica_is_in_charge_and_another_follows_when_it_is_gone() {
    let Some(site) = Site::new() else { return };
    let (first, second) = (candidate(&site, "first").await, candidate(&site, "second").await);
    let never = CancellationToken::new();
    let tenure = first.acquire(&never).await.unwrap();
    assert!(tenure.is_held());

    // while it is kept, nobody else gets it, however long the other tries
    let done = CancellationToken::new();
    let mut waiting = std::pin::pin!(second.acquire(&never));
    tokio::select! {
        () = first.keep(&tenure, &done) => panic!("it was lost"),
        _ = &mut waiting => panic!("two are in charge"),
        () = tokio::time::sleep(Duration::from_secs(6)) => {}
    }
    assert!(tenure.is_held());
    // it is not kept any more: the other takes it, and the first is not in charge by then
    let taken = timeout(LONG, &mut waiting).await.unwrap().unwrap();
    assert!(taken.is_held() && !tenure.is_held());
    // and notices it
    timeout(LONG, first.keep(&tenure, &done)).await.unwrap();
    assert!(tenure.lost().is_cancelled());
    let lease = site.get(&["lease", "distr-agent"]);
    assert_eq!(
        (lease["spec"]["holderIdentity"].as_str(), &lease["spec"]["leaseTransitions"]),
        (Some("second"), &1.into())
    );

    // set free, it is taken without waiting for its end
    second.release().await;
    let again = timeout(LONG, first.acquire(&never)).await.unwrap().unwrap();
    assert!(again.is_held());
    // whoever deletes it asks the holder to go
    site.kubectl(&["delete", "lease", "-n", &site.release.namespace, "distr-agent"]);
    timeout(LONG, first.keep(&again, &done)).await.unwrap();
    assert!(again.lost().is_cancelled());
}

#[tokio::test]
async fn who_is_told_to_stop_waits_no_longer() {
    let Some(site) = Site::new() else { return };
    let never = CancellationToken::new();
    let first = candidate(&site, "first").await;
    let tenure = first.acquire(&never).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(timeout(LONG, candidate(&site, "second").await.acquire(&stop)).await.unwrap().is_none());
    assert!(tenure.end() > tokio::time::Instant::now());
}
