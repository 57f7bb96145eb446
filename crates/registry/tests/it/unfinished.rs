//! Uploads that nobody finishes: they count against the quota, there are only so many, and what fails leaves nothing.

use chrono::TimeDelta;
use distr_domain::oci::Digest;
use distr_registry::{CollectOptions, UploadCaps};
use futures_util::TryStreamExt;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Client};
use crate::server::run;
use crate::vendor::{begin_upload, digest_of, image, push_blob, put_manifest};
use crate::world::World;

const NOW: CollectOptions = CollectOptions { grace: TimeDelta::zero(), dry_run: false };
const KB: usize = 1000;

async fn under_way(world: &World) -> usize {
    world.maintenance.blobs.uploads().try_collect::<Vec<_>>().await.unwrap().len()
}

async fn append(client: &Client, location: &str, bytes: Vec<u8>) -> Answer {
    client.request(Method::PATCH, location).body(bytes).send().await
}

#[test]
fn unfinished_uploads_count_against_the_organizations_quota() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        let first = begin_upload(&publisher, "acme/hello").await;
        let second = begin_upload(&publisher, "acme/other").await;
        assert_eq!(append(&publisher, &first, vec![1; 900 * KB]).await.status, 202);
        let refused = append(&publisher, &second, vec![2; 900 * KB]).await.error();
        assert!(refused.contains("holds 900000 of the 1000000 bytes"), "{refused}");
        assert_eq!((under_way(&world).await, publisher.get(&second).await.status), (1, 404));
        // what is left may still come, elsewhere or here
        assert_eq!(push_blob(&publisher, "acme/other", &vec![3; 50 * KB]).await.status, 201);
        assert_eq!(append(&publisher, &first, vec![1; 50 * KB]).await.status, 202);
        assert_eq!(push_blob(&publisher, "acme/other", b"x").await.status, 403);
        let whole = vec![1; 950 * KB];
        assert_eq!(publisher.put(&format!("{first}?digest={}", digest_of(&whole)), "").await.status, 201);
        assert_eq!(push_blob(&publisher, "acme/other", b"x").await.status, 403);
        world.stop().await;
    });
}

#[test]
fn a_cancelled_upload_and_one_that_nobody_went_on_with_count_no_longer() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        let fills = async || {
            let location = begin_upload(&publisher, "acme/hello").await;
            assert_eq!(append(&publisher, &location, vec![1; 1000 * KB]).await.status, 202);
            assert_eq!(publisher.post("/v2/acme/hello/blobs/uploads/", "").await.status, 403);
            location
        };
        let location = fills().await;
        assert_eq!(publisher.delete(&location).await.status, 204);
        fills().await;
        world.maintenance.collect(NOW).await.unwrap();
        fills().await;
        world.stop().await;
    });
}

#[test]
fn a_caller_and_an_organization_have_only_so_many() {
    run(async {
        let world = World::with_uploads(UploadCaps { of_organization: 3, of_caller: 2 }).await;
        let (publisher, robot) = (world.client("publisher"), world.client("robot"));
        let first = begin_upload(&publisher, "acme/hello").await;
        let second = begin_upload(&publisher, "acme/hello").await;
        let refused = publisher.post("/v2/acme/other/blobs/uploads/", "").await.error();
        let expected = "429 TOOMANYREQUESTS: acme/other: the credential has 2 unfinished uploads of the last hour, and may have no more; finish";
        assert!(refused.starts_with(expected), "{refused}");
        begin_upload(&robot, "acme/tools/lint").await;
        let refused = robot.post("/v2/acme/tools/lint/blobs/uploads/", "").await.error();
        assert!(refused.contains("the organization has 3 unfinished uploads"), "{refused}");
        // another organization has its own
        begin_upload(&world.client("stranger"), "initech/app").await;

        assert_eq!(publisher.put(&format!("{first}?digest={}", digest_of(b"a")), "a").await.status, 201);
        begin_upload(&robot, "acme/tools/lint").await;
        assert_eq!(publisher.delete(&second).await.status, 204);
        assert_eq!(push_blob(&publisher, "acme/hello", b"at once").await.status, 201);
        assert_eq!(push_blob(&publisher, "acme/hello", b"and again").await.status, 201);
        world.stop().await;
    });
}

