//! The facts of a fleet, stream by stream.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use distr_domain::agent::Step;
use distr_domain::application::{Application, ApplicationEvent};
use distr_domain::channel::{Channel, ChannelEvent};
use distr_domain::customer::{Customer, CustomerEvent};
use distr_domain::deployment::{Deployment, DeploymentEvent, Desired};
use distr_domain::ids::{ChannelId, CustomerId, EnrolmentId, SeatId};
use distr_domain::license::{License, LicenseEvent, Terms};
use distr_domain::release::{
    ComposePackage, Package, PackageKind, Release, ReleaseContent, ReleaseEvent, ReleaseImage,
};
use distr_domain::seat::{Seat, SeatEvent};
use distr_domain::target::{Runtime, Target, TargetEvent};
use distr_eventlog::Append;
use uuid::Uuid;

use super::{APPLICATION, Fleet, FleetTarget, SeedError, Shape, VERSIONS, append, release, version};

const CHANNEL: &str = "stable";

pub(super) fn catalog(fleet: &Fleet, shape: &Shape) -> Result<Vec<Append>, SeedError> {
    let (application, name) = (fleet.application, APPLICATION.parse()?);
    let created = ApplicationEvent::ApplicationCreated {
        name,
        display_name: "Hello".to_owned(),
        description: "a sample".to_owned(),
    };
    let mut appends = vec![append::<Application>(fleet, shape, application.0, &[created])?];
    for number in 0..VERSIONS.len() {
        let drafted = ReleaseEvent::ReleaseDrafted { application, version: version(number), content: content(number)? };
        let events = [drafted, ReleaseEvent::ReleasePublished { trust: None }];
        appends.push(append::<Release>(fleet, shape, release(application, number).0, &events)?);
    }
    let channel = CHANNEL.parse()?;
    let id = ChannelId::of(application, &channel);
    let events = [
        ChannelEvent::ChannelCreated { application, name: channel.clone() },
        ChannelEvent::ReleasePromoted { application, channel, version: version(0) },
    ];
    appends.push(append::<Channel>(fleet, shape, id.0, &events)?);
    Ok(appends)
}

fn content(number: usize) -> Result<ReleaseContent, SeedError> {
    let digest = format!("sha256:{:064x}", number + 1).parse().expect("a digest that is written here");
    let web = ReleaseImage {
        package: PackageKind::Compose,
        service: "web".to_owned(),
        repository: format!("{APPLICATION}/web").parse()?,
        digest,
        tag: None,
        feature: None,
    };
    let file = format!("services:\n  web:\n    image: {APPLICATION}/web:{}\n", VERSIONS[number]);
    Ok(ReleaseContent {
        packages: vec![Package::Compose(ComposePackage { file, files: vec![] })],
        images: vec![web],
        notes: String::new(),
    })
}

/// Each with a license on which all its targets sit.
pub(super) fn customers(fleet: &Fleet, shape: &Shape) -> Result<Vec<Append>, SeedError> {
    let mut appends = vec![];
    for name in &fleet.customers {
        let id = CustomerId::of(fleet.organization, name);
        let created = CustomerEvent::CustomerCreated { name: name.clone(), display_name: name.to_string() };
        appends.push(append::<Customer>(fleet, shape, id.0, &[created])?);
    }
    for of_customer in fleet.targets.chunk_by(|left, right| left.customer == right.customer) {
        let FleetTarget { customer, license, .. } = of_customer[0];
        let terms = Terms { features: ["metrics".parse()?].into(), ..Terms::default() };
        let name = APPLICATION.parse()?;
        let issued = LicenseEvent::LicenseIssued { customer, application: fleet.application, name, terms };
        appends.push(append::<License>(fleet, shape, license.0, &[issued])?);
        for FleetTarget { id: target, .. } in of_customer {
            let taken = SeatEvent::SeatTaken { license, target: *target };
            appends.push(append::<Seat>(fleet, shape, SeatId::of(license, *target).0, &[taken])?);
        }
    }
    Ok(appends)
}

pub(super) fn targets(fleet: &Fleet, shape: &Shape) -> Result<Vec<Append>, SeedError> {
    let enrolled = |target: &FleetTarget| {
        let enrolment = EnrolmentId(Uuid::now_v7());
        let events = [
            TargetEvent::TargetRegistered {
                customer: target.customer,
                name: target.name.clone(),
                runtime: Runtime::Docker,
            },
            TargetEvent::EnrolmentOffered { enrolment, expires_at: shape.at + TimeDelta::days(1) },
            TargetEvent::TargetEnrolled { enrolment, credential: target.credential, proof: None },
        ];
        Ok(append::<Target>(fleet, shape, target.id.0, &events)?)
    };
    fleet.targets.iter().map(enrolled).collect()
}

pub(super) fn deployments(fleet: &Fleet, shape: &Shape) -> Result<Vec<Append>, SeedError> {
    let deployed = |target: &FleetTarget| {
        let (generation, observed_at) = (1, shape.at);
        let desired = Desired {
            customer: target.customer,
            target: target.id,
            application: fleet.application,
            version: version(0),
            license: target.license,
            features: vec!["metrics".parse()?],
            config: BTreeMap::from([("HELLO_PORT".to_owned(), "18080".to_owned())]),
            secrets: Default::default(),
            asked_by: Default::default(),
            channel: None,
            values: Default::default(),
            namespace: None,
        };
        let events = [
            DeploymentEvent::DesiredReleaseSet { generation, desired, downgrade: None, origin: None },
            DeploymentEvent::DeploymentStepped { generation, step: Step::Pulling, observed_at },
            DeploymentEvent::DeploymentHealthy { generation, version: version(0), observed_at },
        ];
        Ok(append::<Deployment>(fleet, shape, target.deployment.0, &events)?)
    };
    fleet.targets.iter().map(deployed).collect()
}
