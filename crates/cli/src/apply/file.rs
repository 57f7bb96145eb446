//! The files: their shape, and where in them something is wrong. A field that nobody reads would be a promise that nobody
//! keeps, so it is refused, with its line and column.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use distr_domain::colour::Colour;
use distr_domain::label::Labels;
use distr_domain::link::Link;
use distr_domain::names::{RepositoryPath, Slug};
use distr_domain::pattern::Pattern;
use distr_domain::trust::SignedParts;
use distr_domain::version::VersionRanges;
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Location, Spanned, UserMessageFormatter};

use crate::exit::Failure;
use crate::picture::Sent;
use crate::policy::Named as RolloutPolicy;
use crate::{input, moment, picture};

/// What all files say together.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) applications: Vec<Placed<Application>>,
    pub(super) channels: Vec<Placed<Channel>>,
    pub(super) customers: Vec<Placed<Customer>>,
    pub(super) licenses: Vec<Placed<License>>,
    pub(super) rollout_policies: Vec<Placed<RolloutPolicy>>,
    pub(super) branding: Vec<Placed<Branding>>,
}

/// With the place that it is from.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    line: u64,
    column: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    applications: Vec<Spanned<Application>>,
    channels: Vec<Spanned<Channel>>,
    customers: Vec<Spanned<Customer>>,
    licenses: Vec<Spanned<License>>,
    rollout_policies: Vec<Spanned<RolloutPolicy>>,
    branding: Option<Spanned<Branding>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Application {
    pub(super) name: Slug,
    /// What is not said stays as it is; for a new one, it is the name.
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) channels: Vec<Slug>,
    /// What is not said stays as it is; an empty list takes the demand back.
    pub(super) signing_keys: Option<Vec<SigningKey>>,
    /// What one of these keys must have signed; what is not said stays as it is.
    pub(super) signing_requires: Option<SignedParts>,
    pub(super) feature_tags: Option<Vec<FeatureTags>>,
    /// What is not said stays as it is; an empty text takes it back.
    pub(super) category: Option<String>,
    pub(super) homepage: Option<OrNothing<Link>>,
    pub(super) support: Option<OrNothing<Link>>,
    pub(super) documentation: Option<OrNothing<Link>>,
    /// All of them, if they are said.
    pub(super) labels: Option<Labels>,
    pub(super) icon: Option<PictureFile>,
}

/// How customers see the organization. What is not said stays as it is; an empty text takes it back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Branding {
    pub(super) accent: Option<OrNothing<Colour>>,
    pub(super) accent_dark: Option<OrNothing<Colour>>,
    pub(super) support: Option<OrNothing<Link>>,
    pub(super) home_text: Option<String>,
    pub(super) logo: Option<PictureFile>,
    pub(super) logo_dark: Option<PictureFile>,
    pub(super) favicon: Option<PictureFile>,
}

/// A value, or an empty text for none.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String", bound(deserialize = "T: FromStr<Err: Display>"))]
pub(super) struct OrNothing<T>(pub(super) Option<T>);

impl<T: FromStr<Err: Display>> TryFrom<String> for OrNothing<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.is_empty() {
            true => Ok(Self(None)),
            false => text.parse().map(|value| Self(Some(value))).map_err(|error: T::Err| error.to_string()),
        }
    }
}

impl<T: Display> OrNothing<T> {
    pub(super) fn text(&self) -> Option<String> {
        self.0.as_ref().map(T::to_string)
    }
}

/// The path of a picture, below the folder of the file that names it; once it is read, the picture. An empty path is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
pub(super) struct PictureFile {
    path: String,
    pub(super) picture: Option<Sent>,
}

impl From<String> for PictureFile {
    fn from(path: String) -> Self {
        Self { path, picture: None }
    }
}

impl PictureFile {
    fn read(&mut self, folder: &Path) -> Result<()> {
        if self.path.is_empty() {
            return Ok(());
        }
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = folder.join(&self.path);
        let real = |path: &Path| fs::canonicalize(path).with_context(|| format!("reading {}", path.display()));
        if !real(&path)?.starts_with(real(folder)?) {
            let text = format!("{} is not below the file's folder; put the picture there", self.path);
            return Err(Failure::Usage(text).into());
        }
        self.picture = Some(picture::read(&path)?);
        Ok(())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKey {
    pub(super) name: Slug,
    /// the public key itself
    pub(super) pem: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureTags {
    pub(super) feature: Slug,
    pub(super) repository: RepositoryPath,
    pub(super) tags: Vec<Pattern>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    #[serde(alias = "application")]
    pub(super) app: Slug,
    pub(super) name: Slug,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Customer {
    pub(super) name: Slug,
    pub(super) display_name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct License {
    pub(super) customer: Slug,
    #[serde(alias = "application")]
    pub(super) app: Slug,
    /// A customer's only license for an application may go by the application's name.
    name: Option<Slug>,
    #[serde(default, alias = "allowed_versions")]
    pub(super) versions: Vec<VersionRanges>,
    #[serde(default)]
    pub(super) channels: Vec<Slug>,
    #[serde(default)]
    pub(super) features: Vec<Slug>,
    pub(super) seats: Option<u32>,
    #[serde(default, alias = "not_before", deserialize_with = "begin")]
    pub(super) not_before: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "end")]
    pub(super) expires: Option<DateTime<Utc>>,
}

/// What is wrong, of which each is told.
#[derive(Debug, Default)]
pub(super) struct Wrong(Vec<String>);

impl Wrong {
    pub(super) fn look<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.0.push(failure.to_string())).ok()
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Several(self.0)) }
    }
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        let Self { applications, channels, customers, licenses, rollout_policies, branding } = self;
        let is_without_parts = applications.is_empty() && channels.is_empty() && customers.is_empty();
        is_without_parts && licenses.is_empty() && rollout_policies.is_empty() && branding.is_empty()
    }
}

