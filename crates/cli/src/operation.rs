//! GraphQL operations as types. The documents lie beside each noun's file, one file of operations each, and are checked
//! against the schema when this crate is compiled.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Operations whose answer is shown as it comes: the field that was asked for is kept as JSON, whose shape is what the
/// document selects.
macro_rules! shown {
    ($path:tt: $($operation:ident)+) => {$(
        #[derive(graphql_client::GraphQLQuery)]
        #[graphql(
            schema_path = "../../schema.graphql",
            query_path = $path,
            custom_scalars_module = "crate::scalar",
            extern_enums("Role", "TokenScope", "Visibility", "DataRemoval", "TelemetryKind", "SignedParts", "BrandingImage"),
            response_type = "serde_json::Value",
            response_derives = "Debug, Serialize"
        )]
        pub(crate) struct $operation;
    )+};
}

/// Operations whose answer the code reads: a type for each.
macro_rules! read {
    ($path:tt: $($operation:ident)+) => {$(
        #[derive(graphql_client::GraphQLQuery)]
        #[graphql(
            schema_path = "../../schema.graphql",
            query_path = $path,
            custom_scalars_module = "crate::scalar",
            extern_enums("Role", "TokenScope", "Visibility", "DataRemoval", "TelemetryKind", "SignedParts", "BrandingImage"),
            response_derives = "Debug, Clone, Serialize"
        )]
        pub(crate) struct $operation;
    )+};
}

pub(crate) use {read, shown};

macro_rules! input_enum {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant),+ }
    )+};
}

// the schema's enums that the command line takes
input_enum! {
    /// What a trusted key must have signed of a release.
    SignedParts {
        /// each image by itself
        Images
        /// the compose file with the digest of each image
        Release
        /// both
        ImagesAndRelease
    }
    Role {
        /// everything, members included
        Owner
        /// pushes artifacts, publishes releases, promotes channels
        Publisher
        /// looks after customers: licenses, targets, deployments
        Support
        /// reads everything, the log included; changes nothing
        Auditor
        /// runs the customer's own targets, deployments and members
        CustomerAdmin
        /// sees what the customer has
        CustomerViewer
    }
    TokenScope {
        /// queries
        Read
        /// changes, but for those of admin
        Write
        /// registry pulls
        Pull
        /// registry pushes
        Push
        /// deleting tags and manifests of the registry
        Delete
        /// members, tokens, quotas, policies and the organization itself; not together with --repository
        Admin
    }
    Visibility {
        /// everybody pulls, without signing in
        Public
        /// the vendor pulls, and whom a license entitles
        Private
    }
    DataRemoval { Keep Remove }
    /// What a picture of the branding is for.
    BrandingImage {
        /// beside the organization's name
        Logo
        /// the same on dark pages
        LogoDark
        /// the icon of the page in the browser
        Favicon
    }
    TelemetryKind {
        /// what agents report, many
        Heartbeat
        /// pulls, pushes and refusals of the registry
        Access
    }
}

impl From<distr_domain::trust::SignedParts> for SignedParts {
    fn from(parts: distr_domain::trust::SignedParts) -> Self {
        use distr_domain::trust::SignedParts as Domain;
        match parts {
            Domain::Images => Self::Images,
            Domain::Release => Self::Release,
            Domain::ImagesAndRelease => Self::ImagesAndRelease,
        }
    }
}

impl BrandingImage {
    /// As the command line takes it.
    pub(crate) fn label(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl SignedParts {
    /// As the command line takes it.
    pub(crate) fn label(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
