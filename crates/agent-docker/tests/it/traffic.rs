//! A user who asks for the page all the time and writes down what came.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_agent::clock::{Clock, SystemClock};
use tokio::task::JoinHandle;

use crate::site::page;

pub(crate) struct Traffic {
    answers: Arc<Mutex<Vec<Answer>>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) asked: DateTime<Utc>,
    pub(crate) answered: DateTime<Utc>,
    pub(crate) page: Option<String>,
}

impl Traffic {
    pub(crate) fn begin(port: u16) -> Self {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(ask(port, Arc::clone(&answers)));
        Self { answers, task }
    }

    pub(crate) fn end(self) -> Vec<Answer> {
        self.task.abort();
        self.answers.lock().unwrap().clone()
    }
}

async fn ask(port: u16, answers: Arc<Mutex<Vec<Answer>>>) {
    let mut pace = tokio::time::interval(Duration::from_millis(25));
    loop {
        pace.tick().await;
        let asked = SystemClock.now();
        let page = page(port).await;
        answers.lock().unwrap().push(Answer { asked, answered: SystemClock.now(), page });
    }
}
