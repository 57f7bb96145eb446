//! Faults of a release, which it has on every machine.

use distr_agent::fault::Blame::{Generation, Surroundings};
use distr_domain::agent::ErrorCategory::{Config, Resources, Runtime, Unhealthy};

use super::Row;

/// Words of compose about the file itself. It asks nobody for them.
pub(super) const COMPOSE_FILE: &[Row] = &[
    Row(
        &["required variable", "is missing a value"],
        Generation,
        Config,
        "a variable is required that the configuration does not set",
    ),
    Row(
        &["environment variable", "required by"],
        Generation,
        Config,
        "a secret or config is taken from a variable that the configuration does not set",
    ),
    Row(
        &["unsupported external secret"],
        Generation,
        Config,
        "a secret is external, which Docker has only in a swarm; give it a file or a variable",
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
    Row(&["error decoding '"], Generation, Config, "a value in the compose file is not valid"),
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

/// Values of the release that an engine never takes, in words that begin like those about a host.
pub(super) const VALUES: &[Row] = &[
    Row(
        &["invalid device cgroup rule format"],
        Generation,
        Config,
        "a rule among the device_cgroup_rules is not valid",
    ),
    Row(&["failed to initialize logging driver", "invalid size"], Generation, Config, LOG_OPTION),
    Row(&["error setting rlimit", "invalid argument"], Generation, Config, ULIMIT),
    Row(
        &["error mounting \"tmpfs\"", "invalid argument"],
        Generation,
        Config,
        "a service has an invalid option for tmpfs",
    ),
];

const LOG_OPTION: &str = "a service has a logging option that its driver does not take";
const ULIMIT: &str = "a limit among the ulimits of a service is not valid";

/// What the engine says of values that the release alone decides, and what came of its containers.
pub(super) const RELEASE: &[Row] = &[
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
    Row(&["invalid mount path", "must be absolute"], Generation, Config, "a mount of the release has no absolute path"),
    Row(&["invalid volume specification"], Generation, Config, "a volume of a service is written wrongly"),
    Row(&["invalid signal:"], Generation, Config, "the stop_signal of a service is not a signal"),
    Row(
        &["invalid ip address in add-host"],
        Generation,
        Config,
        "an address among the extra_hosts of a service is not valid",
    ),
    Row(
        &["invalid container name ("],
        Generation,
        Config,
        "the container_name of a service is not one that engines take",
    ),
    Row(&["wrong rlimit value"], Generation, Config, ULIMIT),
    Row(&["shares: invalid argument"], Generation, Config, "the cpu_shares of a service are not valid"),
    Row(&["invalid cpu shares"], Generation, Config, "the cpu_shares of a service are not valid"),
    Row(&["invalid ipc mode"], Generation, Config, "the ipc mode of a service is not valid"),
    Row(&["invalid security-opt"], Generation, Config, "an entry of the security_opt of a service is not valid"),
    Row(&["in healthcheck cannot be less than"], Generation, Config, "a time of a health check is too short"),
    Row(&["invalid isolation"], Generation, Config, "the isolation of a service is not one of this platform"),
    Row(
        &["memory limit can not be less than memory reservation"],
        Generation,
        Config,
        "a service reserves more memory than its limit",
    ),
    Row(&["invalid value", "for cpuset"], Generation, Config, "the cpuset of a service is written wrongly"),
    Row(&["invalid ipv4 address"], Generation, Config, "a fixed address of the release is not valid"),
    Row(&["invalid ipv6 address"], Generation, Config, "a fixed address of the release is not valid"),
    Row(&["failed to parse com.docker.network."], Generation, Config, "an option of a network is not valid"),
    // compose 2.40.1 takes the name of an image's user for a number
    Row(
        &["strconv.atoi: parsing"],
        Surroundings,
        Runtime,
        "this docker compose plugin puts configs and secrets without a file into no container of a named user; update it",
    ),
    Row(&["invalid restart policy"], Generation, Config, "a service has an unknown restart policy"),
    Row(&["unknown log opt"], Generation, Config, "a service has a logging option that its driver does not know"),
    Row(
        &["minimum memory limit allowed"],
        Generation,
        Config,
        "the memory limit of a service is smaller than the engine takes",
    ),
    Row(&["conflicting options"], Generation, Config, "options of a service exclude each other"),
    Row(&["cpu cfs period can not be"], Generation, Config, "the cpu_period of a service is not one that engines take"),
    Row(&["cpu cfs quota can not be"], Generation, Config, "the cpu_quota of a service is not one that engines take"),
    Row(&["maximum retry count cannot be"], Generation, Config, "a service has an unknown restart policy"),
    Row(&["destination can't be '/'"], Generation, Config, "a mount of the release is at the root of its container"),
    Row(&["container rootfs is marked read-only"], Generation, Config, READ_ONLY),
    Row(&["mounted volume is marked read-only"], Generation, Config, READ_ONLY_MOUNT),
    Row(&["is the sole supported option"], Generation, Config, READ_ONLY),
    Row(&["error processing tar file", "not a directory"], Generation, Config, PLACE_OF_CONFIG),
    Row(&["error processing tar file", "cannot overwrite"], Generation, Config, PLACE_OF_CONFIG),
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

const READ_ONLY: &str =
    "a config or secret without a file cannot be put into a service that is read_only; give it a file";
pub(super) const READ_ONLY_MOUNT: &str =
    "a config or secret without a file is to lie in a mount that is read-only; give it a file, or another target";
const PLACE_OF_CONFIG: &str = "a config or secret is to lie where the image of its service has something else";
const NO_PROGRAM: &str = "a service's command is not in its image";
pub(super) const PLATFORM: &str = "an image of the release is for another processor than this host's";
