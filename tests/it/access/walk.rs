//! The walk: every field of the root types, whoever asks, with another's things in its arguments and with what is not there
//! at all. Both answers are the same to the byte, but for the name that was asked for, and took the same work.

use serde_json::{Value, json};
use uuid::Uuid;

use super::arguments::Thing;
use super::documents::{Root, Schema};
use super::registry::CLIENT;
use super::statements::Statements;
use super::world::{Corner, World, absent};

/// Which things of the asker's own are replaced.
type Replaced = Vec<Thing>;

/// Each by itself, all at once, and all but those that may be left out and are then the asker's own.
fn replacements(root: &Root<'_>) -> Vec<(Replaced, Replaced)> {
    let things = root.things();
    let mut all: Vec<(Replaced, Replaced)> = things.iter().map(|thing| (vec![*thing], vec![])).collect();
    if things.len() > 1 {
        all.push((things.clone(), vec![]));
    }
    let (left_out, rest): (Replaced, Replaced) = things.iter().partition(|thing| root.may_leave_out(**thing));
    if !left_out.is_empty() && !rest.is_empty() {
        all.push((rest, left_out));
    }
    all
}

fn document(root: &Root<'_>, own: &Corner, case: &(Replaced, Replaced), other: impl Fn(Thing) -> String) -> String {
    let (replaced, left_out) = case;
    root.document(|thing| match thing {
        _ if left_out.contains(&thing) => None,
        _ if replaced.contains(&thing) => Some(other(thing)),
        Thing::Cursor => None,
        _ => Some(own.things[&thing].clone()),
    })
}

struct Asked {
    text: String,
    /// of a refusal; how many an answer takes depends on how its parts came together
    statements: Option<usize>,
}

