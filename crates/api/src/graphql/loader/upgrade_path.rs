//! What the releases of applications say of upgrades, one question for all applications of a list.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader as DataLoad;
use distr_domain::ids::ApplicationId;
use distr_domain::upgrade_path::Catalog;
use distr_projections::release;

use super::{BatchFailure, Loader, Of, by_organization};

/// The path rules of an application; not loaded, if no release has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct PathRulesOf(pub Of<ApplicationId>);

impl DataLoad<PathRulesOf> for Loader {
    type Value = Arc<Catalog>;
    type Error = BatchFailure;

    async fn load(&self, keys: &[PathRulesOf]) -> Result<HashMap<PathRulesOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut found = HashMap::new();
        for (organization, ids) in by_organization(keys.iter().map(|key| key.0)) {
            let catalogs = release::path_rules_of(&client, organization, &ids).await?;
            let keyed = |(id, catalog)| (PathRulesOf(Of { organization, id }), Arc::new(catalog));
            found.extend(catalogs.into_iter().map(keyed));
        }
        Ok(found)
    }
}
