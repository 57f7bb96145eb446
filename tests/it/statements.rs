//! Every statement of every crate is one that Postgres takes, and touches the tables of its own crate alone.

use std::path::{Path, PathBuf};

use distr_embedded_postgres::start_temporary;
use distr_tests::hub::HubProcess;
use distr_tests::root;
use tokio_postgres::Client;

/// Each crate with the schemas whose tables its statements find, and how many statements it has at least. The hub's own tables and
/// the read models meet in the hub.
const CRATES: [(&str, &str, usize); 4] =
    [("eventlog", "eventlog", 10), ("projections", "read", 60), ("registry", "registry", 20), ("api", "ops,read", 50)];
const SCHEMAS: [&str; 4] = ["eventlog", "read", "registry", "ops"];

/// What looks beyond its crate's schemas: followers of the log into what is parked, and a backup into the log.
const BEYOND: [(&str, &str); 2] =
    [("projections/src/follower/parked.rs", "ops."), ("api/src/backup/standing.sql", "eventlog.")];

#[tokio::test]
async fn every_statement_is_prepared_against_the_tables_of_its_crate() {
    let postgres = start_temporary().await.expect("an external Postgres");
    postgres.create_database("distr").await.expect("a database");
    let url = postgres.url("distr");
    let _hub = HubProcess::start_with(&[("DATABASE_URL", url.as_str())]).await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let mut failed = vec![];
    for (name, schemas, least) in CRATES {
        let mut prepared = 0;
        client.batch_execute(&format!("SET search_path = {schemas}")).await.expect("schemas");
        for (place, sql) in statements(&root().join("crates").join(name).join("src")) {
            let foreign = SCHEMAS.iter().filter(|schema| !schemas.split(',').any(|own| own == **schema));
            let mut foreign = foreign.filter(|schema| names_schema(&sql, schema)).filter(|schema| {
                !BEYOND.iter().any(|(known, of)| place.ends_with(known) && of.trim_end_matches('.') == **schema)
            });
            match prepare(&client, &sql).await {
                Ok(()) if foreign.next().is_none() => prepared += 1,
                Ok(()) => failed.push(format!("{place} names a table of another crate\n    {sql}")),
                Err(error) => failed.push(format!("{place}: {error}\n    {sql}")),
            }
        }
        if prepared < least {
            failed.push(format!("{prepared} statements of {name} were found, and {least} are expected"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Whether the text has `schema.table`.
fn names_schema(sql: &str, schema: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    sql.match_indices(&format!("{schema}.")).any(|(at, _)| !sql[..at].ends_with(is_word))
}

async fn prepare(client: &Client, sql: &str) -> Result<(), String> {
    let prepared = client.prepare(sql).await;
    prepared
        .map(drop)
        .map_err(|error| error.as_db_error().map_or(error.to_string(), |error| error.message().to_owned()))
}

/// In files of their own, and in the code; each with where it stands.
fn statements(source: &Path) -> Vec<(String, String)> {
    let mut found = vec![];
    for path in files(source) {
        let text = std::fs::read_to_string(&path).expect("a text");
        let place = path.strip_prefix(root()).expect("a file of the repository").display().to_string();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("sql") if !text.lines().any(|line| line.starts_with("CREATE ") || line.starts_with("DO ")) => {
                found.push((place, text));
            }
            Some("rs") => {
                let code = text.split("#[cfg(test)]").next().expect("text");
                found.extend(literals(code).into_iter().map(|sql| (place.clone(), sql)));
            }
            _ => {}
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The string literals that are whole statements.
fn literals(code: &str) -> Vec<String> {
    let mut found = vec![];
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        let literal = &rest[start + 1..];
        let mut text = String::new();
        let mut chars = literal.char_indices();
        let mut end = literal.len();
        while let Some((index, char)) = chars.next() {
            match char {
                '"' => {
                    end = index + 1;
                    break;
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| if escaped == '\n' { ' ' } else { escaped })),
                _ => text.push(char),
            }
        }
        let is_statement = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "]
            .iter()
            .any(|word| text.trim_start().starts_with(word));
        if is_statement && !text.contains('{') {
            found.push(text);
        }
        rest = &literal[end..];
    }
    found
}
