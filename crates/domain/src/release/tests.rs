use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::decider::given::given;
use crate::oci::Digest;
use crate::trust::{ImageSignature, SignedLayer, SignedParts, VerifiedSignature};

fn version() -> Version {
    "1.0.0".parse().unwrap()
}

fn digest(digit: &str) -> Digest {
    format!("sha256:{}", digit.repeat(64)).parse().unwrap()
}

fn content(notes: &str) -> ReleaseContent {
    let image = ReleaseImage {
        package: PackageKind::Compose,
        service: "web".into(),
        repository: "hello".parse().unwrap(),
        digest: digest("a"),
        tag: None,
        feature: None,
    };
    let compose = Package::Compose(ComposePackage { file: "services: {}".into(), files: vec![] });
    ReleaseContent { packages: vec![compose], images: vec![image], notes: notes.into() }
}

fn publication(notes: &str, trust: Option<ReleaseTrust>) -> ReleaseCommand {
    ReleaseCommand::Publish { content: content(notes), trust }
}

fn drafted(content: ReleaseContent) -> ReleaseEvent {
    ReleaseDrafted { application: ApplicationId(Uuid::nil()), version: version(), content }
}

#[test]
fn what_was_not_verified_is_not_published_as_verified() {
    let mut trust = ReleaseTrust { keys: vec![], signatures: vec![], requires: SignedParts::Images };
    let publish = publication("a", Some(trust.clone()));
    let rejection = ReleaseRejection::DraftChanged { version: version() };
    given::<Release>([drafted(content("a"))]).when(publish).then_rejected(rejection);
    let image = &content("a").images[0];
    trust.signatures.push(ImageSignature {
        repository: image.repository.clone(),
        digest: image.digest.clone(),
        key: "ci".parse().unwrap(),
        layer: SignedLayer { media_type: String::new(), signature: None, content: String::new() },
    });
    let publish = publication("a", Some(trust.clone()));
    given::<Release>([drafted(content("a"))]).when(publish).then([ReleasePublished { trust: Some(trust) }]);
}

fn signature(content: &str) -> ReleaseSignature {
    let layer = SignedLayer { media_type: String::new(), signature: None, content: content.into() };
    ReleaseSignature { key: None, verified: None, layer }
}

fn by(key: &str, content: &str) -> ReleaseSignature {
    let verified = VerifiedSignature { key_id: key.into(), payload: digest("b") };
    ReleaseSignature { key: Some(key.parse().unwrap()), verified: Some(verified), ..signature(content) }
}

fn signed(text: &str) -> ReleaseEvent {
    ReleaseSigned { signature: signature(text) }
}

fn sign(text: &str, notes: &str) -> ReleaseCommand {
    ReleaseCommand::Sign { signature: signature(text), content: content(notes) }
}

#[test]
fn a_signature_is_of_what_the_release_is_now() {
    let draft = drafted(content("a"));
    given::<Release>([draft.clone()]).when(sign("s", "a")).then([signed("s")]);
    given::<Release>([draft.clone(), ReleasePublished { trust: None }]).when(sign("s", "a")).then([signed("s")]);
    given::<Release>([draft.clone(), signed("s")]).when(sign("s", "a")).then_nothing();
    let changed = ReleaseRejection::DraftChanged { version: version() };
    given::<Release>([draft, drafted(content("b"))]).when(sign("s", "a")).then_rejected(changed);
}

#[test]
fn a_draft_that_is_replaced_is_signed_anew() {
    let requires = SignedParts::Release;
    let trust = Some(ReleaseTrust { keys: vec![], signatures: vec![], requires });
    let publish = publication("b", trust.clone());
    let replaced = [drafted(content("a")), signed("s"), drafted(content("b"))];
    let changed = ReleaseRejection::DraftChanged { version: version() };
    given::<Release>(replaced.clone()).when(publish.clone()).then_rejected(changed);
    let again = [&replaced[..], &[signed("t")]].concat();
    given::<Release>(again.clone()).when(sign("t", "b")).then_nothing();
    given::<Release>(again).when(publish).then([ReleasePublished { trust }]);
}

fn add(signature: ReleaseSignature) -> ReleaseCommand {
    ReleaseCommand::Sign { signature, content: content("a") }
}

fn full_of(signatures: impl IntoIterator<Item = ReleaseSignature>) -> Vec<ReleaseEvent> {
    let signed = signatures.into_iter().map(|signature| ReleaseSigned { signature });
    [drafted(content("a"))].into_iter().chain(signed).collect()
}

fn kept(events: &[ReleaseEvent]) -> Vec<ReleaseSignature> {
    let mut release = Release::default();
    events.iter().for_each(|event| release.evolve(event));
    release.signatures
}

#[test]
fn signatures_that_nobody_verified_give_way() {
    let junk = (0..MAX_SIGNATURES).map(|number| signature(&number.to_string()));
    let full = full_of(junk);
    let signed = ReleaseSigned { signature: by("ci", "good") };
    given::<Release>(full.clone()).when(add(by("ci", "good"))).then([signed.clone()]);
    let mut events = [&full[..], &[signed]].concat();
    events.extend((0..MAX_SIGNATURES).map(|number| ReleaseSigned { signature: signature(&format!("more {number}")) }));
    let kept = kept(&events);
    assert_eq!(kept.len(), MAX_SIGNATURES);
    assert!(kept.contains(&by("ci", "good")) && kept.contains(&signature("more 7")), "{kept:?}");
}

