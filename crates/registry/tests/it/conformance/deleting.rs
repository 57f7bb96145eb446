//! "Content management": deleting tags, manifests and blobs.

use super::{REPOSITORY, blob_path, conforms, manifest_path};
use crate::vendor::{digest_of, image, push_blob, push_image, put_manifest};

#[test]
fn a_deleted_tag_must_be_202_and_then_404() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        assert_eq!(client.delete(&manifest_path("1")).await.status, 202);
        assert_eq!(client.get(&manifest_path("1")).await.status, 404);
        assert_eq!(client.delete(&manifest_path("1")).await.status, 404);
        assert_eq!(client.get(&manifest_path(digest)).await.status, 200);
    });
}

#[test]
fn a_deleted_manifest_must_be_202_and_then_404_with_every_tag_of_it() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        put_manifest(client, REPOSITORY, "2", &image(b"layer")).await;
        assert_eq!(client.delete(&manifest_path(&digest)).await.status, 202);
        for reference in ["1", "2", digest.as_str()] {
            assert_eq!(client.get(&manifest_path(reference)).await.status, 404, "{reference}");
        }
        assert_eq!(client.delete(&manifest_path(&digest)).await.status, 404);
        // and may be pushed again
        assert_eq!(put_manifest(client, REPOSITORY, "1", &image(b"layer")).await.status, 201);
        assert_eq!(client.get(&manifest_path("1")).await.status, 200);
        assert_eq!(client.get(&manifest_path("2")).await.status, 404);
    });
}

#[test]
fn a_deletion_in_a_repository_that_is_not_there_must_be_404() {
    conforms(async |client| {
        for reference in ["1", digest_of(b"x").as_str()] {
            assert_eq!(client.delete(&format!("/v2/acme/nothing/manifests/{reference}")).await.status, 404);
        }
        assert_eq!(client.delete(&format!("/v2/acme/nothing/blobs/{}", digest_of(b"x"))).await.status, 404);
    });
}

#[test]
fn a_deleted_blob_must_be_202_and_one_that_is_not_there_404() {
    conforms(async |client| {
        push_blob(client, REPOSITORY, b"blob").await;
        let path = blob_path(digest_of(b"blob"));
        assert_eq!(client.delete(&path).await.status, 202);
        assert_eq!(client.get(&path).await.status, 404);
        assert_eq!(client.delete(&path).await.status, 404);
    });
}

#[test]
fn a_blob_that_a_manifest_names_must_be_405_until_the_manifest_is_gone() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        let path = blob_path(digest_of(b"layer"));
        let refused = client.delete(&path).await;
        assert!(refused.error().starts_with("405 UNSUPPORTED"), "{}", refused.error());
        assert_eq!(client.delete(&manifest_path(digest)).await.status, 202);
        assert_eq!(client.delete(&path).await.status, 202);
    });
}
