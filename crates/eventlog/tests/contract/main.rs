//! What every store of the event log keeps: one suite, written against the port, run on each adapter. `cutting`,
//! `damage`, `outcomes`, `partitions` and `processes` have what only a database can break.

#[macro_use]
mod cases;

mod appending;
mod cutting;
mod damage;
mod executing;
mod following;
mod given;
mod moments;
mod ordering;
mod outcomes;
mod partitions;
mod processes;
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the whole")]
#[path = "../../../../tests/src/proxy.rs"]
mod proxy;
mod reading;
mod server;
mod telemetry;

/// Makes a test of each case for each adapter that is here.
macro_rules! contract {
    ($($module:ident { $($case:ident)* })*) => {
        mod memory {
            $($(
                #[test]
                fn $case() {
                    let log = std::sync::Arc::new(distr_eventlog::MemoryLog::new());
                    crate::server::run(crate::$module::$case(log));
                }
            )*)*
        }
        mod postgres {
            $($(
                #[test]
                fn $case() {
                    crate::server::run(async {
                        let database = crate::server::Database::create().await;
                        crate::$module::$case(database.open().await).await;
                    });
                }
            )*)*
        }
    };
}

cases!(contract);

#[test]
fn an_id_of_another_stream_is_refused_in_memory() {
    server::run(appending::an_id_of_another_stream_is_refused(std::sync::Arc::new(distr_eventlog::MemoryLog::new())));
}

#[test]
fn an_id_of_another_stream_is_refused_in_postgres() {
    server::run(async {
        let database = server::Database::create().await;
        appending::an_id_of_another_stream_is_refused(database.open().await).await;
    });
}
