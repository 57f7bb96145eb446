//! Packages of a release: collected from a folder, sent to the hub, and read from what it shows.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use distr_domain::compose_file::Unresolvable;
use distr_domain::release::{ComposePackage, PackageFile};
use distr_package::PackageError;
use serde_json::Value;

use super::one_file::one_file;
use super::{release_draft, release_publish};
use crate::input;
use crate::output::remark;

/// The compose file with the files that it names. Says what is shipped: it becomes part of the release for ever.
pub(super) fn collect(path: &Path) -> Result<ComposePackage> {
    let package = match path.as_os_str() == "-" {
        true => distr_package::read_text(input::text(path)?, Path::new(".")),
        false => match distr_package::read(path) {
            Err(PackageError::Compose(why)) if is_for_compose(&why, &distr_package::find(path)?) => {
                let file = distr_package::find(path)?;
                let text = one_file(&file)?;
                remark(&format!("{} and the files that it takes in are published as one", file.display()));
                distr_package::read_text(text, distr_package::folder_of(&file))
            }
            package => package,
        },
    };
    let package = package?;
    for PackageFile { path, content, .. } in &package.files {
        remark(&format!("ships {path} ({} bytes)", content.bytes().len()));
    }
    Ok(package)
}

/// Whether the file is made of more than what stands in it, which compose puts together.
fn is_for_compose(why: &Unresolvable, file: &Path) -> bool {
    let has_tags = || {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        ["!override", "!reset"].iter().any(|tag| text.contains(tag))
    };
    match why {
        Unresolvable::OtherFiles(_) | Unresolvable::ExtendsFile { .. } => true,
        Unresolvable::Unreadable(_) => has_tags(),
        _ => false,
    }
}

/// The package of a release that the hub showed.
pub(super) fn shown(release: &Value) -> Result<ComposePackage> {
    let package = &release["packages"][0];
    let file = package["file"].as_str().context("the hub shows no compose file")?.to_owned();
    let files = package["files"].as_array().into_iter().flatten().map(file_shown).collect::<Result<_>>()?;
    Ok(ComposePackage { file, files })
}

fn file_shown(file: &Value) -> Result<PackageFile> {
    let text = |key: &str| file[key].as_str().context("the hub shows a file without path or content");
    Ok(PackageFile {
        path: text("path")?.parse()?,
        content: BASE64_STANDARD.decode(text("content")?)?.into(),
        executable: file["executable"].as_bool().unwrap_or(false),
    })
}

/// The package as an operation takes it.
macro_rules! package_input {
    ($operation:ident) => {
        impl From<ComposePackage> for $operation::PackageInput {
            fn from(package: ComposePackage) -> Self {
                let files = package.files.into_iter().map(|file| $operation::PackageFileInput {
                    path: file.path.into(),
                    content: BASE64_STANDARD.encode(file.content.bytes()),
                    executable: file.executable,
                });
                Self::Compose($operation::ComposePackageInput { file: package.file, files: files.collect() })
            }
        }
    };
}
package_input!(release_draft);
package_input!(release_publish);
