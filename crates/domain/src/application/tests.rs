use super::*;
use crate::decider::given::given;
use crate::trust::{SignedParts, TrustedKey};

fn describe(description: &str) -> ApplicationCommand {
    ApplicationCommand::Describe { display_name: "Hello".into(), description: description.into() }
}

#[test]
fn describing_again_in_the_same_words_changes_nothing() {
    let created = ApplicationCreated {
        name: "hello".parse().unwrap(),
        display_name: "Hello".into(),
        description: "greets".into(),
    };
    given::<Application>([created.clone()]).when(describe("greets")).then_nothing();
    given::<Application>([created])
        .when(describe("waves"))
        .then([ApplicationDescribed { display_name: "Hello".into(), description: "waves".into() }]);
}

fn created() -> ApplicationEvent {
    ApplicationCreated { name: "hello".parse().unwrap(), display_name: String::new(), description: String::new() }
}

fn policy(keys: &[&TrustedKey], requires: SignedParts) -> SigningPolicy {
    SigningPolicy { keys: keys.iter().copied().cloned().collect(), requires }
}

fn set(policy: SigningPolicy, reason: Option<&str>) -> ApplicationCommand {
    ApplicationCommand::SetSigningPolicy { policy, reason: reason.map(str::to_owned) }
}

fn changed(policy: SigningPolicy, reason: Option<&str>) -> ApplicationEvent {
    SigningPolicyChanged { policy, reason: reason.map(str::to_owned) }
}

fn key(name: &str) -> TrustedKey {
    TrustedKey { name: name.parse().unwrap(), pem: "…".into() }
}

#[test]
fn a_signing_policy_names_each_key_once_and_is_set_once() {
    let key = key("ci");
    let policy = |keys: &[&TrustedKey]| policy(keys, SignedParts::ImagesAndRelease);
    let one = changed(policy(&[&key]), None);
    given::<Application>([created()]).when(set(policy(&[&key]), None)).then([one.clone()]);
    given::<Application>([created(), one]).when(set(policy(&[&key]), None)).then_nothing();
    let twice = ApplicationRejection::KeyNamedTwice { name: key.name.clone() };
    given::<Application>([created()]).when(set(policy(&[&key, &key]), None)).then_rejected(twice);
    given::<Application>([]).when(set(policy(&[]), None)).then_rejected(ApplicationRejection::NotFound);
}

#[test]
fn a_signing_policy_in_force_changes_only_for_a_reason() {
    let (ci, release) = (key("ci"), key("release"));
    let both = policy(&[&ci], SignedParts::ImagesAndRelease);
    let before = [created(), changed(both, None)];
    for other in [
        policy(&[], SignedParts::ImagesAndRelease),
        policy(&[&ci, &release], SignedParts::ImagesAndRelease),
        policy(&[&release], SignedParts::ImagesAndRelease),
        policy(&[&ci], SignedParts::Images),
    ] {
        let needed = ApplicationRejection::ReasonNeeded { name: "hello".parse().unwrap() };
        given::<Application>(before.clone()).when(set(other.clone(), None)).then_rejected(needed);
        let reason = Some("the key was lost");
        given::<Application>(before.clone()).when(set(other.clone(), reason)).then([changed(other, reason)]);
    }
}

#[test]
fn a_feature_opens_tags_by_pattern() {
    let of = |tags: &[&str]| FeatureTags {
        feature: "llm-addon".parse().unwrap(),
        repository: "models".parse().unwrap(),
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
    };
    let set = |features: Vec<FeatureTags>| ApplicationCommand::SetFeatureTags { features };
    let changed = FeatureTagsChanged { features: vec![of(&["llm-*"])] };
    given::<Application>([created()]).when(set(vec![of(&["llm-*"])])).then([changed.clone()]);
    given::<Application>([created(), changed]).when(set(vec![of(&["llm-*"])])).then_nothing();
    let FeatureTags { feature, repository, .. } = of(&[]);
    let rejection = ApplicationRejection::NoPattern { feature, repository };
    given::<Application>([created()]).when(set(vec![of(&[])])).then_rejected(rejection);
    let (models, tag) = ("models".parse().unwrap(), "llm-7b".parse().unwrap());
    assert!(of(&["x", "llm-*"]).matches(&models, &tag));
    assert!(!of(&["llm-*"]).matches(&"other".parse().unwrap(), &tag));
}

#[test]
fn what_does_not_exist_is_not_described() {
    given::<Application>([]).when(describe("greets")).then_rejected(ApplicationRejection::NotFound);
}

#[test]
fn what_a_catalogue_says_is_said_once_and_whole() {
    let metadata = Metadata {
        category: "Databases".into(),
        homepage: Some("https://hello.example".parse().unwrap()),
        ..Metadata::default()
    };
    let say = |metadata: &Metadata| ApplicationCommand::Catalogue { metadata: metadata.clone() };
    let said = ApplicationCatalogued { metadata: metadata.clone() };
    given::<Application>([created()]).when(say(&Metadata::default())).then_nothing();
    given::<Application>([created()]).when(say(&metadata)).then([said.clone()]);
    given::<Application>([created(), said.clone()]).when(say(&metadata)).then_nothing();
    let nothing = ApplicationCatalogued { metadata: Metadata::default() };
    given::<Application>([created(), said]).when(say(&Metadata::default())).then([nothing]);
    given::<Application>([]).when(say(&metadata)).then_rejected(ApplicationRejection::NotFound);
}

#[test]
fn labels_are_few() {
    let labels =
        |count: usize| (0..count).map(|at| (format!("l{at}").parse().unwrap(), "x".to_owned().try_into().unwrap()));
    let say = |count| ApplicationCommand::Catalogue {
        metadata: Metadata { labels: labels(count).collect(), ..Metadata::default() },
    };
    let rejected = ApplicationRejection::TooManyLabels { name: "hello".parse().unwrap(), labels: MAX_LABELS + 1 };
    given::<Application>([created()]).when(say(MAX_LABELS + 1)).then_rejected(rejected);
    assert_eq!(Application::fold(&[created()]).decide(&say(MAX_LABELS)).unwrap().len(), 1);
}

#[test]
fn an_icon_is_told_by_its_bytes() {
    let picture = |number: u8| {
        Picture::try_new(
            format!("sha256:{number:064x}").parse().unwrap(),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
        )
        .unwrap()
    };
    let put = |number| ApplicationCommand::SetIcon { picture: picture(number) };
    let set = |number| ApplicationIconSet { picture: picture(number) };
    given::<Application>([created()]).when(put(1)).then([set(1)]);
    given::<Application>([created(), set(1)]).when(put(1)).then_nothing();
    given::<Application>([created(), set(1)]).when(put(2)).then([set(2)]);
    given::<Application>([created(), set(1)]).when(ApplicationCommand::RemoveIcon).then([ApplicationIconRemoved {}]);
    given::<Application>([created()]).when(ApplicationCommand::RemoveIcon).then_nothing();
}
