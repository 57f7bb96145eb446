//! A large fleet as a log would hold it after it grew: customers with a license each, their targets enrolled, one
//! deployment on each that became healthy, and the uses of the licenses. Appended set by set through the port, so that
//! everything that follows the log sees what it would see in earnest.

mod events;

use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::agent::{Contact, DeploymentReport, Health, Report, RunningRelease, Step};
use distr_domain::decider::Decider;
use distr_domain::ids::{
    ApplicationId, CredentialId, CustomerId, DeploymentId, LicenseId, OrganizationId, ReleaseId, TargetId,
};
use distr_domain::names::{InvalidName, Slug};
use distr_domain::version::Version;
use distr_eventlog::{
    Actor, Append, AppendError, EncodeError, EventLog, Expected, NewEvent, Position, StreamName, TelemetryKind,
    TelemetryRecord,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

/// Appends that are under way at once: enough for the log to commit them in large groups.
const AT_ONCE: usize = 256;
const RECORDS_AT_ONCE: usize = 1_000;

pub const APPLICATION: &str = "hello";
/// What is deployed, and what could be deployed instead.
pub const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];

#[derive(Debug, Clone)]
pub struct Shape {
    pub organization: Slug,
    pub targets: usize,
    pub targets_per_customer: usize,
    /// pulls that a license granted, for each target
    pub pulls_per_target: usize,
    /// when everything happened
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct Fleet {
    pub organization: OrganizationId,
    pub application: ApplicationId,
    pub customers: Vec<Slug>,
    pub targets: Vec<FleetTarget>,
    /// the last position that was appended
    pub position: Position,
}

#[derive(Debug, Clone)]
pub struct FleetTarget {
    pub id: TargetId,
    pub name: Slug,
    pub customer: CustomerId,
    /// the customer's place in `Fleet::customers`
    pub customer_number: usize,
    pub license: LicenseId,
    pub credential: CredentialId,
    pub deployment: DeploymentId,
}

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("a name of the fleet does not fit")]
    Name(#[from] InvalidName),
    #[error("an event of the fleet could not be encoded")]
    Encode(#[from] EncodeError),
    #[error("a record of the fleet could not be encoded")]
    EncodeRecord(#[from] serde_json::Error),
    #[error("the fleet could not be appended; is there one in this organization already?")]
    Append(#[from] AppendError),
}

/// Appends the fleet into an organization that exists and has no application of this name.
pub async fn seed(log: &dyn EventLog, shape: &Shape) -> Result<Fleet, SeedError> {
    let mut fleet = Fleet::plan(shape)?;
    append_all(log, events::catalog(&fleet, shape)?).await?;
    append_all(log, events::customers(&fleet, shape)?).await?;
    append_all(log, events::targets(&fleet, shape)?).await?;
    append_all(log, events::deployments(&fleet, shape)?).await?;
    fleet.position = append_records(log, fleet.records(shape)?).await?;
    Ok(fleet)
}

impl Fleet {
    fn plan(shape: &Shape) -> Result<Self, SeedError> {
        let organization = OrganizationId::of(&shape.organization);
        let application = ApplicationId::of(organization, &APPLICATION.parse()?);
        let customers = (0..shape.targets.div_ceil(shape.targets_per_customer))
            .map(|number| format!("customer-{number:05}").parse())
            .collect::<Result<Vec<Slug>, _>>()?;
        let targets = (0..shape.targets).map(|number| {
            let customer_number = number / shape.targets_per_customer;
            let customer = CustomerId::of(organization, &customers[customer_number]);
            let name: Slug = format!("target-{number:05}").parse()?;
            let id = TargetId::of(customer, &name);
            Ok(FleetTarget {
                id,
                name,
                customer,
                customer_number,
                license: LicenseId::of(customer, &APPLICATION.parse()?),
                credential: CredentialId(Uuid::now_v7()),
                deployment: DeploymentId::of(id, application),
            })
        });
        let targets = targets.collect::<Result<_, InvalidName>>()?;
        Ok(Self { organization, application, customers, targets, position: Position::START })
    }

    /// One heartbeat of each target, and the uses of the licenses.
    fn records(&self, shape: &Shape) -> Result<Vec<TelemetryRecord>, SeedError> {
        let mut records = vec![];
        for target in &self.targets {
            let report = target.report(Uuid::now_v7(), 1, shape.at);
            records.push(self.record(shape, target.id.0, TelemetryKind::Heartbeat, serde_json::to_vec(&report)?));
            for (action, times) in [(AccessAction::Deploy, 1), (AccessAction::Pull, shape.pulls_per_target)] {
                for _ in 0..times {
                    let access = serde_json::to_vec(&self.access(target, action))?;
                    records.push(self.record(shape, target.id.0, TelemetryKind::Access, access));
                }
            }
        }
        Ok(records)
    }

    fn record(&self, shape: &Shape, subject: Uuid, kind: TelemetryKind, payload: Vec<u8>) -> TelemetryRecord {
        TelemetryRecord {
            id: Uuid::now_v7(),
            organization: self.organization,
            subject,
            kind,
            recorded_at: shape.at,
            payload: payload.into(),
        }
    }

    fn access(&self, target: &FleetTarget, action: AccessAction) -> AccessRecord {
        let subject = match action {
            AccessAction::Deploy => format!("{APPLICATION} {}", VERSIONS[0]),
            _ => format!("{APPLICATION}/web:{}", VERSIONS[0]),
        };
        AccessRecord {
            action,
            actor: Actor::Agent(target.id).to_string(),
            customer: Some(target.customer),
            application: Some(self.application),
            license: Some(target.license),
            subject,
            digest: None,
            outcome: AccessOutcome::Granted { rule: format!("license \"{APPLICATION}\"") },
            address: Some("192.0.2.1".into()),
            user_agent: Some("docker/27.3.1".into()),
        }
    }
}

impl FleetTarget {
    /// What its agent says when all is well.
    pub fn report(&self, boot: Uuid, sequence: u64, at: DateTime<Utc>) -> Report {
        Report {
            id: Uuid::now_v7(),
            boot,
            sequence,
            at,
            agent_version: "0.1.0".to_owned(),
            facts: None,
            deployments: vec![DeploymentReport {
                deployment: self.deployment,
                generation: 1,
                step: Step::Applied,
                running: Some(RunningRelease { generation: 1, version: version(0) }),
                health: Health::Ok,
                drift: None,
                error: None,
            }],
            error: None,
            missing: None,
            // as the hub writes it; over HTTP it is the hub that says so
            contact: Some(Contact { sent_at: None, behind: 0 }),
        }
    }
}

fn version(number: usize) -> Version {
    VERSIONS[number].parse().expect("a version that is written here")
}

fn release(application: ApplicationId, number: usize) -> ReleaseId {
    ReleaseId::of(application, &version(number))
}

/// The begin of a stream.
fn append<D: Decider>(fleet: &Fleet, shape: &Shape, stream: Uuid, events: &[D::Event]) -> Result<Append, EncodeError> {
    let events = events.iter().map(|event| NewEvent::encode(Uuid::now_v7(), event));
    Ok(Append {
        stream: StreamName::of::<D>(stream),
        organization: fleet.organization,
        expected: Expected::NoStream,
        events: events.collect::<Result<_, _>>()?,
        actor: Actor::Operator,
        causation: None,
        correlation: fleet.application.0,
        recorded_at: shape.at,
    })
}

async fn append_all(log: &dyn EventLog, appends: Vec<Append>) -> Result<(), SeedError> {
    let appends = appends.into_iter().map(|append| log.append(append));
    stream::iter(appends).buffer_unordered(AT_ONCE).try_for_each(async |_| Ok(())).await?;
    Ok(())
}

async fn append_records(log: &dyn EventLog, mut records: Vec<TelemetryRecord>) -> Result<Position, SeedError> {
    let mut position = Position::START;
    while !records.is_empty() {
        let rest = records.split_off(records.len().min(RECORDS_AT_ONCE));
        position = log.append_telemetry(std::mem::replace(&mut records, rest)).await?;
    }
    Ok(position)
}

#[cfg(test)]
mod tests {
    use distr_domain::fact::Fact;
    use distr_eventlog::{Entry, MemoryLog, Selection};

    use super::*;

    #[tokio::test]
    async fn a_fleet_is_as_large_as_was_asked_for_and_every_fact_can_be_read() {
        let log = MemoryLog::default();
        let at = DateTime::UNIX_EPOCH;
        let organization = "acme".parse().unwrap();
        let shape = Shape { organization, targets: 25, targets_per_customer: 10, pulls_per_target: 2, at };
        let fleet = seed(&log, &shape).await.unwrap();
        assert_eq!((fleet.customers.len(), fleet.targets.len()), (3, 25));
        let page = log.scan(Position::START, distr_eventlog::Limit::entries(10_000), Selection::All).await.unwrap();
        assert_eq!(page.scanned_to, fleet.position);
        let telemetry = page.entries.iter().filter(|entry| matches!(entry, Entry::Telemetry(_))).count();
        assert_eq!(telemetry, 25 * 4);
        for entry in &page.entries {
            if let Entry::Fact(event) = entry {
                Fact::decode(event.stream.category, event.stored()).unwrap();
            }
        }
        assert!(matches!(seed(&log, &shape).await, Err(SeedError::Append(_))), "the same fleet twice");
    }
}
