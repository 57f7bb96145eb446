//! `distr events`: a period of the log, or its end as it grows.

mod follow;
mod print;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::globals::Format;
use crate::hub::Hub;
use crate::moment;
use crate::names::Names;
use crate::operation::{TelemetryKind, shown};
use crate::session::Session;
pub(crate) use print::{heading, table_line};

use print::Printer;

shown!("src/events/page.graphql": EventPage);
shown!("src/events/head.graphql": LogHead);
shown!("src/events/log.graphql": LogId);

const PAGE: i64 = 500;

#[derive(Args)]
#[command(after_help = "\
The log of January, for an auditor:  distr events --from 2027-01-01 --to 2027-01-31 -o jsonl
Where the log ends now:              distr events --head
What came since, of the same log:    distr events --after 1042 --log 8d0f4d0e-…")]
pub(crate) struct Events {
    /// Go on as events happen, across lost connections; from now on, unless --after or --from says otherwise
    #[arg(long, short, conflicts_with = "to")]
    follow: bool,
    /// Only what comes after this position
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// The log that --after is a position of, by its id; refused where the log has other events since, as after a restore
    #[arg(long, value_name = "ID", requires = "after")]
    log: Option<String>,
    /// From this time on; a date means from its begin (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::begin)]
    from: Option<DateTime<Utc>>,
    /// Before this time; a date means through its end (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::end)]
    to: Option<DateTime<Utc>>,
    /// Which telemetry to show beside the facts; "none" for facts alone
    #[arg(long, value_delimiter = ',', value_name = "KIND,…", default_value = "access", value_parser = telemetry_kind)]
    telemetry: Vec<Option<TelemetryKind>>,
    /// Only print the position at which the log ends now; -o json also has the log's id
    #[arg(long, conflicts_with_all = ["follow", "after", "from", "to"])]
    head: bool,
}

/// Which events of the log.
struct Wanted {
    after: Option<String>,
    log: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    telemetry: Vec<TelemetryKind>,
}

impl Events {
    pub(crate) async fn run(self, session: &Session) -> Result<()> {
        let Session { hub, out } = session;
        if self.head {
            let LogEnd { log, head } = end(hub).await?;
            return match out.format {
                Format::Table => crate::output::line(&head),
                Format::Json | Format::Jsonl => crate::output::line(&json!({ "log": log, "head": head }).to_string()),
            };
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
        let wanted = Wanted {
            after: self.after.map(|after| after.to_string()),
            log: self.log,
            from: self.from,
            to: self.to,
            telemetry,
        };
        if !self.follow {
            read_pages(hub, wanted, &mut printer).await?;
            return printer.end();
        }
        let telemetry = wanted.telemetry.clone();
        let LogEnd { log, head } = end(hub).await?;
        let log = wanted.log.clone().unwrap_or(log);
        let position = match (&wanted.after, wanted.from) {
            (Some(after), None) => after.clone(),
            (None, None) => head,
            (_, Some(_)) => read_pages(hub, wanted, &mut printer).await?,
        };
        follow::follow(hub, follow::From { log, position }, telemetry, &mut printer).await
    }
}

/// Prints page by page; the answer is where to read on.
async fn read_pages(hub: &Hub, wanted: Wanted, printer: &mut Printer) -> Result<String> {
    let Wanted { mut after, log, from, to, telemetry } = wanted;
    loop {
        let (log, telemetry) = (log.clone(), telemetry.clone());
        let variables = event_page::Variables { after, log, first: PAGE, from, to, telemetry };
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

/// Where the log ends now, and which it is.
struct LogEnd {
    log: String,
    head: String,
}

async fn end(hub: &Hub) -> Result<LogEnd> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let log = hub.ask::<LogId>(log_id::Variables).await?.log;
    let head = hub.ask::<LogHead>(log_head::Variables).await?.head;
    Ok(LogEnd { log: text(log), head: text(head) })
}

fn telemetry_kind(text: &str) -> Result<Option<TelemetryKind>, String> {
    match text {
        "none" => Ok(None),
        other => {
            clap::ValueEnum::from_str(other, false).map(Some).map_err(|_| "use heartbeat, access or none".to_owned())
        }
    }
}