/// As of a client that loses its connection again and again, and begins anew each time.
#[test]
fn uploads_that_were_given_up_keep_nobody_out_for_long() {
    run(async {
        let world = World::with_uploads(UploadCaps { of_organization: 3, of_caller: 2 }).await;
        let publisher = world.client("publisher");
        for _ in 0..2 {
            begin_upload(&publisher, "acme/hello").await;
        }
        assert_eq!(publisher.post("/v2/acme/hello/blobs/uploads/", "").await.status, 429);
        let client = world.maintenance.pool.get().await.unwrap();
        client.execute("UPDATE registry.upload SET at = at - interval '61 minutes'", &[]).await.unwrap();
        begin_upload(&publisher, "acme/hello").await;
        world.stop().await;
    });
}

#[test]
fn a_body_that_breaks_off_reserves_no_more_than_arrived() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        publisher.log_in(&["repository:acme/hello:pull,push"]).await;
        let location = begin_upload(&publisher, "acme/hello").await;
        let mut connection = TcpStream::connect(&world.address).await.unwrap();
        let head = format!(
            "PATCH {location} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            world.address,
            publisher.token(),
            900 * KB
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&[7; 5000]).await.unwrap();
        let client = world.maintenance.pool.get().await.unwrap();
        let reserves = async |bytes: usize| {
            let limit = std::time::Duration::from_secs(20);
            distr_tests::wait::until("the reservation", limit, async || {
                let row = client.query_one("SELECT reserved FROM registry.upload", &[]).await.unwrap();
                match row.get::<_, i64>(0) {
                    reserved if reserved == bytes as i64 => Ok(()),
                    other => Err(other.to_string()),
                }
            })
            .await;
        };
        reserves(900 * KB).await;
        assert_eq!(push_blob(&publisher, "acme/hello", &vec![3; 800 * KB]).await.status, 403);
        connection.shutdown().await.unwrap();
        reserves(5000).await;
        assert_eq!(push_blob(&publisher, "acme/hello", &vec![3; 800 * KB]).await.status, 201);
        // what arrived still counts
        assert_eq!(push_blob(&publisher, "acme/hello", &vec![4; 198 * KB]).await.status, 403);
        world.stop().await;
    });
}

/// Whoever goes on with the upload has the last word on what it reserves.
#[test]
fn a_body_that_breaks_off_takes_back_no_reservation_but_its_own() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        publisher.log_in(&["repository:acme/hello:pull,push"]).await;
        let client = world.maintenance.pool.get().await.unwrap();
        let location = begin_upload(&publisher, "acme/hello").await;
        let head = format!(
            "PATCH {location} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 900000\r\n\r\n",
            world.address,
            publisher.token(),
        );
        let mut connection = TcpStream::connect(&world.address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&[7; 5000]).await.unwrap();
        let limit = std::time::Duration::from_secs(20);
        let reserved =
            async || -> i64 { client.query_one("SELECT reserved FROM registry.upload", &[]).await.unwrap().get(0) };
        distr_tests::wait::until("the reservation", limit, async || match reserved().await {
            900_000 => Ok(()),
            other => Err(other.to_string()),
        })
        .await;
        client.execute("UPDATE registry.upload SET reserved = 700000", &[]).await.unwrap();
        connection.shutdown().await.unwrap();
        // it is free again
        distr_tests::wait::until("the end of the request", limit, async || {
            match append(&publisher, &location, vec![]).await.status {
                202 => Ok(()),
                other => Err(other.to_string()),
            }
        })
        .await;
        assert_eq!(reserved().await, 700_000);
        world.stop().await;
    });
}

/// Sends fewer bytes of a blob than it promises, and goes away.
async fn break_off(world: &World, client: &Client) {
    let mut connection = TcpStream::connect(&world.address).await.unwrap();
    let head = format!(
        "POST /v2/acme/hello/blobs/uploads/?digest={} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 100000\r\n\r\n",
        digest_of(b"never"),
        world.address,
        client.token()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&[7; 5000]).await.unwrap();
    connection.shutdown().await.unwrap();
}

