//! The contract suite of the port on this adapter: against the server of the protocol that is here, and against a real one whose URL
//! is in `EVENTSTORE_TEST_URL`. `traps` has what only this adapter can meet.

#[macro_use]
#[path = "../../../eventlog/tests/contract/cases.rs"]
mod cases;

#[path = "../../../eventlog/tests/contract/appending.rs"]
#[allow(dead_code, reason = "one case is of stores that know all ids")]
mod appending;
#[path = "../../../eventlog/tests/contract/executing.rs"]
mod executing;
#[path = "../../../eventlog/tests/contract/following.rs"]
mod following;
#[path = "../../../eventlog/tests/contract/given.rs"]
#[allow(dead_code, reason = "shared with the suite of other adapters")]
mod given;
#[path = "../../../eventlog/tests/contract/moments.rs"]
mod moments;
#[path = "../../../eventlog/tests/contract/ordering.rs"]
mod ordering;
#[path = "../../../eventlog/tests/contract/reading.rs"]
mod reading;
mod server;
#[path = "../../../eventlog/tests/contract/telemetry.rs"]
mod telemetry;
mod traps;

/// Makes a test of each case.
macro_rules! contract {
    ($($module:ident { $($case:ident)* })*) => {
        mod kurrent {
            $($(
                #[test]
                fn $case() {
                    crate::server::run(async |log| crate::$module::$case(log).await);
                }
            )*)*
        }
    };
}

cases!(contract);
