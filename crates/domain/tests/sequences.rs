//! What holds of a stream whatever is asked of it: random commands, one after the other, each decided on what the ones before
//! made true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use distr_domain::agent::{
    AskedBy, DataRemoval, DeploymentReport, ErrorCategory, Health, ReportedError, RunningRelease, Step,
};
use distr_domain::application::{Application, ApplicationCommand, ApplicationEvent, Metadata};
use distr_domain::branding::{Branding, BrandingImage};
use distr_domain::channel::{Channel, ChannelCommand, ChannelEvent};
use distr_domain::decider::Decider;
use distr_domain::deployment::{Deployment, DeploymentCommand, DeploymentEvent, Desired, Pace, Phase};
use distr_domain::ids::{
    ApplicationId, CredentialId, CustomerId, DeploymentId, EnrolmentId, LicenseId, MemberId, RolloutId, TargetId,
};
use distr_domain::license::{License, LicenseCommand, LicenseEvent, Terms};
use distr_domain::names::Slug;
use distr_domain::organization::{Organization, OrganizationCommand, OrganizationEvent};
use distr_domain::permission::VendorRole;
use distr_domain::picture::Picture;
use distr_domain::release::ReleaseStatus;
use distr_domain::rollout::gate::Away;
use distr_domain::rollout::place::Boundary;
use distr_domain::rollout::policy::{Amount, Limits, Policy};
use distr_domain::rollout::{
    self, Class, HaltCause, Kind, Placed, PlanDigest, Planned, Rollout, RolloutCommand, RolloutEvent, Scope, Stamp,
    Start,
};
use distr_domain::rollout_policy::{RolloutPolicy, RolloutPolicyCommand};
use distr_domain::target::{Runtime, Target, TargetCommand, TargetEvent};
use distr_domain::version::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn version(minor: u8) -> Version {
    format!("1.{minor}.0").parse().unwrap()
}

/// Asks one command after the other, and shows each answer with the state before it. What is true is not made true again: the same
/// command at once once more adds nothing, unless it is refused.
fn ask<D: Decider>(commands: &[D::Command], mut look: impl FnMut(&D, &D::Command, Option<&[D::Event]>))
where
    D::Command: Debug,
    D::Event: Debug,
{
    let mut state = D::default();
    for command in commands {
        let decided = state.decide(command);
        look(&state, command, decided.as_deref().ok());
        let Ok(events) = decided else { continue };
        events.iter().for_each(|event| state.evolve(event));
        if let Ok(again) = state.decide(command) {
            assert!(again.is_empty(), "{command:?} once more adds {again:?}");
        }
    }
}

fn picture(number: u8) -> Picture {
    Picture::try_new(
        format!("sha256:{number:064x}").parse().unwrap(),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
    )
    .unwrap()
}

fn organization_command() -> impl Strategy<Value = OrganizationCommand> {
    let image = || prop::sample::select(BrandingImage::ALL.to_vec());
    let text = prop_oneof![Just(String::new()), Just("Welcome.".to_owned())];
    prop_oneof![
        1 => Just(OrganizationCommand::Create { name: slug("acme"), display_name: "Acme".into() }),
        2 => text.prop_map(|home_text| OrganizationCommand::SetBranding {
            branding: Branding { home_text, ..Branding::default() },
        }),
        3 => (image(), 0..3_u8)
            .prop_map(|(image, number)| OrganizationCommand::SetBrandingImage { image, picture: picture(number) }),
        2 => image().prop_map(|image| OrganizationCommand::RemoveBrandingImage { image }),
        1 => (0..3_u8).prop_map(|number| OrganizationCommand::ReplaceHistoryKey {
            key: format!("key {number}"),
            at_once: number == 0,
            reason: "a year has passed".into(),
        }),
    ]
}

fn application_command() -> impl Strategy<Value = ApplicationCommand> {
    let category = prop_oneof![Just(String::new()), Just("Databases".to_owned())];
    prop_oneof![
        1 => Just(ApplicationCommand::Create {
            name: slug("hello"),
            display_name: "Hello".into(),
            description: String::new(),
        }),
        2 => category.prop_map(|category| ApplicationCommand::Catalogue {
            metadata: Metadata { category, ..Metadata::default() },
        }),
        2 => (0..3_u8).prop_map(|number| ApplicationCommand::SetIcon { picture: picture(number) }),
        1 => Just(ApplicationCommand::RemoveIcon),
    ]
}