#[test]
fn what_fails_or_is_refused_leaves_no_bytes() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        publisher.log_in(&["repository:acme/hello:pull,push"]).await;
        // a body that breaks off, of an upload whose location nobody was told
        break_off(&world, &publisher).await;
        // a digest that is not the blob's, at once and in the end
        let wrong = format!("digest={}", digest_of(b"other"));
        assert_eq!(publisher.post(&format!("/v2/acme/hello/blobs/uploads/?{wrong}"), "blob").await.status, 400);
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(publisher.put(&format!("{location}?{wrong}"), "blob").await.status, 400);
        distr_tests::wait::until("nothing is under way", std::time::Duration::from_secs(20), async || match under_way(
            &world,
        )
        .await
        {
            0 => Ok(()),
            left => Err(format!("{left} uploads")),
        })
        .await;
        // a manifest that does not fit, whose bytes were not there before
        assert_eq!(push_blob(&publisher, "acme/hello", b"{}").await.status, 201);
        assert_eq!(push_blob(&publisher, "acme/hello", b"layer").await.status, 201);
        world.set_quota("hello", "8").await;
        assert_eq!(put_manifest(&publisher, "acme/hello", "1", &image(b"layer")).await.status, 403);
        assert_eq!(world.maintenance.blobs.size(&digest_of(&image(b"layer"))).await.unwrap(), None);
        world.stop().await;
    });
}

/// As after a crash of Postgres, which takes the rows away.
#[test]
fn an_upload_that_was_forgotten_goes_on_and_counts_again() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(append(&publisher, &location, vec![1; 500 * KB]).await.status, 202);
        let client = world.maintenance.pool.get().await.unwrap();
        client.execute("TRUNCATE registry.upload", &[]).await.unwrap();
        assert_eq!(append(&publisher, &location, vec![1; 400 * KB]).await.status, 202);
        let refused = push_blob(&publisher, "acme/other", &vec![2; 200 * KB]).await.error();
        assert!(refused.contains("holds 900000 of the 1000000 bytes"), "{refused}");
        world.stop().await;
    });
}

#[test]
fn nobody_frees_the_room_of_an_upload_through_another_repository() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let (publisher, stranger) = (world.client("publisher"), world.client("stranger"));
        let first = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(append(&publisher, &first, vec![1; 900 * KB]).await.status, 202);
        let id = first.rsplit('/').next().unwrap();
        for (client, repository) in [(&publisher, "acme/other"), (&stranger, "initech/app")] {
            let elsewhere = format!("/v2/{repository}/blobs/uploads/{id}");
            let answers = (client.delete(&elsewhere).await.status, client.get(&elsewhere).await.status);
            assert_eq!(answers, (404, 404), "{repository}");
            let second = begin_upload(&publisher, "acme/hello").await;
            assert_eq!(append(&publisher, &second, vec![2; 900 * KB]).await.status, 403, "{repository}");
        }
        assert_eq!(publisher.delete(&first).await.status, 204);
        let second = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(append(&publisher, &second, vec![2; 900 * KB]).await.status, 202);
        world.stop().await;
    });
}

