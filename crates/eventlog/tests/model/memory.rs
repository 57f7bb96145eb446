//! The log in memory: one process, which does not crash.

use std::sync::Arc;

use distr_eventlog::{EventLog, MemoryLog};

use crate::stage::perform;
use crate::{Adapter, play, server};

struct Memory {
    log: Arc<MemoryLog>,
}

impl Adapter for Memory {
    fn log(&self, _: usize) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    fn cut(&self, _: bool) {}

    async fn crash(&mut self, _: usize) {}

    async fn restart(&mut self, _: usize) {}
}

#[test]
fn the_log_in_memory_is_as_the_model_says() {
    play(256, |story| {
        let mut outcome = Ok(());
        server::run(async {
            let mut memory = Memory { log: Arc::new(MemoryLog::new()) };
            outcome = perform(&mut memory, story).await;
        });
        outcome
    });
}
