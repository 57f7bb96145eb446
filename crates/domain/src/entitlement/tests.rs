use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const APP: ApplicationId = ApplicationId(Uuid::from_u128(1));

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn license(name: &str, terms: Terms) -> HeldLicense {
    let id = LicenseId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
    HeldLicense { id, name: slug(name), application: APP, terms, standing: Standing::Active }
}

fn ranges(ranges: &[&str]) -> Terms {
    Terms { versions: ranges.iter().map(|range| range.parse().unwrap()).collect(), ..Terms::default() }
}

fn release(version: &str) -> EntitlementSubject {
    EntitlementSubject {
        application: APP,
        version: Some(version.parse().unwrap()),
        channels: vec![],
        revoked: None,
        deprecated: None,
        feature: None,
    }
}

#[test]
fn a_license_covers_the_versions_it_names() {
    let held = [license("a", ranges(&["1.2.x", "1.3.x"]))];
    assert!(decide(&[release("1.3.4")], &held, at(0)).is_ok());
    let refusal = decide(&[release("1.4.0")], &held, at(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "license \"a\" covers versions 1.2.x, 1.3.x, not \"1.4.0\"");
    assert_eq!(refusal.code(), "entitlement.version_outside");
}

#[test]
fn a_deployment_tries_every_license_that_covers_it_where_it_sits_first() {
    let with =
        |features: &[&str], terms: Terms| Terms { features: features.iter().map(|f| slug(f)).collect(), ..terms };
    let lapsed = Terms { expires_at: Some(at(-1)), ..with(&["gone"], Terms::default()) };
    let held = [
        license("b", with(&["x"], ranges(&["1.x"]))),
        license("old", with(&["legacy"], ranges(&["0.x"]))),
        license("lapsed", lapsed),
        license("a", with(&["y", "x"], Terms::default())),
    ];
    let seat = |name: &str| held.iter().find(|license| license.name == slug(name)).map(|license| license.id);
    let table = [
        ("1.0.0", None, vec!["b", "a"], vec!["x", "y"]),
        ("1.0.0", seat("a"), vec!["a", "b"], vec!["x", "y"]),
        ("1.0.0", seat("lapsed"), vec!["b", "a"], vec!["x", "y"]),
        ("0.9.0", seat("b"), vec!["old", "a"], vec!["legacy", "x", "y"]),
        ("2.0.0", None, vec!["a"], vec!["x", "y"]),
    ];
    for (version, seat, licenses, features) in table {
        let granted = decide_deploy(&release(version), &held, seat, at(0)).unwrap();
        let names: Vec<&str> = granted.licenses.iter().map(|grant| grant.name.as_str()).collect();
        let given: Vec<&str> = granted.features.iter().map(Slug::as_str).collect();
        assert_eq!((names, given), (licenses, features), "{version} {seat:?}");
    }
    let elsewhere = EntitlementSubject { application: ApplicationId(Uuid::from_u128(2)), ..release("1.0.0") };
    assert_eq!(decide_deploy(&elsewhere, &held, None, at(0)).err(), Some(Refusal::NoLicense));
}

#[test]
fn a_channel_license_covers_what_was_promoted_there() {
    let terms = Terms { channels: [slug("stable")].into(), ..Terms::default() };
    let held = [license("a", terms)];
    let promoted = EntitlementSubject { channels: vec![slug("beta"), slug("stable")], ..release("1.0.0") };
    assert!(decide(&[promoted], &held, at(0)).is_ok());
    let refusal = decide(&[release("1.0.0")], &held, at(0)).unwrap_err();
    assert_eq!(refusal.code(), "entitlement.channel_outside");
}

#[test]
fn a_tag_of_a_feature_needs_the_feature_and_no_version() {
    let tag = EntitlementSubject { version: None, feature: Some(slug("llm-addon")), ..release("1.0.0") };
    let terms = Terms { features: [slug("llm-addon")].into(), ..ranges(&["9.x"]) };
    assert!(decide(std::slice::from_ref(&tag), &[license("a", terms)], at(0)).is_ok());
    let refusal = decide(&[tag], &[license("a", Terms::default())], at(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "license \"a\" does not include feature \"llm-addon\"");
}

#[test]
fn a_feature_must_be_licensed() {
    let with_feature = EntitlementSubject { feature: Some(slug("llm-addon")), ..release("1.0.0") };
    let plain = [license("a", Terms::default())];
    assert_eq!(
        decide(std::slice::from_ref(&with_feature), &plain, at(0)).unwrap_err().code(),
        "entitlement.feature_missing"
    );
    let terms = Terms { features: [slug("llm-addon")].into(), ..Terms::default() };
    assert!(decide(&[with_feature], &[license("a", terms)], at(0)).is_ok());
}

#[test]
fn an_expired_license_entitles_to_nothing() {
    let terms = Terms { expires_at: Some(at(10)), ..Terms::default() };
    let held = [license("a", terms)];
    assert!(decide(&[release("1.0.0")], &held, at(9)).is_ok());
    assert_eq!(
        decide(&[release("1.0.0")], &held, at(10)),
        Err(Refusal::Expired { license: slug("a"), expires_at: at(10) })
    );
}

#[test]
fn a_license_does_not_hold_before_it_begins() {
    let terms = Terms { not_before: Some(at(10)), ..Terms::default() };
    let held = [license("a", terms)];
    assert_eq!(decide(&[release("1.0.0")], &held, at(9)).unwrap_err().code(), "entitlement.not_yet");
    assert!(decide(&[release("1.0.0")], &held, at(10)).is_ok());
}

#[test]
fn the_reason_names_the_license_that_came_nearest() {
    let revoked = Standing::Revoked { reason: "unpaid".into() };
    let held =
        [license("old", ranges(&["0.x"])), HeldLicense { standing: revoked, ..license("new", ranges(&["1.x"])) }];
    let refusal = decide(&[release("1.0.0")], &held, at(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "license \"new\" was revoked: unpaid");
}

#[test]
fn one_of_several_licenses_is_enough() {
    let held = [license("old", ranges(&["0.x"])), license("new", ranges(&["1.x"]))];
    assert_eq!(decide(&[release("1.0.0")], &held, at(0)).unwrap().name, slug("new"));
}

#[test]
fn a_revoked_release_is_refused_whatever_the_license() {
    let asked = EntitlementSubject { revoked: Some("cve".into()), ..release("1.0.0") };
    let refusal = decide(&[asked], &[license("a", Terms::default())], at(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "release \"1.0.0\" was revoked: cve");
}

#[test]
fn an_artifact_of_no_release_is_refused() {
    assert_eq!(decide(&[], &[license("a", Terms::default())], at(0)), Err(Refusal::NotReleased));
}

#[test]
fn a_license_for_another_application_is_no_license() {
    let other = HeldLicense { application: ApplicationId(Uuid::from_u128(2)), ..license("a", Terms::default()) };
    assert_eq!(decide(&[release("1.0.0")], &[other], at(0)), Err(Refusal::NoLicense));
}

proptest! {
    /// More licenses never take a right away, and their order does not matter.
    #[test]
    fn licenses_only_add_rights(
        begins in prop::collection::vec((0i64..20, 1i64..20, 0u8..3), 1..5),
        now in 0i64..40,
    ) {
        let held: Vec<_> = begins.iter().enumerate().map(|(n, (begin, length, major))| {
            let terms = Terms {
                not_before: Some(at(*begin)),
                expires_at: Some(at(begin + length)),
                ..ranges(&[&format!("{major}.x")])
            };
            license(&format!("l{n}"), terms)
        }).collect();
        let asked = [release("1.0.0")];
        let one_is_enough = held.iter().any(|one| decide(&asked, std::slice::from_ref(one), at(now)).is_ok());
        prop_assert_eq!(decide(&asked, &held, at(now)).is_ok(), one_is_enough);
        let reversed: Vec<_> = held.into_iter().rev().collect();
        prop_assert_eq!(decide(&asked, &reversed, at(now)).is_ok(), one_is_enough);
    }
}
