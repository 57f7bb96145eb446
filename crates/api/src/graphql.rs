//! The GraphQL schema: one file per slice, merged here. A resolver authenticates and guards, makes one call, converts.

mod access;
mod alert;
mod analytics;
mod application;
mod application_catalogue;
mod application_policy;
mod as_of;
mod attachment;
mod branding;
mod browser_session;
mod channel;
mod connection;
mod context;
mod customer;
mod deployment;
mod entitlement;
mod error_code;
mod event;
mod fleet;
mod guard;
mod heartbeat;
mod history;
mod hub;
mod label;
mod license;
mod license_audit;
mod limits;
mod loader;
mod measure;
mod member;
mod organization;
mod picture;
mod portal;
mod release;
mod repository;
mod rollout;
mod rollout_policy;
mod scalar;
mod schema;
mod secret;
mod session;
mod still_in;
mod target;
mod token;
mod viewer;
mod why;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription};

use crate::hub::Hub;

/// Below this, a query is answered whatever it asks for; portals need about half.
const MAX_DEPTH: usize = 15;
/// A field costs one; a list costs its page size times what is asked of each item.
const MAX_COMPLEXITY: usize = 50_000;

/// The queries: everything that can be read, within what the caller may see.
#[derive(MergedObject, Default)]
pub struct Query(
    organization::OrganizationQuery,
    branding::BrandingQuery,
    portal::PortalQuery,
    hub::HubQuery,
    viewer::ViewerQuery,
    session::SessionQuery,
    member::MemberQuery,
    customer::CustomerQuery,
    application::ApplicationQuery,
    release::ReleaseQuery,
    channel::ChannelQuery,
    repository::RepositoryQuery,
    access::AccessQuery,
    attachment::AttachmentQuery,
    license::LicenseQuery,
    license_audit::LicenseAuditQuery,
    entitlement::EntitlementQuery,
    target::TargetQuery,
    fleet::FleetQuery,
    deployment::DeploymentQuery,
    rollout_policy::RolloutPolicyQuery,
    rollout::RolloutPlanQuery,
    rollout::RolloutQuery,
    analytics::AnalyticsQuery,
    alert::AlertQuery,
    secret::SecretQuery,
    event::EventQuery,
    history::HistoryQuery,
    why::WhyQuery,
);

/// The mutations: every change. A mutation is answered when the read models show its change.
#[derive(MergedObject, Default)]
pub struct Mutation(
    organization::OrganizationMutation,
    branding::BrandingMutation,
    session::SessionMutation,
    browser_session::BrowserSessionMutation,
    member::MemberMutation,
    token::TokenMutation,
    customer::CustomerMutation,
    application::ApplicationMutation,
    application_policy::ApplicationPolicyMutation,
    application_catalogue::ApplicationCatalogueMutation,
    release::ReleaseMutation,
    release::UpgradePathMutation,
    channel::ChannelMutation,
    repository::ContentMutation,
    repository::RepositoryMutation,
    license::LicenseMutation,
    target::TargetMutation,
    deployment::DeploymentMutation,
    rollout_policy::RolloutPolicyMutation,
    rollout::RolloutMutation,
    alert::AlertMutation,
    secret::SecretMutation,
    history::HistoryMutation,
);

/// The subscriptions: what is told when it happens, over a socket of the protocol graphql-transport-ws.
#[derive(MergedSubscription, Default)]
pub struct Subscription(target::TargetSubscription, deployment::DeploymentSubscription, event::EventSubscription);

pub use async_graphql::Request;
pub use context::RequestContext;
pub use schema::Schema;

pub fn schema(hub: Arc<Hub>) -> Schema {
    let introspection = hub.settings.introspection;
    let builder = builder()
        .extension(error_code::ErrorCodes)
        .extension(measure::Measure)
        .extension(still_in::StillIn)
        .data(hub.clone())
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY);
    let schema = match introspection {
        true => builder.finish(),
        false => builder.disable_introspection().finish(),
    };
    Schema { schema, hub }
}

/// The schema's text, as it is committed in `schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default())
}
