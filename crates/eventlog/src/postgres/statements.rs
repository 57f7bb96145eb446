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
    DROPPED_THROUGH = "dropped_through.sql";
    CREATE_TELEMETRY_DAY = "create_telemetry_day.sql";
    DROP_TELEMETRY = "drop_telemetry.sql";
    ANNOUNCE = "announce.sql";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PostgresLog;

    #[tokio::test]
    async fn a_real_postgres_can_prepare_every_statement() {
        let server = distr_embedded_postgres::start_temporary().await.unwrap();
        server.create_database("statements").await.unwrap();
        let url = server.url("statements");
        PostgresLog::connect(&url).await.unwrap().close().await;
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        for (file, sql) in ALL {
            client.prepare(sql).await.unwrap_or_else(|error| panic!("{file}: {error:?}"));
        }
        let written = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/postgres/sql")).unwrap();
        assert_eq!(written.count(), ALL.len(), "a file of sql/ is not listed");
        server.stop().await.unwrap();
    }
}