fn license_command() -> impl Strategy<Value = LicenseCommand> {
    let terms = || prop::option::of(0..4_u32).prop_map(|seats| Terms { seats, ..Terms::default() });
    prop_oneof![
        1 => terms().prop_map(|terms| LicenseCommand::Issue {
            customer: CustomerId(id(1)),
            application: ApplicationId(id(2)),
            name: slug("gold"),
            terms,
        }),
        1 => terms().prop_map(|terms| LicenseCommand::Amend { terms }),
        1 => Just(LicenseCommand::Suspend { reason: "unpaid".into() }),
        1 => Just(LicenseCommand::Resume),
        1 => Just(LicenseCommand::Revoke { reason: "ended".into() }),
    ]
}

#[derive(Debug, Clone)]
enum AtTheTable {
    Take(usize),
    /// how many sat before, and then stay or get up
    Look(usize),
    Leave(usize),
    Agree(u32),
}

fn at_the_table() -> impl Strategy<Value = AtTheTable> {
    prop_oneof![
        4 => (0..6_usize).prop_map(AtTheTable::Take),
        4 => (0..6_usize).prop_map(AtTheTable::Look),
        1 => (0..6_usize).prop_map(AtTheTable::Leave),
        1 => (0..4_u32).prop_map(AtTheTable::Agree),
    ]
}

fn license_of(seats: u32) -> License {
    let terms = Terms { seats: Some(seats), ..Terms::default() };
    let (customer, application) = (CustomerId(id(1)), ApplicationId(id(2)));
    License::fold(&[LicenseEvent::LicenseIssued { customer, application, name: slug("gold"), terms }])
}

fn channel_command() -> impl Strategy<Value = ChannelCommand> {
    let release = prop_oneof![
        4 => Just(ReleaseStatus::Published),
        1 => Just(ReleaseStatus::Draft),
        1 => Just(ReleaseStatus::Revoked { reason: "cve".into() }),
    ];
    prop_oneof![
        1 => Just(ChannelCommand::Create { application: ApplicationId(id(1)), name: slug("stable") }),
        5 => (0..6_u8, release).prop_map(|(minor, release)| ChannelCommand::Promote { version: version(minor), release }),
        3 => (0..6_u8).prop_map(|minor| ChannelCommand::Demote { version: version(minor) }),
    ]
}

fn deployment_command() -> impl Strategy<Value = DeploymentCommand> {
    let data = prop_oneof![Just(DataRemoval::Keep), Just(DataRemoval::Remove)];
    let pace = prop_oneof![Just(Pace::Steady), Just(Pace::Restless)];
    prop_oneof![
        3 => (0..3_u8, 0..3_u128).prop_map(|(minor, license)| DeploymentCommand::SetDesired { heard: 0, downgrade: None, origin: None, desired: Desired {
            customer: CustomerId(id(1)),
            target: TargetId(id(2)),
            application: ApplicationId(id(3)),
            version: version(minor),
            license: LicenseId(id(license)),
            features: vec![],
            config: Default::default(),
            secrets: Default::default(),
            asked_by: AskedBy::Vendor,
            channel: None,
            values: Default::default(),
            namespace: None,
        }}),
        1 => data.prop_map(|data| DeploymentCommand::Remove { data, asked_by: AskedBy::Vendor, reason: None, heard: 0 }),
        6 => (0..6_u64, 0..8_u8, 0..3_u8, any::<bool>(), 0..3_u8, pace).prop_map(
            |(generation, step, health, drifts, error, pace)| {
                let report = report(generation, step, health, drifts, error);
                DeploymentCommand::Observe { target: TargetId(id(2)), report, at: at(1), pace }
            }
        ),
    ]
}

fn report(generation: u64, step: u8, health: u8, drifts: bool, error: u8) -> DeploymentReport {
    let steps = [
        Step::Pending,
        Step::Pulling,
        Step::Proving,
        Step::Switching,
        Step::Applied,
        Step::Failed,
        Step::Removing,
        Step::Removed,
    ];
    let error = [None, Some(ErrorCategory::Unhealthy), Some(ErrorCategory::Policy)][error as usize];
    DeploymentReport {
        deployment: DeploymentId(id(4)),
        generation,
        step: steps[step as usize],
        running: Some(RunningRelease { generation, version: version(0) }),
        health: [Health::Ok, Health::Fail, Health::Unknown][health as usize],
        drift: drifts.then(|| "web is gone".to_owned()),
        error: error.map(|category| ReportedError { category, text: "no".to_owned() }),
    }
}

