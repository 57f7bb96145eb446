//! The metrics' recorder: its buckets, and what must be there before it has happened, so that a rate has a beginning and a
//! missing metric means a missing part. `deploy/README.md` explains each of them, and a test compares.

use std::time::Duration;

use anyhow::Context;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::task::JoinHandle;

const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const ENTRIES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0];
const UPKEEP: Duration = Duration::from_secs(5);

pub(super) struct Recorder {
    pub handle: PrometheusHandle,
    upkeep: JoinHandle<()>,
}

impl Recorder {
    pub(super) fn install() -> anyhow::Result<Self> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_entries".into()), ENTRIES))
            .and_then(PrometheusBuilder::install_recorder)
            .context("cannot install the metrics recorder")?;
        begin();
        let upkeep = handle.clone();
        let upkeep = tokio::spawn(async move {
            let mut every = tokio::time::interval(UPKEEP);
            loop {
                every.tick().await;
                upkeep.run_upkeep();
            }
        });
        Ok(Self { handle, upkeep })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

fn begin() {
    gauge!("distr_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for name in ["distr_log_append_conflicts_total", "distr_log_append_reruns_total", "distr_log_append_failures_total"]
    {
        counter!(name).increment(0);
    }
    counter!("distr_heartbeats_total").increment(0);
    for name in ["distr_database_up", "distr_blob_store_up", "distr_well"] {
        gauge!(name).set(0.0);
    }
    gauge!("distr_log_queue_depth").set(0.0);
    gauge!("distr_graphql_subscriptions").set(0.0);
    gauge!("distr_registry_unrecorded_accesses").set(0.0);
    counter!("distr_registry_lost_accesses_total").increment(0);
    for outcome in ["ok", "refused", "throttled"] {
        counter!("distr_sign_ins_total", "outcome" => outcome).increment(0);
    }
    for direction in ["in", "out"] {
        counter!("distr_registry_bytes_total", "direction" => direction).increment(0);
    }
    counter!("distr_traces_spans_total").increment(0);
    for reason in ["queue", "collector"] {
        counter!("distr_traces_dropped_total", "reason" => reason).increment(0);
    }
    for group in ["core", "fleet", "audit"] {
        counter!("distr_projection_entries_total", "group" => group).increment(0);
        counter!("distr_projection_failures_total", "group" => group).increment(0);
    }
    counter!("distr_rollout_faults_total").increment(0);
    for policy in ["observation", "proof", "rollouts", "seats", "unused_seats"] {
        counter!("distr_policy_failures_total", "policy" => policy).increment(0);
        counter!("distr_policy_rejections_total", "policy" => policy).increment(0);
    }
}
