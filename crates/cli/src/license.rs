//! `distr license`

mod explain;
mod terms;

use anyhow::Result;
use clap::{Args, Subcommand};
use distr_domain::version::{InvalidRange, VersionRanges};
use serde_json::Value;

use crate::as_of::AsOf;
use crate::customer;
use crate::exit::Failure;
use crate::hub::{Hub, PAGE};
use crate::names::Names;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

pub(crate) use terms::Terms;
use terms::{Changes, TermsArgs};

shown!("src/license.graphql": LicenseIssue LicenseAmend LicenseSuspend LicenseResume LicenseRevoke LicenseList LicenseShow LicenseAudit LicenseAuditOfOne LicenseReach);

const COLUMNS: Columns = &[
    ("CUSTOMER", "/customer"),
    ("NAME", "/name"),
    ("APPLICATION", "/application"),
    ("STATUS", "/status"),
    ("VERSIONS", "/versions"),
    ("CHANNELS", "/channels"),
    ("FEATURES", "/features"),
    ("TAKEN", "/seatsTaken"),
    ("SEATS", "/seats"),
    ("EXPIRES", "/expiresAt"),
];
const FIELDS: Columns = &[
    ("name", "/name"),
    ("customer", "/customer"),
    ("application", "/application"),
    ("status", "/status"),
    ("reason", "/reason"),
    ("versions", "/versions"),
    ("channels", "/channels"),
    ("features", "/features"),
    ("seats", "/seats"),
    ("seats taken", "/seatsTaken"),
    ("not before", "/notBefore"),
    ("expires", "/expiresAt"),
    ("issued", "/createdAt"),
    ("id", "/id"),
];
const AUDIT_COLUMNS: Columns = &[
    ("POSITION", "/position"),
    ("AT", "/at"),
    ("KIND", "/kind"),
    ("CUSTOMER", "/customer"),
    ("APPLICATION", "/application"),
    ("SUBJECT", "/subject"),
    ("ACTOR", "/actor"),
    ("REASON", "/reason"),
];

