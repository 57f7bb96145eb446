//! `distr events`: a period of the log, or its end as it grows.

mod follow;
mod print;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::Value;

use crate::exit::Failure;
use crate::globals::Format;
use crate::hub::Hub;
use crate::moment;
use crate::names::Names;
use crate::operation::{TelemetryKind, shown};
use crate::session::Session;
use print::Printer;

shown!("src/events/page.graphql": EventPage);
shown!("src/events/head.graphql": LogHead);

const PAGE: i64 = 500;

#[derive(Args)]
#[command(after_help = "\
The log of January, for an auditor:  distr events --from 2027-01-01 --to 2027-01-31 -o jsonl
Where the log ends now:              distr events --head")]
pub(crate) struct Events {
    /// Go on as events happen, across lost connections; from now on, unless --after or --from says otherwise
    #[arg(long, short, conflicts_with = "to")]
    follow: bool,
    /// Only what comes after this position
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// From this time on; a date means from its begin (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::begin)]
    from: Option<DateTime<Utc>>,
    /// Before this time; a date means through its end (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::end)]
    to: Option<DateTime<Utc>>,
    /// Which telemetry to show beside the facts; "none" for facts alone
    #[arg(long, value_delimiter = ',', value_name = "KIND,…", default_value = "access", value_parser = telemetry_kind)]
    telemetry: Vec<Option<TelemetryKind>>,
    /// Only print the position at which the log ends now
    #[arg(long, conflicts_with_all = ["follow", "after", "from", "to"])]
    head: bool,
}

/// Which events of the log.
struct Wanted {
    after: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    telemetry: Vec<TelemetryKind>,
}

impl Events {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        if self.head {
            return crate::output::line(&head(hub).await?);
        }
        if self.follow && out.format == Format::Json {
            return Err(Failure::Usage("an array has an end and --follow has none; use -o jsonl".into()).into());
        }
        let names = match out.format {
            Format::Table => Names::load(hub).await?,
            Format::Json | Format::Jsonl => Names::default(),
        };
        let mut printer = Printer::new(out.format, names);
        let telemetry = self.telemetry.into_iter().flatten().collect();
        let wanted =
            Wanted { after: self.after.map(|after| after.to_string()), from: self.from, to: self.to, telemetry };
        if !self.follow {
            read_pages(hub, wanted, &mut printer).await?;
            return printer.end();
        }
        let telemetry = wanted.telemetry.clone();
        let position = match (&wanted.after, wanted.from) {
            (Some(after), None) => after.clone(),
            (None, None) => head(hub).await?,
            (_, Some(_)) => read_pages(hub, wanted, &mut printer).await?,
        };
        follow::follow(hub, position, telemetry, &mut printer).await
    }
}

/// Prints page by page; the answer is where to read on.
async fn read_pages(hub: &Hub, wanted: Wanted, printer: &mut Printer) -> Result<String> {
    let Wanted { mut after, from, to, telemetry } = wanted;
    loop {
        let variables = event_page::Variables { after, first: PAGE, from, to, telemetry: telemetry.clone() };
        let mut page = hub.ask::<EventPage>(variables).await?.events;
        if let Value::Array(events) = page["events"].take() {
            events.into_iter().try_for_each(|event| printer.print(event))?;
        }
        let scanned_to = page["scannedTo"].as_str().unwrap_or_default().to_owned();
        if page["hasMore"] != true {
            return Ok(scanned_to);
        }
        after = Some(scanned_to);
    }
}

async fn head(hub: &Hub) -> Result<String> {
    let data = hub.ask::<LogHead>(log_head::Variables).await?;
    Ok(data.head.as_str().unwrap_or_default().to_owned())
}

fn telemetry_kind(text: &str) -> Result<Option<TelemetryKind>, String> {
    match text {
        "none" => Ok(None),
        other => {
            clap::ValueEnum::from_str(other, false).map(Some).map_err(|_| "use heartbeat, access or none".to_owned())
        }
    }
}
