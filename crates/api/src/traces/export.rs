//! From the hub to the collector: a bounded queue and one task. Nobody waits for either; what finds no place, and what the
//! collector does not take, is dropped and counted.

use std::time::Duration;

use anyhow::Context;
use metrics::counter;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::settings::{Settings, resource};

/// For the last spans, when the hub stops.
const LAST: Duration = Duration::from_secs(2);

pub(super) struct Queue(Sender<SpanData>);

impl Queue {
    pub(super) fn put(&self, span: SpanData) {
        if self.0.try_send(span).is_err() {
            dropped("queue", 1);
        }
    }
}

/// The running task.
pub struct Exporting {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Sends what is there, but waits for no collector that does not answer.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(LAST, self.task).await;
    }
}

pub(super) fn start(settings: &Settings) -> anyhow::Result<(Queue, Exporting)> {
    let exporter = SpanExporter::builder().with_http().with_protocol(opentelemetry_otlp::Protocol::HttpBinary);
    let mut exporter = exporter.build().context("OTEL_EXPORTER_OTLP_ENDPOINT: traces cannot be sent there")?;
    exporter.set_resource(&resource());
    let (sender, receiver) = mpsc::channel(settings.queue);
    let stop = CancellationToken::new();
    let sending = Sending { exporter, batch: settings.batch, delay: settings.delay, fails: false };
    let task = tokio::spawn(sending.run(receiver, stop.clone()));
    Ok((Queue(sender), Exporting { stop, task }))
}

fn dropped(reason: &'static str, spans: u64) {
    counter!("distr_traces_dropped_total", "reason" => reason).increment(spans);
}

struct Sending {
    exporter: SpanExporter,
    batch: usize,
    delay: Duration,
    /// said in the log when it changes
    fails: bool,
}

impl Sending {
    async fn run(mut self, mut queue: Receiver<SpanData>, stop: CancellationToken) {
        loop {
            let mut spans = Vec::new();
            let is_last = tokio::select! {
                () = self.collect(&mut queue, &mut spans) => false,
                () = stop.cancelled() => true,
            };
            if is_last {
                queue.close();
            }
            while spans.len() < self.batch
                && let Ok(span) = queue.try_recv()
            {
                spans.push(span);
            }
            if spans.is_empty() {
                return; // there will be no more
            }
            self.send(spans).await;
        }
    }

    /// Until there is a batch, or `delay` after the first span.
    async fn collect(&self, queue: &mut Receiver<SpanData>, spans: &mut Vec<SpanData>) {
        if queue.recv_many(spans, 1).await == 0 {
            return;
        }
        let full =
            async { while spans.len() < self.batch && queue.recv_many(spans, self.batch - spans.len()).await > 0 {} };
        let _ = tokio::time::timeout(self.delay, full).await;
    }

    async fn send(&mut self, spans: Vec<SpanData>) {
        let count = spans.len() as u64;
        let outcome = self.exporter.export(spans).await;
        match &outcome {
            Ok(()) => counter!("distr_traces_spans_total").increment(count),
            Err(_) => dropped("collector", count),
        }
        match (self.fails, outcome) {
            (false, Err(error)) => warn!(%error, "the collector does not take traces; they are dropped until it does"),
            (true, Ok(())) => info!("the collector takes traces again"),
            _ => return,
        }
        self.fails = !self.fails;
    }
}
