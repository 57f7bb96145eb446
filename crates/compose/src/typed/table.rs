//! Which texts stand for something else, by their place.

use crate::path::{Path, Step};

/// What a text stands for.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Boolean,
    Integer,
    /// an integer that is not below zero
    Count,
    /// a number that compose takes as a number alone
    Bare,
    Float,
    Duration,
    Bytes,
    Command,
    /// a number, or `all`
    Devices,
    /// whole numbers alone, where the schema allows fractions
    Whole,
}

use Kind::{Bare, Boolean, Bytes, Command, Count, Devices, Duration, Float, Integer, Whole};

/// Below `services.*`.
const OF_SERVICES: &[(Kind, &[&str])] = &[
    (
        Boolean,
        &[
            "attach",
            "depends_on.*.restart",
            "develop.watch.[].exec.privileged",
            "env_file.[].required",
            "healthcheck.disable",
            "init",
            "oom_kill_disable",
            "post_start.[].privileged",
            "pre_stop.[].privileged",
            "privileged",
            "read_only",
            "stdin_open",
            "tty",
            "volumes.[].bind.create_host_path",
            "volumes.[].read_only",
            "volumes.[].volume.nocopy",
        ],
    ),
    (
        Integer,
        &[
            "cpu_count",
            "cpu_period",
            "cpu_quota",
            "cpu_rt_period",
            "cpu_rt_runtime",
            "cpu_shares",
            "deploy.replicas",
            "deploy.resources.limits.pids",
            "deploy.resources.reservations.generic_resources.[].discrete_resource_spec.value",
            "oom_score_adj",
            "pids_limit",
            "scale",
            "ulimits.*",
            "ulimits.*.hard",
            "ulimits.*.soft",
        ],
    ),
    (
        Count,
        &[
            "configs.[].mode",
            "deploy.placement.max_replicas_per_node",
            "deploy.restart_policy.max_attempts",
            "deploy.rollback_config.parallelism",
            "deploy.update_config.parallelism",
            "healthcheck.retries",
            "ports.[].target",
            "secrets.[].mode",
        ],
    ),
    (Bare, &["blkio_config.weight", "blkio_config.weight_device.[].weight", "volumes.[].tmpfs.mode"]),
    (
        Float,
        &[
            "cpu_percent",
            "cpus",
            "deploy.resources.limits.cpus",
            "deploy.resources.reservations.cpus",
            "deploy.rollback_config.max_failure_ratio",
            "deploy.update_config.max_failure_ratio",
        ],
    ),
    (
        Duration,
        &[
            "deploy.restart_policy.delay",
            "deploy.restart_policy.window",
            "deploy.rollback_config.delay",
            "deploy.rollback_config.monitor",
            "deploy.update_config.delay",
            "deploy.update_config.monitor",
            "healthcheck.interval",
            "healthcheck.start_interval",
            "healthcheck.start_period",
            "healthcheck.timeout",
            "stop_grace_period",
        ],
    ),
    (
        Bytes,
        &[
            "blkio_config.device_read_bps.[].rate",
            "blkio_config.device_read_iops.[].rate",
            "blkio_config.device_write_bps.[].rate",
            "blkio_config.device_write_iops.[].rate",
            "deploy.resources.limits.memory",
            "deploy.resources.reservations.memory",
            "mem_limit",
            "mem_reservation",
            "mem_swappiness",
            "memswap_limit",
            "shm_size",
            "volumes.[].tmpfs.size",
        ],
    ),
    (
        Command,
        &["command", "develop.watch.[].exec.command", "entrypoint", "post_start.[].command", "pre_stop.[].command"],
    ),
    (Devices, &["deploy.resources.reservations.devices.[].count", "gpus.[].count"]),
    (Whole, &["expose.[]", "group_add.[]", "ports.[]"]),
];

/// Of everything else.
const OF_OTHERS: &[&str] = &[
    "networks.*.attachable",
    "networks.*.enable_ipv4",
    "networks.*.enable_ipv6",
    "networks.*.external",
    "networks.*.internal",
    "volumes.*.external",
    "secrets.*.external",
    "configs.*.external",
];

pub(super) fn kind(path: &Path) -> Option<Kind> {
    match path.steps() {
        [Step::Key(top), Step::Key(_), _, ..] if top == "services" => {
            let fits = |pattern: &&str| path.matches_below(2, pattern);
            OF_SERVICES.iter().find(|(_, patterns)| patterns.iter().any(fits)).map(|(kind, _)| *kind)
        }
        [Step::Key(_), Step::Key(_), Step::Key(_)] => {
            OF_OTHERS.iter().any(|pattern| path.matches(pattern)).then_some(Boolean)
        }
        _ => None,
    }
}
