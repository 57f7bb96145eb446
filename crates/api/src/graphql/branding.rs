//! How an organization shows itself to its customers.

use async_graphql::{ComplexObject, Context, Enum, Object, Result, SimpleObject};
use distr_domain::branding as domain;
use distr_domain::organization::{Organization as Decider, OrganizationCommand};
use distr_domain::permission::Permission;
use distr_projections::organization::OrganizationRow;

use super::context::{ContextExt, Outcome, execute, lines};
use super::guard::{May, SignedIn};
use super::organization;
use super::picture::{Picture, read};
use super::scalar::{Colour, Link};

/// How an organization shows itself to its customers: colours, pictures, a link for help, words.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Branding {
    /// The accent that was chosen; null for the portal's own.
    accent: Option<Colour>,
    /// The accent that was chosen for dark pages; the accent itself if null.
    accent_dark: Option<Colour>,
    /// The link by which customers find help; null if there is none.
    support: Option<Link>,
    /// The text below the customer's home, in the portal's few marks of Markdown; it may be empty. Nobody reads it who has not
    /// signed in.
    #[graphql(guard = "SignedIn")]
    home_text: String,
    /// The logo; null if there is none.
    logo: Option<Picture>,
    /// The logo on dark pages; the logo itself if null.
    logo_dark: Option<Picture>,
    /// The icon of the page in the browser; the portal's own if null.
    favicon: Option<Picture>,
}

#[ComplexObject]
impl Branding {
    /// The colours that the portal makes of it.
    #[graphql(complexity = "ACCENTS + child_complexity")]
    async fn accents(&self) -> Accents {
        let [accent, dark] = [&self.accent, &self.accent_dark].map(|colour| colour.as_ref().map(|colour| colour.0));
        distr_portal::Accents::of(accent, dark).into()
    }
}

/// The colours that the portal makes of an accent, in both themes.
#[derive(SimpleObject)]
struct Accents {
    /// The colours on light pages.
    light: Accent,
    /// The colours on dark pages.
    dark: Accent,
}

/// What an accent becomes in one theme. Its lightness moves until it can be read: words have a contrast of 4.5 at least,
/// controls of 3.
#[derive(SimpleObject)]
struct Accent {
    /// The colour of links and of what is chosen.
    text: Colour,
    /// The lowest contrast of these words on any surface, as a ratio to 1, by WCAG 2.2.
    text_contrast: f64,
    /// The colour of filled controls.
    fill: Colour,
    /// The lowest contrast of filled controls against what is around them, as a ratio to 1.
    fill_contrast: f64,
    /// The colour of words on a filled control.
    on: Colour,
    /// The contrast of words on a filled control, as a ratio to 1.
    on_contrast: f64,
    /// The colour behind what is chosen.
    soft: Colour,
    /// True if the words or the controls have another colour than the one that was chosen.
    is_moved: bool,
}

/// The purpose of a picture of the branding.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::BrandingImage")]
pub(super) enum BrandingImage {
    /// The logo, which is shown some 24 pixels high.
    Logo,
    /// The logo on dark pages.
    LogoDark,
    /// The icon of the page in the browser.
    Favicon,
}

impl From<&OrganizationRow> for Branding {
    fn from(row: &OrganizationRow) -> Self {
        let domain::Branding { accent, accent_dark, support, home_text } = row.branding.clone();
        let picture = |image| row.branding_images.get(&image).map(Picture::from);
        Self {
            accent: accent.map(Colour::from),
            accent_dark: accent_dark.map(Colour::from),
            support: support.map(Link::from),
            home_text,
            logo: picture(domain::BrandingImage::Logo),
            logo_dark: picture(domain::BrandingImage::LogoDark),
            favicon: picture(domain::BrandingImage::Favicon),
        }
    }
}

impl From<distr_portal::Accents> for Accents {
    fn from(distr_portal::Accents { light, dark }: distr_portal::Accents) -> Self {
        Self { light: light.into(), dark: dark.into() }
    }
}