fn target_command() -> impl Strategy<Value = TargetCommand> {
    let credential = || (0..4_u128).prop_map(|number| CredentialId(id(number)));
    let enrolment = || (0..3_u128).prop_map(|number| EnrolmentId(id(number)));
    let proof = prop::option::of(prop_oneof![Just("a".to_owned()), Just("b".to_owned())]);
    prop_oneof![
        2 => Just(TargetCommand::Register { customer: CustomerId(id(1)), name: slug("t"), runtime: Runtime::Docker, namespaces: vec![] }),
        3 => enrolment().prop_map(|enrolment| TargetCommand::OfferEnrolment { enrolment, expires_at: at(10) }),
        4 => (enrolment(), credential(), proof, 0..20_i64).prop_map(|(enrolment, credential, proof, second)| {
            TargetCommand::Enrol { enrolment, credential, proof, at: at(second) }
        }),
        2 => (credential(), credential())
            .prop_map(|(shown, credential)| TargetCommand::RotateCredential { shown, credential }),
        2 => credential().prop_map(|credential| TargetCommand::ConfirmCredential { credential }),
        1 => Just(TargetCommand::Retire { reason: "sold".into() }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(vendor, has_one)| TargetCommand::Label {
            by: if vendor { AskedBy::Vendor } else { AskedBy::Customer },
            labels: has_one.then(|| ("tier".parse().unwrap(), "gold".to_owned().try_into().unwrap())).into_iter().collect(),
        }),
    ]
}

/// Two waves; the first tolerates one failure.
fn rollout_policy() -> Policy {
    serde_json::from_str(
        r#"{"waves": [{"name": "some", "select": {"count": 2}, "approve": {"roles": ["owner"], "count": 1}},
            {"name": "all", "select": "rest"}], "limits": {"in_flight": {"count": 2}}, "gate": {"max_failures": 1}, "retries": 1}"#,
    )
    .unwrap()
}

