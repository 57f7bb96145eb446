use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn digest(of: char) -> Digest {
    format!("sha256:{}", of.to_string().repeat(64)).parse().unwrap()
}

fn descriptor(of: char, media_type: &str) -> Value {
    json!({ "mediaType": media_type, "digest": digest(of), "size": 7 })
}

fn image() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor('c', "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor('1', "application/vnd.oci.image.layer.v1.tar+gzip")],
    })
}

fn read(manifest: &Value, content_type: Option<&str>) -> Result<Parsed, String> {
    parse(manifest.to_string().as_bytes(), digest('a'), content_type).map_err(|error| error.to_string())
}

fn reason(manifest: &Value, content_type: Option<&str>) -> String {
    read(manifest, content_type).unwrap_err()
}

fn with(mut manifest: Value, key: &str, value: Value) -> Value {
    manifest[key] = value;
    manifest
}

#[test]
fn an_image_names_its_config_and_layers() {
    let parsed = read(&image(), Some(IMAGE)).unwrap();
    assert_eq!(parsed.needed, [digest('c'), digest('1')]);
    assert_eq!(parsed.manifest.blobs.len(), 2);
    assert_eq!(parsed.manifest.media_type, IMAGE);
    assert_eq!(parsed.manifest.artifact_type.as_deref(), Some("application/vnd.oci.image.config.v1+json"));
    assert_eq!(parsed.manifest.size, image().to_string().len() as u64);
}

#[test]
fn an_index_names_its_children_and_needs_no_blob() {
    let index = json!({ "schemaVersion": 2, "manifests": [descriptor('1', IMAGE), descriptor('2', IMAGE)] });
    let parsed = read(&index, Some(INDEX)).unwrap();
    assert_eq!(parsed.manifest.children.len(), 2);
    assert!(parsed.needed.is_empty() && parsed.manifest.blobs.is_empty());
}

#[test]
fn a_manifest_names_only_so_many() {
    let many = |count: usize| json!(vec![descriptor('1', "application/vnd.oci.image.layer.v1.tar"); count]);
    // the config is one, too
    assert_eq!(read(&with(image(), "layers", many(4095)), None).unwrap().needed.len(), 4096);
    let expected = "it names 4097 blobs and manifests, and at most 4096 are taken";
    assert_eq!(reason(&with(image(), "layers", many(4096)), None), expected);
    let subject = with(image(), "subject", descriptor('5', IMAGE));
    assert_eq!(reason(&with(subject, "layers", many(4095)), None), expected);
    let index = json!({ "schemaVersion": 2, "manifests": many(4097) });
    assert_eq!(reason(&index, Some(INDEX)), expected);
    let artifact = json!({ "schemaVersion": 2, "blobs": many(4097) });
    assert_eq!(reason(&artifact, Some("application/vnd.oci.artifact.manifest.v1+json")), expected);
}

#[test]
fn an_artifact_manifest_has_no_version_and_may_have_no_blobs() {
    let kind = "application/vnd.oci.artifact.manifest.v1+json";
    let bare = json!({ "mediaType": kind, "artifactType": "application/spdx+json", "subject": descriptor('5', IMAGE) });
    let manifest = read(&bare, None).unwrap().manifest;
    assert_eq!(
        (manifest.artifact_type.as_deref(), manifest.subject),
        (Some("application/spdx+json"), Some(digest('5')))
    );
    let blobs = json!({ "artifactType": "a/b", "blobs": [descriptor('1', "text/plain")] });
    assert_eq!(read(&blobs, Some(kind)).unwrap().needed, [digest('1')]);
    assert!(reason(&blobs, Some(IMAGE)).contains("schemaVersion is missing"));
    assert!(reason(&json!({ "schemaVersion": 2 }), Some(INDEX)).contains("it must have either manifests"));
    assert!(reason(&json!({ "schemaVersion": 1 }), Some(kind)).contains("schemaVersion is 1"));
}

#[test]
fn a_subject_and_an_artifact_type_are_kept() {
    let attached = with(image(), "subject", descriptor('5', IMAGE));
    let attached = with(attached, "artifactType", json!("application/spdx+json"));
    let manifest = read(&attached, None).unwrap().manifest;
    assert_eq!(manifest.subject, Some(digest('5')));
    assert_eq!(manifest.artifact_type.as_deref(), Some("application/spdx+json"));
}

#[test]
fn a_media_type_of_ones_own_is_taken() {
    let own = with(image(), "mediaType", json!("application/vnd.example.thing+json"));
    assert_eq!(read(&own, None).unwrap().manifest.media_type, "application/vnd.example.thing+json");
}

#[test]
fn a_layer_that_may_not_be_distributed_need_not_be_there() {
    let mut layer = descriptor('1', "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    layer["urls"] = json!(["https://example.com/layer"]);
    let parsed = read(&with(image(), "layers", json!([layer])), None).unwrap();
    assert_eq!(parsed.needed, [digest('c')]);
}

#[test]
fn what_could_be_taken_for_two_things_is_refused() {
    let both = with(image(), "manifests", json!([]));
    assert!(reason(&both, None).contains("either manifests, or config and layers"));
    assert!(reason(&image(), Some(INDEX)).contains("Content-Type"));
    let lying = with(image(), "mediaType", json!(INDEX));
    assert!(reason(&lying, None).contains("shape"));
    assert!(reason(&with(image(), "schemaVersion", json!(1)), None).contains("schemaVersion is 1"));
}

#[test]
fn a_manifest_without_media_type_takes_the_requests() {
    let mut bare = image();
    bare.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(read(&bare, Some(IMAGE)).unwrap().manifest.media_type, IMAGE);
    assert!(reason(&bare, None).contains("neither"));
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, digest('a'), None);
    }

    #[test]
    fn no_cut_of_a_manifest_is_a_manifest(cut in 0_usize..300) {
        let text = image().to_string();
        prop_assume!(cut < text.len());
        prop_assert!(parse(&text.as_bytes()[..cut], digest('a'), None).is_err());
    }
}
