//! A few days of a vendor with two customers, at fixed times: what the page about analytics is about.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::application::{Application, ApplicationCommand};
use distr_domain::artifact::Manifest;
use distr_domain::artifact::manifest::{ManifestCommand, StoredManifest};
use distr_domain::artifact::tag::{TagChange, TagCommand, TagPointer};
use distr_domain::channel::{Channel, ChannelCommand};
use distr_domain::customer::{Customer, CustomerCommand};
use distr_domain::decider::Decider;
use distr_domain::deployment::{Deployment, DeploymentCommand, Desired, Pace};
use distr_domain::ids::{
    ApplicationId, ArtifactId, ChannelId, CustomerId, DeploymentId, LicenseId, ManifestId, OrganizationId, ReleaseId,
    SeatId, TagId, TargetId,
};
use distr_domain::license::{License, LicenseCommand, Terms};
use distr_domain::names::Slug;
use distr_domain::oci::{Descriptor, Digest, Tag};
use distr_domain::release::{
    ComposePackage, Package, PackageKind, Release, ReleaseCommand, ReleaseContent, ReleaseImage, ReleaseStatus,
};
use distr_domain::seat::{Seat, SeatChange, SeatCommand};
use distr_domain::target::{Runtime, Target, TargetCommand};
use distr_eventlog::{Actor, Context, EventLog, Position, PostgresLog, TelemetryKind, TelemetryRecord, execute};
use serde_json::json;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-09-{text}:00Z").parse().expect("a time")
}

fn name(text: &str) -> Slug {
    text.parse().expect("a name")
}

struct Story {
    log: PostgresLog,
    organization: OrganizationId,
    application: ApplicationId,
    records: Vec<TelemetryRecord>,
}

/// Appends it, and says how far the log is then.
pub(super) async fn acme(url: &str) -> Position {
    let organization = OrganizationId::of(&name("acme"));
    let application = ApplicationId::of(organization, &name("hello"));
    let log = PostgresLog::connect(url).await.expect("the hub's log");
    let mut story = Story { log, organization, application, records: vec![] };
    story.catalog().await;
    story.customers().await;
    story.deployments().await;
    story.uses();
    let head = story.log.append_telemetry(std::mem::take(&mut story.records)).await.expect("the records are taken");
    story.log.close().await;
    head
}

impl Story {
    async fn run<D: Decider>(&self, time: &str, stream: Uuid, command: D::Command) {
        let context = Context {
            organization: self.organization,
            actor: Actor::Operator,
            causation: None,
            correlation: Uuid::new_v4(),
            command: Uuid::new_v4(),
            at: at(time),
        };
        if let Err(error) = execute::<D>(&self.log, stream, &command, &context).await {
            panic!("{error}");
        }
    }

    async fn catalog(&self) {
        let create = ApplicationCommand::Create {
            name: name("hello"),
            display_name: "Hello".into(),
            description: String::new(),
        };
        self.run::<Application>("01T08:00", self.application.0, create).await;
        let stable = ChannelId::of(self.application, &name("stable"));
        let channel = ChannelCommand::Create { application: self.application, name: name("stable") };
        self.run::<Channel>("01T08:00", stable.0, channel).await;
        for (version, digit, time) in [("1.0.0", "a", "01T09:00"), ("1.1.0", "b", "03T09:00")] {
            let digest: Digest = format!("sha256:{}", digit.repeat(64)).parse().expect("a digest");
            let repository: distr_domain::names::RepositoryPath = "hello/web".parse().expect("a path");
            let layer = Descriptor { digest: digest.clone(), size: 1_000_000, media_type: "layer".into() };
            let manifest = Manifest {
                digest: digest.clone(),
                media_type: "application/vnd.oci.image.manifest.v1+json".into(),
                size: 500,
                blobs: vec![layer],
                children: vec![],
                subject: None,
                artifact_type: None,
            };
            let artifact = ArtifactId::of(self.organization, &repository);
            let stream = ManifestId::of(artifact, &digest).0;
            let push = ManifestCommand::Push { repository: repository.clone(), manifest };
            self.run::<StoredManifest>(time, stream, push).await;
            let tag: Tag = version.parse().expect("a tag");
            let stream = TagId::of(artifact, &tag).0;
            let change = TagChange::Move { to: digest.clone() };
            let tag = TagCommand { repository: repository.clone(), tag, listed: None, immutable: false, change };
            self.run::<TagPointer>(time, stream, tag).await;
            let content = ReleaseContent {
                packages: vec![Package::Compose(ComposePackage::default())],
                images: vec![ReleaseImage {
                    package: PackageKind::Compose,
                    service: "web".into(),
                    repository,
                    digest,
                    tag: None,
                    feature: None,
                }],
                notes: String::new(),
            };
            let version: distr_domain::version::Version = version.parse().expect("a version");
            let release = ReleaseId::of(self.application, &version).0;
            let (application, replaces) = (self.application, ReleaseContent::default());
            let publish = ReleaseCommand::Publish { content: content.clone(), trust: None };
            let draft = ReleaseCommand::Draft { application, version: version.clone(), content, replaces };
            self.run::<Release>(time, release, draft).await;
            self.run::<Release>(time, release, publish).await;
            let promote = ChannelCommand::Promote { version, release: ReleaseStatus::Published };
            self.run::<Channel>(time, stable.0, promote).await;
        }
    }

