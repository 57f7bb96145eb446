//! A customer and its agents pull what its licenses entitle them to at that moment, and are told why not.

use chrono::TimeDelta;
use distr_domain::ids::ReleaseId;
use distr_domain::license::{License, LicenseCommand, Terms};
use distr_domain::release::{Release, ReleaseCommand};

use crate::server::run;
use crate::vendor::{application, digest_of, image, push_image, push_index};
use crate::world::World;
use distr_tests::clock::now;

#[test]
fn a_license_opens_the_manifest_and_its_blobs_for_customer_and_agent() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "1.0.0", b"layer").await;
        world.publish("1.0.0", "hello", &digest).await;
        world.license("globex-hello", Terms::default()).await;
        for username in ["customer", "agent"] {
            let client = world.client(username);
            for reference in ["1.0.0", digest.as_str()] {
                let path = format!("/v2/acme/hello/manifests/{reference}");
                assert_eq!(client.head(&path).await.status, 200);
                assert_eq!(client.get(&path).await.body, image(b"layer"));
            }
            for blob in [&b"layer"[..], b"{}"] {
                assert_eq!(client.get(&format!("/v2/acme/hello/blobs/{}", digest_of(blob))).await.body, blob);
            }
        }
        world.stop().await;
    });
}

#[test]
fn a_revoked_license_ends_the_next_pull_with_its_reason() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "1.0.0", b"layer").await;
        world.publish("1.0.0", "hello", &digest).await;
        let license = world.license("globex-hello", Terms::default()).await;
        let agent = world.client("agent");
        assert_eq!(agent.get("/v2/acme/hello/manifests/1.0.0").await.status, 200);

        let revoke = LicenseCommand::Revoke { reason: "contract ended".to_owned() };
        world.command::<License>(license.0, revoke).await;
        // with the token that it has already
        let expected = "403 DENIED: acme/hello: license \"globex-hello\" was revoked: contract ended";
        assert_eq!(agent.get("/v2/acme/hello/manifests/1.0.0").await.error(), expected);
        assert_eq!(agent.get(&format!("/v2/acme/hello/blobs/{}", digest_of(b"layer"))).await.error(), expected);
        assert_eq!(agent.head("/v2/acme/hello/manifests/1.0.0").await.status, 403);
        world.stop().await;
    });
}

#[test]
fn each_reason_is_said() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "2.0.0", b"layer").await;
        world.publish("2.0.0", "hello", &digest).await;
        let customer = world.client("customer");
        let refusal = async || customer.get("/v2/acme/hello/manifests/2.0.0").await.error();
        let absent = customer.get("/v2/acme/hello/manifests/9.9.9").await.error();
        assert_eq!(refusal().await.replace("2.0.0", "9.9.9"), absent, "another customer's is as good as not there");

        let license = world.license("old", Terms { versions: vec!["1.x".parse().unwrap()], ..Terms::default() }).await;
        let expected = "403 DENIED: acme/hello: license \"old\" covers versions 1.x, not \"2.0.0\"";
        assert_eq!(refusal().await, expected);

        let ended = now() - TimeDelta::seconds(1);
        let terms = Terms { expires_at: Some(ended), ..Terms::default() };
        world.command::<License>(license.0, LicenseCommand::Amend { terms }).await;
        assert!(refusal().await.starts_with("403 DENIED: acme/hello: license \"old\" expired at "));

        world.command::<License>(license.0, LicenseCommand::Amend { terms: Terms::default() }).await;
        assert_eq!(customer.get("/v2/acme/hello/manifests/2.0.0").await.status, 200);

        let release = ReleaseId::of(application(), &"2.0.0".parse().unwrap());
        let revoke = ReleaseCommand::Revoke { reason: "it loses data".to_owned() };
        world.command::<Release>(release.0, revoke).await;
        assert_eq!(refusal().await, "403 DENIED: acme/hello: release \"2.0.0\" was revoked: it loses data");
        world.stop().await;
    });
}

#[test]
fn a_license_expires_without_anybody_doing_anything() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "1.0.0", b"layer").await;
        world.publish("1.0.0", "hello", &digest).await;
        let expires_at = now() + TimeDelta::seconds(3);
        world.license("trial", Terms { expires_at: Some(expires_at), ..Terms::default() }).await;
        let agent = world.client("agent");
        assert_eq!(agent.get("/v2/acme/hello/manifests/1.0.0").await.status, 200);
        while now() < expires_at {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(agent.get("/v2/acme/hello/manifests/1.0.0").await.status, 403);
        world.stop().await;
    });
}

#[test]
fn what_was_never_released_is_answered_like_what_is_not_there() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let released = push_image(&publisher, "acme/hello", "1.0.0", b"layer").await;
        push_image(&publisher, "acme/hello", "2.0.0-dev", b"secret work").await;
        world.publish("1.0.0", "hello", &released).await;
        world.license("globex-hello", Terms::default()).await;
        let customer = world.client("customer");
        let answer = async |tag: &str| {
            let answer = customer.get(&format!("/v2/acme/hello/manifests/{tag}")).await;
            answer.error().replace(tag, "…")
        };
        assert_eq!(answer("2.0.0-dev").await, answer("9.9.9").await);
        let blob = async |bytes: &[u8]| {
            let digest = digest_of(bytes);
            let answer = customer.get(&format!("/v2/acme/hello/blobs/{digest}")).await;
            answer.error().replace(digest.as_str(), "…")
        };
        assert_eq!(blob(b"secret work").await, blob(b"nothing").await);
        world.stop().await;
    });
}

#[test]
fn a_released_index_opens_its_children_and_their_blobs() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let amd64 = push_image(&publisher, "acme/hello", "amd64", b"amd64").await;
        push_image(&publisher, "acme/hello", "arm64", b"arm64").await;
        let index = push_index(&publisher, "acme/hello", "1.0.0", &[&image(b"amd64")]).await;
        world.publish("1.0.0", "hello", &index).await;
        world.license("globex-hello", Terms::default()).await;
        let customer = world.client("customer");
        assert_eq!(customer.get("/v2/acme/hello/manifests/1.0.0").await.status, 200);
        assert_eq!(customer.get(&format!("/v2/acme/hello/manifests/{amd64}")).await.status, 200);
        assert_eq!(customer.get(&format!("/v2/acme/hello/blobs/{}", digest_of(b"amd64"))).await.status, 200);
        // not in the index
        assert_eq!(customer.get("/v2/acme/hello/manifests/arm64").await.status, 404);
        assert_eq!(customer.get(&format!("/v2/acme/hello/blobs/{}", digest_of(b"arm64"))).await.status, 404);
        world.stop().await;
    });
}

#[test]
fn a_customer_role_without_the_right_to_pull_is_refused_whatever_the_license() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "1.0.0", b"layer").await;
        world.publish("1.0.0", "hello", &digest).await;
        world.license("globex-hello", Terms::default()).await;
        let answer = world.client("viewer").get("/v2/acme/hello/manifests/1.0.0").await;
        assert_eq!(answer.error(), "403 DENIED: acme/hello: customer role viewer may not pull");
        world.stop().await;
    });
}
