//! The configuration of a deployment: variables that are put into the compose file, and into its services by `env_file: .env`.

/// A variable that no deployment can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVariable {
    #[error("configuration name {0:?} is not a variable: use letters, digits and _, not beginning with a digit")]
    Name(String),
    #[error("configuration name {0:?} is reserved: it would steer docker compose itself; choose another name")]
    Reserved(String),
    #[error("the value of configuration name {0:?} holds a null character")]
    Null(String),
    #[error("the configuration has {0} bytes; use at most {MAX_BYTES}, or ship a file with the release")]
    Large(usize),
}

/// The most bytes of one configuration, names and values: each stays in the log for ever.
pub const MAX_BYTES: usize = 128 * 1024;

/// Variables by which Docker's tools are steered. Those of compose have a prefix of their own.
const STEERING: [&str; 14] = [
    "DOCKER_API_VERSION",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_BUILDKIT",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTENT_TRUST",
    "DOCKER_CONTENT_TRUST_SERVER",
    "DOCKER_CONTEXT",
    "DOCKER_CUSTOM_HEADERS",
    "DOCKER_DEFAULT_PLATFORM",
    "DOCKER_HIDE_LEGACY_COMMANDS",
    "DOCKER_HOST",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
];
/// The registry of the hub, which the agent puts in.
const REGISTRY: &str = "DISTR_REGISTRY";

/// Whether a deployment may have the variable with this value.
pub fn check_variable(name: &str, value: &str) -> Result<(), InvalidVariable> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    let is_reserved =
        name.starts_with("COMPOSE_") || name.starts_with("DOCKER_CLI_") || name == REGISTRY || STEERING.contains(&name);
    match () {
        () if !is_name => Err(InvalidVariable::Name(name.chars().take(80).collect())),
        () if is_reserved => Err(InvalidVariable::Reserved(name.to_owned())),
        () if value.contains('\0') => Err(InvalidVariable::Null(name.to_owned())),
        () => Ok(()),
    }
}

/// Whether a deployment may have all of these.
pub fn check_configuration<'a>(
    variables: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<(), InvalidVariable> {
    let mut bytes = 0;
    for (name, value) in variables {
        check_variable(name, value)?;
        bytes += name.len() + value.len();
    }
    if bytes > MAX_BYTES { Err(InvalidVariable::Large(bytes)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_a_size() {
        let of = |bytes: usize| std::collections::BTreeMap::from([("A".to_owned(), "x".repeat(bytes))]);
        check_configuration(&of(MAX_BYTES - 1)).unwrap();
        assert_eq!(check_configuration(&of(MAX_BYTES)), Err(InvalidVariable::Large(MAX_BYTES + 1)));
    }

    #[test]
    fn only_names_that_steer_the_tools_are_reserved() {
        for good in
            ["A", "_a1", "DOCKER_INFLUXDB_INIT_MODE", "DOCKERHOST", "COMPOSER_HOME", "PATH", "HOME", "DISTR_MODE"]
        {
            check_variable(good, "x").unwrap();
        }
        for reserved in ["COMPOSE_FILE", "COMPOSE_PROFILES", "DOCKER_HOST", "DOCKER_CLI_PLUGIN_X", "DISTR_REGISTRY"] {
            assert_eq!(check_variable(reserved, "x"), Err(InvalidVariable::Reserved(reserved.to_owned())));
        }
        for bad in ["", "1A", "A B", "A=B", "A-B", "Ä"] {
            assert_eq!(check_variable(bad, "x"), Err(InvalidVariable::Name(bad.to_owned())));
        }
        assert_eq!(check_variable("A", "a\0"), Err(InvalidVariable::Null("A".to_owned())));
    }
}