#[test]
fn each_key_signs_once() {
    let again = full_of([by("ci", "good")]);
    given::<Release>(again.clone()).when(add(by("ci", "the same in other bytes"))).then_nothing();
    let mut other = by("ci", "of another statement");
    other.verified.as_mut().unwrap().payload = digest("c");
    given::<Release>(again).when(add(other.clone())).then([ReleaseSigned { signature: other }]);
}

#[test]
fn the_signature_of_a_new_key_always_finds_room() {
    let former = (0..MAX_SIGNATURES).map(|number| by(&format!("key-{number}"), &number.to_string()));
    let full = full_of(former);
    let rejection = ReleaseRejection::TooManySignatures { version: version() };
    given::<Release>(full.clone()).when(add(signature("junk"))).then_rejected(rejection);
    let signed = ReleaseSigned { signature: by("new", "good") };
    given::<Release>(full.clone()).when(add(by("new", "good"))).then([signed.clone()]);
    let kept = kept(&[&full[..], &[signed]].concat());
    assert_eq!((kept.len(), &kept[0]), (MAX_SIGNATURES, &by("key-1", "1")));
}

#[test]
fn a_signature_that_a_key_is_known_for_now_is_kept_once() {
    let before = full_of([signature("good")]);
    let signed = ReleaseSigned { signature: by("ci", "good") };
    given::<Release>(before.clone()).when(add(by("ci", "good"))).then([signed.clone()]);
    assert_eq!(kept(&[&before[..], &[signed]].concat()), [by("ci", "good")]);
}

fn draft(content: ReleaseContent, replaces: ReleaseContent) -> ReleaseCommand {
    ReleaseCommand::Draft { application: ApplicationId(Uuid::nil()), version: version(), content, replaces }
}

#[test]
fn a_draft_that_nobody_checked_is_not_replaced() {
    let changed = || ReleaseRejection::DraftChanged { version: version() };
    let none = ReleaseContent::default;
    given::<Release>([]).when(draft(content("a"), none())).then([drafted(content("a"))]);
    given::<Release>([drafted(content("b"))]).when(draft(content("a"), none())).then_rejected(changed());
    let twice = [drafted(content("b")), drafted(content("c"))];
    given::<Release>(twice).when(draft(content("a"), content("b"))).then_rejected(changed());
    given::<Release>([drafted(content("a"))]).when(draft(content("a"), none())).then_nothing();
}

#[test]
fn a_draft_may_be_replaced_until_it_is_published() {
    given::<Release>([drafted(content("a"))]).when(draft(content("b"), content("a"))).then([drafted(content("b"))]);
    given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
        .when(draft(content("b"), content("a")))
        .then_rejected(ReleaseRejection::Immutable { version: version() });
}

#[test]
fn publishing_the_same_content_again_changes_nothing() {
    given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
        .when(draft(content("a"), content("a")))
        .then_nothing();
    given::<Release>([drafted(content("a")), ReleasePublished { trust: None }])
        .when(publication("a", None))
        .then_nothing();
}

#[test]
fn what_replaced_a_draft_is_not_published_in_its_place() {
    let changed = ReleaseRejection::DraftChanged { version: version() };
    let replaced = [drafted(content("a")), drafted(content("b"))];
    given::<Release>(replaced.clone()).when(publication("a", None)).then_rejected(changed);
    given::<Release>(replaced).when(publication("b", None)).then([ReleasePublished { trust: None }]);
}

#[test]
fn a_release_that_runs_nothing_is_not_published() {
    given::<Release>([drafted(ReleaseContent::default())])
        .when(ReleaseCommand::Publish { content: ReleaseContent::default(), trust: None })
        .then_rejected(ReleaseRejection::Empty { version: version() });
}

#[test]
fn a_revoked_release_stays_revoked() {
    let revoked = ReleaseRevoked { reason: "cve".into() };
    given::<Release>([drafted(content("a")), ReleasePublished { trust: None }, revoked])
        .when(publication("a", None))
        .then_rejected(ReleaseRejection::Revoked { version: version(), reason: "cve".into() });
}

#[test]
fn a_draft_is_not_deprecated() {
    let on = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
    given::<Release>([drafted(content("a"))])
        .when(ReleaseCommand::Deprecate { on, reason: "old".into() })
        .then_rejected(ReleaseRejection::Draft { version: version() });
}

#[test]
fn a_target_has_one_package_to_install() {
    let mut twice = content("a");
    twice.packages.extend(content("a").packages);
    let repeated = ReleaseRejection::PackageRepeated { version: version(), package: PackageKind::Compose };
    given::<Release>([]).when(draft(twice, ReleaseContent::default())).then_rejected(repeated);
}

