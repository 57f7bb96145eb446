//! A plan, step by step. It stops at the first that is refused; what was done stays done, and the next `apply` goes on there.

use anyhow::{Context, Result};
use serde_json::Value;

use super::plan::{Action, Step};
use super::show::{self, Tense};
use crate::hub::Hub;
use crate::output::Output;
use crate::{app, branding, channel, customer, license, policy};

pub(super) async fn execute(hub: &Hub, out: &Output, steps: Vec<Step>, reason: Option<&str>) -> Result<()> {
    let json = out.is_json();
    let mut done = vec![];
    for step in &steps {
        send(hub, step.action.clone(), reason).await.with_context(|| format!("{} {}", step.kind, step.name))?;
        if !json {
            show::lines(step, Tense::Done).iter().try_for_each(|line| out.say(line))?;
        }
        done.push(show::object(step));
    }
    if json { out.json(&Value::Array(done)) } else { Ok(()) }
}

async fn send(hub: &Hub, action: Action, reason: Option<&str>) -> Result<()> {
    match action {
        Action::Nothing => return Ok(()),
        Action::CreateApplication { name, display_name, description } => {
            app::create(hub, name, display_name, description).await
        }
        Action::DescribeApplication { name, display_name, description } => {
            app::describe(hub, name, display_name, description).await
        }
        Action::SetSigningKeys { name, keys, requires } => {
            app::set_signing_keys(hub, name, keys, requires, reason.map(str::to_owned)).await
        }
        Action::SetFeatureTags { name, features } => app::set_feature_tags(hub, name, features).await,
        Action::SetCatalogue { name, catalogue } => app::catalogue(hub, name, catalogue).await,
        Action::SetIcon { name, data } => app::set_icon(hub, name, data).await,
        Action::SetBranding { branding } => branding::set(hub, branding).await,
        Action::SetBrandingImage { image, data } => branding::set_image(hub, image, data).await,
        Action::CreateChannel { application, name } => channel::create(hub, application, name).await,
        Action::CreateCustomer { name, display_name } => customer::create(hub, name, display_name).await,
        Action::RenameCustomer { name, display_name } => customer::rename(hub, name, display_name).await,
        Action::IssueLicense { customer, application, name, terms } => {
            license::issue(hub, customer, application, name, terms).await
        }
        Action::AmendLicense { customer, name, terms } => license::amend(hub, customer, name, terms).await,
        Action::SetRolloutPolicy { name, policy, .. } => policy::set(hub, name, &policy).await,
    }?;
    Ok(())
}
