//! Analysts: the page's queries have the page's answers, before and after the read models were made anew; and a login can do
//! nothing but read the views. With the real `psql`. `BLESS=1` writes the answers into the page. Figures of the API are theirs, too.

pub(crate) mod seed;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use chrono::{Days, NaiveDate};
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_projections::Scope;
use distr_projections::analytics::{self as figures, AdoptionDay};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::psql::Psql;
use distr_tests::root;
use serde_json::json;

pub(crate) async fn seeded_hub() -> HubProcess {
    let port = free_port().to_string();
    let hub = HubProcess::start_with(&[("DISTR_POSTGRES_PORT", &port), ("DISTR_POOL_SIZE", "1")]).await;
    let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr");
    let head = seed::acme(&url.expect("the hub's Postgres")).await;
    let psql = Psql::of(&hub);
    psql.until(&format!("SELECT bool_and(position >= {head}) FROM read.checkpoint"), "t").await;
    hub
}

fn login(hub: &HubProcess, name: &str) -> String {
    let output = hub.command(&["analyst", "add", name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a URL").trim().to_owned()
}

fn psql(url: &str, statements: &[&str]) -> Output {
    let mut command = Command::new("psql");
    command.args(["-X", "-v", "ON_ERROR_STOP=1", url]).stdin(Stdio::null());
    for statement in statements {
        command.args(["-c", statement]);
    }
    command.output().expect("psql can be started")
}

#[track_caller]
fn answer(url: &str, statement: &str) -> String {
    let output = psql(url, &[statement]);
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn page() -> PathBuf {
    root().join("docs/analytics.md")
}

/// Each query of the page with the answer that stands under it.
fn questions(page: &str) -> Vec<(&str, &str)> {
    let mut questions = vec![];
    for part in page.split("```sql\n").skip(1) {
        let (query, rest) = part.split_once("\n```").expect("a query ends");
        let answer = rest.split_once("```text\n").expect("an answer follows").1;
        questions.push((query, answer.split_once("```").expect("an answer ends").0.trim_end()));
    }
    questions
}

fn bless(url: &str) {
    let mut text = std::fs::read_to_string(page()).expect("the page");
    for (query, _) in questions(&text.clone()) {
        let at = text.find(query).expect("the query") + query.len();
        let from = at + text[at..].find("```text\n").expect("an answer") + "```text\n".len();
        let to = from + text[from..].find("```").expect("its end");
        text.replace_range(from..to, &format!("{}\n", answer(url, query)));
    }
    std::fs::write(page(), text).expect("the page can be written");
}

#[tokio::test]
async fn the_queries_of_the_page_have_the_answers_of_the_page() {
    let hub = seeded_hub().await;
    let url = login(&hub, "ann");
    if std::env::var_os("BLESS").is_some() {
        bless(&url);
    }
    let text = std::fs::read_to_string(page()).expect("the page");
    let questions = questions(&text);
    assert!(questions.len() >= 10, "{} questions", questions.len());
    for when in ["as the log came", "after a rebuild"] {
        for (query, expected) in &questions {
            assert_eq!(answer(&url, query), *expected, "{when}: {query}");
        }
        let rebuilt = hub.command_async(&["rebuild"]).await;
        assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    }
    for view in Psql::of(&hub).ok("SELECT viewname FROM pg_views WHERE schemaname = 'analytics'").lines() {
        assert!(text.contains(&format!("| `{view}` |")), "the page does not list the view {view}");
    }
}

/// Asked of one day, so that the answer is the same on whatever day the test runs.
const FIGURES: &str = "{ analytics(application: \"hello\", days: 1) {
    running { deployments unknown silent versions { version deployments silent } }
    adoption { deployments versions { version deployments } }
    velocity { version eligible reached secondsToHalf secondsToMost }
    errors { category reason example times deployments open versions }
} licenseUse(days: 1) { pulls deployments refusals } }";

#[tokio::test]
async fn figures_have_their_denominators_and_are_those_of_who_asks() {
    let hub = seeded_hub().await;
    let owner = hub.sign_in("acme").await;
    let velocity = |version: &str, eligible: u64, reached: u64| json!({ "version": version, "eligible": eligible, "reached": reached, "secondsToHalf": null, "secondsToMost": null });
    let unused = json!([{ "pulls": 0, "deployments": 0, "refusals": 0 }]);
    let figures = hub.graphql(Some(&owner), FIGURES, json!({})).await.data();
    let expected = json!({
        "analytics": {
            // nobody has been heard since September
            "running": { "deployments": 3, "unknown": 0, "silent": 3, "versions": [
                { "version": "1.1.0", "deployments": 1, "silent": 1 },
                { "version": "1.0.0", "deployments": 2, "silent": 2 },
            ] },
            "adoption": [{ "deployments": 3, "versions": [
                { "version": "1.1.0", "deployments": 1 },
                { "version": "1.0.0", "deployments": 2 },
            ] }],
            "velocity": [velocity("1.1.0", 3, 1), velocity("1.0.0", 0, 0)],
            "errors": [{
                "category": "UNHEALTHY", "reason": "web answers #", "example": "web answers 500", "times": 0,
                "deployments": 1, "open": 1, "versions": ["1.1.0"],
            }],
        },
        "licenseUse": unused,
    });
    assert_eq!(figures, expected);

    let hooli =
        hub.join(&owner, "kim@hooli.example", "role: CUSTOMER_VIEWER, customer: \"hooli\"", "a password of hers").await;
    let figures = hub.graphql(Some(&hooli), FIGURES, json!({})).await;
    match figures.code() {
        // an application that no license of the customer names now is not there
        Some(code) => assert_eq!(code, "not_found"),
        None => {
            let figures = figures.data();
            assert_eq!(figures["analytics"]["running"]["deployments"], 1);
            assert_eq!(figures["analytics"]["errors"], json!([]));
        }
    }
    for days in [0, 91] {
        let wrong = format!("{{ licenseUse(days: {days}) {{ day }} }}");
        assert_eq!(hub.graphql(Some(&owner), &wrong, json!({})).await.code(), Some("bad_input"));
    }
}

#[tokio::test]
async fn adoption_is_told_as_the_view_tells_it() {
    let hub = seeded_hub().await;
    let url = distr_embedded_postgres::url_of_running(&hub.data.path().join("hub/postgres"), "distr").expect("running");
    let pool = distr_projections::read_pool(&url.parse().expect("an address"), 1);
    let organization = OrganizationId::of(&"acme".parse().expect("a name"));
    let application = ApplicationId::of(organization, &"hello".parse().expect("a name"));
    let [first, last] = [1, 5].map(|day| NaiveDate::from_ymd_opt(2026, 9, day).expect("a day"));
    let scope = Scope { organization, customer: None };
    let client = pool.get().await.expect("a connection");
    let days = figures::adoption(&client, scope, application, first, last).await.expect("an answer");
    let lines = days.iter().flat_map(|AdoptionDay { day, versions }| {
        versions.iter().map(move |(version, count)| format!("{day} {version} {count}"))
    });
    let view = Psql::of(&hub).ok("SELECT day || ' ' || version || ' ' || targets FROM analytics.adoption_by_day
         WHERE day <= '2026-09-05' ORDER BY day, version DESC");
    assert_eq!(lines.collect::<Vec<_>>().join("\n"), view.trim());
    let use_of = figures::license_use(&client, scope, None, first, first + Days::new(10)).await.expect("an answer");
    let refused: Vec<u64> = use_of.iter().map(|day| day.refusals).collect();
    assert_eq!(refused, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], "the two refusals of the story are of its last day");
}

#[tokio::test]
async fn views_are_described_and_begin_with_the_organization() {
    let hub = HubProcess::start().await;
    let psql = Psql::of(&hub);
    let undescribed = psql.ok(
        "SELECT c.relname || '.' || coalesce(a.attname, '*')
         FROM pg_class c
         LEFT JOIN LATERAL (SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0
                            UNION ALL SELECT NULL, 0) a ON true
         WHERE c.relnamespace = 'analytics'::regnamespace AND c.relkind = 'v'
           AND coalesce(col_description(c.oid, nullif(a.attnum, 0)), CASE a.attnum WHEN 0 THEN obj_description(c.oid) END) IS NULL",
    );
    assert_eq!(undescribed, "", "without a comment");
    let columns =
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'analytics'";
    let first = psql.ok(&format!("{columns} AND ordinal_position = 1 AND column_name <> 'organization'"));
    assert_eq!(first, "", "does not begin with the organization");
    let times = psql.ok(&format!("{columns} AND data_type = 'timestamp without time zone'"));
    assert_eq!(times, "", "a time without its zone");
}

#[tokio::test]
async fn an_analyst_can_do_nothing_else() {
    let hub = seeded_hub().await;
    let url = login(&hub, "eve");
    assert_eq!(answer(&url, "SHOW transaction_read_only").lines().nth(2), Some(" on"));
    assert_eq!(answer(&url, "SHOW statement_timeout").lines().nth(2), Some(" 1min"));
    let forbidden = [
        "SELECT * FROM read.customer",
        "SELECT * FROM read_old.customer",
        "SELECT * FROM ops.person",
        "SELECT * FROM ops.credential",
        "SELECT * FROM eventlog.event",
        "SELECT eventlog.drop_telemetry(now())",
        "SELECT * FROM registry.blob_link",
        "INSERT INTO customers (organization) VALUES ('x')",
        "UPDATE customers SET display_name = 'x'",
        "DELETE FROM fleet",
        "DROP VIEW fleet",
        "CREATE OR REPLACE VIEW analytics.fleet AS SELECT 1",
        "CREATE VIEW analytics.mine AS SELECT 1",
        "CREATE TABLE analytics.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMP TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "ALTER ROLE distr_analyst_eve SUPERUSER",
        "ALTER ROLE distr_analyst_eve CREATEROLE",
        "SET ROLE distr",
        "SET SESSION AUTHORIZATION distr",
        "GRANT distr_analyst TO distr",
        "COPY customers TO '/tmp/distr-analyst'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT pg_advisory_lock(1145656402, 1)",
        "SELECT pg_try_advisory_xact_lock(1)",
        "SELECT pg_reload_conf()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'distr' LIMIT 1",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "BEGIN; LOCK TABLE fleet IN ACCESS EXCLUSIVE MODE",
        "SELECT rolpassword FROM pg_authid",
    ];
    for statement in forbidden {
        // the default of the login is no wall: it is taken down first
        let output = psql(&url, &["SET default_transaction_read_only = off; SET statement_timeout = 0", statement]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "an analyst may: {statement}");
        let for_want_of_a_right = ["permission denied", "must be", "must have", "cannot", "does not exist"]
            .iter()
            .any(|why| said.contains(why));
        assert!(for_want_of_a_right, "{statement}: {said}");
    }
    let others =
        answer(&url, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'distr' AND query NOT LIKE '<insuff%'");
    assert_eq!(others.lines().nth(2).map(str::trim), Some("0"), "others' queries are not shown");

    let again = login(&hub, "eve");
    assert!(!psql(&url, &["SELECT 1"]).status.success(), "the old password");
    assert!(psql(&again, &["SELECT 1"]).status.success());
    assert!(hub.command(&["analyst", "remove", "eve"]).status.success());
    assert!(!psql(&again, &["SELECT 1"]).status.success(), "a login that was taken away");
    let unknown = hub.command(&["analyst", "remove", "eve"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no analyst \"eve\""), "{unknown:?}");
}
