use super::*;

fn case(features: &[&str], images: &[&str]) -> Case {
    let place = |image: &&str| (image.to_string(), BTreeSet::from([format!("Pod/{image}/main")]));
    Case {
        features: features.iter().map(|name| name.parse().unwrap()).collect(),
        rendering: Rendering { images: images.iter().map(place).collect(), ..Rendering::default() },
    }
}

fn features(found: &Found) -> Vec<(&str, Vec<&str>)> {
    found.images.iter().map(|of| (of.reference.as_str(), of.features.iter().map(Slug::as_str).collect())).collect()
}

#[test]
fn an_image_belongs_to_the_features_that_bring_it() {
    let cases = [
        case(&[], &["web"]),
        case(&["a"], &["web", "shared", "only-a"]),
        case(&["b"], &["web", "shared"]),
        case(&["a", "b"], &["web", "shared", "only-a"]),
    ];
    let found = join(&cases, &[]).unwrap();
    assert_eq!(features(&found), [("only-a", vec!["a"]), ("shared", vec!["a", "b"]), ("web", vec![])]);
    assert_eq!(found.images[0].found, ["Pod/only-a/main"]);
}

#[test]
fn an_image_that_needs_two_features_is_refused_unless_it_is_listed() {
    let cases = [case(&[], &[]), case(&["a"], &[]), case(&["b"], &[]), case(&["a", "b"], &["both"])];
    let said = join(&cases, &[]).unwrap_err().to_string();
    assert!(said.contains("\"both\" runs only if the features a and b are there together"), "{said}");
    let listed = [
        ListedImage { image: "both".to_owned(), feature: Some("b".parse().unwrap()) },
        ListedImage { image: "operator".to_owned(), feature: None },
    ];
    let found = join(&cases, &listed).unwrap();
    assert_eq!(features(&found), [("both", vec!["b"]), ("operator", vec![])]);
}
