//! `distr audit why`: the chain that an event stands in.

use anyhow::Result;
use serde_json::Value;

use crate::events::{heading, table_line};
use crate::names::Names;
use crate::operation::shown;
use crate::output::line;
use crate::session::Session;

shown!("src/audit.graphql": Why);

pub(super) async fn run(Session { hub, out }: &Session, position: u64) -> Result<()> {
    let why = hub.ask::<Why>(why::Variables { position: position.to_string() }).await?.why;
    if out.is_json() {
        return out.json(&why);
    }
    let names = Names::load(hub).await?;
    line(&heading())?;
    let part = |title: &str, field: &str| {
        let events = why[field].as_array().map(Vec::as_slice).unwrap_or_default();
        show(title, events, &names)
    };
    part("led to it", "causes")?;
    if let Some(lost) = why["lostCause"].as_str() {
        line(&format!("  the event {lost}, which led there, is not found any more"))?;
    }
    show("it", std::slice::from_ref(&why["event"]), &names)?;
    part("it rests on", "grounds")?;
    part("it led to", "consequences")?;
    match why["hasMore"] == true {
        true => line("  … and more"),
        false => Ok(()),
    }
}

fn show(title: &str, events: &[Value], names: &Names) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    line(&format!("{title}:"))?;
    events.iter().try_for_each(|event| line(&table_line(event, names)))
}
