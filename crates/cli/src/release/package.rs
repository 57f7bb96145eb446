//! Packages of a release: collected from a folder, sent to the hub, and read from what it shows.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use distr_domain::compose_file::Unresolvable;
use distr_domain::release::{ComposePackage, PackageFile};
use distr_package::PackageError;
use serde_json::{Value, json};

use super::chart::{self, ChartPackage, ShownChart};
use super::one_file::one_file;
use super::{release_draft, release_publish};
use crate::input;
use crate::output::remark;
use crate::session::Session;

/// What a release is made of.
#[derive(Args)]
pub(crate) struct From {
    /// The compose file, or its folder; - is standard input. Images of the hub's registry are pinned to what their tags are
    /// now, and the files that it names are shipped
    #[arg(long, value_name = "PATH")]
    compose: Option<PathBuf>,
    /// The chart: its folder, its archive, or oci://HOST/… in the hub's registry. Helm renders it here, and what it runs then is
    /// locked
    #[arg(long, value_name = "CHART")]
    chart: Option<String>,
    /// A file of values with which the chart runs other images; may be given several times
    #[arg(long, value_name = "FILE", requires = "chart")]
    values_case: Vec<PathBuf>,
}

/// The packages of a release, at most one of each kind.
#[derive(Clone, Default)]
pub(super) struct Packages {
    pub(super) compose: Option<ComposePackage>,
    chart: Option<ChartPackage>,
}

impl From {
    pub(super) async fn collect(self, session: &Session, application: &str) -> Result<Packages> {
        let compose = self.compose.as_deref().map(collect).transpose()?;
        let chart = match self.chart {
            Some(chart) => {
                let wanted = chart::Wanted { chart, cases: self.values_case };
                Some(chart::collect(session, application, &wanted).await?)
            }
            None => None,
        };
        Ok(Packages { compose, chart })
    }
}

impl Packages {
    pub(super) fn is_empty(&self) -> bool {
        self.compose.is_none() && self.chart.is_none()
    }

    /// As an operation takes them.
    pub(super) fn inputs<I>(self) -> Vec<I>
    where
        ComposePackage: Into<I>,
        ChartPackage: Into<I>,
    {
        self.compose.map(Into::into).into_iter().chain(self.chart.map(Into::into)).collect()
    }
}

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

/// The packages of a release that the hub showed.
pub(super) struct Shown {
    pub(super) compose: Option<ComposePackage>,
    pub(super) chart: Option<ShownChart>,
}

impl Shown {
    pub(super) fn of(release: &Value) -> Result<Self> {
        let packages = release["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_type = |name: &str| packages.iter().find(|package| package["__typename"] == name);
        let compose = of_type("ComposePackage").map(compose_shown).transpose()?;
        let chart = of_type("HelmPackage").map(ShownChart::of).transpose()?;
        Ok(Self { compose, chart })
    }
}

/// The packages by their kinds, as people read them.
pub(super) fn spread(mut release: Value) -> Value {
    let packages = release["packages"].take();
    release["compose"] = json!({ "file": null, "files": null });
    release["chart"] = json!({ "reference": null, "runs": null, "takes": null });
    for package in packages.as_array().into_iter().flatten() {
        match package["__typename"].as_str() {
            Some("ComposePackage") => release["compose"] = package.clone(),
            Some("HelmPackage") => release["chart"] = chart::readable(package),
            _ => {}
        }
    }
    release
}

fn compose_shown(package: &Value) -> Result<ComposePackage> {
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
        impl std::convert::From<ComposePackage> for $operation::PackageInput {
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
