//! `_catalog`, and referrers and deletions as others than a publisher see them.

use distr_domain::license::Terms;
use distr_domain::organization::{Organization, OrganizationCommand};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::run;
use crate::vendor::{IMAGE, INDEX, attached, descriptor, digest_of, push_attached, push_image, push_index};
use crate::vendor::{image, put_manifest};
use crate::world::{World, organization};

async fn names(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/v2/_catalog{query}")).await;
    assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&answer.body));
    answer.json()["repositories"].clone()
}

async fn found(world: &World) {
    let create = OrganizationCommand::Create { name: "acme".parse().unwrap(), display_name: "Acme".to_owned() };
    world.command::<Organization>(organization("acme").0, create).await;
}

#[test]
fn a_vendor_sees_its_repositories_a_page_at_a_time() {
    run(async {
        let world = World::start().await;
        found(&world).await;
        let publisher = world.client("publisher");
        for name in ["acme/b", "acme/a/x", "acme/a-b", "acme/c"] {
            push_image(&publisher, name, "1", b"layer").await;
        }
        let publisher = world.client("publisher");
        let all = json!(["acme/a-b", "acme/a/x", "acme/b", "acme/c"]);
        assert_eq!(names(&publisher, "").await, all);
        let page = publisher.get("/v2/_catalog?n=3").await;
        assert_eq!(page.json()["repositories"].as_array().unwrap().len(), 3);
        let next = page.header("link").strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        assert_eq!(publisher.get(&next).await.json()["repositories"], json!(["acme/c"]));
        // a token for something else is no token for this
        publisher.log_in(&["repository:acme/b:pull"]).await;
        assert_eq!(names(&publisher, "").await, all);
        assert_eq!(names(&world.client("stranger"), "").await, json!([]));
        let viewer = world.client("viewer").get("/v2/_catalog").await;
        assert_eq!(viewer.error(), "403 DENIED: the catalog: customer role viewer may not pull");
        world.stop().await;
    });
}

#[test]
fn a_customer_sees_the_repositories_that_it_could_pull_from() {
    run(async {
        let world = World::start().await;
        found(&world).await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1.0.0", b"one").await;
        push_image(&publisher, "acme/secret", "1.0.0", b"two").await;
        world.publish("1.0.0", "hello", &digest).await;
        let customer = world.client("customer");
        assert_eq!(names(&customer, "").await, json!([]));
        world.license("globex-hello", Terms::default()).await;
        assert_eq!(names(&customer, "").await, json!(["acme/hello"]));
        assert_eq!(names(&customer, "?last=acme/hello").await, json!([]));
        world.stop().await;
    });
}

#[test]
fn a_customer_sees_the_referrers_of_what_it_licensed() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let released = push_image(&publisher, "acme/hello", "1.0.0", b"one").await;
        let other = push_image(&publisher, "acme/hello", "nightly", b"two").await;
        for subject in [&released, &other] {
            push_attached(&publisher, "acme/hello", &attached(subject, "application/spdx+json", json!({}))).await;
        }
        world.publish("1.0.0", "hello", &released).await;
        let customer = world.client("customer");
        let count = async |subject| {
            let answer = customer.get(&format!("/v2/acme/hello/referrers/{subject}")).await;
            assert_eq!(answer.status, 200);
            answer.json()["manifests"].as_array().unwrap().len()
        };
        assert_eq!((count(&released).await, count(&other).await), (0, 0));
        world.license("globex-hello", Terms::default()).await;
        assert_eq!((count(&released).await, count(&other).await), (1, 0));
        world.stop().await;
    });
}

