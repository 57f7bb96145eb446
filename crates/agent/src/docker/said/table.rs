//! What is known of the words in which engines and compose fail, from compose 2.26 to 2.40 and engines 20.10 to 29. The first row
//! fits whose words are all in the text. Trouble stands before the release's own faults: the words of a full disk, of a missing
//! program or of an engine that is away often end a sentence that begins like one about the release.

use distr_domain::agent::ErrorCategory::{
    self, Config, Entitlement, Internal, Network, Policy, Resources, Runtime, Unhealthy,
};

use crate::fault::Blame::{self, Generation, Surroundings};

/// A verdict on a failure, with a sentence for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub blame: Blame,
    pub category: ErrorCategory,
    pub sentence: &'static str,
}

/// The verdict on a key that the agent knows and the plugin does not.
pub(super) const OLD_FOR_A_KEY: Verdict = Verdict {
    blame: Surroundings,
    category: Runtime,
    sentence: "the docker compose plugin of this host does not know a key of the compose file; update it",
};

/// Words, all of which are in the text in lower case, with what they mean.
struct Row(&'static [&'static str], Blame, ErrorCategory, &'static str);

pub(super) fn of_compose(said: &str) -> Option<Verdict> {
    find(&[TROUBLE, ENGINE, HOST, COMPOSE_FILE, RELEASE], said)
}

/// A refusal is about the release if our own registry says it.
pub(super) fn of_pull(said: &str, is_own: bool) -> Option<Verdict> {
    let refusals = if is_own { OWN_REGISTRY } else { OTHER_REGISTRY };
    find(&[TROUBLE, PULL, refusals], said)
}

fn find(tables: &[&[Row]], said: &str) -> Option<Verdict> {
    let fits = |row: &&Row| row.0.iter().all(|words| said.contains(words));
    let Row(_, blame, category, sentence) = tables.iter().flat_map(|table| table.iter()).find(fits)?;
    Some(Verdict { blame: *blame, category: *category, sentence })
}

/// Trouble of the machine and its network, whatever it kept from being done.
const TROUBLE: &[Row] = &[
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
    Row(
        &["read-only file system"],
        Surroundings,
        Config,
        "a folder of this host cannot be made: its file system is read-only for the engine",
    ),
];

