//! How a repository is kept: immutable tags, retention.

use distr_domain::artifact::settings::{RepositorySettings, SettingsChange, SettingsCommand};
use distr_domain::ids::ArtifactId;
use serde_json::json;

use crate::server::run;
use crate::vendor::{INDEX, digest_of, image, push_blob, push_image, put_manifest};
use crate::world::{World, organization};

impl World {
    pub(crate) async fn set(&self, repository: &str, change: SettingsChange) {
        let repository = repository.parse().unwrap();
        let id = ArtifactId::of(organization("acme"), &repository);
        self.command::<RepositorySettings>(id.0, SettingsCommand { repository, change }).await;
    }
}

#[test]
fn an_immutable_tag_takes_the_same_push_again_and_no_other() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1.0", b"one").await;
        push_image(&publisher, "acme/hello", "latest", b"one").await;
        let except = vec!["latest".parse().unwrap()];
        world.set("hello", SettingsChange::MakeTagsImmutable { except }).await;

        push_image(&publisher, "acme/hello", "1.0", b"one").await;
        push_image(&publisher, "acme/hello", "1.1", b"two").await;
        push_image(&publisher, "acme/hello", "latest", b"two").await;
        let refused = put_manifest(&publisher, "acme/hello", "1.0", &image(b"two")).await;
        let expected = format!("403 DENIED: acme/hello:1.0: tag \"1.0\" is immutable and stays at {digest}");
        assert_eq!(refused.error(), expected);
        let expected = format!("tag \"1.0\" is immutable and stays at {digest}");
        for path in ["1.0", digest.as_str()] {
            let refused = publisher.delete(&format!("/v2/acme/hello/manifests/{path}")).await.error();
            assert!(refused.starts_with("403 DENIED") && refused.ends_with(&expected), "{refused}");
        }
        let standing = publisher.head("/v2/acme/hello/manifests/1.0").await;
        assert_eq!(standing.header("docker-content-digest"), digest.as_str());
        // the refusals are on record
        let accesses = world.accesses(1).await;
        assert!(accesses.iter().any(|access| format!("{:?}", access.outcome).contains("artifact.tag_immutable")));

        world.set("hello", SettingsChange::MakeTagsMutable).await;
        assert_eq!(put_manifest(&publisher, "acme/hello", "1.0", &image(b"two")).await.status, 201);
        world.stop().await;
    });
}

#[test]
fn lists_of_what_is_attached_move_in_an_immutable_repository() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let subject = push_image(&publisher, "acme/hello", "1.0", b"one").await;
        world.set("hello", SettingsChange::MakeTagsImmutable { except: vec![] }).await;
        push_blob(&publisher, "acme/hello", b"{}").await;
        let tag = subject.as_str().replace(':', "-");
        for n in 0..3 {
            let index = json!({
                "schemaVersion": 2, "mediaType": INDEX, "manifests": [],
                "annotations": { "n": n.to_string() },
            });
            for tag in [tag.clone(), format!("{tag}.sig")] {
                let answer = put_manifest(&publisher, "acme/hello", &tag, index.to_string().as_bytes()).await;
                assert_eq!(answer.status, 201, "{tag}");
                assert_eq!(answer.header("docker-content-digest"), digest_of(index.to_string().as_bytes()).as_str());
            }
        }
        world.stop().await;
    });
}
