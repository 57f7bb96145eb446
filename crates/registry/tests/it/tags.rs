//! `tags/list`: order, pages, and what a customer sees of it.

use distr_domain::license::Terms;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::run;
use crate::vendor::push_image;
use crate::world::World;

/// All tags, by following the links of pages of this size.
async fn paged(client: &Client, n: usize) -> Vec<Value> {
    let (mut tags, mut next) = (vec![], format!("/v2/acme/hello/tags/list?n={n}"));
    loop {
        let answer = client.get(&next).await;
        let page = answer.json()["tags"].as_array().unwrap().clone();
        assert!(page.len() <= n);
        tags.extend(page);
        let link = answer.header("link");
        let Some(path) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else {
            assert_eq!(link, "");
            return tags;
        };
        next = path.to_owned();
    }
}

#[test]
fn tags_come_in_lexical_order_a_page_at_a_time() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        for tag in ["b", "A", "a", "1.10", "B-2", "1.9", "_x"] {
            push_image(&publisher, "acme/hello", tag, b"layer").await;
        }
        let all = json!(["1.10", "1.9", "_x", "A", "a", "b", "B-2"]);
        let answer = publisher.get("/v2/acme/hello/tags/list").await;
        assert_eq!(answer.json(), json!({ "name": "acme/hello", "tags": all }));
        for n in 1..=8 {
            assert_eq!(Value::Array(paged(&publisher, n).await), all, "n={n}");
        }
        let after = publisher.get("/v2/acme/hello/tags/list?last=A0").await;
        assert_eq!(after.json()["tags"], json!(["b", "B-2"]));
        assert_eq!(publisher.get("/v2/acme/hello/tags/list?n=0").await.json()["tags"], json!([]));
        assert_eq!(publisher.get("/v2/acme/hello/tags/list?n=x").await.status, 400);
        world.stop().await;
    });
}

#[test]
fn a_repository_that_nobody_pushed_to_is_not_known() {
    run(async {
        let world = World::start().await;
        let answer = world.client("publisher").get("/v2/acme/nothing/tags/list").await;
        assert_eq!(answer.error(), "404 NAME_UNKNOWN: repository \"acme/nothing\" is not known");
        world.stop().await;
    });
}

#[test]
fn a_customer_sees_the_tags_that_it_could_pull() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let first = push_image(&publisher, "acme/hello", "1.0.0", b"one").await;
        let second = push_image(&publisher, "acme/hello", "2.0.0", b"two").await;
        push_image(&publisher, "acme/hello", "nightly", b"never released").await;
        world.publish("1.0.0", "hello", &first).await;
        world.publish("2.0.0", "hello", &second).await;
        let customer = world.client("customer");
        let none = customer.get("/v2/acme/hello/tags/list").await;
        assert_eq!(none.error(), "404 NAME_UNKNOWN: repository \"acme/hello\" is not known");
        let versions = vec!["1.x".parse().unwrap()];
        world.license("globex-hello", Terms { versions, ..Terms::default() }).await;
        assert_eq!(customer.get("/v2/acme/hello/tags/list").await.json()["tags"], json!(["1.0.0"]));
        world.stop().await;
    });
}
