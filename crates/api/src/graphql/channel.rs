//! Channels of an application, and the two moves: promote and demote.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use distr_domain::channel::{Channel as Decider, ChannelCommand};
use distr_domain::ids::{ApplicationId, ChannelId, ReleaseId};
use distr_domain::names::Slug;
use distr_domain::permission::Permission;
use distr_domain::release;
use distr_projections::channel::{self, ChannelRow};

use super::application::{self, Application};
use super::as_of::Moment;
use super::context::{ContextExt, Outcome, execute, read_catalog};
use super::guard::May;
use super::release::check_reach;
use super::scalar::{Name, Version};
use crate::failure::Failure;
use crate::operations::trust;

pub(super) struct Channel(pub ChannelRow);

/// A channel: a moving pointer to a release of an application. A customer sees the channels that its licenses in force
/// name; a license that names none is bound to none, and shows all.
#[Object]
impl Channel {
    /// The id, a UUID, which follows from the application's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the application.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The application whose channel it is.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    /// The version of the release that the channel points to; null if it points to none.
    async fn current(&self) -> Option<Version> {
        self.0.current.clone().map(Version)
    }

    /// The versions that were promoted and not demoted, in the order of promotion.
    async fn versions(&self) -> Vec<Version> {
        self.0.versions.iter().cloned().map(Version).collect()
    }
}

pub(super) async fn of_application(ctx: &Context<'_>, id: ApplicationId) -> Result<Vec<Channel>, Failure> {
    let (client, now) = read_catalog(ctx).await?;
    let rows = channel::of_applications(&client, ctx.scope()?, &[id], now).await?;
    Ok(rows.into_iter().map(Channel).collect())
}

/// Whether the caller may see the channel of the application.
pub(super) async fn is_shown(ctx: &Context<'_>, application: ApplicationId, name: &Slug) -> Result<bool, Failure> {
    let id = ChannelId::of(application, name);
    let (client, now) = read_catalog(ctx).await?;
    Ok(channel::find(&client, ctx.scope()?, id, now).await?.is_some())
}

fn ids(ctx: &Context<'_>, application: &Name, channel: &Name) -> Result<(ApplicationId, ChannelId), Failure> {
    let application = ApplicationId::of(ctx.organization()?, &application.0);
    Ok((application, ChannelId::of(application, &channel.0)))
}

async fn load(ctx: &Context<'_>, application: &Name, name: &Name) -> Result<Channel, Failure> {
    let (_, id) = ids(ctx, application, name)?;
    let (client, now) = read_catalog(ctx).await?;
    let row = channel::find(&client, ctx.scope()?, id, now).await?;
    row.map(Channel).ok_or_else(|| Failure::not_found("channel", format!("{}/{}", application.0, name.0)))
}

#[derive(Default)]
pub(super) struct ChannelQuery;

#[Object]
impl ChannelQuery {
    /// The channel of an application with this name.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn channel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the channel.")] name: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Channel> {
        Ok(load(ctx, &application, &name).await?)
    }
}

/// The channel after the change.
#[derive(SimpleObject)]
pub(super) struct ChannelPayload {
    /// The channel.
    channel: Channel,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ChannelMutation;

#[Object]
impl ChannelMutation {
    /// Creates a channel, which points to no release yet.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn channel_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the channel, unique in the application.")] name: Name,
    ) -> Result<ChannelPayload> {
        application::load(ctx, &application).await?;
        check_reach(ctx, &application).await?;
        let (application_id, id) = ids(ctx, &application, &name)?;
        let command = ChannelCommand::Create { application: application_id, name: name.0.clone() };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ChannelPayload { channel: load(ctx, &application, &name).await?, outcome })
    }

    /// Moves the channel forward to a published release.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn channel_promote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the channel.")] name: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
    ) -> Result<ChannelPayload> {
        load(ctx, &application, &name).await?;
        check_reach(ctx, &application).await?;
        let (application_id, id) = ids(ctx, &application, &name)?;
        let release_id = ReleaseId::of(application_id, &version.0);
        let release = ctx.hub().commands.load::<release::Release>(release_id.0).await?;
        let usable = trust::check_usable(
            &ctx.hub().commands,
            &ctx.hub().artifacts,
            (ctx.organization()?, application_id),
            &version.0,
            &release,
        )
        .await;
        usable.map_err(Failure::from)?;
        let command = ChannelCommand::Promote { version: version.0, release: release.status };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ChannelPayload { channel: load(ctx, &application, &name).await?, outcome })
    }

    /// Takes a release out of the channel, which falls to the highest release that remains.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn channel_demote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the channel.")] name: Name,
        #[graphql(desc = "The version of the release.")] version: Version,
    ) -> Result<ChannelPayload> {
        load(ctx, &application, &name).await?;
        check_reach(ctx, &application).await?;
        let (_, id) = ids(ctx, &application, &name)?;
        let outcome = execute::<Decider>(ctx, id.0, ChannelCommand::Demote { version: version.0 }).await?;
        Ok(ChannelPayload { channel: load(ctx, &application, &name).await?, outcome })
    }
}
