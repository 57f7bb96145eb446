//! The machine, its network, its engine.

use distr_agent::fault::Blame::{Generation, Surroundings};
use distr_domain::agent::ErrorCategory::{Config, Internal, Network, Policy, Resources, Runtime};

use super::Row;
use super::releases::READ_ONLY_MOUNT;

/// Trouble of the machine and its network, whatever it kept from being done.
pub(super) const TROUBLE: &[Row] = &[
    Row(&["no space left on device"], Surroundings, Resources, "the disk is full; free some space on this host"),
    Row(&["disk quota exceeded"], Surroundings, Resources, "the disk quota is used up; free some space on this host"),
    Row(&["cannot allocate memory"], Surroundings, Resources, "there is not enough memory on this host"),
    Row(&["failed to reserve page summary memory"], Surroundings, Resources, "there is not enough memory on this host"),
    Row(
        &["too many open files"],
        Surroundings,
        Resources,
        "too many files are open on this host; raise the limit of the engine",
    ),
    Row(
        &["eventfd failed"],
        Surroundings,
        Resources,
        "too many files are open on this host; raise the limit of the agent",
    ),
    Row(&["resource temporarily unavailable"], Surroundings, Resources, "this host has no room for another process"),
    Row(
        &["certificate has expired or is not yet valid"],
        Surroundings,
        Network,
        "a certificate is not valid now; check the clock of this host",
    ),
    Row(
        &["x509:"],
        Surroundings,
        Network,
        "the certificate of the other side is not trusted here; check its authority and this host's clock",
    ),
    Row(
        &["tls:"],
        Surroundings,
        Network,
        "the other side speaks another TLS than this host; something may stand between",
    ),
    Row(&["proxyconnect"], Surroundings, Network, "the proxy of this host does not let the engine through"),
    Row(&["proxy authentication required"], Surroundings, Network, "the proxy of this host asks for a password"),
    Row(&["no such host"], Surroundings, Network, "a name cannot be resolved on this host; check its DNS"),
    Row(&["server misbehaving"], Surroundings, Network, "a name cannot be resolved on this host; check its DNS"),
    // of a mount of the container, before it is taken for a folder of the host
    Row(&["error processing tar file", "read-only file system"], Generation, Config, READ_ONLY_MOUNT),
    Row(
        &["read-only file system"],
        Surroundings,
        Config,
        "a folder of this host cannot be made: its file system is read-only for the engine",
    ),
];

/// The engine and the plugin.
pub(super) const ENGINE: &[Row] = &[
    Row(&["unknown command: docker compose"], Surroundings, Runtime, MISSING_PLUGIN),
    Row(&["'compose' is not a docker command"], Surroundings, Runtime, MISSING_PLUGIN),
    // flags that every plugin has
    Row(&["unknown flag: --ansi"], Surroundings, Runtime, MISSING_PLUGIN),
    Row(&["unknown flag: --short"], Surroundings, Runtime, MISSING_PLUGIN),
    Row(&["unknown flag"], Surroundings, Runtime, OLD_PLUGIN),
    Row(&["unknown shorthand flag"], Surroundings, Runtime, OLD_PLUGIN),
    Row(&["unknown docker command"], Surroundings, Runtime, OLD_PLUGIN),
    Row(
        &["permission denied while trying to connect to the docker"],
        Surroundings,
        Runtime,
        "the agent may not use the engine's socket; check its user and groups",
    ),
    Row(&["docker daemon"], Surroundings, Runtime, "the container engine does not answer; check that it runs"),
    Row(&["error during connect"], Surroundings, Runtime, "the container engine does not answer; check that it runs"),
    Row(
        &["unable to resolve docker endpoint"],
        Surroundings,
        Runtime,
        "the engine's address or its certificates cannot be used; check DOCKER_HOST and its files",
    ),
    Row(
        &["start_interval", "docker engine v25"],
        Surroundings,
        Runtime,
        "the container engine is older than version 25, which start_interval of a health check needs; update it",
    ),
    Row(
        &["is too new. maximum supported api version"],
        Surroundings,
        Runtime,
        "the container engine is too old for its compose plugin; update it",
    ),
    Row(
        &["is too old. minimum supported api version"],
        Surroundings,
        Runtime,
        "the compose plugin is too old for its container engine; update it",
    ),
    Row(
        &["removal of container", "is already in progress"],
        Surroundings,
        Runtime,
        "the engine still removes an old container",
    ),
    Row(
        &["no such image"],
        Surroundings,
        Runtime,
        "somebody removed an image that was just pulled; it is pulled again",
    ),
    Row(&["containerd"], Surroundings, Runtime, "containerd does not answer the engine; check that it runs"),
    Row(
        &["connection closed: unavailable"],
        Surroundings,
        Runtime,
        "containerd does not answer the engine; check that it runs",
    ),
    Row(
        &["authorization denied by plugin"],
        Surroundings,
        Policy,
        "an authorization plugin of this host's engine refuses it",
    ),
    Row(&["plugin", "failed with error"], Surroundings, Runtime, "a plugin of this host's engine does not answer"),
];

