use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{EmptyMutation, EmptySubscription, Schema};
use serde_json::json;

use super::*;
use crate::graphql::MAX_COMPLEXITY;

fn package() -> domain::HelmPackage {
    let digest = format!("sha256:{}", "1".repeat(64));
    let package = json!({
        "chart": {
            "repository": "charts/hello", "digest": digest, "archive": digest, "size": 1, "name": "hello", "version": "1.0.0",
        },
        "lock": { "registry": "hub.example", "images": [], "kinds": [], "cases": 1, "tool": "helm" },
    });
    serde_json::from_value(package).unwrap()
}

/// A package, and how often its lock's digest was made.
struct Query {
    made: Arc<AtomicUsize>,
}

#[Object]
impl Query {
    async fn package(&self) -> HelmPackage {
        let (package, made) = (Arc::new(package()), self.made.clone());
        let of = package.clone();
        let make = move || {
            made.fetch_add(1, Ordering::Relaxed);
            lock_digest(&of)
        };
        HelmPackage { package, lock_digest: LazyLock::new(Box::new(make)) }
    }
}

/// How often the digest was made for a question that names it so often, and whether the question was answered.
async fn asked(times: usize) -> (usize, bool) {
    let made = Arc::new(AtomicUsize::new(0));
    let query = Query { made: made.clone() };
    let schema = Schema::build(query, EmptyMutation, EmptySubscription).limit_complexity(MAX_COMPLEXITY).finish();
    let fields: String = (0..times).map(|number| format!("a{number}: lockDigest ")).collect();
    let answer = schema.execute(format!("{{ package {{ {fields} }} }}")).await;
    (made.load(Ordering::Relaxed), answer.errors.is_empty())
}

#[tokio::test]
async fn a_digest_of_a_lock_is_made_once_however_often_it_is_asked_for() {
    assert_eq!(asked(0).await.0, 0);
    assert_eq!(asked(99).await, (1, true));
    assert_eq!(asked(100).await, (0, false), "more than a question may cost");
}
