use uuid::Uuid;

use super::*;
use crate::decider::given::given;

const OFFER: EnrolmentId = EnrolmentId(Uuid::from_u128(1));
const CREDENTIAL: CredentialId = CredentialId(Uuid::from_u128(2));

fn name() -> Slug {
    "factory".parse().unwrap()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn offered() -> Vec<TargetEvent> {
    let customer = CustomerId(Uuid::nil());
    vec![
        TargetRegistered { customer, name: name(), runtime: Runtime::Docker },
        EnrolmentOffered { enrolment: OFFER, expires_at: at(100) },
    ]
}

const NEWER: CredentialId = CredentialId(Uuid::from_u128(3));

fn enrol_with(proof: Option<&str>, second: i64) -> TargetCommand {
    let proof = proof.map(str::to_owned);
    TargetCommand::Enrol { enrolment: OFFER, credential: CREDENTIAL, proof, at: at(second) }
}

fn enrol(second: i64) -> TargetCommand {
    enrol_with(None, second)
}

fn enrolled(proof: Option<&str>) -> Vec<TargetEvent> {
    let proof = proof.map(str::to_owned);
    let mut events = offered();
    events.push(TargetEnrolled { enrolment: OFFER, credential: CREDENTIAL, proof });
    events
}

fn rotate(shown: CredentialId, credential: CredentialId) -> TargetCommand {
    TargetCommand::RotateCredential { shown, credential }
}

#[test]
fn each_side_labels_for_itself() {
    let labels = |key: &str| Labels::from([(key.parse().unwrap(), "x".to_owned().try_into().unwrap())]);
    let label = |by, key| TargetCommand::Label { by, labels: labels(key) };
    let labelled = |by, key| TargetLabelled { by, labels: labels(key) };
    let (vendor, customer) = (AskedBy::Vendor, AskedBy::Customer);
    let mut events = offered();
    events.push(labelled(vendor, "tier"));
    given::<Target>(events.clone()).when(label(vendor, "tier")).then_nothing();
    given::<Target>(events.clone()).when(label(customer, "tier")).then([labelled(customer, "tier")]);
    given::<Target>(events.clone()).when(label(vendor, "ring")).then([labelled(vendor, "ring")]);
    events.push(TargetRetired { reason: "sold".into() });
    given::<Target>(events).when(label(vendor, "ring")).then_rejected(TargetRejection::Retired { name: name() });
}

#[test]
fn an_enrolment_token_works_once() {
    given::<Target>(offered()).when(enrol(99)).then(enrolled(None).split_off(2));
    given::<Target>(enrolled(None)).when(enrol(99)).then_rejected(TargetRejection::EnrolmentSpent);
}

#[test]
fn an_agent_that_lost_the_answer_enrols_again_while_the_offer_lasts() {
    let again = TargetCommand::Enrol { enrolment: OFFER, credential: NEWER, proof: Some("a".to_owned()), at: at(99) };
    let proof = Some("a".to_owned());
    let enrolled_again = TargetEnrolled { enrolment: OFFER, credential: NEWER, proof };
    given::<Target>(enrolled(Some("a"))).when(again).then([enrolled_again]);
    given::<Target>(enrolled(Some("a"))).when(enrol_with(Some("a"), 99)).then([]);
    given::<Target>(enrolled(Some("a")))
        .when(enrol_with(Some("a"), 100))
        .then_rejected(TargetRejection::EnrolmentExpired { expires_at: at(100) });
}

#[test]
fn nobody_else_enrols_with_a_token_that_was_used() {
    for other in [None, Some("b")] {
        given::<Target>(enrolled(Some("a"))).when(enrol_with(other, 99)).then_rejected(TargetRejection::EnrolmentSpent);
    }
}

#[test]
fn the_credential_that_was_used_to_ask_stays_until_the_new_one_is_confirmed() {
    let rotated = CredentialRotated { credential: NEWER, beside: Some(CREDENTIAL) };
    given::<Target>(enrolled(None)).when(rotate(CREDENTIAL, NEWER)).then([rotated.clone()]);
    let lost: Vec<_> = enrolled(None).into_iter().chain([rotated]).collect();
    let newest = CredentialId(Uuid::from_u128(4));
    given::<Target>(lost.clone())
        .when(rotate(CREDENTIAL, newest))
        .then([CredentialRotated { credential: newest, beside: Some(CREDENTIAL) }]);
    let confirm = TargetCommand::ConfirmCredential { credential: NEWER };
    let confirmed = CredentialConfirmed { credential: NEWER };
    given::<Target>(lost.clone()).when(confirm.clone()).then([confirmed.clone()]);
    let confirmed: Vec<_> = lost.into_iter().chain([confirmed]).collect();
    given::<Target>(confirmed.clone()).when(confirm).then([]);
    given::<Target>(confirmed)
        .when(rotate(CREDENTIAL, newest))
        .then_rejected(TargetRejection::CredentialReplaced { name: name() });
}

#[test]
fn an_enrolment_token_expires() {
    given::<Target>(offered())
        .when(enrol(100))
        .then_rejected(TargetRejection::EnrolmentExpired { expires_at: at(100) });
}

#[test]
fn a_new_offer_replaces_the_old_one() {
    let newer = EnrolmentOffered { enrolment: EnrolmentId(Uuid::from_u128(9)), expires_at: at(200) };
    given::<Target>(offered().into_iter().chain([newer]))
        .when(enrol(99))
        .then_rejected(TargetRejection::EnrolmentSpent);
}

#[test]
fn a_retired_target_takes_no_command() {
    let retired = TargetRetired { reason: "sold".into() };
    given::<Target>(offered().into_iter().chain([retired]))
        .when(enrol(99))
        .then_rejected(TargetRejection::Retired { name: name() });
}

#[test]
fn only_an_enrolled_agent_rotates_its_credential() {
    given::<Target>(offered())
        .when(rotate(CREDENTIAL, NEWER))
        .then_rejected(TargetRejection::NotEnrolled { name: name() });
}

fn register(runtime: Runtime, namespaces: &[&str]) -> TargetCommand {
    let namespaces = namespaces.iter().map(|name| name.parse().unwrap()).collect();
    TargetCommand::Register { customer: CustomerId(Uuid::nil()), name: name(), runtime, namespaces }
}

#[test]
fn a_cluster_has_namespaces_and_a_docker_host_has_none() {
    let registered = |runtime| TargetRegistered { customer: CustomerId(Uuid::nil()), name: name(), runtime };
    let set = |names: &[&str]| NamespacesSet { namespaces: names.iter().map(|name| name.parse().unwrap()).collect() };
    let unfit = |namespaces| TargetRejection::NamespacesUnfit { name: name(), namespaces };
    let cluster = [registered(Runtime::Kubernetes), set(&["shop"])];
    assert_eq!(cluster.each_ref().map(DomainEvent::schema_version), [3, 1]);
    given::<Target>([]).when(register(Runtime::Kubernetes, &["shop"])).then(cluster.clone());
    given::<Target>([]).when(register(Runtime::Kubernetes, &[])).then_rejected(unfit(0));
    given::<Target>([]).when(register(Runtime::Kubernetes, &["a", "a"])).then_rejected(unfit(2));
    for reserved in ["distr-agent", "kube-system"] {
        let namespace = reserved.parse().unwrap();
        given::<Target>([])
            .when(register(Runtime::Kubernetes, &["shop", reserved]))
            .then_rejected(TargetRejection::NamespaceReserved { namespace });
    }
    given::<Target>([])
        .when(register(Runtime::Docker, &["shop"]))
        .then_rejected(TargetRejection::NoNamespaces { name: name() });
    let change = |names: &[&str]| TargetCommand::SetNamespaces { namespaces: set_of(names) };
    given::<Target>(cluster.clone()).when(change(&["shop", "jobs"])).then([set(&["shop", "jobs"])]);
    given::<Target>(cluster.clone()).when(change(&["shop"])).then([]);
    let many: Vec<String> = (0..51).map(|n| format!("n{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    given::<Target>(cluster).when(change(&many)).then_rejected(unfit(51));
}

fn set_of(names: &[&str]) -> Vec<Slug> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}
