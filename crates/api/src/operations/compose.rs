//! What of a compose file matters here: its services, and which images are of this hub's registry. Pure: text in, parts out.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Stands for the registry's host in a compose file, so that the file does not have to name it.
const REGISTRY_VARIABLE: &str = "${DISTR_REGISTRY}";

#[derive(Deserialize)]
pub(super) struct Compose {
    #[serde(default)]
    pub(super) services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
pub(super) struct Service {
    pub(super) image: Option<String>,
    pub(super) build: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    pub(super) profiles: Vec<String>,
}

/// What an image reference names.
#[derive(Debug, PartialEq)]
pub(super) enum Image<'a> {
    /// of this hub: the repository with its organization, and what of it
    Ours {
        organization: &'a str,
        path: &'a str,
        reference: &'a str,
    },
    Elsewhere {
        pinned: bool,
    },
}

impl Compose {
    pub(super) fn read(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }
}

/// `registry_host` is `host[:port]`.
pub(super) fn image<'a>(image: &'a str, registry_host: &str) -> Image<'a> {
    let ours = [registry_host, REGISTRY_VARIABLE];
    let rest = ours.iter().find_map(|host| image.strip_prefix(host)?.strip_prefix('/'));
    let Some((organization, rest)) = rest.and_then(|rest| rest.split_once('/')) else {
        return Image::Elsewhere { pinned: image.contains("@sha256:") || image.contains("@sha512:") };
    };
    // the digest wins over a tag that is named with it
    match rest.split_once('@') {
        Some((path, digest)) => {
            let path = path.split_once(':').map_or(path, |(path, _)| path);
            Image::Ours { organization, path, reference: digest }
        }
        None => {
            let (path, reference) = rest.split_once(':').unwrap_or((rest, "latest"));
            Image::Ours { organization, path, reference }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours<'a>(path: &'a str, reference: &'a str) -> Image<'a> {
        Image::Ours { organization: "acme", path, reference }
    }

    #[test]
    fn images_of_this_registry_are_known_by_its_host_or_the_variable() {
        let host = "127.0.0.1:8080";
        assert_eq!(image("127.0.0.1:8080/acme/hello:1.0.0", host), ours("hello", "1.0.0"));
        assert_eq!(image("${DISTR_REGISTRY}/acme/a/b:1", host), ours("a/b", "1"));
        assert_eq!(image("127.0.0.1:8080/acme/hello", host), ours("hello", "latest"));
        assert_eq!(image("127.0.0.1:8080/acme/hello:1@sha256:ab", host), ours("hello", "sha256:ab"));
    }

    #[test]
    fn images_of_other_registries_are_pinned_or_not() {
        let host = "127.0.0.1:8080";
        assert_eq!(image("postgres:17", host), Image::Elsewhere { pinned: false });
        assert_eq!(image("postgres@sha256:ab", host), Image::Elsewhere { pinned: true });
        assert_eq!(image("127.0.0.1:80/acme/hello:1", host), Image::Elsewhere { pinned: false });
    }
}
