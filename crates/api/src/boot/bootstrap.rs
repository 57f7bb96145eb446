//! The first organization and its owner, from the configuration: made once, found afterwards.

use anyhow::Context;
use distr_domain::ids::OrganizationId;
use distr_domain::organization::{Organization, OrganizationCommand};
use distr_domain::permission::{Membership, VendorRole};
use distr_eventlog::Actor;
use tracing::info;
use uuid::Uuid;

use crate::auth::Identities;
use crate::commands::Cause;
use crate::config::FirstOwner;
use crate::operations::members::{self, NewMember};
use crate::ops::person;

pub(super) async fn make(of: Identities<'_>, owner: &FirstOwner) -> anyhow::Result<()> {
    let (name, organization) = (&owner.organization, OrganizationId::of(&owner.organization));
    if of.commands.load::<Organization>(organization.0).await?.name.is_none() {
        let command = OrganizationCommand::Create { name: name.clone(), display_name: name.to_string() };
        of.commands.execute::<Organization>(&cause(of, organization), organization.0, &command).await?;
        info!(organization = %name, "organization is made");
    }
    let people = person::find_by_email(&*of.sessions.client().await?, organization, &owner.email).await?;
    let known = people.into_iter().find(|person| person.customer.is_none());
    // a hub that ended at the wrong moment left the person without the member
    let is_member = match known {
        Some(person) => members::is_known(of, person.member).await?,
        None => false,
    };
    if !is_member {
        let file = &owner.password_file;
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let password = text.lines().next().unwrap_or_default().to_owned();
        let membership = Membership::Vendor { role: VendorRole::Owner };
        let new = NewMember { membership, name: "Owner".to_owned(), sign_in: Some((owner.email.clone(), password)) };
        // the same id with each start, so that an addition that was cut off is gone on with
        let command = Uuid::new_v5(&organization.0, owner.email.to_lowercase().as_bytes());
        members::add(of, &Cause { command, ..cause(of, organization) }, new)
            .await
            .context("cannot add the first owner")?;
        info!(organization = %name, "owner is added");
    }
    Ok(())
}

fn cause(of: Identities<'_>, organization: OrganizationId) -> Cause {
    let command = of.commands.new_id();
    Cause { organization, actor: Actor::Operator, causation: None, correlation: command, command }
}