/// The engine and the plugin.
const ENGINE: &[Row] = &[
    Row(&["unknown command: docker compose"], Surroundings, Runtime, MISSING_PLUGIN),
    Row(&["'compose' is not a docker command"], Surroundings, Runtime, MISSING_PLUGIN),
    Row(&["unknown flag: --ansi"], Surroundings, Runtime, MISSING_PLUGIN),
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
const HOST: &[Row] = &[
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
    Row(&["error setting rlimit"], Surroundings, Resources, "a limit of the release is higher than this host allows"),
    Row(
        &["open /proc/sys/"],
        Surroundings,
        Runtime,
        "the kernel of this host does not have a setting that the release needs",
    ),
    Row(&["has not enabled quotas"], Surroundings, Runtime, "the storage of this host knows no limits of size"),
    Row(&["overlay"], Surroundings, Runtime, "the storage of this host's engine is damaged"),
    Row(&["pair interfaces"], Surroundings, Runtime, "the kernel of this host cannot make a container's network"),
    Row(&["key cannot contain a space"], Surroundings, Internal, "the agent's own files cannot be read"),
    Row(&["couldn't find env file"], Surroundings, Internal, "the agent's own files cannot be read"),
];

const POOLS: &str = "the engine has no addresses left for networks; remove unused networks on this host";
const PORT: &str = "a published port is already in use on this host; free it, or deploy with another";

/// Words of compose about the file itself. It asks nobody for them.
const COMPOSE_FILE: &[Row] = &[
    Row(
        &["required variable", "is missing a value"],
        Generation,
        Config,
        "a variable is required that the configuration does not set",
    ),
    Row(&["invalid interpolation format"], Generation, Config, "a variable in the compose file is written wrongly"),
    Row(
        &["error while interpolating"],
        Generation,
        Config,
        "a value that is put into the compose file has the wrong type; check the configuration",
    ),
    Row(
        &["decoding failed due to the following error"],
        Generation,
        Config,
        "a value in the compose file is not valid",
    ),
    Row(&["validating", ": services additional propert"], Generation, Config, "the name of a service is not valid"),
    Row(
        &["validating", "additional propert"],
        Generation,
        Config,
        "the compose file has a key that docker compose does not know",
    ),
    Row(&["validating"], Generation, Config, "a value in the compose file has the wrong type"),
    Row(&["yaml: line"], Generation, Config, NO_YAML),
    Row(&["yaml: unmarshal"], Generation, Config, NO_YAML),
    Row(&["failed to parse", "yaml: "], Generation, Config, NO_YAML),
    Row(&["empty compose file"], Generation, Config, "the compose file is empty"),
    Row(
        &["invalid compose project"],
        Generation,
        Config,
        "the compose file names something that it does not define, or contradicts itself",
    ),
    Row(&["dependency cycle detected"], Generation, Config, "services of the release wait for each other in a circle"),
    Row(
        &["has no healthcheck configured"],
        Generation,
        Config,
        "a service waits for the health of one that has no health check",
    ),
    Row(
        &["is already in use by service"],
        Generation,
        Config,
        "two services of the release have the same container_name",
    ),
    Row(&["invalid hostport"], Generation, Config, "a port of the release is not valid; check the configuration"),
    Row(&["invalid containerport"], Generation, Config, "a port of the release is not valid; check the configuration"),
    Row(
        &["healthcheck.test must start"],
        Generation,
        Config,
        "a health check has to begin with CMD, CMD-SHELL or NONE",
    ),
];

const NO_YAML: &str = "the compose file is not valid YAML";

/// What the engine says of values that the release alone decides, and what came of its containers.
const RELEASE: &[Row] = &[
    Row(&["is unhealthy"], Generation, Unhealthy, "a service that others wait for is unhealthy"),
    Row(
        &["dependency failed to start", "exited ("],
        Generation,
        Unhealthy,
        "a service that others wait for ended with an error",
    ),
    // by whose hand, the engine does not say
    Row(
        &["didn't complete successfully: exit 137"],
        Surroundings,
        Resources,
        "a job was killed, perhaps because memory ran out",
    ),
    Row(&["didn't complete successfully"], Generation, Unhealthy, "a service that others wait for did not end well"),
    Row(
        &["unable to start container process", "exec: \"", "executable file not found"],
        Generation,
        Config,
        NO_PROGRAM,
    ),
    Row(
        &["unable to start container process", "exec: \"", "no such file or directory"],
        Generation,
        Config,
        NO_PROGRAM,
    ),
    Row(
        &["unable to start container process", "exec: \"", "permission denied"],
        Generation,
        Config,
        "a service's program may not be run in its image",
    ),
    Row(
        &["unable to start container process", "sethostname: invalid argument"],
        Generation,
        Config,
        "a service's hostname is too long",
    ),
    Row(
        &["no command specified"],
        Generation,
        Config,
        "neither the image of a service nor the compose file says what to start",
    ),
    Row(&["unable to find user"], Generation, Config, "a service runs as a user that its image does not have"),
    Row(&["unable to find group"], Generation, Config, "a service runs as a group that its image does not have"),
    Row(&["unknown capability"], Generation, Config, "a service adds a capability that does not exist"),
    Row(&["does not match the specified platform"], Generation, Config, PLATFORM),
    Row(&["its platform", "does not match"], Generation, Config, PLATFORM),
    Row(&["invalid restart policy"], Generation, Config, "a service has an unknown restart policy"),
    Row(&["unknown log opt"], Generation, Config, "a service has a logging option that its driver does not know"),
    Row(
        &["minimum memory limit allowed"],
        Generation,
        Config,
        "the memory limit of a service is smaller than the engine takes",
    ),
    Row(
        &["minimum memoryswap limit"],
        Generation,
        Config,
        "the swap limit of a service is smaller than its memory limit",
    ),
    Row(&["invalid propagation mode"], Generation, Config, "a mount of the release has an invalid propagation"),
    Row(&["invalid mac address"], Generation, Config, "a service has an invalid MAC address"),
    Row(&["bad nameserver address"], Generation, Config, "a service names an invalid DNS server"),
    Row(&["invalid subnet"], Generation, Config, "a network of the release has an invalid range of addresses"),
    Row(
        &["does not belong to any of this network's subnets"],
        Generation,
        Config,
        "a fixed address lies outside of its network",
    ),
    Row(
        &["no configured subnet or ip-range contain"],
        Generation,
        Config,
        "a fixed address lies outside of its network",
    ),
    Row(&["user configured subnets"], Generation, Config, "a fixed address needs a network with a subnet of its own"),
    Row(
        &["is not in a separate kernel namespace"],
        Generation,
        Config,
        "a service sets a kernel setting that containers cannot have",
    ),
    Row(&["invalid tmpfs option"], Generation, Config, "a service has an invalid option for tmpfs"),
    Row(&["create", "invalid option"], Generation, Config, "a volume has an option that its driver does not know"),
    Row(
        &["cannot mkdir", "is not a directory"],
        Generation,
        Config,
        "the working directory of a service is a file in its image",
    ),
    Row(
        &["working directory", "needs to be an absolute path"],
        Generation,
        Config,
        "the working directory of a service is no absolute path",
    ),
];

const NO_PROGRAM: &str = "a service's command is not in its image";
const PLATFORM: &str = "an image of the release is for another processor than this host's";

/// Words about the bytes of an image, whatever registry they are of.
const PULL: &[Row] = &[
    // a page of something that stands between, and no answer of a registry
    Row(&["<html"], Surroundings, Network, "something between this host and the registry answers in its place"),
    Row(
        &["parsing http 4"],
        Surroundings,
        Network,
        "something between this host and the registry answers in its place",
    ),
    Row(&["text/html"], Surroundings, Network, "something between this host and the registry answers in its place"),
    Row(&["<?xml"], Surroundings, Network, "the storage behind the registry refused the bytes"),
    Row(
        &["server gave http response to https client"],
        Surroundings,
        Network,
        "the registry speaks plain HTTP, which the engine takes for insecure; list it in the engine's configuration",
    ),
    // the engine keeps to itself whether the registry said so, or a page of something that stands between
    Row(
        &["failed to resolve reference", "not found"],
        Surroundings,
        Entitlement,
        "the registry does not have the image",
    ),
    Row(
        &["could not fetch content descriptor"],
        Surroundings,
        Network,
        "a part of an image is missing in the registry",
    ),
    Row(&["dial tcp"], Surroundings, Network, "the registry cannot be reached"),
    Row(&["the disk of the registry is full"], Surroundings, Resources, "the disk of the hub is full"),
    Row(&["invalid tag format"], Generation, Config, "an image's name is not valid"),
    Row(&["layers from manifest don't match image configuration"], Generation, Config, BROKEN_IMAGE),
    Row(&["wrong diff id calculated on extraction"], Generation, Config, BROKEN_IMAGE),
    Row(&["archive/tar: invalid tar header"], Generation, Config, BROKEN_IMAGE),
    Row(&["mismatched image rootfs and manifest layers"], Generation, Config, BROKEN_IMAGE),
    Row(&["missing signature key"], Generation, Config, OLD_IMAGE),
    Row(&["is no longer supported since containerd"], Generation, Config, OLD_IMAGE),
    Row(&["no matching manifest"], Generation, Config, PLATFORM),
    Row(&["invalid reference format"], Generation, Config, "an image's name is not valid"),
    Row(&["toomanyrequests"], Surroundings, Network, "the registry asks to slow down"),
    Row(&["too many requests"], Surroundings, Network, "the registry asks to slow down"),
    Row(&["unauthorized"], Surroundings, Entitlement, "the registry does not know the credential"),
    Row(&["authentication required"], Surroundings, Entitlement, "the registry does not know the credential"),
    Row(&["no basic auth"], Surroundings, Entitlement, "the registry does not know the credential"),
];

const BROKEN_IMAGE: &str = "the layers of an image do not fit its configuration";
const OLD_IMAGE: &str = "an image of the release has a form that engines take no more";

/// The hub's registry: it refused this release.
const OWN_REGISTRY: &[Row] = &[
    Row(
        &["unsupported media type"],
        Generation,
        Config,
        "an image of the release is of a kind that this engine does not take",
    ),
    Row(&["denied"], Generation, Entitlement, "the hub's registry refuses the image"),
    Row(&["manifest unknown"], Generation, Entitlement, "the hub's registry does not have the image"),
    Row(&["name unknown"], Generation, Entitlement, "the hub's registry does not have the image"),
    Row(&["not found"], Generation, Entitlement, "the hub's registry does not have the image"),
];

/// Another registry: it may have the image again tomorrow.
const OTHER_REGISTRY: &[Row] = &[
    Row(&["denied"], Surroundings, Entitlement, "the registry refuses the image"),
    Row(&["manifest unknown"], Surroundings, Entitlement, "the registry does not have the image"),
    Row(&["not found"], Surroundings, Entitlement, "the registry does not have the image"),
];

#[cfg(test)]
mod tests;
