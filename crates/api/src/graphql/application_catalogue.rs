//! The words of a catalogue about an application, and its icon.

use async_graphql::{Context, Object, Result};
use distr_domain::application::{Application as Decider, ApplicationCommand, Metadata};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;

use super::application::{ApplicationPayload, load};
use super::context::{ContextExt, execute, line};
use super::guard::MayEverywhere;
use super::label::{self, LabelInput};
use super::picture::read;
use super::scalar::{Link, Name};

#[derive(Default)]
pub(super) struct ApplicationCatalogueMutation;

#[Object]
impl ApplicationCatalogueMutation {
    /// Sets what a catalogue says of an application beside its names. What is left out is there no more.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    #[allow(clippy::too_many_arguments)]
    async fn application_catalogue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(desc = "The category: what kind of product it is, in up to 60 characters.")] category: Option<String>,
        #[graphql(desc = "The link to the product's own page.")] homepage: Option<Link>,
        #[graphql(desc = "The link by which its users find help.")] support: Option<Link>,
        #[graphql(desc = "The link to its documentation.")] documentation: Option<Link>,
        #[graphql(desc = "The labels, 32 at most; none if left out.")] labels: Option<Vec<LabelInput>>,
    ) -> Result<ApplicationPayload> {
        let category = match category.filter(|words| !words.trim().is_empty()) {
            Some(words) => line("category", words, 60)?,
            None => String::new(),
        };
        let metadata = Metadata {
            category,
            homepage: homepage.map(|of| of.0),
            support: support.map(|of| of.0),
            documentation: documentation.map(|of| of.0),
            labels: label::read(labels.unwrap_or_default())?,
        };
        changed(ctx, name, ApplicationCommand::Catalogue { metadata }).await
    }

    /// Sets the icon of an application, or removes it.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    async fn application_set_icon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(
            desc = "The picture in base64: PNG, WebP or SVG, of up to 128 KiB. An SVG is drawn once, and what is kept is a PNG of up to 512 pixels each way. It is removed if left out."
        )]
        data: Option<String>,
    ) -> Result<ApplicationPayload> {
        let command = match data {
            Some(data) => ApplicationCommand::SetIcon { picture: read(ctx, data).await? },
            None => ApplicationCommand::RemoveIcon,
        };
        changed(ctx, name, command).await
    }
}

async fn changed(ctx: &Context<'_>, name: Name, command: ApplicationCommand) -> Result<ApplicationPayload> {
    let id = ApplicationId::of(ctx.organization()?, &name.0);
    let outcome = execute::<Decider>(ctx, id.0, command).await?;
    Ok(ApplicationPayload { application: load(ctx, &name).await?, outcome })
}
