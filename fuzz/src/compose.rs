//! Compose files as publishing reads them, with what they name.

use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::oci::Reference;
use distr_domain::release::ComposePackage;

use file::{Compose, Image, image};

#[rustfmt::skip]
#[path = "../../crates/api/src/operations/env_files.rs"]
mod env_files;
#[rustfmt::skip]
#[path = "../../crates/api/src/operations/compose.rs"]
mod file;

const HOST: &str = "hub.example:8080";

pub fn compose_file(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    image_names(text);
    let package = ComposePackage { file: text.to_owned(), files: vec![] };
    let Ok(compose) = Compose::read(&package) else { return };
    for service in compose.services.values() {
        service.image.as_deref().into_iter().for_each(image_names);
        service.profiles.iter().for_each(|profile| _ = profile.parse::<Slug>());
    }
}

/// What is taken for an image of this hub is that image by its plain name, too.
fn image_names(text: &str) {
    let Image::Ours { organization, path, reference } = image(text, HOST) else { return };
    let (Ok(path), Ok(reference)) = (path.parse::<RepositoryPath>(), reference.parse::<Reference>()) else { return };
    let separator = if matches!(reference, Reference::Digest(_)) { '@' } else { ':' };
    let (path, reference) = (path.to_string(), reference.to_string());
    let plain = format!("{HOST}/{organization}/{path}{separator}{reference}");
    assert_eq!(image(&plain, HOST), Image::Ours { organization, path: &path, reference: &reference }, "{text:?}");
}

/// Files of variables: the same twice, and each fault and each warning names a line of the file.
pub fn env_file(bytes: &[u8]) {
    let read = || {
        let mut environment = distr_compose::Environment::default();
        (environment.read(bytes), environment.required())
    };
    let (told, required) = read();
    assert_eq!((&told, &required), (&read().0, &read().1));
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    let named = match &told {
        Ok(warnings) => warnings.iter().map(|(line, _)| *line).collect(),
        Err(invalid) => vec![invalid.line],
    };
    assert!(named.iter().all(|line| (1..=lines).contains(line)), "{told:?}");
}
