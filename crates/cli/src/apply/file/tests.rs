use super::*;

fn wanted(text: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    parse("f.yaml", text, &mut wanted).map_err(|failure| failure.to_string())?;
    Ok(wanted)
}

#[test]
fn all_sections_of_all_documents_are_read() {
    let text = "applications:\n- {name: hello, channels: [alpha, stable]}\n---\nchannels:\n- {app: hello, name: beta}\n\
        ---\ncustomers:\n- name: globex\n  displayName: Globex Inc.\nlicenses: []\n";
    let wanted = wanted(text).unwrap();
    assert_eq!(wanted.applications[0].value.channels.len(), 2);
    assert_eq!(wanted.channels[0].value.name.as_str(), "beta");
    assert_eq!(wanted.customers[0].value.display_name.as_deref(), Some("Globex Inc."));
}

#[test]
fn a_license_may_be_written_in_either_spelling() {
    let text = "licenses:\n- customer: acme\n  app: payment-gateway\n  allowed_versions: [\"1.2.x\", \"1.3.x\"]\n  \
        features: [\"analytics\", \"llm-addon\"]\n  expires: 2025-12-31\n";
    let license = &wanted(text).unwrap().licenses[0].value.clone();
    assert_eq!(license.name().as_str(), "payment-gateway");
    assert_eq!(license.versions.len(), 2);
    assert_eq!(moment::text(license.expires.unwrap()), "2026-01-01T00:00:00Z");
}

#[test]
fn an_unknown_field_is_refused_with_its_line_and_column() {
    let error = wanted("customers:\n- name: globex\n  displyName: Globex\n").unwrap_err();
    assert!(error.starts_with("f.yaml:3:3: "), "{error}");
    assert!(error.contains("displyName"), "{error}");
    let error = wanted("applications: []\nlicences: []\n").unwrap_err();
    assert!(error.starts_with("f.yaml:2:1: ") && error.contains("licences"), "{error}");
}

#[test]
fn a_wrong_type_or_name_is_refused_with_its_line_and_column() {
    let cases = [
        ("licenses:\n- {customer: a, app: b, seats: three}\n", "f.yaml:2:32: "),
        ("licenses:\n- {customer: a, app: b, seats: -1}\n", "f.yaml:2:32: expected a whole number"),
        ("licenses:\n- customer: a\n  app: b\n  versions: 1.x\n", "f.yaml:4:13: "),
        ("licenses:\n- customer: a\n  app: b\n  expires: soon\n", "f.yaml:4:12: "),
        ("licenses:\n- customer: a\n  app: b\n  versions: [one]\n", "f.yaml:4:14: "),
        ("customers:\n- name: Not Good\n", "f.yaml:2:9: "),
        ("customers: globex\n", "f.yaml:1:12: expected a list"),
        ("customers:\n- displayName: x\n", "f.yaml:2:3: "),
        ("customers: [\n", "f.yaml:"),
    ];
    for (text, place) in cases {
        let error = wanted(text).unwrap_err();
        assert!(error.starts_with(place), "{text:?} gave {error:?}, expected {place:?}");
    }
}

#[test]
fn a_field_given_twice_is_refused() {
    let error =
        wanted("licenses:\n- customer: a\n  app: b\n  versions: [1.x]\n  allowed_versions: [2.x]\n").unwrap_err();
    assert!(error.contains("versions"), "{error}");
}

#[test]
fn an_empty_file_wants_nothing() {
    assert!(wanted("").unwrap().customers.is_empty());
    assert!(wanted("# nothing yet\n").unwrap().customers.is_empty());
}
