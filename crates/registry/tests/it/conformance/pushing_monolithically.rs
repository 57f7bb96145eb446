//! "Pushing a blob monolithically".

use super::{REPOSITORY, blob_path, conforms};
use crate::vendor::{begin_upload, digest_of};

#[test]
fn a_post_must_answer_202_with_a_location_that_has_a_uuid() {
    conforms(async |client| {
        let answer = client.post(&format!("/v2/{REPOSITORY}/blobs/uploads/"), "").await;
        assert_eq!(answer.status, 202);
        let location = answer.header("location");
        let id = location.rsplit('/').next().expect("a last part");
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{location}");
    });
}

#[test]
fn a_put_must_answer_201_with_a_pullable_location() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        let answer = client.put(&format!("{location}?digest={}", digest_of(b"blob")), "blob").await;
        assert_eq!(answer.status, 201);
        assert_eq!(client.get(answer.header("location")).await.body, b"blob");
    });
}

#[test]
fn a_single_post_must_answer_201_with_a_pullable_location() {
    conforms(async |client| {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", digest_of(b"blob"));
        let answer = client.post(&path, "blob").await;
        assert_eq!(answer.status, 201);
        assert_eq!(client.get(answer.header("location")).await.body, b"blob");
    });
}

#[test]
fn the_digest_must_match_the_blob() {
    conforms(async |client| {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", digest_of(b"good"));
        let location = begin_upload(client, REPOSITORY).await;
        let put = client.put(&format!("{location}?digest={}", digest_of(b"good")), "evil").await;
        for answer in [client.post(&path, "evil").await, put] {
            assert!(answer.error().starts_with("400 DIGEST_INVALID"), "{}", answer.error());
        }
        for bytes in [b"good", b"evil"] {
            assert_eq!(client.head(&blob_path(digest_of(bytes))).await.status, 404);
        }
    });
}

#[test]
fn a_put_must_name_the_digest() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        let answer = client.put(&location, "blob").await;
        assert!(answer.error().starts_with("400 DIGEST_INVALID"), "{}", answer.error());
        // and may be sent again, with it
        let again = client.put(&format!("{location}?digest={}", digest_of(b"blob")), "blob").await;
        assert_eq!(again.status, 201);
    });
}

#[test]
fn an_empty_blob_is_a_blob() {
    conforms(async |client| {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", digest_of(b""));
        assert_eq!(client.post(&path, "").await.status, 201);
        let answer = client.get(&blob_path(digest_of(b""))).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    });
}
