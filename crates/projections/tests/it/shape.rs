//! The number of the shape stands for the tables and for what the projections write: `shape.txt` has both, with the number.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use distr_eventlog::{EventLog, MemoryLog};
use distr_postgres::Address;
use distr_projections::{groups, read_pool};

use crate::harness::{database, fill, tables};
use crate::{LIMIT, start};

const WRITE: &str = "DISTR_WRITE_SHAPE";

/// Columns, indexes and views, one a line.
const DEFINITIONS: &str = "
    SELECT format('column %s.%s %s%s', table_name, column_name, data_type, CASE is_nullable WHEN 'NO' THEN ' NOT NULL' END)
    FROM information_schema.columns WHERE table_schema IN ('read', 'as_of', 'analytics')
    UNION ALL
    SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'read'
    UNION ALL
    SELECT format('view %s.%s %s', schemaname, viewname, md5(definition))
    FROM pg_views WHERE schemaname IN ('read', 'as_of', 'analytics')
    UNION ALL
    SELECT format('function %s %s', proname, md5(prosrc))
    FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('read', 'as_of')
    ORDER BY 1";

/// The shape's number, then all that it stands for: the definitions, and the rows of every event there is.
async fn shape(database: &Address) -> (String, String) {
    let client = database.connect().await.unwrap();
    let number: i32 = client.query_one("SELECT shape FROM read.shape", &[]).await.unwrap().get(0);
    let mut text = String::new();
    for row in client.query(DEFINITIONS, &[]).await.unwrap() {
        writeln!(text, "{}", row.get::<_, String>(0)).unwrap();
    }
    for (table, rows) in tables(database, "read").await {
        for row in rows {
            writeln!(text, "row {table} {}", without_positions(&row)).unwrap();
        }
    }
    (format!("shape {number}"), text)
}

/// Positions tell how many events there are, and not what is made of them.
fn without_positions(row: &str) -> String {
    let mut parts = row.split("position\": ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |row, part| row + "position\": n" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn the_shapes_number_is_raised_with_tables_and_with_what_projections_write() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    fill(&*log).await;
    let head = log.head().await.unwrap();
    for group in groups(&read_pool(&database, 1).get().await.unwrap()).await.unwrap() {
        let runner = start(&database, &log, group.name).await;
        runner.progress.wait_for(head, LIMIT).await.unwrap();
        runner.stop().await;
    }
    let (number, text) = shape(&database).await;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/shape.txt");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    let (known_number, known_text) = known.split_once('\n').unwrap_or_default();
    match (known_text == text, known_number == number) {
        (true, true) => {}
        (false, true) => {
            let differs = text.lines().zip(known_text.lines()).find(|(now, before)| now != before);
            panic!("raise SHAPE in src/schema.rs, then run this test with {WRITE}=1; first difference: {differs:#?}");
        }
        (_, false) if std::env::var_os(WRITE).is_some() => {
            std::fs::write(&file, format!("{number}\n{text}")).unwrap();
        }
        (_, false) => panic!("run this test with {WRITE}=1: {} is of another shape", file.display()),
    }
}