    async fn customers(&self) {
        for (customer, license, seats, expires, targets) in [
            ("globex", "hello-2026", 3, "2099-01-01T00:00:00Z", &["plant-a", "plant-b"][..]),
            ("hooli", "trial", 1, "2026-09-10T00:00:00Z", &["edge"][..]),
        ] {
            let id = self.customer(customer);
            let create = CustomerCommand::Create { name: name(customer), display_name: customer.to_uppercase() };
            self.run::<Customer>("01T09:10", id.0, create).await;
            let terms = Terms { seats: Some(seats), expires_at: expires.parse().ok(), ..Terms::default() };
            let license_id = LicenseId::of(id, &name(license));
            let issue =
                LicenseCommand::Issue { customer: id, application: self.application, name: name(license), terms };
            self.run::<License>("01T09:20", license_id.0, issue).await;
            for target in targets {
                let target_id = TargetId::of(id, &name(target));
                let register = TargetCommand::Register {
                    customer: id,
                    name: name(target),
                    runtime: Runtime::Docker,
                    namespaces: vec![],
                };
                self.run::<Target>("01T09:30", target_id.0, register).await;
            }
        }
    }

    async fn deployments(&mut self) {
        self.deploy("globex", "plant-a", 1, "1.0.0", "01T10:00", Ok("01T10:02")).await;
        self.deploy("globex", "plant-b", 1, "1.0.0", "01T11:00", Ok("01T11:05")).await;
        self.deploy("hooli", "edge", 1, "1.0.0", "02T08:00", Ok("02T08:03")).await;
        self.deploy("globex", "plant-a", 2, "1.1.0", "03T10:00", Ok("03T10:01")).await;
        self.deploy("globex", "plant-b", 2, "1.1.0", "04T09:00", Err("04T09:10")).await;
        for (customer, target, last) in
            [("globex", "plant-a", "05T12:00"), ("globex", "plant-b", "05T12:01"), ("hooli", "edge", "02T09:30")]
        {
            for (sequence, minutes) in [(1, 60), (2, 1), (3, 0)] {
                self.heartbeat(customer, target, sequence, at(last) - TimeDelta::minutes(minutes));
            }
        }
    }