/// Which license.
#[derive(Args)]
pub(crate) struct Of {
    /// The license's name
    name: String,
    /// The customer's name
    #[arg(long, value_name = "NAME")]
    customer: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Issue a license; terms that are left out do not restrict
    Issue {
        #[command(flatten)]
        of: Of,
        /// The application's name
        #[arg(long, value_name = "NAME")]
        app: String,
        #[command(flatten)]
        terms: TermsArgs,
    },
    /// List the licenses
    List {
        /// Of this customer only
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Show one license
    Show {
        /// The license's name
        name: String,
        /// The customer's name; not needed by the customer's own members
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
        #[command(flatten)]
        as_of: AsOf,
    },
    /// Change the terms that are named; the others stay
    Amend {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        changes: Changes,
    },
    /// Let it entitle to nothing until it is resumed
    Suspend {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// End a suspension
    Resume {
        #[command(flatten)]
        of: Of,
    },
    /// End it for ever: what runs goes on running, the next pull and the next deployment are refused
    Revoke {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Say what ranges of versions mean, and which releases they cover
    Explain {
        /// A range as `--versions` takes it, such as 1.2, ^1.4 or ">=1.2 <2"
        #[arg(required = true, value_name = "RANGE")]
        ranges: Vec<String>,
        /// The application whose releases are looked at
        #[arg(long, value_name = "NAME")]
        app: Option<String>,
        /// A channel that a release must be in; may be given several times
        #[arg(long = "channel", value_name = "NAME", requires = "app")]
        channels: Vec<String>,
    },
    /// Grants, changes, uses and refusals in order
    Audit {
        /// Of this license only
        name: Option<String>,
        /// Of this customer only
        #[arg(long, value_name = "NAME")]
        customer: Option<String>,
        #[command(flatten)]
        as_of: AsOf,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::Issue { of: Of { name, customer }, app, terms } => {
                let sentence = format!("issued license \"{name}\" for {app} to {customer}");
                let issued = issue(hub, customer, app, name, terms.into()).await?;
                did(session, issued, &sentence).await
            }
            Self::List { customer, as_of: AsOf { as_of } } => {
                let licenses = list(hub, customer.clone(), as_of).await?;
                customer::check_named(hub, customer.as_deref(), &licenses).await?;
                out.list(licenses, COLUMNS)
            }
            Self::Show { name, customer, as_of: AsOf { as_of } } => {
                out.show(find(hub, customer, name, as_of).await?, FIELDS)
            }
            Self::Amend { of: Of { name, customer }, changes } => {
                let now = Terms::of(&find(hub, Some(customer.clone()), name.clone(), None).await?)?;
                let sentence = format!("amended license \"{name}\" of {customer}");
                let amended = amend(hub, customer, name, changes.applied_to(now)).await?;
                did(session, amended, &sentence).await
            }
            Self::Suspend { of: Of { name, customer }, reason } => {
                let sentence = format!("suspended license \"{name}\" of {customer}");
                let data = hub.ask::<LicenseSuspend>(license_suspend::Variables { customer, name, reason }).await?;
                out.did(data.license_suspend, "license", &sentence)
            }
            Self::Resume { of: Of { name, customer } } => {
                let sentence = format!("resumed license \"{name}\" of {customer}");
                let data = hub.ask::<LicenseResume>(license_resume::Variables { customer, name }).await?;
                out.did(data.license_resume, "license", &sentence)
            }
            Self::Revoke { of: Of { name, customer }, reason } => {
                let sentence = format!("revoked license \"{name}\" of {customer}");
                let data = hub.ask::<LicenseRevoke>(license_revoke::Variables { customer, name, reason }).await?;
                out.did(data.license_revoke, "license", &sentence)
            }
            Self::Explain { ranges: written, app, channels } => {
                let ranges = written.iter().map(|range| range.parse());
                let ranges: Vec<VersionRanges> = ranges.collect::<Result<_, _>>().map_err(usage)?;
                explain::run(session, &ranges, &written, app, channels).await
            }
            Self::Audit { name, customer, as_of: AsOf { as_of } } => {
                let mut entries = audit(hub, name, customer.clone(), as_of).await?;
                customer::check_named(hub, customer.as_deref(), &entries).await?;
                if !out.is_json() {
                    name_actors(hub, &mut entries).await?;
                }
                out.list(entries, AUDIT_COLUMNS)
            }
        }
    }
}

fn usage(error: InvalidRange) -> Failure {
    Failure::Usage(error.to_string())
}

/// Says what was done, and to people what the license covers now.
async fn did(Session { hub, out }: &Session, payload: Value, sentence: &str) -> Result<()> {
    let license = payload["license"].clone();
    out.did(payload, "license", sentence)?;
    if !out.is_json() {
        explain::remark_reach(hub, &license).await;
    }
    Ok(())
}

pub(crate) async fn issue(
    hub: &Hub,
    customer: String,
    application: String,
    name: String,
    terms: Terms,
) -> Result<Value> {
    let variables = license_issue::Variables { customer, application, name, terms: terms.into() };
    Ok(hub.ask::<LicenseIssue>(variables).await?.license_issue)
}

pub(crate) async fn amend(hub: &Hub, customer: String, name: String, terms: Terms) -> Result<Value> {
    let variables = license_amend::Variables { customer, name, terms: terms.into() };
    Ok(hub.ask::<LicenseAmend>(variables).await?.license_amend)
}

pub(crate) async fn list(hub: &Hub, customer: Option<String>, as_of: Option<String>) -> Result<Vec<Value>> {
    let variables =
        |after| license_list::Variables { customer: customer.clone(), first: Some(PAGE), after, as_of: as_of.clone() };
    hub.list::<LicenseList>("/licenses", variables).await
}

async fn find(hub: &Hub, customer: Option<String>, name: String, as_of: Option<String>) -> Result<Value> {
    Ok(hub.ask::<LicenseShow>(license_show::Variables { customer, name, as_of }).await?.license)
}

async fn audit(hub: &Hub, name: Option<String>, customer: Option<String>, as_of: Option<String>) -> Result<Vec<Value>> {
    let Some(name) = name else {
        let variables = |after| license_audit::Variables {
            customer: customer.clone(),
            first: Some(PAGE),
            after,
            as_of: as_of.clone(),
        };
        return hub.list::<LicenseAudit>("/licenseAudit", variables).await;
    };
    let variables = |after| license_audit_of_one::Variables {
        customer: customer.clone(),
        name: name.clone(),
        first: Some(PAGE),
        after,
        as_of: as_of.clone(),
    };
    hub.list::<LicenseAuditOfOne>("/license/audit", variables).await
}

async fn name_actors(hub: &Hub, entries: &mut [Value]) -> Result<()> {
    let names = Names::load(hub).await?;
    for entry in entries {
        entry["actor"] = names.of(entry["actor"].as_str().unwrap_or_default()).into();
    }
    Ok(())
}