#[test]
fn content_is_stored_in_the_oldest_shape_that_can_say_it() {
    let stored = |content: &ReleaseContent| serde_json::to_value(content).unwrap();
    let compose = content("a");
    assert_eq!((compose.schema_version(), &stored(&compose)["compose"]), (1, &json!("services: {}")));
    let none = ReleaseContent::default();
    assert_eq!((none.schema_version(), stored(&none)), (2, json!({"packages": [], "images": [], "notes": ""})));
    let mut shipped = compose.clone();
    let file = PackageFile { path: "a.conf".parse().unwrap(), content: b"a".to_vec().into(), executable: true };
    shipped.packages = vec![Package::Compose(ComposePackage { file: "services: {}".into(), files: vec![file] })];
    let package = json!({
        "kind": "compose", "file": "services: {}", "files": [{"path": "a.conf", "text": "a", "executable": true}],
    });
    assert_eq!((shipped.schema_version(), &stored(&shipped)["packages"]), (2, &json!([package])));
    for content in [compose, none, shipped] {
        assert_eq!(serde_json::from_value::<ReleaseContent>(stored(&content)).unwrap(), content);
    }
    let golden = include_str!("../../tests/golden/ReleaseDrafted.helm.json");
    let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
    let chart: ReleaseContent = serde_json::from_value(golden["data"]["content"].clone()).unwrap();
    assert_eq!((chart.schema_version(), stored(&chart)), (3, golden["data"]["content"].clone()));
    let newer = json!({"packages": [{"kind": "compose", "file": "a"}], "images": [], "notes": ""});
    let read: ReleaseContent = serde_json::from_value(newer).unwrap();
    assert_eq!(read.compose().unwrap().file, "a");
}

fn published() -> Vec<ReleaseEvent> {
    vec![drafted(content("a")), ReleasePublished { trust: None }]
}

#[test]
fn a_release_is_required_until_it_is_not_also_when_it_was_revoked() {
    let require = |reason: &str| ReleaseCommand::Require { reason: reason.into() };
    let required = |reason: &str| ReleaseRequired { reason: reason.into() };
    given::<Release>(published()).when(require("schema")).then([required("schema")]);
    given::<Release>([drafted(content("a"))])
        .when(require("schema"))
        .then_rejected(ReleaseRejection::Draft { version: version() });
    let floor = || published().into_iter().chain([required("schema")]).collect::<Vec<_>>();
    given::<Release>(floor()).when(require("schema")).then_nothing();
    given::<Release>(floor()).when(require("keys")).then([required("keys")]);
    let revoked = floor().into_iter().chain([ReleaseRevoked { reason: "cve".into() }]).collect::<Vec<_>>();
    let rejected = ReleaseRejection::Revoked { version: version(), reason: "cve".into() };
    given::<Release>(revoked.clone()).when(require("keys")).then_rejected(rejected);
    let lifted = ReleaseUnrequired { reason: "1.1.1 does it".into() };
    let lift = || ReleaseCommand::Unrequire { reason: "1.1.1 does it".into() };
    given::<Release>(revoked).when(lift()).then([lifted]);
    given::<Release>(published()).when(lift()).then_nothing();
}

#[test]
fn upgrades_to_a_release_are_blocked_by_range_and_opened_again() {
    let block = |from: &str| ReleaseCommand::BlockUpgrade { from: from.parse().unwrap(), reason: "mail".into() };
    let blocked = |from: &str| UpgradeBlocked { from: from.parse().unwrap(), reason: "mail".into() };
    let open = |from: &str| ReleaseCommand::UnblockUpgrade { from: from.parse().unwrap() };
    given::<Release>(published()).when(block("1.0.x || 1.2.x")).then([blocked("1.0.x || 1.2.x")]);
    let with = || published().into_iter().chain([blocked("1.0.x")]).collect::<Vec<_>>();
    given::<Release>(with()).when(block("1.0.x")).then_nothing();
    given::<Release>(with()).when(open("1.0.x")).then([UpgradeUnblocked { from: "1.0.x".parse().unwrap() }]);
    given::<Release>(with()).when(open("1.1.x")).then_nothing();
    let many = (0..MAX_BLOCKED).map(|minor| blocked(&format!("1.{minor}.x")));
    let full = published().into_iter().chain(many).collect::<Vec<_>>();
    let rejected = ReleaseRejection::TooManyBlocked { version: version() };
    given::<Release>(full).when(block("2.0.x")).then_rejected(rejected);
}

#[test]
fn a_release_of_no_return_stays_one() {
    let mark = || ReleaseCommand::MarkNoReturn { reason: "new format".into() };
    let marked = ReleaseMarkedNoReturn { reason: "new format".into() };
    given::<Release>(published()).when(mark()).then([marked.clone()]);
    let marked = published().into_iter().chain([marked]).collect::<Vec<_>>();
    given::<Release>(marked).when(mark()).then_nothing();
}

#[test]
fn each_change_costs_what_the_release_ships() {
    let mut large = content("a");
    large.packages = vec![Package::Compose(ComposePackage { file: "x".repeat(100_000), files: vec![] })];
    assert!((100_000..101_000).contains(&Release::fold([&drafted(large)]).kept_with_a_change()));
}