    async fn deploy(
        &self,
        customer: &str,
        target: &str,
        generation: u64,
        version: &str,
        asked: &str,
        end: Result<&str, &str>,
    ) {
        let customer_id = self.customer(customer);
        let target = TargetId::of(customer_id, &name(target));
        let deployment = DeploymentId::of(target, self.application);
        let license = self.license(customer);
        let desired = Desired {
            customer: customer_id,
            target,
            application: self.application,
            version: version.parse().expect("a version"),
            license,
            features: vec![],
            config: [].into(),
            secrets: Default::default(),
            asked_by: Default::default(),
            channel: None,
            values: Default::default(),
            namespace: None,
        };
        self.run::<Deployment>(
            asked,
            deployment.0,
            DeploymentCommand::SetDesired { desired, heard: 0, downgrade: None, origin: None },
        )
        .await;
        // after the wish, or the hub gives it back: its time is long over
        let command = SeatCommand { license, target, of_old: false, change: SeatChange::Take };
        self.run::<Seat>(asked, SeatId::of(license, target).0, command).await;
        let (ended, report) = match end {
            Ok(ended) => {
                let running = json!({ "generation": generation, "version": version });
                (ended, json!({ "step": "applied", "health": "ok", "running": running }))
            }
            Err(ended) => {
                let error = json!({ "category": "unhealthy", "text": "web answers 500" });
                let running = json!({ "generation": generation - 1, "version": "1.0.0" });
                (ended, json!({ "step": "failed", "health": "ok", "running": running, "error": error }))
            }
        };
        let mut report = report;
        report["deployment"] = json!(deployment);
        report["generation"] = json!(generation);
        let report = serde_json::from_value(report).expect("a report");
        let command = DeploymentCommand::Observe { target, report, at: at(ended), pace: Pace::Steady };
        self.run::<Deployment>(ended, deployment.0, command).await;
    }

    /// Says nothing of deployments, so that the hub draws no conclusions of its own.
    fn heartbeat(&mut self, customer: &str, target: &str, sequence: u64, time: DateTime<Utc>) {
        let target = TargetId::of(self.customer(customer), &name(target));
        let report = json!({
            "id": Uuid::new_v4(), "boot": Uuid::nil(), "sequence": sequence, "at": time, "agent_version": "0.1.0",
            "deployments": [], "contact": {},
        });
        self.record(target.0, TelemetryKind::Heartbeat, time, report.to_string());
    }

    fn uses(&mut self) {
        let no_longer = "license \"trial\" expired";
        for (customer, action, subject, time, refused) in [
            ("globex", AccessAction::Deploy, "hello 1.0.0", "01T10:00", None),
            ("globex", AccessAction::Pull, "hello/web:1.0.0", "01T10:01", None),
            ("globex", AccessAction::Deploy, "hello 1.0.0", "01T11:00", None),
            ("globex", AccessAction::Pull, "hello/web:1.0.0", "01T11:01", None),
            ("hooli", AccessAction::Deploy, "hello 1.0.0", "02T08:00", None),
            ("hooli", AccessAction::Pull, "hello/web:1.0.0", "02T08:01", None),
            ("globex", AccessAction::Pull, "hello/web:1.1.0", "03T10:00", None),
            ("hooli", AccessAction::Deploy, "hello 1.1.0", "11T08:00", Some(no_longer)),
            ("hooli", AccessAction::Pull, "hello/web:1.1.0", "11T08:05", Some(no_longer)),
        ] {
            let outcome = match refused {
                None => AccessOutcome::Granted { rule: "license".into() },
                Some(reason) => {
                    AccessOutcome::Refused { code: "entitlement.expired".into(), reason: reason.to_owned() }
                }
            };
            let record = AccessRecord {
                action,
                actor: "operator".into(),
                customer: Some(self.customer(customer)),
                application: Some(self.application),
                license: Some(self.license(customer)),
                subject: subject.to_owned(),
                digest: None,
                outcome,
                address: None,
                user_agent: None,
            };
            let payload = serde_json::to_string(&record).expect("JSON");
            self.record(self.application.0, TelemetryKind::Access, at(time), payload);
        }
    }

    fn record(&mut self, subject: Uuid, kind: TelemetryKind, recorded_at: DateTime<Utc>, payload: String) {
        let (id, organization) = (Uuid::new_v4(), self.organization);
        self.records.push(TelemetryRecord { id, organization, subject, kind, recorded_at, payload: payload.into() });
    }

    fn customer(&self, customer: &str) -> CustomerId {
        CustomerId::of(self.organization, &name(customer))
    }

    fn license(&self, customer: &str) -> LicenseId {
        let license = if customer == "globex" { "hello-2026" } else { "trial" };
        LicenseId::of(self.customer(customer), &name(license))
    }
}