fn rollout_command() -> impl Strategy<Value = RolloutCommand> {
    let stamp = |second: i64| Stamp { seen: 0, at: at(second) };
    let target = |number: u128| TargetId(id(number));
    let wave = || 0..4_u32;
    let targets = || vec(0..6_u128, 0..4).prop_map(move |numbers| numbers.into_iter().map(target).collect::<Vec<_>>());
    let classes = [Class::Succeeded, Class::Failed, Class::Lost, Class::Skipped, Class::Superseded];
    let class = prop::sample::select(classes.to_vec());
    let plan = (0..2_u128).prop_map(move |digest| RolloutCommand::Plan {
        plan: Box::new(Planned {
            application: ApplicationId(id(1)),
            name: slug("1-2-0"),
            version: version(2),
            kind: Kind::Upgrade,
            policy: rollout_policy(),
            scope: Scope::default(),
            seed: id(3),
            members: 6,
            digest: PlanDigest(id(digest)),
            by: Some(MemberId(id(1))),
            not_before: None,
            overseers: BTreeSet::new(),
        }),
        begins: (digest == 0).then(|| rollout::Beginning {
            boundaries: vec![Boundary::UpTo(id(9)), Boundary::Rest],
            zones: "2026b".into(),
        }),
        stamp: stamp(0),
    });
    let start = (0..2_u128).prop_map(move |digest| RolloutCommand::Start {
        digest: PlanDigest(id(digest)),
        boundaries: vec![Boundary::UpTo(id(9)), Boundary::Rest],
        zones: "2026b".into(),
        stamp: stamp(1),
    });
    let placed = move |target: TargetId| Placed { target, customer: CustomerId(id(1)), group: None, to: None };
    let place = (wave(), targets()).prop_map(move |(wave, targets)| RolloutCommand::Place {
        wave,
        targets: BTreeSet::from_iter(targets).into_iter().map(placed).collect(),
        stamp: stamp(2),
    });
    let started = move |(number, hop, attempt)| Start { target: target(number), hop: version(hop), attempt, bytes: 1 };
    let release = (wave(), vec((0..6_u128, 1..3_u8, 1..3_u32).prop_map(started), 0..3), 3..99_i64)
        .prop_map(move |(wave, starts, second)| RolloutCommand::Release { wave, starts, stamp: stamp(second) });
    let approve = (0..3_u32, 1..3_u128, 0..2_u128).prop_map(|(stage, by, digest)| RolloutCommand::Approve {
        stage,
        digest: PlanDigest(id(digest)),
        by: MemberId(id(by)),
        role: VendorRole::Owner,
        at: at(3),
    });
    let waves = (0..5_u8, wave(), 3..9_i64).prop_map(move |(which, wave, second)| {
        let stamp = stamp(second);
        match which {
            0 => RolloutCommand::OpenWave { wave, stamp },
            1 => RolloutCommand::Soak { wave, stamp },
            2 => RolloutCommand::Pass { wave, away: Away::default(), stamp },
            3 => RolloutCommand::SkipWave { wave, reason: "x".into(), stamp },
            _ => RolloutCommand::Hold { wave, holds: ["gate.sample".to_owned()].into(), stamp },
        }
    });
    let settle = (class, targets(), any::<bool>()).prop_map(move |(class, targets, amends)| {
        let (reason, away, stamp) = (String::new(), vec![], stamp(5));
        match amends {
            true => RolloutCommand::Amend { to: class, reason, targets, away, stamp },
            false => RolloutCommand::Settle { class, reason, targets, away, stamp },
        }
    });
    let brakes = (0..12_u8, targets()).prop_map(move |(which, targets)| {
        let (stamp, reason) = (stamp(6), "x".to_owned());
        let limits = |count| Limits { in_flight: Amount::Count(count), ..rollout_policy().limits };
        match which {
            0 => RolloutCommand::Pause { reason, stamp },
            1 => RolloutCommand::Halt { cause: HaltCause::Person { reason }, stamp },
            2..5 => RolloutCommand::Resume { reason, stamp },
            5 => RolloutCommand::Withdraw { targets, stamp },
            6 => RolloutCommand::Leave { targets, stamp },
            7 => RolloutCommand::Tail { stamp },
            8 => RolloutCommand::Complete { stamp },
            9 => RolloutCommand::Adjust { limits: limits(targets.len() as u32), by: None, stamp },
            10 => RolloutCommand::LapseApprovals { standing: [(MemberId(id(2)), None)].into(), stamp },
            _ => RolloutCommand::RefuseApproval { stage: 1, by: MemberId(id(2)), reason, at: at(6) },
        }
    });
    let ends = prop_oneof![
        Just(RolloutCommand::Abort { reason: "x".into(), stamp: stamp(7) }),
        Just(RolloutCommand::Supersede { by: RolloutId(id(9)), stamp: stamp(7) }),
    ];
    prop_oneof![
        3 => plan, 3 => start, 6 => place, 3 => approve, 6 => waves, 9 => release, 6 => settle, 4 => brakes, 1 => ends
    ]
}

fn rollout_policy_command() -> impl Strategy<Value = RolloutPolicyCommand> {
    prop_oneof![
        3 => (0..3_u32).prop_map(|tail_days| RolloutPolicyCommand::Set {
            name: slug("careful"),
            policy: Box::new(Policy { tail_days, ..rollout_policy() }),
        }),
        1 => Just(RolloutPolicyCommand::Remove),
    ]
}