impl From<distr_portal::Accent> for Accent {
    fn from(of: distr_portal::Accent) -> Self {
        Self {
            text: of.text.into(),
            text_contrast: hundredths(of.text_contrast),
            fill: of.fill.into(),
            fill_contrast: hundredths(of.fill_contrast),
            on: of.on.into(),
            on_contrast: hundredths(of.on_contrast),
            soft: of.soft.into(),
            is_moved: of.is_moved,
        }
    }
}

/// Never more than it is: what is shown keeps what was promised.
fn hundredths(ratio: f32) -> f64 {
    (f64::from(ratio) * 100.0).floor() / 100.0
}

/// Colours are searched for, which costs more than reading.
const ACCENTS: usize = 50;

#[derive(Default)]
pub(super) struct BrandingQuery;

#[Object]
impl BrandingQuery {
    /// The colours that the portal would make of an accent, before it is set.
    #[graphql(guard = "SignedIn", complexity = "ACCENTS + child_complexity")]
    async fn accents(
        &self,
        #[graphql(desc = "The accent; the portal's own if left out.")] accent: Option<Colour>,
        #[graphql(desc = "The accent on dark pages; the accent itself if left out.")] accent_dark: Option<Colour>,
    ) -> Accents {
        distr_portal::Accents::of(accent.map(|of| of.0), accent_dark.map(|of| of.0)).into()
    }
}

#[derive(Default)]
pub(super) struct BrandingMutation;

/// The branding after the change.
#[derive(SimpleObject)]
pub(super) struct BrandingPayload {
    /// The branding of the organization.
    branding: Branding,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// Bytes would do, but texts are counted as people write them.
const MAX_HOME_TEXT: usize = 4_000;

#[Object]
impl BrandingMutation {
    /// Sets how the organization shows itself to its customers, but for the pictures. What is left out is as the portal
    /// has it of itself.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn branding_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The accent. Its lightness moves where it could not be read.")] accent: Option<Colour>,
        #[graphql(desc = "The accent on dark pages; the accent itself if left out.")] accent_dark: Option<Colour>,
        #[graphql(desc = "The link by which customers find help.")] support: Option<Link>,
        #[graphql(desc = "The text below the customer's home, of up to 4 000 characters; none if left out.")]
        home_text: Option<String>,
    ) -> Result<BrandingPayload> {
        let home_text = match home_text.filter(|words| !words.trim().is_empty()) {
            Some(words) => lines("homeText", words, MAX_HOME_TEXT)?,
            None => String::new(),
        };
        let branding = domain::Branding {
            accent: accent.map(|of| of.0),
            accent_dark: accent_dark.map(|of| of.0),
            support: support.map(|of| of.0),
            home_text,
        };
        changed(ctx, OrganizationCommand::SetBranding { branding }).await
    }

    /// Sets a picture of the branding, or removes it.
    #[graphql(guard = "May(Permission::ManageOrganization)")]
    async fn branding_set_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the picture is for.")] image: BrandingImage,
        #[graphql(
            desc = "The picture in base64: PNG, WebP or SVG, of up to 128 KiB. An SVG is drawn once, and what is kept is a PNG of up to 512 pixels each way. It is removed if left out."
        )]
        data: Option<String>,
    ) -> Result<BrandingPayload> {
        let image = image.into();
        let command = match data {
            Some(data) => OrganizationCommand::SetBrandingImage { image, picture: read(ctx, data).await? },
            None => OrganizationCommand::RemoveBrandingImage { image },
        };
        changed(ctx, command).await
    }
}

async fn changed(ctx: &Context<'_>, command: OrganizationCommand) -> Result<BrandingPayload> {
    let outcome = execute::<Decider>(ctx, ctx.organization()?.0, command).await?;
    let branding = Branding::from(&organization::load(ctx).await?.0);
    Ok(BrandingPayload { branding, outcome })
}
