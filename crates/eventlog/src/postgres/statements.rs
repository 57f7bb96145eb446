//! The text of every statement, in the files of `sql/`.

macro_rules! statements {
    ($($name:ident = $file:literal;)*) => {
        $(pub(super) const $name: &str = include_str!(concat!("sql/", $file));)*
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$(($file, $name)),*];
    };
}

statements! {
    LOCK_HEAD = "lock_head.sql";
    HEAD = "head.sql";
    MOVE_HEAD = "move_head.sql";
    STREAM_REVISIONS = "stream_revisions.sql";
    KNOWN_IDS = "known_ids.sql";
    KNOWN_BLOCK = "known_block.sql";
    INSERT_EVENTS = "insert_events.sql";
    INSERT_BLOCK = "insert_block.sql";
    STREAM = "stream.sql";
    FACTS = "facts.sql";
    TELEMETRY = "telemetry.sql";
    FIND = "find.sql";
    SEEK = "seek.sql";
    IDENTITY = "identity.sql";
    PART = "part.sql";
    DROPPED_THROUGH = "dropped_through.sql";
    MAKE_TELEMETRY_DAY = "make_telemetry_day.sql";
    TODAY = "today.sql";
    DROP_TELEMETRY = "drop_telemetry.sql";
    ANNOUNCE = "announce.sql";
}

#[cfg(test)]
mod tests {
    use distr_embedded_postgres::EmbeddedPostgres;
    use serde_json::Value;
    use tokio_postgres::Client;

    use super::super::connector::Connector;
    use super::*;
    use crate::PostgresLog;

    #[tokio::test]
    async fn a_real_postgres_can_prepare_every_statement() {
        let (server, client) = server().await;
        for (file, sql) in ALL {
            client.prepare(sql).await.unwrap_or_else(|error| panic!("{file}: {error:?}"));
        }
        let written = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/postgres/sql")).unwrap();
        assert_eq!(written.count(), ALL.len(), "a file of sql/ is not listed");
        server.stop().await.unwrap();
    }

    /// The plans that sessions keep, made while the tables were empty. (A hashed subplan would read a whole index.)
    #[tokio::test]
    async fn every_statement_goes_by_conditions_on_an_index() {
        let (server, client) = server().await;
        client.batch_execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
        for (file, sql) in ALL {
            client.batch_execute(&format!("PREPARE planned AS {sql}")).await.unwrap();
            let parameters = vec!["NULL"; client.prepare(sql).await.unwrap().params().len()].join(", ");
            let parameters = if parameters.is_empty() { parameters } else { format!("({parameters})") };
            let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE planned{parameters}");
            let plan: Value = client.query_one(&explain, &[]).await.unwrap().get(0);
            check(file, &plan[0]["Plan"]);
            client.batch_execute("DEALLOCATE planned").await.unwrap();
        }
        server.stop().await.unwrap();
    }

    fn check(file: &str, node: &Value) {
        let table = node["Relation Name"].as_str().unwrap_or_default();
        let is_small = ["head", "retention", "identity"].contains(&table);
        assert!(node["Node Type"] != "Seq Scan" || is_small, "{file} scans {table}: {node}");
        let goes_by_condition = node["Index Name"].is_null() || node["Index Cond"].is_string();
        assert!(goes_by_condition || is_small, "{file} reads a whole index: {node}");
        node["Plans"].as_array().into_iter().flatten().for_each(|node| check(file, node));
    }

    async fn server() -> (EmbeddedPostgres, Client) {
        let server = distr_embedded_postgres::start_temporary().await.unwrap();
        server.create_database("statements").await.unwrap();
        let url = server.url("statements");
        PostgresLog::connect(&url).await.unwrap().close().await;
        let config: tokio_postgres::Config = url.parse().unwrap();
        (server, Connector::new(config.into()).connect("test").await.unwrap())
    }
}
