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

/// Postgres takes no text with a NUL: that is the caller's mistake, wherever it stands.
#[test]
fn a_nul_is_refused_with_its_place() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1", b"layer").await;
        publisher.log_in(&["repository:acme/hello:pull,push,delete", "registry:catalog:*"]).await;
        for (path, parameter) in [
            ("/v2/_catalog?last=%00", "last"),
            ("/v2/_catalog?n=1%00", "n"),
            ("/v2/acme/hello/tags/list?last=a%00b", "last"),
            (&format!("/v2/acme/hello/referrers/{digest}?artifactType=%00"), "artifactType"),
            (&format!("/v2/acme/hello/referrers/{digest}?last=%00"), "last"),
            ("/v2/acme/hello/manifests/1?a%00b=1", "a\\0b"),
            ("/token?scope=%00", "scope"),
        ] {
            let expected =
                format!("400 UNSUPPORTED: the parameter \"{parameter}\" has a NUL character (%00); leave it out");
            assert_eq!(publisher.get(path).await.error(), expected, "{path}");
        }
        let uploads = "/v2/acme/hello/blobs/uploads/";
        for query in [format!("mount={digest}&from=%00"), "mount=%00".to_owned(), "digest=%00".to_owned()] {
            assert_eq!(publisher.post(&format!("{uploads}?{query}"), "").await.status, 400, "{query}");
        }
        assert_eq!(publisher.put("/v2/acme/hello/manifests/1?tag=%00", "{}").await.status, 400);
        for path in [
            "/v2/acme/he%00llo/tags/list",
            "/v2/acme/hello/manifests/%00",
            "/v2/acme/hello/blobs/%00",
            "/v2/acme/hello/referrers/%00",
            "/v2/acme/hello/blobs/uploads/%00",
        ] {
            let expected = "400 UNSUPPORTED: the path has a NUL character (%00); leave it out";
            assert_eq!(publisher.get(path).await.error(), expected, "{path}");
        }
        world.stop().await;
    });
}
