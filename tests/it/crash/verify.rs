//! What a hub has after it was killed, against what its pushers were told.

use serde_json::Value;

use super::pushing::{Ledger, Registry, digest_of};

/// `collected`: what no manifest names may be gone.
pub(super) async fn all(registry: &Registry, ledger: &Ledger, collected: bool) {
    let manifests = ledger.manifests();
    let mut there = vec![];
    for (tag, manifest, acknowledged) in &manifests {
        let by_digest = registry.manifest(&digest_of(manifest.as_bytes())).await;
        let by_tag = registry.manifest(tag).await;
        for found in [&by_digest, &by_tag] {
            assert!(found.is_some() || !acknowledged, "{tag} was acknowledged, and is lost");
            assert!(found.as_ref().is_none_or(|found| found == manifest.as_bytes()), "{tag} is another one");
        }
        // what a manifest names is there, whoever was told so
        if by_digest.is_some() {
            there.push(manifest);
            let manifest: Value = serde_json::from_str(manifest).expect("JSON");
            for part in [&manifest["config"], &manifest["layers"][0]] {
                let digest = part["digest"].as_str().expect("a digest");
                assert!(
                    registry.blob(digest).await.is_some_and(|bytes| digest_of(&bytes) == digest),
                    "{tag}: {digest}"
                );
            }
        }
    }
    for (blob, acknowledged) in ledger.blobs() {
        let found = registry.blob(&blob.digest).await;
        assert!(found.as_ref().is_none_or(|found| digest_of(found) == blob.digest), "{blob:?} is not whole");
        let needed = !collected || there.iter().any(|manifest| manifest.contains(&blob.digest));
        if acknowledged && needed {
            assert!(found.is_some(), "{blob:?} was acknowledged, and is lost");
        }
    }
}
