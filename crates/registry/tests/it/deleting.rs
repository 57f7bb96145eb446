//! Tags and manifests are deleted.

use crate::server::run;
use crate::vendor::{image, push_image, push_index};
use crate::world::World;

#[test]
fn a_tag_goes_and_its_manifest_stays() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", b"layer").await;
        assert_eq!(publisher.delete("/v2/acme/hello/manifests/1").await.status, 202);
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.status, 404);
        assert_eq!(publisher.get(&format!("/v2/acme/hello/manifests/{digest}")).await.status, 200);
        let again = publisher.delete("/v2/acme/hello/manifests/1").await;
        assert_eq!(again.error(), "404 MANIFEST_UNKNOWN: tag \"1\" is not in the repository");
        world.stop().await;
    });
}

#[test]
fn a_manifest_goes_with_its_tags() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", b"layer").await;
        push_image(&publisher, "acme/hello", "latest", b"layer").await;
        assert_eq!(publisher.delete(&format!("/v2/acme/hello/manifests/{digest}")).await.status, 202);
        for reference in ["1", "latest", digest.as_str()] {
            assert_eq!(publisher.get(&format!("/v2/acme/hello/manifests/{reference}")).await.status, 404);
        }
        world.stop().await;
    });
}

/// Without it the index could be pulled no more, and pushed no more.
#[test]
fn what_an_index_lists_goes_after_the_index() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let child = push_image(&publisher, "acme/hello", "child", b"layer").await;
        let index = push_index(&publisher, "acme/hello", "1", &[&image(b"layer")]).await;
        let delete = async |digest: &distr_domain::oci::Digest| {
            publisher.delete(&format!("/v2/acme/hello/manifests/{digest}")).await
        };
        let refused = delete(&child).await.error();
        assert_eq!(refused, format!("403 DENIED: acme/hello@{child}: index {index} lists it; delete the index first"));
        assert_eq!(publisher.get(&format!("/v2/acme/hello/manifests/{child}")).await.status, 200);
        assert_eq!(delete(&index).await.status, 202);
        assert_eq!(delete(&child).await.status, 202);
        world.stop().await;
    });
}
