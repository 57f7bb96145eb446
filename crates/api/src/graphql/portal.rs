//! The portal as a page knows it before anybody has signed in.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::branding::Branding;
use super::context::{ContextExt, RequestContext};
use super::scalar::Name;
use crate::operations::portal::Found;

/// A portal: whose it is, and how it looks before a sign-in.
#[derive(SimpleObject)]
struct Portal {
    /// The name of the organization; null if none was asked for, and if it shows itself to nobody who has not signed in.
    organization: Option<Name>,
    /// The organization's name that people see; null if `organization` is.
    display_name: Option<String>,
    /// How the organization shows itself; null if `organization` is.
    branding: Option<Branding>,
    /// True if the host that was asked is the organization's own, with its customers' portal at the root.
    is_own_host: bool,
}

#[derive(Default)]
pub(super) struct PortalQuery;

#[Object]
impl PortalQuery {
    /// The portal at the host that is asked. It is open to everybody. An organization shows itself once it has a branding or
    /// a host of its own; otherwise the answer is as if it were not there.
    async fn portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the organization whose portal is opened; a host of its own goes before it.")]
        organization: Option<Name>,
    ) -> Result<Portal> {
        let portals = ctx.hub().portals();
        let (name, is_own_host) = match portals.at(&ctx.data_unchecked::<RequestContext>().host).await? {
            Found::PortalOf(own) => (Some(own), true),
            Found::Hub | Found::Nothing => (organization.map(|name| name.0), false),
        };
        let row = match name {
            Some(name) => portals.shown(&name, is_own_host).await?,
            None => None,
        };
        Ok(Portal {
            organization: row.as_ref().map(|row| row.name.clone().into()),
            display_name: row.as_ref().map(|row| row.display_name.clone()),
            branding: row.as_ref().map(Branding::from),
            is_own_host,
        })
    }
}
