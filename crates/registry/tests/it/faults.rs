//! What is broken inside is not told outside.

use crate::server::run;
use crate::vendor::{digest_of, push_image};
use crate::world::World;

#[test]
fn a_lost_disk_says_nothing_of_itself() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        push_image(&publisher, "acme/hello", "1", b"layer").await;
        std::fs::remove_dir_all(world.blobs.path()).unwrap();
        let expected = "500 UNKNOWN: the registry could not do it; the reason is in its log";
        assert_eq!(publisher.get("/v2/acme/hello/manifests/1").await.error(), expected);
        assert_eq!(publisher.post("/v2/acme/hello/blobs/uploads/", "").await.error(), expected);
        let blob = publisher.get(&format!("/v2/acme/hello/blobs/{}", digest_of(b"layer"))).await;
        assert_eq!(blob.status, 404);
        // a pull that failed is not recorded as one
        assert_eq!(world.accesses(1).await.len(), 1);
        world.stop().await;
    });
}
