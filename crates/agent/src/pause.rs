//! For failure tests alone: `DISTR_AGENT_PAUSE_AT=<step>` stops a debug build at a step of an action, after it wrote the
//! step's name into `paused` in its data folder, so that a test can kill it exactly there. A release build knows nothing
//! of it.

use crate::data_dir::DataDir;

#[cfg(debug_assertions)]
pub async fn at(step: &str, data: &DataDir) {
    if std::env::var("DISTR_AGENT_PAUSE_AT").is_ok_and(|wanted| wanted == step) {
        std::fs::write(data.paused(), step).expect("the data folder can be written");
        std::future::pending::<()>().await;
    }
}

#[cfg(not(debug_assertions))]
pub async fn at(_: &str, _: &DataDir) {}
