//! The end of the log as it grows. After a lost connection it goes on behind the last event that was printed, so that none is
//! missed and none is printed twice.

use std::time::Duration;

use anyhow::Result;

use super::print::Printer;
use crate::exit::Failure;
use crate::hub::Hub;
use crate::operation::{TelemetryKind, shown};
use crate::output::remark;
use crate::socket::Subscription;

shown!("src/events/appended.graphql": EventAppended);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// From where in which log.
pub(super) struct From {
    pub(super) log: String,
    pub(super) position: String,
}

/// Until the user ends it.
pub(super) async fn follow(
    hub: &Hub,
    mut from: From,
    telemetry: Vec<TelemetryKind>,
    printer: &mut Printer,
) -> Result<()> {
    tokio::select! {
        ended = keep_following(hub, &mut from, telemetry, printer) => ended,
        _ = tokio::signal::ctrl_c() => {
            let From { log, position } = from;
            remark(&format!("to go on from here: distr events --follow --after {position} --log {log}"));
            Ok(())
        }
    }
}

async fn keep_following(
    hub: &Hub,
    from: &mut From,
    telemetry: Vec<TelemetryKind>,
    printer: &mut Printer,
) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let before = from.position.clone();
        let lost = match follow_once(hub, from, telemetry.clone(), printer).await {
            Ok(()) => "the hub ended the connection".to_owned(),
            Err(error) if is_passing(&error) => lost(&error),
            Err(error) => return Err(error),
        };
        if from.position != before {
            pause = FIRST_PAUSE;
        }
        let (seconds, position) = (pause.as_secs_f32(), &from.position);
        remark(&format!("{lost}; trying again in {seconds} s, from position {position} on"));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn follow_once(hub: &Hub, from: &mut From, telemetry: Vec<TelemetryKind>, printer: &mut Printer) -> Result<()> {
    // over HTTP, a refusal says why; a socket is only closed
    super::end(hub).await?;
    let variables = event_appended::Variables { after: from.position.clone(), log: Some(from.log.clone()), telemetry };
    let mut subscription = Subscription::<EventAppended>::start(hub, variables).await?;
    while let Some(item) = subscription.next().await? {
        let event = item.event_appended;
        let reached = event["position"].as_str().map(str::to_owned);
        printer.print(event)?;
        if let Some(reached) = reached {
            from.position = reached;
        }
    }
    Ok(())
}

fn lost(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(Failure::Unreachable { cause, .. }) => format!("lost the hub: {cause}"),
        _ => format!("{error:#}"),
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(Failure::Unreachable { .. }) => true,
        Some(Failure::Refused { code, .. }) => {
            ["not_ready", "unavailable", "too_many_requests", "internal", "subscription.resync"]
                .contains(&code.as_str())
        }
        _ => false,
    }
}
