//! `distr alerts`: what needs a person, until it is settled or put off.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::Value;

use crate::hub::PAGE;
use crate::moment;
use crate::operation::shown;
use crate::output::Columns;
use crate::session::Session;

shown!("src/alerts.graphql": AlertList AlertPutOff AlertTakeUp);

const COLUMNS: Columns = &[
    ("KIND", "/kind"),
    ("CUSTOMER", "/customer"),
    ("TARGET", "/target"),
    ("APPLICATION", "/application"),
    ("LICENSE", "/license"),
    ("TOKEN", "/token"),
    ("SINCE", "/since"),
    ("ENDS", "/dueAt"),
    ("REASON", "/reason"),
    ("PUT OFF UNTIL", "/putOff/until"),
    ("ID", "/id"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List what needs a person, the worst first
    List {
        /// Those that are put off, in the place of those that are not
        #[arg(long)]
        put_off: bool,
    },
    /// Put an alert off: it is shown again then, or when it was settled and comes again
    PutOff {
        /// The alert's id; see: distr alerts list
        id: String,
        /// Until when: through the end of a date (UTC), or up to a time; at most a year
        #[arg(long, value_name = "DATE", value_parser = moment::end)]
        until: DateTime<Utc>,
        /// Why it can wait
        #[arg(long)]
        reason: String,
    },
    /// Take an alert up again that was put off
    TakeUp {
        /// The alert's id; see: distr alerts list --put-off
        id: String,
    },
}

impl Command {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        match self {
            Self::List { put_off } => {
                let variables = |after| alert_list::Variables { put_off, first: Some(PAGE), after };
                let alerts: Vec<Value> = hub.list::<AlertList>("/alerts", variables).await?;
                out.list(alerts, COLUMNS)
            }
            Self::PutOff { id, until, reason } => {
                let sentence = format!("put off {id} until {}", moment::text(until));
                let data = hub.ask::<AlertPutOff>(alert_put_off::Variables { id, until, reason }).await?;
                out.did(data.alert_put_off, "alert", &sentence)
            }
            Self::TakeUp { id } => {
                let sentence = format!("took up {id}");
                let data = hub.ask::<AlertTakeUp>(alert_take_up::Variables { id }).await?;
                out.did(data.alert_take_up, "alert", &sentence)
            }
        }
    }
}
