//! Lists that the server searches and sorts.

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

use crate::access::registry::push;

async fn names(hub: &HubProcess, owner: &str, field: &str, arguments: &str) -> Vec<String> {
    let query = format!("{{ {field}{arguments} {{ nodes {{ name }} }} }}");
    let data = hub.graphql(Some(owner), &query, json!({})).await.data();
    let nodes = data[field]["nodes"].as_array().expect("nodes").clone();
    nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn customers_and_applications_are_found_by_a_part_of_either_name() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let made = "mutation {
        a: customerCreate(name: \"globex\", displayName: \"Globex Corporation\") { changed }
        b: customerCreate(name: \"initech\", displayName: \"100 % Initech\") { changed }
        c: applicationCreate(name: \"hello\", displayName: \"Greeter\") { changed }
        d: applicationCreate(name: \"shop\") { changed }
    }";
    hub.graphql(Some(&owner), made, json!({})).await.data();
    for (field, search, found) in [
        ("customers", "LOBE", vec!["globex"]),
        ("customers", "corp", vec!["globex"]),
        ("customers", "%", vec!["initech"]),
        ("customers", "e", vec!["globex", "initech"]),
        ("customers", "nobody", vec![]),
        ("applications", "greet", vec!["hello"]),
        ("applications", "ho", vec!["shop"]),
    ] {
        let arguments = format!("(search: \"{search}\")");
        assert_eq!(names(&hub, &owner, field, &arguments).await, found, "{field} {search}");
    }
    let empty = hub.graphql(Some(&owner), "{ customers(search: \" \") { nodes { id } } }", json!({})).await;
    assert_eq!(empty.code(), Some("bad_input"));
}

#[tokio::test]
async fn a_fleet_is_in_the_order_that_is_asked_for_page_by_page() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let made = "mutation {
        a: customerCreate(name: \"zeta\") { changed } b: customerCreate(name: \"alpha\") { changed }
        t1: targetRegister(customer: \"zeta\", name: \"one\") { changed }
        t2: targetRegister(customer: \"alpha\", name: \"two\") { changed }
        t3: targetRegister(customer: \"alpha\", name: \"three\") { changed }
        t4: targetRegister(customer: \"zeta\", name: \"heard\") { changed }
    }";
    hub.graphql(Some(&owner), made, json!({})).await.data();
    for (sort, order, expected) in [
        ("NAME", "ASCENDING", ["heard", "one", "three", "two"]),
        ("NAME", "DESCENDING", ["two", "three", "one", "heard"]),
        ("CUSTOMER", "ASCENDING", ["three", "two", "heard", "one"]),
        ("CREATED", "ASCENDING", ["one", "two", "three", "heard"]),
        ("CREATED", "DESCENDING", ["heard", "three", "two", "one"]),
    ] {
        let (mut found, mut after) = (vec![], Value::Null);
        loop {
            let query = format!(
                "query ($after: String) {{ targets(sort: {sort}, order: {order}, first: 2, after: $after) {{
                     nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let page = hub.graphql(Some(&owner), &query, json!({ "after": after })).await.data()["targets"].clone();
            let nodes = page["nodes"].as_array().expect("nodes").clone();
            found.extend(nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(found, expected, "{sort} {order}");
    }
    let first = "{ targets(sort: HEARD, first: 1) { pageInfo { endCursor } } }";
    let cursor = hub.graphql(Some(&owner), first, json!({})).await.data()["targets"]["pageInfo"]["endCursor"].clone();
    let other = "query ($after: String) { targets(sort: CREATED, after: $after) { nodes { id } } }";
    let answer = hub.graphql(Some(&owner), other, json!({ "after": cursor })).await;
    assert_eq!(answer.code(), Some("bad_input"), "{answer:?}");
}

#[tokio::test]
async fn what_is_deleted_keeps_the_reason_for_it() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for tag in ["1", "2"] {
        push(&hub, &owner, "acme/app", tag, tag).await;
    }
    let delete = "mutation { tagDelete(repository: \"app\", tag: \"1\", reason: \"by mistake\") { changed } }";
    hub.graphql(Some(&owner), delete, json!({})).await.data();
    let delete = "mutation { repositoryDelete(name: \"app\", reason: \"not used\") { changed } }";
    hub.graphql(Some(&owner), delete, json!({})).await.data();
    let facts = "{ events(after: \"0\", first: 500) { events { type data } } }";
    let facts = hub.graphql(Some(&owner), facts, json!({})).await.data()["events"]["events"].clone();
    let reason = |event: &str| -> Vec<Value> {
        let all = facts.as_array().expect("events").iter();
        all.filter(|fact| fact["type"] == event).map(|fact| fact["data"]["reason"].clone()).collect()
    };
    assert_eq!(reason("TagDeleted"), [json!("by mistake"), json!("not used")]);
    assert_eq!(reason("RepositoryEmptied"), [json!("not used")]);
    assert!(reason("ManifestDeleted").iter().all(|reason| reason == "not used"));
}
