//! The keys of a service that this agent knows. It knows of each that compose reads no file for it while it resolves a compose
//! file.

/// Keys that order, limit or describe what runs in containers of its own.
const HARMLESS: [&str; 50] = [
    "attach",
    "blkio_config",
    "cap_drop",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "depends_on",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "environment",
    "expose",
    "extra_hosts",
    "group_add",
    "healthcheck",
    "hostname",
    "init",
    "links",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "pids_limit",
    "platform",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "scale",
    "secrets",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "working_dir",
];

/// Keys that give something of the host, each with a rule in `service`.
const RULED: [&str; 28] = [
    "annotations",
    "cap_add",
    "cgroup",
    "cgroup_parent",
    "deploy",
    "device_cgroup_rules",
    "devices",
    "external_links",
    "gpus",
    "image",
    "ipc",
    "labels",
    "logging",
    "network_mode",
    "networks",
    "pid",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "runtime",
    "security_opt",
    "sysctls",
    "use_api_socket",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
];

/// Whether the key needs nothing of the host, whatever its value.
pub(super) fn is_harmless(key: &str) -> bool {
    HARMLESS.contains(&key) || key.starts_with("x-")
}

/// Whether this agent knows what the key does.
pub(crate) fn is_known(key: &str) -> bool {
    is_harmless(key) || RULED.contains(&key)
}
