//! For failure tests alone: `DISTR_HUB_PAUSE_AT=<step>` stops a debug build at a step until the file `DISTR_HUB_PAUSE_FILE` is
//! removed, which it makes itself; one that is there already is the pause of an earlier process. So a test can kill the hub
//! exactly there, or let it go on after others did. A release build knows nothing of it.

#[cfg(debug_assertions)]
pub(crate) async fn at(step: &str) {
    use std::sync::atomic::{AtomicBool, Ordering};

    static PAUSED: AtomicBool = AtomicBool::new(false);
    let read = |name: &str| std::env::var(name).ok();
    let Some(file) = read("DISTR_HUB_PAUSE_FILE").filter(|_| read("DISTR_HUB_PAUSE_AT").as_deref() == Some(step))
    else {
        return;
    };
    if PAUSED.swap(true, Ordering::Relaxed) || std::fs::exists(&file).unwrap_or(true) {
        return;
    }
    std::fs::write(&file, step).expect("the file of a pause can be written");
    while std::fs::exists(&file).unwrap_or(true) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[cfg(not(debug_assertions))]
pub(crate) async fn at(_: &str) {}