/// A `PUT` with the last bytes of this blob. `head` says how the body comes; whoever goes away does so before its end.
async fn put_by_hand(
    (world, client): (&World, &Client),
    (location, digest): (&str, Digest),
    (head, body): (&str, &[u8]),
    goes_away: bool,
) -> String {
    let mut connection = TcpStream::connect(&world.address).await.unwrap();
    let head = format!(
        "PUT {location}?digest={digest} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         {head}\r\n\r\n",
        world.address,
        client.token()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    if goes_away {
        connection.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    let read = connection.read_to_end(&mut answer);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(20), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn whoever_claims_a_blob_that_is_held_gets_no_room_for_another() {
    run(async {
        let world = World::with_quota(1000 * KB as u64).await;
        let publisher = world.client("publisher");
        assert_eq!(push_blob(&publisher, "acme/hello", b"held").await.status, 201);
        let claimed = format!("digest={}", digest_of(b"held"));
        let kept = async |location: &str| {
            let status = publisher.get(location).await;
            (status.status, status.header("range").to_owned())
        };
        let empty = (204, "0-0".to_owned());
        let large = vec![1; 900 * KB];
        for n in 0..3 {
            let location = begin_upload(&publisher, "acme/hello").await;
            let put = publisher.request(Method::PUT, &format!("{location}?{claimed}"));
            let answer = put.header("content-range", "0-9").body(large.clone()).send().await;
            assert_eq!((answer.status, kept(&location).await), (400, empty.clone()), "{n}");
            let (of, head) = ((location.as_str(), digest_of(b"held")), "Content-Length: 950000");
            put_by_hand((&world, &publisher), of, (head, &large), true).await;
            assert_eq!(kept(&location).await, empty, "{n}");
            let answer = publisher.put(&format!("{location}?{claimed}"), large.clone()).await;
            assert!(answer.error().starts_with("400 DIGEST_INVALID"), "{n}: {}", answer.error());
            assert_eq!(kept(&location).await.0, 404, "{n}");
        }
        // after bytes that are there already, what comes counts
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(append(&publisher, &location, vec![1; 500 * KB]).await.status, 202);
        assert_eq!(publisher.put(&format!("{location}?{claimed}"), large.clone()).await.status, 403);
        // and what is held may come again, however full it is
        let late = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(push_blob(&publisher, "acme/hello", &vec![3; 1000 * KB - 4]).await.status, 201);
        assert_eq!(publisher.put(&format!("{late}?{claimed}"), "held").await.status, 201);
        assert_eq!(push_blob(&publisher, "acme/hello", b"held").await.status, 201);
        assert_eq!(push_blob(&publisher, "acme/other", b"held").await.status, 201);
        assert_eq!((kept(&late).await.0, under_way(&world).await), (404, 0));
        assert_eq!(publisher.get(&format!("/v2/acme/other/blobs/{}", digest_of(b"held"))).await.body, b"held");
        world.stop().await;
    });
}

#[test]
fn a_chunk_that_is_not_as_long_as_it_says_keeps_nothing() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let location = begin_upload(&publisher, "acme/hello").await;
        assert_eq!(append(&publisher, &location, b"hello".to_vec()).await.status, 202);
        let chunk = publisher.request(Method::PATCH, &location).header("content-range", "5-6");
        let message = chunk.body(vec![1; 50 * KB]).send().await.error();
        assert!(message.contains("the chunk has 50000 bytes, and its Content-Range says 2"), "{message}");
        assert_eq!(publisher.get(&location).await.header("range"), "0-4");
        // of one that does not say how much comes, the upload ends
        let head = "Content-Range: 5-6\r\nTransfer-Encoding: chunked";
        let body = b"5\r\nworld\r\n0\r\n\r\n";
        let answer =
            put_by_hand((&world, &publisher), (&location, digest_of(b"helloworld")), (head, body), false).await;
        assert!(answer.contains("400 Bad Request") && answer.contains("its Content-Range says 2"), "{answer}");
        assert_eq!((publisher.get(&location).await.status, under_way(&world).await), (404, 0));
        world.stop().await;
    });
}

#[test]
fn a_length_that_no_blob_has_is_refused() {
    run(async {
        for world in [World::start().await, World::with_quota(1000 * KB as u64).await] {
            let publisher = world.client("publisher");
            let location = begin_upload(&publisher, "acme/hello").await;
            assert_eq!(append(&publisher, &location, b"hello".to_vec()).await.status, 202);
            for length in [u64::MAX, u64::MAX - 4, 1 << 63] {
                let head = format!("Content-Length: {length}");
                let answer =
                    put_by_hand((&world, &publisher), (&location, digest_of(b"x")), (&head, b"x"), false).await;
                assert!(answer.starts_with("HTTP/1.1 400 "), "{length}: {answer}");
                assert!(answer.contains("no blob has more than"), "{length}: {answer}");
            }
            world.stop().await;
        }
    });
}
