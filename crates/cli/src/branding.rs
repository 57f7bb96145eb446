//! `distr branding`: how customers see the organization in their portal.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use distr_domain::colour::Colour;
use distr_domain::link::Link;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;
use crate::hub::Hub;
use crate::operation::{BrandingImage, shown};
use crate::output::{Columns, Output};
use crate::picture;
use crate::session::Session;

shown!("src/branding.graphql": BrandingShow BrandingSet BrandingSetImage);

const FIELDS: Columns = &[
    ("accent", "/accent"),
    ("accent on dark pages", "/accentDark"),
    ("support", "/support"),
    ("logo", "/logo/path"),
    ("logo on dark pages", "/logoDark/path"),
    ("favicon", "/favicon/path"),
    ("words, light", "/accents/light/text"),
    ("their contrast", "/accents/light/textContrast"),
    ("words, dark", "/accents/dark/text"),
    ("their contrast", "/accents/dark/textContrast"),
    ("home text", "/homeText"),
];

/// What the organization has chosen. An empty text is nothing chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Branding {
    pub(crate) accent: Option<String>,
    pub(crate) accent_dark: Option<String>,
    pub(crate) support: Option<String>,
    pub(crate) home_text: String,
    pub(crate) logo: Option<Shown>,
    pub(crate) logo_dark: Option<Shown>,
    pub(crate) favicon: Option<Shown>,
}

/// A picture that the hub has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    pub(crate) sent_digest: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show how customers see the organization, and the contrasts of its colours
    Show,
    /// Change colours, link and words; what is not given stays, and an empty value takes it back
    Set {
        /// Colour of links and buttons, as '#1f5fbf'; its lightness moves where it could not be read
        #[arg(long, value_parser = or_nothing::<Colour>)]
        accent: Option<Wish>,
        /// The same on dark pages [default: the accent]
        #[arg(long, value_parser = or_nothing::<Colour>)]
        accent_dark: Option<Wish>,
        /// Where customers find help: https://… or mailto:…
        #[arg(long, value_parser = or_nothing::<Link>)]
        support: Option<Wish>,
        /// Text below the customers' home, with the portal's few marks of Markdown
        #[arg(long)]
        home_text: Option<String>,
        /// The same from a file
        #[arg(long, value_name = "FILE", conflicts_with = "home_text")]
        home_text_file: Option<PathBuf>,
    },
    /// Set a picture, or take it back
    Image {
        /// What the picture is for
        image: BrandingImage,
        /// A PNG, WebP or SVG file of up to 128 KiB
        #[arg(required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Take the picture back
        #[arg(long, conflicts_with = "file")]
        remove: bool,
    },
}

/// A value, or that there is to be none.
type Wish = String;

fn or_nothing<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Wish, String> {
    match text.is_empty() {
        true => Ok(String::new()),
        false => text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string()),
    }
}

impl Command {
    pub(crate) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        match self {
            Self::Show => out.show(show(hub).await?, FIELDS),
            Self::Set { accent, accent_dark, support, home_text, home_text_file } => {
                let home_text = match home_text_file {
                    Some(file) => Some(read_text(&file)?),
                    None => home_text,
                };
                let now = current(hub).await?;
                let wish = |wished: Option<Wish>, now: Option<String>| wished.or(now).filter(|text| !text.is_empty());
                let then = Branding {
                    accent: wish(accent, now.accent),
                    accent_dark: wish(accent_dark, now.accent_dark),
                    support: wish(support, now.support),
                    home_text: home_text.unwrap_or(now.home_text),
                    ..Branding::default()
                };
                told(out, set(hub, then).await?, "set the branding")
            }
            Self::Image { image, file, remove: _ } => {
                let data = file.map(|file| picture::base64(&file)).transpose()?;
                let done = if data.is_some() { "set" } else { "removed" };
                out.did(set_image(hub, image, data).await?, "branding", &format!("{done} the {}", image.label()))
            }
        }
    }
}

fn read_text(file: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("reading {}: {error}", file.display())).into())
}

/// With what became of the colours.
fn told(out: &Output, payload: Value, sentence: &str) -> Result<()> {
    let accents = &payload["branding"]["accents"];
    let moved = ["light", "dark"].into_iter().filter(|theme| accents[theme]["isMoved"] == true);
    let moved: Vec<String> =
        moved.map(|theme| format!("{} on {theme} pages", accents[theme]["text"].as_str().unwrap_or("?"))).collect();
    let chosen = &payload["branding"]["accent"];
    let note = match chosen.is_null() || moved.is_empty() {
        true => String::new(),
        false => format!("; to be read, words are {}", moved.join(" and ")),
    };
    out.did(payload, "branding", &format!("{sentence}{note}"))
}

async fn show(hub: &Hub) -> Result<Value> {
    let mut organization = hub.ask::<BrandingShow>(branding_show::Variables {}).await?.organization;
    Ok(organization["branding"].take())
}

pub(crate) async fn current(hub: &Hub) -> Result<Branding> {
    Ok(serde_json::from_value(show(hub).await?)?)
}

pub(crate) async fn set(hub: &Hub, branding: Branding) -> Result<Value> {
    let Branding { accent, accent_dark, support, home_text, .. } = branding;
    let variables = branding_set::Variables { accent, accent_dark, support, home_text: Some(home_text) };
    Ok(hub.ask::<BrandingSet>(variables).await?.branding_set)
}

/// In base64; nothing takes it back.
pub(crate) async fn set_image(hub: &Hub, image: BrandingImage, data: Option<String>) -> Result<Value> {
    let variables = branding_set_image::Variables { image, data };
    Ok(hub.ask::<BrandingSetImage>(variables).await?.branding_set_image)
}