proptest! {
    /// Whoever takes a seat looks afterwards at how many were there before; between the two the others go on.
    #[test]
    fn no_more_stay_than_were_agreed_on(steps in vec(at_the_table(), 0..80)) {
        let (mut license, mut agreed) = (license_of(2), 2);
        // of each its place in the log, and whether it stays
        let mut seats = BTreeMap::<usize, (usize, bool)>::new();
        for (position, step) in steps.into_iter().enumerate() {
            match step {
                AtTheTable::Take(who) => drop(seats.entry(who).or_insert((position, false))),
                AtTheTable::Leave(who) => drop(seats.remove(&who)),
                // whoever took a seat before fewer were agreed on may still stay: as if it had looked at once
                AtTheTable::Agree(number) if seats.values().all(|(_, stays)| *stays) => {
                    (license, agreed) = (license_of(number), number as usize);
                }
                AtTheTable::Agree(_) => {}
                AtTheTable::Look(who) => {
                    let Some(&(taken, false)) = seats.get(&who) else { continue };
                    let before = seats.values().filter(|(other, _)| *other < taken).count();
                    match license.admit(before as u64) {
                        Ok(()) => {
                            seats.insert(who, (taken, true));
                            let stay = seats.values().filter(|(_, stays)| *stays).count();
                            assert!(stay <= agreed, "{stay} of {agreed}: {seats:?}");
                        }
                        Err(_) => drop(seats.remove(&who)),
                    }
                }
            }
        }
    }

    /// Of those who race for the last seats each has its answer, and the first have the seats.
    #[test]
    fn a_race_for_seats_has_its_winners(agreed in 1..4_u32, order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let license = license_of(agreed);
        let mut seats: BTreeSet<usize> = (0..6).collect();
        for who in order {
            if license.admit(seats.iter().filter(|other| **other < who).count() as u64).is_err() {
                seats.remove(&who);
            }
        }
        assert_eq!(seats, (0..agreed as usize).collect());
    }

    #[test]
    fn nothing_becomes_of_a_revoked_license(commands in vec(license_command(), 0..60)) {
        let mut revoked = false;
        ask::<License>(&commands, |_, _, events| {
            for event in events.into_iter().flatten() {
                assert!(!revoked, "{event:?} of a revoked license");
                revoked = matches!(event, LicenseEvent::LicenseRevoked { .. });
            }
        });
    }

    #[test]
    fn a_channel_goes_back_by_a_demotion_alone(commands in vec(channel_command(), 0..60)) {
        ask::<Channel>(&commands, |channel, _, events| {
            for event in events.into_iter().flatten() {
                match event {
                    ChannelEvent::ReleasePromoted { version, .. } => assert!(Some(version) > channel.current()),
                    ChannelEvent::ReleaseDemoted { version, now, .. } => {
                        assert!(Some(version) <= channel.current() && now.as_ref() != Some(version));
                        assert!(now.as_ref() <= channel.current());
                    }
                    ChannelEvent::ChannelCreated { .. } => assert_eq!(channel.current(), None),
                }
            }
        });
    }

    #[test]
    fn a_branding_picture_is_removed_only_where_there_is_one(commands in vec(organization_command(), 0..40)) {
        let mut shown = BTreeSet::new();
        ask::<Organization>(&commands, |_, _, events| {
            for event in events.into_iter().flatten() {
                match event {
                    OrganizationEvent::BrandingImageSet { image, .. } => _ = shown.insert(*image),
                    OrganizationEvent::BrandingImageRemoved { image } => assert!(shown.remove(image), "{image:?}"),
                    _ => {}
                }
            }
        });
    }

    #[test]
    fn an_icon_is_removed_only_where_there_is_one(commands in vec(application_command(), 0..40)) {
        let mut is_shown = false;
        ask::<Application>(&commands, |_, _, events| {
            for event in events.into_iter().flatten() {
                match event {
                    ApplicationEvent::ApplicationIconSet { .. } => is_shown = true,
                    ApplicationEvent::ApplicationIconRemoved {} => assert!(std::mem::take(&mut is_shown)),
                    _ => {}
                }
            }
        });
    }

    #[test]
    fn generations_count_up_and_a_report_of_an_older_one_changes_nothing(commands in vec(deployment_command(), 0..60)) {
        ask::<Deployment>(&commands, |deployment, command, events| {
            let before = deployment.generation;
            for event in events.into_iter().flatten() {
                match event {
                    DeploymentEvent::DesiredReleaseSet { generation, .. } | DeploymentEvent::RemovalRequested { generation, .. } => {
                        assert_eq!(*generation, before + 1);
                        assert!(!matches!(command, DeploymentCommand::Observe { .. }));
                    }
                    DeploymentEvent::DeploymentHeld { generation, .. }
                    | DeploymentEvent::DeploymentStepped { generation, .. }
                    | DeploymentEvent::DeploymentRetrying { generation, .. }
                    | DeploymentEvent::DeploymentHealthy { generation, .. }
                    | DeploymentEvent::DeploymentUnhealthy { generation, .. }
                    | DeploymentEvent::DeploymentFailed { generation, .. }
                    | DeploymentEvent::DeploymentFlapping { generation, .. }
                    | DeploymentEvent::DeploymentSteady { generation, .. }
                    | DeploymentEvent::DriftDetected { generation, .. }
                    | DeploymentEvent::DriftRepaired { generation, .. }
                    | DeploymentEvent::DeploymentRemoved { generation, .. } => assert_eq!(*generation, before, "{command:?}"),
                }
                if let DeploymentCommand::Observe { report, .. } = command {
                    assert_eq!(report.generation, before, "a report of another generation says nothing: {event:?}");
                }
            }
            if deployment.phase == Phase::Removed {
                assert_eq!(deployment.license_in_use(), None);
            }
        });
    }

    #[test]
    fn a_target_lets_in_by_an_offer_in_time_and_by_a_credential_that_lets_in(commands in vec(target_command(), 0..60)) {
        let (mut retired, mut let_in) = (false, BTreeSet::new());
        ask::<Target>(&commands, |_, command, events| {
            for event in events.into_iter().flatten() {
                assert!(!retired, "{event:?} of a retired target, by {command:?}");
                if let (TargetEvent::TargetEnrolled { .. }, TargetCommand::Enrol { at: when, .. }) = (event, command) {
                    assert!(*when < at(10), "an offer that has expired lets in: {command:?}");
                }
                match event {
                    TargetEvent::TargetEnrolled { credential, .. } => let_in = BTreeSet::from([*credential]),
                    TargetEvent::CredentialRotated { credential, .. } => {
                        let TargetCommand::RotateCredential { shown, .. } = command else { panic!("by {command:?}") };
                        assert!(let_in.contains(shown), "{shown} lets nobody in, and is replaced");
                        let_in = BTreeSet::from([*shown, *credential]);
                    }
                    TargetEvent::CredentialConfirmed { credential } => let_in = BTreeSet::from([*credential]),
                    TargetEvent::TargetRetired { .. } => retired = true,
                    TargetEvent::TargetRegistered { .. }
                    | TargetEvent::EnrolmentOffered { .. }
                    | TargetEvent::TargetLabelled { .. }
                    | TargetEvent::NamespacesSet { .. } => {}
                }
            }
        });
    }

    /// Also of commands that no engine would send: the counts are those of the events, and no limit, halt or end is passed over.
    #[test]
    fn a_rollout_keeps_its_limits_whatever_is_asked(commands in vec(rollout_command(), 0..120)) {
        let (mut flying, mut settled, mut members) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut tried: BTreeSet<(TargetId, Version, u32)> = BTreeSet::new();
        ask::<Rollout>(&commands, |state, command, events| {
            for event in events.into_iter().flatten() {
                assert!(!state.phase.is_final(), "{event:?} after the end, by {command:?}");
                match event {
                    RolloutEvent::TargetsPlaced { targets, .. } => {
                        targets.iter().for_each(|placed| assert!(members.insert(placed.target)));
                    }
                    RolloutEvent::TargetsLeft { targets, .. } => {
                        for target in targets {
                            assert!(members.remove(target));
                            flying.remove(target);
                            settled.remove(target);
                        }
                    }
                    RolloutEvent::TargetsReleased { wave, targets, .. } => {
                        assert!(matches!(state.phase, rollout::Phase::Running | rollout::Phase::Tailing));
                        assert!(state.waves[*wave as usize - 1].is_opened());
                        let mut grows = false;
                        for start in targets {
                            assert!(tried.insert((start.target, start.hop.clone(), start.attempt)), "{start:?} twice");
                            assert!(members.contains(&start.target) && !settled.contains(&start.target));
                            grows |= flying.insert(start.target);
                        }
                        let Some(Amount::Count(most)) = state.limits.as_ref().map(|limits| limits.in_flight) else { panic!() };
                        assert!(!grows || flying.len() <= most as usize, "{flying:?}");
                    }
                    RolloutEvent::TargetsSettled { targets, .. } => {
                        for target in targets {
                            assert!(settled.insert(*target), "{target} twice");
                            flying.remove(target);
                        }
                    }
                    RolloutEvent::TargetsWithdrawn { targets, .. } => {
                        targets.iter().for_each(|target| assert!(flying.remove(target)));
                    }
                    RolloutEvent::RolloutCompleted { .. } => assert_eq!((flying.len(), settled.len()), (0, members.len())),
                    _ => {}
                }
            }
            let known = (state.total().in_flight, state.total().members());
            // the state is the one before the events
            if events.is_none_or(<[_]>::is_empty) && !state.phase.is_final() {
                assert_eq!(known, (flying.len() as u32, members.len() as u32));
            }
        });
    }

    #[test]
    fn a_rollout_policy_is_removed_only_where_there_is_one(commands in vec(rollout_policy_command(), 0..30)) {
        ask::<RolloutPolicy>(&commands, |known, command, events| {
            if *command == RolloutPolicyCommand::Remove {
                assert_eq!(events.is_some(), known.policy.is_some());
            }
        });
    }
}