#[test]
fn what_a_release_names_is_not_deleted() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let child = push_image(&publisher, "acme/hello", "amd64", b"amd64").await;
        let index = push_index(&publisher, "acme/hello", "1.0.0", &[&image(b"amd64")]).await;
        publish_with_application(&world, &index).await;
        for digest in [&index, &child] {
            let path = format!("/v2/acme/hello/manifests/{digest}");
            let expected =
                format!("403 DENIED: acme/hello@{digest}: release hello 1.0.0 names it; revoke the release first");
            assert_eq!(publisher.delete(&path).await.error(), expected);
            assert_eq!(publisher.get(&path).await.status, 200);
        }
        // its tag may go: the release names the digest
        assert_eq!(publisher.delete("/v2/acme/hello/manifests/1.0.0").await.status, 202);
        let unpinned = push_image(&publisher, "acme/hello", "2", b"two").await;
        assert_eq!(publisher.delete(&format!("/v2/acme/hello/manifests/{unpinned}")).await.status, 202);
        world.stop().await;
    });
}

async fn publish_with_application(world: &World, digest: &distr_domain::oci::Digest) {
    use distr_domain::application::{Application, ApplicationCommand};

    let name = "hello".parse().unwrap();
    let create = ApplicationCommand::Create { name, display_name: "Hello".to_owned(), description: String::new() };
    world.command::<Application>(crate::vendor::application().0, create).await;
    world.publish("1.0.0", "hello", digest).await;
}

/// Pushes and deletions of the same things at once leave a repository in which every tag has its manifest.
#[test]
fn pushes_and_deletions_at_once_leave_no_tag_without_its_manifest() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "0", b"layer").await;
        let tasks = (0..24).map(|n| {
            let (publisher, digest) = (&publisher, &digest);
            async move {
                match n % 3 {
                    0 => publisher.delete(&format!("/v2/acme/hello/manifests/{digest}")).await.status,
                    _ => put_manifest(publisher, "acme/hello", &format!("t{n}"), &image(b"layer")).await.status,
                }
            }
        });
        let statuses = futures_util::future::join_all(tasks).await;
        assert!(statuses.iter().all(|status| [201, 202, 404].contains(status)), "{statuses:?}");
        let list = publisher.get("/v2/acme/hello/tags/list").await.json();
        // none: the last word was a deletion's
        for tag in list["tags"].as_array().into_iter().flatten() {
            let answer = publisher.get(&format!("/v2/acme/hello/manifests/{}", tag.as_str().unwrap())).await;
            assert_eq!(answer.status, 200, "{tag}");
        }
        world.stop().await;
    });
}

/// What an index costs goes by the parts that it has, not by how often it lists them.
#[test]
fn an_index_that_lists_a_large_one_over_and_over_is_taken() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "0", b"layer").await;
        let listing = |part: &[u8], media_type: &str, times: usize| {
            let parts = vec![descriptor(part, media_type); times];
            json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": parts }).to_string()
        };
        let inner = listing(&image(b"layer"), IMAGE, 3_000);
        let outer = listing(inner.as_bytes(), INDEX, 600);
        for (tag, index) in [("inner", &inner), ("outer", &outer)] {
            assert_eq!(put_manifest(&publisher, "acme/hello", tag, index.as_bytes()).await.status, 201);
        }
        world.stop().await;
    });
}

/// An index is never without what it lists, whoever deletes that meanwhile.
#[test]
fn deletions_beside_the_push_of_an_index_leave_it_whole() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        for round in 0..16_u8 {
            let children: Vec<Vec<u8>> = (0..3_u8).map(|child| image(&[round, child])).collect();
            for child in 0..3_u8 {
                push_image(&publisher, "acme/hello", &format!("t{child}"), &[round, child]).await;
            }
            let parts: Vec<Value> = children.iter().map(|child| descriptor(child, IMAGE)).collect();
            let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": parts }).to_string();
            let path = format!("/v2/acme/hello/manifests/{}", digest_of(&children[1]));
            let delete = async {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(round % 8) * 3)).await;
                publisher.delete(&path).await.status
            };
            let push = put_manifest(&publisher, "acme/hello", "whole", index.as_bytes());
            let (pushed, deleted) = tokio::join!(push, delete);
            assert!([201, 404].contains(&pushed.status), "{}", pushed.error());
            if pushed.status == 201 {
                assert_eq!(publisher.get(&path).await.status, 200, "round {round}: deletion {deleted}");
            }
        }
        world.stop().await;
    });
}