/// The status and the whole body.
async fn ask(world: &World, statements: &mut Statements<'_>, secret: Option<&str>, document: &str) -> Asked {
    let correlation = Uuid::new_v4();
    let request = CLIENT
        .post(world.hub.url("/graphql"))
        .header("x-correlation-id", correlation.to_string())
        .json(&json!({ "query": document }));
    let request = match secret {
        Some(secret) => request.bearer_auth(secret),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.text().await.expect("a text");
    assert!(!body.contains("\"bad_request\"") && !body.contains("\"internal\""), "{document}: {body}");
    // the order of fields is no part of the answer
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let statements = statements.count(correlation);
    Asked { text: format!("{status} {body}"), statements: body["data"].is_null().then_some(statements) }
}

/// What a socket says first, if it says anything, to the one and to the other.
async fn both_first_words(world: &World, secret: Option<&str>, documents: [&str; 2]) -> [Asked; 2] {
    let [mine, there] = documents.map(|document| first_word(world, secret, document));
    let (mine, there) = tokio::join!(mine, there);
    [mine, there].map(|text| Asked { text, statements: None })
}

async fn first_word(world: &World, secret: Option<&str>, document: &str) -> String {
    let mut subscription = distr_tests::socket::Subscription::open(&world.hub, secret, document, json!({})).await;
    subscription.first_word().await.map(|word| word.to_string()).unwrap_or_default()
}

/// With the names that were asked for taken out.
fn without_names(text: &str, names: &[String]) -> String {
    names.iter().fold(text.to_owned(), |text, name| text.replace(name.as_str(), "…"))
}

/// What is wrong with what `asker` of `own` is told of `theirs`.
async fn compare(
    world: &World,
    statements: &mut Statements<'_>,
    schema: &Schema,
    (asker, secret): (&str, Option<&str>),
    own: &Corner,
    theirs: &Corner,
) -> Vec<String> {
    let mut wrong = vec![];
    // a throttled path tells everybody the same: it is walked by nobody in particular
    let roots = schema.roots().into_iter().filter(|root| (root.name == "sessionCreate") == secret.is_none());
    for root in roots {
        for case in replacements(&root) {
            let other = |thing| theirs.things[&thing].clone();
            let nothing = |thing| absent(thing, &theirs.things[&thing]);
            let (mine, there) = (document(&root, own, &case, other), document(&root, own, &case, nothing));
            let [not_mine, not_there] = match root.kind {
                "subscription" => both_first_words(world, secret, [&mine, &there]).await,
                _ => [ask(world, statements, secret, &mine).await, ask(world, statements, secret, &there).await],
            };
            let (replaced, _) = &case;
            let told = without_names(&not_mine.text, &replaced.iter().map(|thing| other(*thing)).collect::<Vec<_>>());
            let expected =
                without_names(&not_there.text, &replaced.iter().map(|thing| nothing(*thing)).collect::<Vec<_>>());
            let what = format!("{asker}: {} with {replaced:?} of another", root.name);
            if told != expected {
                wrong.push(format!("{what}:\n  not mine:  {told}\n  not there: {expected}"));
            }
            if not_mine.statements != not_there.statements {
                let (mine, there) = (not_mine.statements, not_there.statements);
                wrong.push(format!("{what}: {mine:?} statements, and {there:?} for what is not there: {told}"));
            }
        }
    }
    wrong
}

/// What is wrong with what `asker` reads of its own: it must hold nothing of the others.
async fn read(
    world: &World,
    statements: &mut Statements<'_>,
    schema: &Schema,
    (asker, secret): (&str, &str),
    own: &Corner,
    others: &[&Corner],
) -> Vec<String> {
    let mut wrong = vec![];
    for root in schema.roots().into_iter().filter(|root| root.kind == "query") {
        let asked =
            ask(world, statements, Some(secret), &document(&root, own, &(vec![], vec![]), |_| String::new())).await;
        let marks = others.iter().flat_map(|other| &other.marks);
        wrong.extend(
            marks
                .filter(|mark| asked.text.contains(*mark))
                .map(|mark| format!("{asker}: {} tells of {mark:?}", root.name)),
        );
    }
    wrong
}

/// All that an asker reads of its own, but when its tokens were used, and what the time is.
async fn all_of(
    world: &World,
    statements: &mut Statements<'_>,
    schema: &Schema,
    secret: &str,
    own: &Corner,
) -> Vec<String> {
    let mut all = vec![];
    // days end while this is asked
    let is_moving = |name: &str| matches!(name, "head" | "events" | "history" | "hub" | "analytics" | "licenseUse");
    let stable = |root: &Root<'_>| root.kind == "query" && !is_moving(root.name);
    for root in schema.roots().iter().filter(|root| stable(root)) {
        let document = document(root, own, &(vec![], vec![]), |_| String::new());
        all.push(without_uses(&ask(world, statements, Some(secret), &document).await.text));
    }
    all
}

fn without_uses(text: &str) -> String {
    let parts =
        text.split("\"lastUsedAt\":").map(|part| part.split_once(",\"revokedAt\"").map_or(part, |(_, rest)| rest));
    parts.collect()
}

#[tokio::test]
async fn what_is_anothers_is_told_from_what_is_not_there_by_nothing() {
    let world = World::make().await;
    let schema = Schema::of(&world.hub, &world.globex.askers[0].1).await;
    assert_eq!(schema.unknown_arguments(), Vec::<String>::new(), "say in arguments.rs what these name");
    let World { globex, initech, wayne, .. } = &world;
    let mut statements = Statements::of(&world.hub);
    let (_, admin_of_initech) = &initech.askers[0];
    let (_, admin_of_globex) = &globex.askers[0];
    let initech_before = all_of(&world, &mut statements, &schema, admin_of_initech, initech).await;
    let mut wrong = vec![];
    for (asker, secret) in &globex.askers {
        wrong.extend(read(&world, &mut statements, &schema, (asker, secret), globex, &[initech, wayne]).await);
        wrong.extend(compare(&world, &mut statements, &schema, (asker, Some(secret)), globex, initech).await);
    }
    let globex_before = all_of(&world, &mut statements, &schema, admin_of_globex, globex).await;
    for (asker, secret) in &wayne.askers {
        wrong.extend(read(&world, &mut statements, &schema, (asker, secret), wayne, &[globex, initech]).await);
        wrong.extend(compare(&world, &mut statements, &schema, (asker, Some(secret)), wayne, globex).await);
    }
    wrong.extend(compare(&world, &mut statements, &schema, ("nobody", None), wayne, globex).await);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let initech_after = all_of(&world, &mut statements, &schema, admin_of_initech, initech).await;
    assert_eq!(initech_after, initech_before, "something of another customer's was changed");
    let globex_after = all_of(&world, &mut statements, &schema, admin_of_globex, globex).await;
    assert_eq!(globex_after, globex_before, "something of another organization's was changed");
}

/// The test of the test: a field or an argument that nobody has looked at is found.
#[test]
fn an_argument_without_a_case_is_found() {
    let named = |name: &str, args: Value| json!({ "name": name, "args": args, "type": { "kind": "SCALAR", "name": "String", "ofType": null } });
    let argument = |name: &str| json!([{ "name": name, "defaultValue": null, "type": { "kind": "SCALAR" } }]);
    let schema = Schema::read(&json!({
        "queryType": { "name": "Query" }, "mutationType": { "name": "Mutation" }, "subscriptionType": { "name": "Subscription" },
        "types": [
            { "name": "Query", "fields": [named("customer", argument("name")), named("customer", argument("secretly"))] },
            { "name": "Mutation", "fields": [named("licenseBurn", argument("name"))] },
            { "name": "Subscription", "fields": [] },
            { "name": "License", "fields": [named("audit", argument("of"))] },
        ],
    }));
    assert_eq!(schema.unknown_arguments(), ["License.audit(of)", "licenseBurn(name)", "customer(secretly)"]);
}
