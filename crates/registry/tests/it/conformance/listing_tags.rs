//! "Listing tags".

use serde_json::{Value, json};

use super::{REPOSITORY, conforms, manifest_path};
use crate::client::Client;
use crate::vendor::{image, push_image, put_manifest};

const TAGS: [&str; 6] = ["1.0", "1.1", "_x", "a", "B", "c"];

async fn pushed(client: &Client) {
    push_image(client, REPOSITORY, "c", b"layer").await;
    for tag in ["B", "1.1", "a", "_x", "1.0"] {
        assert_eq!(put_manifest(client, REPOSITORY, tag, &image(b"layer")).await.status, 201);
    }
}

fn list(query: &str) -> String {
    format!("/v2/{REPOSITORY}/tags/list{query}")
}

#[test]
fn a_list_must_be_200_with_name_and_tags_in_lexical_order() {
    conforms(async |client| {
        pushed(client).await;
        let answer = client.get(&list("")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({ "name": REPOSITORY, "tags": TAGS }));
    });
}

#[test]
fn a_list_may_be_empty() {
    conforms(async |client| {
        let digest = push_image(client, REPOSITORY, "1", b"layer").await;
        assert_eq!(client.delete(&manifest_path("1")).await.status, 202);
        assert_eq!(client.head(&manifest_path(digest)).await.status, 200);
        let answer = client.get(&list("")).await;
        assert_eq!((answer.status, &answer.json()["tags"]), (200, &json!([])));
    });
}

#[test]
fn n_must_limit_the_list_and_a_link_lead_on() {
    conforms(async |client| {
        pushed(client).await;
        for n in 1..=TAGS.len() + 1 {
            let (mut all, mut next) = (vec![], list(&format!("?n={n}")));
            loop {
                let answer = client.get(&next).await;
                let tags = answer.json()["tags"].as_array().cloned().expect("tags");
                let link = answer.header("link");
                assert!(tags.len() == n || link.is_empty());
                all.extend(tags);
                let Some(path) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else {
                    assert_eq!(link, "");
                    break;
                };
                next = path.to_owned();
            }
            assert_eq!(Value::Array(all), json!(TAGS), "n={n}");
        }
    });
}

#[test]
fn n_of_zero_must_be_an_empty_list_without_a_link() {
    conforms(async |client| {
        pushed(client).await;
        let answer = client.get(&list("?n=0")).await;
        assert_eq!((answer.status, &answer.json()["tags"], answer.header("link")), (200, &json!([]), ""));
    });
}

#[test]
fn last_must_begin_after_it_with_or_without_n() {
    conforms(async |client| {
        pushed(client).await;
        assert_eq!(client.get(&list("?last=_x")).await.json()["tags"], json!(["a", "B", "c"]));
        assert_eq!(client.get(&list("?n=2&last=1.1")).await.json()["tags"], json!(["_x", "a"]));
        // it need not be there
        assert_eq!(client.get(&list("?n=1&last=1.05")).await.json()["tags"], json!(["1.1"]));
    });
}
