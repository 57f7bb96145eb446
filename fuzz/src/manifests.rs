//! Manifests as a push brings them.

use distr_domain::oci::Digest;

#[rustfmt::skip]
#[path = "../../crates/registry/src/manifest.rs"]
mod reading;

pub fn manifest(bytes: &[u8]) {
    let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().expect("a digest");
    let parse = |content_type: Option<&str>| reading::parse(bytes, digest.clone(), content_type);
    // without a Content-Type, and with one that every shape may have
    let outside = "application/vnd.example+json";
    for content_type in [None, Some(outside)] {
        let Ok(parsed) = parse(content_type) else { continue };
        assert!(reading::is_well_formed(bytes));
        let reading::Parsed { manifest, needed, .. } = &parsed;
        assert_eq!((&manifest.digest, manifest.size), (&digest, bytes.len() as u64));
        assert!(needed.iter().all(|digest| manifest.blobs.iter().any(|blob| blob.digest == *digest)));
        assert!(manifest.blobs.is_empty() || manifest.children.is_empty());
        // served under the type that was read, it is the same again
        assert_eq!(parse(Some(&manifest.media_type)).expect("it was taken before"), parsed);
        // and it is what goes into the log and comes out of it
        let json = serde_json::to_string(manifest).expect("a manifest is JSON");
        assert_eq!(serde_json::from_str::<distr_domain::artifact::Manifest>(&json).expect("it was written"), *manifest);
    }
}
