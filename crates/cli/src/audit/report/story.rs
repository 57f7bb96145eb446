//! What entries of a history tell of one license. The same entries tell the same, whoever reads them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::application::ApplicationEvent;
use distr_domain::customer::CustomerEvent;
use distr_domain::decider::Category;
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, LicenseId, TargetId};
use distr_domain::license::{LicenseEvent, Terms};
use distr_domain::names::Slug;
use distr_domain::organization::OrganizationEvent;
use distr_domain::seat::SeatEvent;
use distr_domain::stored::StoredEvent;
use distr_domain::target::TargetEvent;
use distr_proof::export::EntryLine;
use distr_proof::leaf::{Envelope, FactEnvelope};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::moment::text;

/// Lines that a page can have and still be read by somebody.
const MOST: usize = 50_000;

/// Which license, and of which time uses are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) customer: Slug,
    pub(super) license: Slug,
    #[serde(default)]
    pub(super) from: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) to: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Story {
    pub(super) organization: String,
    pub(super) customer: String,
    pub(super) application: String,
    pub(super) license: String,
    /// from the first day on
    pub(super) agreed: Vec<Line>,
    pub(super) seats: Vec<Line>,
    pub(super) used: Vec<Line>,
    pub(super) refused: Vec<Line>,
    /// uses by month
    pub(super) months: Vec<Month>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// when it was committed
    pub(super) at: DateTime<Utc>,
    pub(super) who: String,
    pub(super) what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// the index of its leaf
    pub(super) entry: u64,
    pub(super) event: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Month {
    /// `2026-11`
    pub(super) month: String,
    pub(super) what: String,
    pub(super) granted: u64,
    pub(super) refused: u64,
}

/// A story, and the entries that it rests on, in their order.
pub(super) struct Told {
    pub(super) story: Story,
    pub(super) evidence: Vec<EntryLine>,
}

/// Reads the entries in their order.
pub(super) fn tell(asked: &Asked, entries: impl Iterator<Item = Result<EntryLine>>) -> Result<Told> {
    let mut teller = Teller::of(asked);
    for entry in entries {
        teller.hear(entry?)?;
    }
    teller.end()
}

struct Teller<'a> {
    asked: &'a Asked,
    story: Story,
    evidence: BTreeMap<u64, EntryLine>,
    customer: Option<CustomerId>,
    license: Option<(LicenseId, ApplicationId)>,
    /// what may be spoken of later
    applications: HashMap<ApplicationId, (EntryLine, Slug)>,
    targets: HashMap<TargetId, (EntryLine, Slug)>,
    months: BTreeMap<(String, String), (u64, u64)>,
}

impl<'a> Teller<'a> {
    fn of(asked: &'a Asked) -> Self {
        Self {
            asked,
            story: Story::default(),
            evidence: BTreeMap::new(),
            customer: None,
            license: None,
            applications: HashMap::new(),
            targets: HashMap::new(),
            months: BTreeMap::new(),
        }
    }

    fn hear(&mut self, entry: EntryLine) -> Result<()> {
        if self.asked.to.is_some_and(|to| entry.envelope.committed_at() >= to) {
            return Ok(());
        }
        match &entry.envelope {
            Envelope::Fact(fact) => match decoded(fact, entry.payload.as_deref())? {
                Some((stream, heard)) => self.fact(stream, heard, fact.actor.clone(), entry),
                None => Ok(()),
            },
            Envelope::Access(_) => self.access(entry),
        }
    }

