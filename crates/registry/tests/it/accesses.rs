//! Every push, pull and refusal is in the log: who, what, from where, by which rule.

use distr_domain::access::{AccessAction, AccessOutcome};
use distr_domain::license::Terms;

use crate::server::run;
use crate::vendor::push_image;
use crate::world::{World, customer};

fn refused(code: &str, reason: &str) -> AccessOutcome {
    AccessOutcome::Refused { code: code.to_owned(), reason: reason.to_owned() }
}

fn granted(rule: &str) -> AccessOutcome {
    AccessOutcome::Granted { rule: rule.to_owned() }
}

#[test]
fn a_push_and_the_pulls_are_recorded_and_looking_is_not() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let digest = push_image(&publisher, "acme/hello", "1.0.0", b"layer").await;
        world.publish("1.0.0", "hello", &digest).await;
        let license = world.license("globex-hello", Terms::default()).await;
        let agent = world.client("agent");
        agent.head("/v2/acme/hello/manifests/1.0.0").await;
        agent
            .request(reqwest::Method::GET, "/v2/acme/hello/manifests/1.0.0")
            .header("user-agent", "docker/1")
            .send()
            .await;
        publisher.get(&format!("/v2/acme/hello/manifests/{digest}")).await;

        let records = world.accesses(3).await;
        assert_eq!(records.len(), 3, "{records:?}");
        let [push, pull, own] = &records[..] else { unreachable!() };
        assert_eq!((push.action, push.subject.as_str()), (AccessAction::Push, "acme/hello:1.0.0"));
        assert_eq!((&push.outcome, push.customer), (&granted("role publisher"), None));
        assert!(push.actor.starts_with("member:"));
        assert_eq!((pull.action, pull.subject.as_str()), (AccessAction::Pull, "acme/hello:1.0.0"));
        assert_eq!(pull.outcome, granted("license \"globex-hello\""));
        assert_eq!((pull.customer, pull.license), (Some(customer()), Some(license)));
        assert_eq!(pull.application, Some(crate::vendor::application()));
        assert_eq!(pull.digest.as_deref(), Some(digest.as_str()));
        assert_eq!(pull.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(pull.user_agent.as_deref(), Some("docker/1"));
        assert!(pull.actor.starts_with("agent:"));
        assert_eq!(own.subject, format!("acme/hello@{digest}"));
        world.stop().await;
    });
}

#[test]
fn refusals_are_recorded_with_their_rule() {
    run(async {
        let world = World::start().await;
        let digest = push_image(&world.client("publisher"), "acme/hello", "2.0.0", b"layer").await;
        world.publish("2.0.0", "hello", &digest).await;
        let versions = vec!["1.x".parse().unwrap()];
        let license = world.license("old", Terms { versions, ..Terms::default() }).await;
        world.client("customer").head("/v2/acme/hello/manifests/2.0.0").await;
        world.client("auditor").post("/v2/acme/hello/blobs/uploads/", "").await;
        world.client("stranger").get("/v2/acme/hello/manifests/2.0.0").await;

        let records = world.accesses(4).await;
        let [_, by_license, by_role, stranger] = &records[..] else { panic!("{records:?}") };
        let reason = "license \"old\" covers versions 1.x, not \"2.0.0\"";
        assert_eq!(by_license.outcome, refused("entitlement.version_outside", reason));
        assert_eq!((by_license.license, by_license.customer), (Some(license), Some(customer())));
        assert_eq!(by_role.outcome, refused("registry.role", "role auditor may not push"));
        assert_eq!((by_role.action, by_role.subject.as_str()), (AccessAction::Push, "acme/hello"));
        assert_eq!(stranger.outcome, refused("registry.unknown", "it is not known to the caller"));
        world.stop().await;
    });
}