const MISSING_PLUGIN: &str = "the docker compose plugin is not installed";
const OLD_PLUGIN: &str =
    "the docker compose plugin is too old or too new for this agent; install a version of the last two years";

/// What a host lacks, or has otherwise than the release needs it: its owner mends that, and no new release does.
pub(super) const HOST: &[Row] = &[
    Row(
        &["unable to retrieve oci runtime error"],
        Surroundings,
        Runtime,
        "the container runtime of this host is missing or broken; reinstall runc",
    ),
    Row(
        &["unknown or invalid runtime name"],
        Surroundings,
        Runtime,
        "this host's engine has no such runtime; install it",
    ),
    Row(&["unknown runtime specified"], Surroundings, Runtime, "this host's engine has no such runtime; install it"),
    Row(
        &["failed to start shim"],
        Surroundings,
        Runtime,
        "the container runtime of this host is missing or broken; reinstall containerd",
    ),
    Row(&["running hook"], Surroundings, Runtime, "a driver of this host is missing or not loaded, such as NVIDIA's"),
    Row(
        &["could not select device driver"],
        Surroundings,
        Runtime,
        "this host's engine has no driver for the devices that a service needs",
    ),
    Row(&["unable to apply caps"], Surroundings, Runtime, "this host does not let a container have a capability"),
    Row(&["apparmor"], Surroundings, Runtime, "AppArmor of this host does not let the container start"),
    Row(&["selinux"], Surroundings, Config, "SELinux of this host does not let a folder be mounted"),
    Row(
        &["error setting label on mount source"],
        Surroundings,
        Config,
        "SELinux of this host does not let a folder be mounted",
    ),
    Row(&["seccomp profile"], Surroundings, Config, "a seccomp profile that the release names is not on this host"),
    Row(&["cgroup"], Surroundings, Runtime, "the control groups of this host do not take the container's limits"),
    Row(&["iptables"], Surroundings, Runtime, "the firewall rules of the engine are broken; restart the engine"),
    Row(
        &["exec: \"docker-init\""],
        Surroundings,
        Runtime,
        "the program docker-init is missing on this host; reinstall the engine",
    ),
    Row(
        &["exec: \"docker-proxy\""],
        Surroundings,
        Runtime,
        "the program docker-proxy is missing on this host; reinstall the engine",
    ),
    Row(
        &["docker-credential-"],
        Surroundings,
        Runtime,
        "the engine's configuration names a credential helper that is missing on this host",
    ),
    Row(&["address pools have been fully subnetted"], Surroundings, Resources, POOLS),
    Row(&["non-overlapping ipv4 address pool"], Surroundings, Resources, POOLS),
    Row(
        &["non-overlapping ipv6 address pool"],
        Surroundings,
        Resources,
        "the engine has no IPv6 addresses for networks; give it some (default-address-pools), or name a subnet",
    ),
    Row(
        &["pool overlaps"],
        Surroundings,
        Resources,
        "another network of this host has the same addresses as one of the release",
    ),
    Row(&["port is already allocated"], Surroundings, Resources, PORT),
    Row(&["cannot listen on the tcp port"], Surroundings, Resources, PORT),
    Row(&["bind: address already in use"], Surroundings, Resources, PORT),
    Row(&["ports are not available"], Surroundings, Resources, "a published port is not available on this host"),
    Row(
        &["cannot assign requested address"],
        Surroundings,
        Config,
        "a port is published at an address that this host does not have",
    ),
    Row(
        &["driver failed programming external connectivity"],
        Surroundings,
        Resources,
        "a published port cannot be opened on this host",
    ),
    Row(
        &["is already in use by container"],
        Surroundings,
        Config,
        "another container of this host has the name of one of the release; remove or rename it",
    ),
    Row(&["no such container"], Surroundings, Config, "a container of this host that the release joins is not there"),
    Row(
        &["error looking up volume plugin"],
        Surroundings,
        Runtime,
        "a volume driver that the release needs is not installed on this host",
    ),
    Row(
        &["error looking up logging plugin"],
        Surroundings,
        Runtime,
        "a logging driver that the release needs is not installed on this host",
    ),
    Row(
        &["plugin", "not found"],
        Surroundings,
        Runtime,
        "a driver that the release needs is not installed on this host",
    ),
    Row(
        &["external volume", "not found"],
        Surroundings,
        Config,
        "a volume that the release takes for granted is not on this host; create it",
    ),
    Row(
        &["declared as external, but could not be found"],
        Surroundings,
        Config,
        "a network that the release takes for granted is not on this host; create it",
    ),
    Row(
        &["network", "not found"],
        Surroundings,
        Config,
        "a network that the release takes for granted is not on this host; create it",
    ),
    Row(
        &["failed to initialize logging driver"],
        Surroundings,
        Network,
        "the log server that a service writes to does not answer",
    ),
    Row(
        &["failed to mount local volume", "unknown filesystem type"],
        Surroundings,
        Runtime,
        "this host cannot mount the kind of disk that a volume needs",
    ),
    Row(
        &["failed to mount local volume", "no such device"],
        Surroundings,
        Runtime,
        "this host cannot mount the kind of disk that a volume needs",
    ),
    Row(
        &["failed to mount local volume", "protocol not supported"],
        Surroundings,
        Runtime,
        "this host cannot mount the kind of disk that a volume needs",
    ),
    Row(
        &["failed to mount local volume"],
        Surroundings,
        Config,
        "a disk or folder that a volume needs is not there on this host",
    ),
    Row(
        &["bind source path does not exist"],
        Surroundings,
        Config,
        "a folder of this host that the release mounts is not there",
    ),
    Row(
        &["error while creating mount source path"],
        Surroundings,
        Config,
        "a folder of this host that the release mounts cannot be made",
    ),
    Row(
        &["error mounting", "not a directory"],
        Surroundings,
        Config,
        "a file is mounted where a folder is, or the other way round",
    ),
    Row(
        &["error gathering device information"],
        Surroundings,
        Resources,
        "a device that the release needs is not there on this host",
    ),
    Row(
        &["range of cpus is from"],
        Surroundings,
        Resources,
        "this host has fewer processors than the release asks for",
    ),
    Row(
        &["requested cpus are not available"],
        Surroundings,
        Resources,
        "this host has fewer processors than the release asks for",
    ),
    Row(
        &["error setting rlimit", "operation not permitted"],
        Surroundings,
        Resources,
        "a limit of the release is higher than this host allows",
    ),
    Row(
        &["open /proc/sys/"],
        Surroundings,
        Runtime,
        "the kernel of this host does not have a setting that the release needs",
    ),
    Row(
        &["--storage-opt is supported only"],
        Surroundings,
        Runtime,
        "the storage of this host knows no limits of size",
    ),
    Row(&["has not enabled quotas"], Surroundings, Runtime, "the storage of this host knows no limits of size"),
    Row(&["overlay"], Surroundings, Runtime, "the storage of this host's engine is damaged"),
    Row(&["pair interfaces"], Surroundings, Runtime, "the kernel of this host cannot make a container's network"),
    Row(&["/.env: line "], Surroundings, Internal, "the agent's own files cannot be read"),
    Row(&["couldn't find env file"], Surroundings, Internal, "the agent's own files cannot be read"),
];

const POOLS: &str = "the engine has no addresses left for networks; remove unused networks on this host";
const PORT: &str = "a published port is already in use on this host; free it, or deploy with another";