    fn fact(&mut self, stream: Uuid, fact: Fact, actor: String, entry: EntryLine) -> Result<()> {
        match fact {
            Fact::Organization(OrganizationEvent::OrganizationCreated { name, .. }) => {
                self.story.organization = name.to_string();
                self.rest_on(&entry)
            }
            Fact::Customer(CustomerEvent::CustomerCreated { name, .. }) if name == self.asked.customer => {
                self.customer = Some(CustomerId(stream));
                self.story.customer = name.to_string();
                self.rest_on(&entry)
            }
            Fact::Application(ApplicationEvent::ApplicationCreated { name, .. }) => {
                self.applications.insert(ApplicationId(stream), (entry, name));
                Ok(())
            }
            Fact::Target(TargetEvent::TargetRegistered { customer, name, .. }) if Some(customer) == self.customer => {
                self.targets.insert(TargetId(stream), (entry, name));
                Ok(())
            }
            Fact::License(event) => self.license(LicenseId(stream), event, actor, entry),
            Fact::Seat(event) if self.is_license(event.license()) && self.is_in_time(&entry) => {
                let name = self.target(event.target())?;
                let what = match event {
                    SeatEvent::SeatTaken { .. } => format!("target {name} took a seat"),
                    SeatEvent::SeatReleased { .. } => format!("target {name} gave its seat back"),
                };
                let line = self.line(&entry, actor, what, None)?;
                self.story.seats.push(line);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn license(&mut self, id: LicenseId, event: LicenseEvent, actor: String, entry: EntryLine) -> Result<()> {
        if let LicenseEvent::LicenseIssued { customer, application, name, .. } = &event
            && Some(*customer) == self.customer
            && *name == self.asked.license
        {
            self.license = Some((id, *application));
            self.story.license = name.to_string();
            let (of, name) = self.applications.get(application).context("a license of no application")?.clone();
            self.story.application = name.to_string();
            self.rest_on(&of)?;
        }
        if !self.is_license(id) {
            return Ok(());
        }
        let (what, reason) = match event {
            LicenseEvent::LicenseIssued { terms, .. } => (format!("issued: {}", words(&terms)), None),
            LicenseEvent::LicenseAmended { terms } => (format!("amended, so that it is: {}", words(&terms)), None),
            LicenseEvent::LicenseSuspended { reason } => ("suspended".to_owned(), Some(reason)),
            LicenseEvent::LicenseResumed {} => ("resumed".to_owned(), None),
            LicenseEvent::LicenseRevoked { reason } => ("revoked for good".to_owned(), Some(reason)),
            LicenseEvent::LicenseSeatTaken { target } => (format!("target {} took a seat", self.target(target)?), None),
            LicenseEvent::LicenseSeatReleased { target } => {
                (format!("target {} gave its seat back", self.target(target)?), None)
            }
        };
        let line = self.line(&entry, actor, what, reason)?;
        self.story.agreed.push(line);
        Ok(())
    }

    fn access(&mut self, entry: EntryLine) -> Result<()> {
        if !self.is_in_time(&entry) {
            return Ok(());
        }
        // what is gone by retention tells nothing
        let Some(record) = entry.payload.as_deref() else { return Ok(()) };
        let record: AccessRecord = serde_json::from_str(record).context("reading an access")?;
        let (Some((license, application)), Some(customer)) = (self.license, self.customer) else { return Ok(()) };
        let is_refused = matches!(record.outcome, AccessOutcome::Refused { .. });
        let has_no_license = is_refused
            && record.license.is_none()
            && record.customer == Some(customer)
            && record.application.is_none_or(|of| of == application);
        if record.license != Some(license) && !has_no_license {
            return Ok(());
        }
        let what = match record.action {
            AccessAction::Pull => format!("pull of {}", record.subject),
            AccessAction::Deploy => format!("deployment of {}", record.subject),
            AccessAction::PullBlob if is_refused => format!("pull of a part of {}", record.subject),
            // a part of a pull that stands before it, and what has nothing to do with licenses
            _ => return Ok(()),
        };
        let month = entry.envelope.committed_at().format("%Y-%m").to_string();
        let counts = self.months.entry((month, what.clone())).or_default();
        match record.outcome {
            AccessOutcome::Granted { rule } => {
                counts.0 += 1;
                let line = self.line(&entry, record.actor, what, Some(rule))?;
                self.story.used.push(line);
            }
            AccessOutcome::Refused { code, reason } => {
                counts.1 += 1;
                let line = self.line(&entry, record.actor, what, Some(format!("{reason} ({code})")))?;
                self.story.refused.push(line);
            }
        }
        Ok(())
    }

    fn is_license(&self, id: LicenseId) -> bool {
        self.license.is_some_and(|(license, _)| license == id)
    }

    fn is_in_time(&self, entry: &EntryLine) -> bool {
        self.asked.from.is_none_or(|from| entry.envelope.committed_at() >= from)
    }

    fn line(&mut self, entry: &EntryLine, actor: String, what: String, reason: Option<String>) -> Result<Line> {
        self.rest_on(entry)?;
        let who = match actor.strip_prefix("agent:").and_then(|id| id.parse().ok()) {
            Some(id) => format!("the agent of {}", self.target(TargetId(id))?),
            None => actor,
        };
        let index = entry.index.context("an entry without a leaf")?;
        Ok(Line { at: entry.envelope.committed_at(), who, what, reason, entry: index, event: entry.envelope.id() })
    }

    /// The name of a target of the customer; the id of another.
    fn target(&mut self, id: TargetId) -> Result<String> {
        let Some((entry, name)) = self.targets.get(&id).cloned() else { return Ok(id.to_string()) };
        self.rest_on(&entry)?;
        Ok(name.to_string())
    }

    fn rest_on(&mut self, entry: &EntryLine) -> Result<()> {
        self.evidence.insert(entry.index.context("an entry without a leaf")?, entry.clone());
        if self.evidence.len() > MOST {
            bail!("more than {MOST} entries are to be told of: name a shorter period with --from and --to");
        }
        Ok(())
    }

    fn end(mut self) -> Result<Told> {
        let Asked { customer, license, .. } = self.asked;
        if self.customer.is_none() {
            bail!("no customer {customer} is in the history");
        }
        if self.license.is_none() {
            bail!("customer {customer} has no license {license} in the history");
        }
        self.story.months = self
            .months
            .into_iter()
            .map(|((month, what), (granted, refused))| Month { month, what, granted, refused })
            .collect();
        Ok(Told { story: self.story, evidence: self.evidence.into_values().collect() })
    }
}

/// The id of its stream, and the fact. Nothing where the story has no use for it.
fn decoded(fact: &FactEnvelope, payload: Option<&str>) -> Result<Option<(Uuid, Fact)>> {
    let FactEnvelope { stream, event_type, schema_version, .. } = fact;
    let of_story = [
        Category::Organization,
        Category::Customer,
        Category::Application,
        Category::Target,
        Category::License,
        Category::Seat,
    ];
    let category = of_story.into_iter().find(|category| {
        stream.strip_prefix(category.as_str()).is_some_and(|rest| rest.strip_prefix('-').is_some_and(is_id))
    });
    let Some(category) = category else { return Ok(None) };
    let id = stream[category.as_str().len() + 1..].parse().context("reading the name of a stream")?;
    let payload = payload.with_context(|| format!("the fact {} is without its payload", fact.id))?;
    let stored = StoredEvent { event_type, schema_version: *schema_version, data: payload.as_bytes() };
    let fact = Fact::decode(category, stored).with_context(|| format!("reading the fact {}", fact.id))?;
    Ok(Some((id, fact)))
}

fn is_id(text: &str) -> bool {
    text.parse::<Uuid>().is_ok()
}

/// `versions 1.x; channels stable; 5 seats; from …; until …`
fn words(terms: &Terms) -> String {
    let Terms { versions, channels, features, seats, not_before, expires_at } = terms;
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(", ");
    let mut words = match versions.is_empty() {
        true => "any version".to_owned(),
        false => format!("versions {}", list(&mut versions.iter().map(ToString::to_string))),
    };
    let mut add = |what: &str, names: &mut dyn Iterator<Item = String>| {
        let names = list(names);
        if !names.is_empty() {
            _ = write!(words, "; {what} {names}");
        }
    };
    add("channels", &mut channels.iter().map(ToString::to_string));
    add("features", &mut features.iter().map(ToString::to_string));
    match seats {
        Some(seats) => _ = write!(words, "; {seats} seats"),
        None => words.push_str("; any number of seats"),
    }
    if let Some(at) = not_before {
        _ = write!(words, "; from {}", text(*at));
    }
    match expires_at {
        Some(at) => _ = write!(words, "; until {}", text(*at)),
        None => words.push_str("; without end"),
    }
    words
}
