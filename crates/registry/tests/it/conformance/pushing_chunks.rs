//! "Pushing a blob in chunks".

use reqwest::Method;

use super::{REPOSITORY, conforms};
use crate::client::{Answer, Client};
use crate::vendor::{begin_upload, digest_of};

async fn patch(client: &Client, location: &str, range: &str, bytes: &[u8]) -> Answer {
    client.request(Method::PATCH, location).header("content-range", range).body(bytes).send().await
}

#[test]
fn a_chunk_must_be_202_with_location_and_range() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        let first = patch(client, &location, "0-4", b"hello").await;
        assert_eq!((first.status, first.header("range")), (202, "0-4"));
        let second = patch(client, first.header("location"), "5-10", b" world").await;
        assert_eq!((second.status, second.header("range")), (202, "0-10"));
        assert!(!second.header("location").is_empty());
    });
}

#[test]
fn a_chunk_out_of_order_must_be_416() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        // the first chunk's range must begin with 0
        assert_eq!(patch(client, &location, "5-9", b"world").await.status, 416);
        assert_eq!(patch(client, &location, "0-4", b"hello").await.status, 202);
        for range in ["0-4", "4-8", "6-10"] {
            assert_eq!(patch(client, &location, range, b"world").await.status, 416, "{range}");
        }
        // also in the request that closes the session
        let put = client
            .request(Method::PUT, &format!("{location}?digest={}", digest_of(b"helloworld")))
            .header("content-range", "6-10")
            .body("world");
        assert_eq!(put.send().await.status, 416);
        assert_eq!(patch(client, &location, "5-9", b"world").await.status, 202);
    });
}

#[test]
fn the_status_must_be_204_with_location_and_range() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        patch(client, &location, "0-4", b"hello").await;
        assert_eq!(patch(client, &location, "9-13", b"world").await.status, 416);
        let status = client.get(&location).await;
        assert_eq!((status.status, status.header("range")), (204, "0-4"));
        assert!(!status.header("location").is_empty());
    });
}

#[test]
fn closing_must_be_201_with_the_last_chunk_in_a_patch_or_in_the_put() {
    conforms(async |client| {
        let path = |location: &str| format!("{location}?digest={}", digest_of(b"helloworld"));
        for in_put in [false, true] {
            let location = begin_upload(client, REPOSITORY).await;
            patch(client, &location, "0-4", b"hello").await;
            let answer = match in_put {
                true => {
                    let put = client.request(Method::PUT, &path(&location)).header("content-range", "5-9");
                    put.body("world").send().await
                }
                false => {
                    patch(client, &location, "5-9", b"world").await;
                    client.put(&path(&location), "").await
                }
            };
            assert_eq!(answer.status, 201, "{in_put}");
            assert_eq!(client.get(answer.header("location")).await.body, b"helloworld");
            assert_eq!(client.get(&location).await.status, 404, "the session is closed");
        }
    });
}

#[test]
fn a_range_that_is_none_is_refused() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        for range in ["-", "0", "a-b", "4-0", "-5", "0-18446744073709551615"] {
            assert_eq!(patch(client, &location, range, b"hello").await.status, 400, "{range}");
        }
        // neither is one of another length than the chunk has
        assert_eq!(patch(client, &location, "0-9", b"hello").await.status, 400);
    });
}

#[test]
fn a_cancelled_session_must_be_gone() {
    conforms(async |client| {
        let location = begin_upload(client, REPOSITORY).await;
        patch(client, &location, "0-4", b"hello").await;
        assert_eq!(client.delete(&location).await.status, 204);
        for answer in [client.get(&location).await, patch(client, &location, "5-9", b"world").await] {
            assert!(answer.error().starts_with("404 BLOB_UPLOAD_UNKNOWN"), "{}", answer.error());
        }
    });
}
