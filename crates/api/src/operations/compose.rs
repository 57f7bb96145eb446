//! What of a compose file matters here: its services, and which images are of this hub's registry. Pure: text in, parts out.

use std::collections::BTreeMap;

use distr_compose::{Finding, Runs};
use distr_domain::compose_file::{
    self, Beside, NotShipped, REGISTRY_VARIABLE, Unresolvable, check_shipped, missing_files,
};
use distr_domain::image::{ImageName, InvalidImage, is_alias};
use distr_domain::release::{ComposePackage, InvalidFiles, check_new_files};

use super::env_files::EnvFiles;

const MAX_SERVICES: usize = 200;

pub(super) struct Compose {
    /// with what they have by extending others
    pub(super) services: BTreeMap<String, Runs>,
    /// what compose takes in the file and nobody meant
    pub(super) warnings: Vec<String>,
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
    /// of a registry that may be this one, under another name
    Alias {
        registry: &'a str,
    },
    Invalid(InvalidImage),
}

/// Why a compose file is none that can be released.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Unresolvable(#[from] Unresolvable),
    /// what docker compose refuses, each on a line
    #[error("{}", .0.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Finding>),
    #[error("the compose file has no service, so that there is nothing to run; write at least one below services")]
    Empty,
    #[error("the compose file has {0} services; use at most {MAX_SERVICES}")]
    Many(usize),
    #[error(transparent)]
    NotShipped(#[from] NotShipped),
    #[error(transparent)]
    Files(#[from] InvalidFiles),
}

impl Compose {
    pub(super) fn read(package: &ComposePackage) -> Result<Self, Unreadable> {
        check_new_files(&package.files)?;
        let file = compose_file::read(&package.file)?;
        // before anything looks at each of them
        match file["services"].as_object().map(serde_json::Map::len) {
            Some(0) => return Err(Unreadable::Empty),
            Some(many) if many > MAX_SERVICES => return Err(Unreadable::Many(many)),
            _ => {}
        }
        distr_compose::check(&file, &package.file).map_err(Unreadable::Refused)?;
        check_shipped(&file, &package.files)?;
        let found = distr_compose::warnings(&file, &package.file);
        let missing = missing_files(&file, &package.files).into_iter().map(|Beside { place, path, .. }| {
            format!(
                "{place}: the release does not ship {path:?}, so that a folder of that name is made on each host; if it is a \
                 file, publish with the folder of the compose file, in which an empty one lies"
            )
        });
        let services = distr_compose::runs(&file);
        if services.is_empty() {
            return Err(Unreadable::Empty);
        }
        let EnvFiles { refused, warnings, .. } = EnvFiles::read(&services, &package.files);
        if !refused.is_empty() {
            return Err(Unreadable::Refused(refused));
        }
        let warnings = found.iter().map(Finding::to_string).chain(missing).chain(warnings).collect();
        Ok(Self { services, warnings })
    }
}

/// `registry_host` is `host[:port]`.
pub(super) fn image<'a>(image: &'a str, registry_host: &str) -> Image<'a> {
    let ours = [registry_host, REGISTRY_VARIABLE];
    let rest = ours.iter().find_map(|host| image.strip_prefix(host)?.strip_prefix('/'));
    let Some((organization, rest)) = rest.and_then(|rest| rest.split_once('/')) else {
        return elsewhere(image, registry_host);
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

fn elsewhere<'a>(image: &'a str, registry_host: &str) -> Image<'a> {
    match ImageName::parse(image) {
        Ok(name) if is_alias(name.registry, registry_host) => Image::Alias { registry: name.registry },
        Ok(name) => Image::Elsewhere { pinned: name.digest.is_some() },
        Err(invalid) => Image::Invalid(invalid),
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::release::PackageFile;

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
        let pinned = format!("postgres@sha256:{}", "a".repeat(64));
        assert_eq!(image(&pinned, host), Image::Elsewhere { pinned: true });
        assert_eq!(image("postgres@sha256:ab", host), Image::Invalid(InvalidImage::Digest));
        assert_eq!(image("127.0.0.1:80/acme/hello:1", host), Image::Alias { registry: "127.0.0.1:80" });
        assert_eq!(image("localhost:8080/acme/hello:1", host), Image::Alias { registry: "localhost:8080" });
    }

    fn read(text: &str) -> Result<Compose, Unreadable> {
        Compose::read(&ComposePackage { file: text.to_owned(), files: vec![] })
    }

    fn with_env_file(content: &str) -> Result<Compose, Unreadable> {
        let file = PackageFile {
            path: "conf/app.env".parse().expect("a path"),
            content: content.as_bytes().to_vec().into(),
            executable: false,
        };
        let text = "services: {web: {image: x, env_file: ['./conf/app.env']}}".to_owned();
        Compose::read(&ComposePackage { file: text, files: vec![file] })
    }

    #[test]
    fn files_of_variables_are_read_as_compose_reads_them() {
        for (content, reason) in [
            (
                "A=1\nBAD KEY=1\n",
                "service \"web\", key env_file: \"conf/app.env\", line 2: what should be a name holds a space",
            ),
            ("A='x\n", "line 1: the quote ' is not closed"),
            ("A=${\n", "line 1: the value has a $ with which no variable begins"),
        ] {
            let refused = with_env_file(content).err().unwrap_or_else(|| panic!("{content} was read")).to_string();
            assert!(refused.contains(reason), "{content}: {refused}");
        }
        let told = with_env_file("A=${B?must}\nC=$NOBODY\n").unwrap().warnings;
        assert!(matches!(&told[..], [one] if one.contains("line 2: a variable is empty")), "{told:?}");
    }

    #[test]
    fn a_file_is_read_as_compose_reads_it() {
        let merged = "x-a: &a {profiles: [plus]}\nservices:\n  web: {<<: *a, image: x}\n";
        assert_eq!(read(merged).unwrap().services["web"].profiles, ["plus"]);
        let extended = read("services: {web: {extends: base}, base: {image: x, profiles: [plus]}}").unwrap();
        assert_eq!(extended.services["web"], extended.services["base"]);
        assert!(read("services: {web: {image: x, volumes: ['./a.db:/a.db']}}").unwrap().warnings[0].contains("a.db"));
        let many: String = (0..201).map(|n| format!("  s{n}: {{extends: s{}}}\n", n + 1)).collect();
        let many = format!("services:\n{many}");
        for (text, reason) in [
            ("services: {web: {image: a, image: b}}", "cannot be read"),
            ("x-a: &a {include: [/host/x.yml]}\n<<: *a\nservices: {}", "has the key \"include\""),
            ("services: {}", "has no service"),
            ("name: app", "has no service"),
            (&many, "has 201 services; use at most 200"),
            ("services: {}\n---\nservices: {web: {image: a}}", "cannot be read"),
            ("services: {web: {image: a, env_file: app.env}}", "does not ship \"app.env\""),
        ] {
            let refused = read(text).err().unwrap_or_else(|| panic!("{text} was read")).to_string();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
