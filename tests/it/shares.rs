//! Whoever asks for too much waits for itself: one member's questions, each of which waits for the database, leave the others'
//! connections alone, whatever they ask for and of which pool it is.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use futures_util::future::join_all;
use serde_json::json;
use tokio_postgres::NoTls;

const QUESTIONS: usize = 40;

#[tokio::test]
async fn one_member_s_questions_that_wait_hold_up_nobody() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let support = hub.join(&owner, "support@acme.example", "role: SUPPORT", "a long enough secret").await;
    for mutation in ["customerCreate(name: \"globex\") { changed }", "applicationCreate(name: \"hello\") { changed }"] {
        hub.graphql(Some(&owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
    let issue =
        "mutation { licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed } }";
    hub.graphql(Some(&owner), issue, json!({})).await.data();
    let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr").expect("it runs");
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    for (table, question, anothers) in [
        ("read.application", "{ applications { nodes { name } } }", "{ customers { nodes { name } } }"),
        ("read.application", "{ licenses { nodes { application { name } } } }", "{ customers { nodes { name } } }"),
        ("ops.secret", "{ secrets(customer: \"globex\") }", "{ sessions { id } }"),
    ] {
        let transaction = client.transaction().await.expect("a transaction");
        transaction.batch_execute(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.expect("the lock");
        let questions = join_all((0..QUESTIONS).map(|_| hub.graphql(Some(&support), question, json!({}))));
        let beside = async {
            wait::until("a question that waits", Duration::from_secs(20), async || {
                let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass";
                let waiting: i64 = transaction.query_one(sql, &[&table]).await.expect("an answer").get(0);
                if waiting > 0 { Ok(()) } else { Err("nobody".to_owned()) }
            })
            .await;
            for _ in 0..5 {
                let answer = hub.graphql(Some(&owner), anothers, json!({})).await;
                assert_eq!(answer.code(), None, "{question} held up {anothers}: {}", answer.message());
            }
            transaction.rollback().await.expect("the end of the lock");
        };
        tokio::join!(questions, beside);
    }
}