impl License {
    pub(super) fn name(&self) -> &Slug {
        self.name.as_ref().unwrap_or(&self.app)
    }
}

impl Place {
    /// The failure that something at this place is.
    pub(super) fn refuse(&self, what: &str) -> Failure {
        let Self { file, line, column } = self;
        Failure::Usage(format!("{file}:{line}:{column}: {what}"))
    }
}

/// All or nothing: one file that is wrong refuses all, and each that is wrong is told.
pub(super) fn read_all(files: &[PathBuf]) -> Result<Wanted> {
    let (mut wanted, mut wrong) = (Wanted::default(), Wrong::default());
    for file in files {
        let (name, text) = read(file)?;
        let mut said = Wanted::default();
        if wrong.look(parse(&name, &text, &mut said)).is_some() {
            read_pictures(&mut said, file.parent().unwrap_or(Path::new("")))?;
            wanted.extend(said);
        }
    }
    wrong.end()?;
    Ok(wanted)
}

impl Wanted {
    fn extend(&mut self, more: Wanted) {
        let Wanted { applications, channels, customers, licenses, rollout_policies, branding } = more;
        self.applications.extend(applications);
        self.channels.extend(channels);
        self.customers.extend(customers);
        self.licenses.extend(licenses);
        self.rollout_policies.extend(rollout_policies);
        self.branding.extend(branding);
    }
}

fn read_pictures(wanted: &mut Wanted, folder: &Path) -> Result<()> {
    let icons = wanted.applications.iter_mut().filter_map(|of| of.value.icon.as_mut());
    let of_brandings = wanted.branding.iter_mut().flat_map(|of| {
        let Branding { logo, logo_dark, favicon, .. } = &mut of.value;
        [logo, logo_dark, favicon].into_iter().flatten()
    });
    icons.chain(of_brandings).try_for_each(|file| file.read(folder))
}

fn read(file: &Path) -> Result<(String, String)> {
    let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
    Ok((name, input::text(file)?))
}

pub(super) fn parse(file: &str, text: &str, wanted: &mut Wanted) -> Result<(), Failure> {
    let documents: Vec<Document> = serde_saphyr::from_multiple(text).map_err(|error| refused(file, &error))?;
    let placed = |location: Location| Place { file: file.to_owned(), line: location.line(), column: location.column() };
    for document in documents {
        let Document { applications, channels, customers, licenses, rollout_policies, branding } = document;
        wanted
            .applications
            .extend(applications.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
        wanted.channels.extend(channels.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
        wanted
            .customers
            .extend(customers.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
        wanted.licenses.extend(licenses.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
        wanted
            .rollout_policies
            .extend(rollout_policies.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
        wanted.branding.extend(branding.into_iter().map(|of| Placed { place: placed(of.referenced), value: of.value }));
    }
    Ok(())
}

/// `FILE:LINE:COLUMN: what is wrong`, without the picture that the parser draws of it.
fn refused(file: &str, error: &serde_saphyr::Error) -> Failure {
    let text = error.without_snippet().render_with_formatter(&UserMessageFormatter);
    let Some(location) = error.location() else {
        return Failure::Usage(format!("{file}: {text}"));
    };
    let (line, column) = (location.line(), location.column());
    let place = Place { file: file.to_owned(), line, column };
    let text = text.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(&text);
    place.refuse(in_plain_words(text))
}

fn in_plain_words(text: &str) -> &str {
    match text {
        "invalid u32" => "expected a whole number that is not negative",
        "expected sequence start" => "expected a list",
        "expected mapping start" => "expected fields with their values",
        "expected string scalar" => "expected a text",
        other => other,
    }
}

fn begin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    time(deserializer, moment::begin)
}

fn end<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    time(deserializer, moment::end)
}

fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
    parse: fn(&str) -> Result<DateTime<Utc>, String>,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse(&text).map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests;
