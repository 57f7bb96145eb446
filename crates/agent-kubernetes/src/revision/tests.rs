use super::*;

/// Secrets of Helm 4.1.4: one whose Helm was killed in a first install, and all four after it was freed, a second and a third generation
/// were installed, and the second was gone back to.
fn recorded() -> (Value, Vec<Value>) {
    let recorded: Value = serde_json::from_str(include_str!("recorded.json")).unwrap();
    (recorded["pending"].clone(), recorded["after"].as_array().unwrap().clone())
}

fn revisions(secrets: &[Value]) -> Vec<Revision> {
    secrets.iter().map(|secret| read(secret).unwrap()).collect()
}

#[test]
fn what_runs_and_where_to_go_back_to_is_read_from_labels() {
    let (pending, after) = recorded();
    let pending = read(&pending).unwrap();
    assert!(pending.status.is_pending());
    assert_eq!((pending.release.as_str(), pending.namespace.as_str(), pending.number), ("shop", "shop", 1));
    let all = revisions(&after);
    let runs = deployed(&all).unwrap();
    assert_eq!((runs.number, runs.generation), (4, Some(2)), "a rollback has the labels of what it goes back to");
    assert_eq!(newest(&all).unwrap().number, 4);
    let numbers = |generation| of_generation(&all, generation).iter().map(|of| of.number).collect::<Vec<_>>();
    assert_eq!((numbers(2), numbers(3), numbers(7)), (vec![4, 2], vec![3], vec![]));
    assert_eq!(deployed(&[pending]), None);
}

#[test]
fn what_never_was_deployed_is_known_although_helm_calls_it_superseded() {
    let (pending, after) = recorded();
    assert!(!payload(&pending).unwrap().is_good());
    let good: Vec<(Status, bool)> =
        after.iter().map(|secret| (read(secret).unwrap().status, payload(secret).unwrap().is_good())).collect();
    let superseded = Status::Superseded;
    assert_eq!(good, [(superseded, false), (superseded, true), (superseded, true), (Status::Deployed, true)]);
}

#[test]
fn a_payload_is_the_same_after_it_was_written_again() {
    let (_, after) = recorded();
    for secret in &after {
        let payload = payload(secret).unwrap();
        assert_eq!(decode(&encode(&payload)).unwrap(), payload);
        assert!(payload.manifest().contains("ConfigMap"));
        assert!(payload.deployed_at().is_some());
    }
}

#[test]
fn hooks_are_told_by_their_names() {
    let (pending, _) = recorded();
    let payload = payload(&pending).unwrap();
    assert_eq!(payload.hooks().keys().collect::<Vec<_>>(), ["Job/migrate"]);
    assert!(payload.hooks()["Job/migrate"].contains("kind: Job"));
}

#[test]
fn a_lock_is_freed_by_a_change_of_the_status_alone() {
    let (pending, _) = recorded();
    let patch = unlock(&pending).unwrap();
    assert_eq!(patch["metadata"]["labels"], json!({"status": "failed"}));
    assert_eq!(
        patch["metadata"]["resourceVersion"], pending["metadata"]["resourceVersion"],
        "nobody else's change is lost"
    );
    let (was, mut freed) = (payload(&pending).unwrap(), payload(&patch).unwrap());
    assert_eq!(freed.json["info"]["status"], "failed");
    assert!(!freed.is_good());
    freed.json["info"] = was.json["info"].clone();
    assert_eq!(freed, was);
}

#[test]
fn what_is_not_helms_or_not_as_it_is_known_is_told() {
    let (pending, _) = recorded();
    let with = |change: fn(&mut Value)| {
        let mut secret = pending.clone();
        change(&mut secret);
        secret
    };
    assert!(matches!(read(&with(|secret| secret["type"] = json!("Opaque"))), Err(Undecodable::NotHelms)));
    let unnumbered = with(|secret| secret["metadata"]["labels"]["version"] = json!("x"));
    assert!(matches!(read(&unnumbered), Err(Undecodable::Label("version"))));
    let later = with(|secret| secret["metadata"]["labels"]["status"] = json!("pending-something"));
    assert_eq!(read(&later).unwrap().status, Status::Unknown);
    assert!(matches!(unlock(&with(|secret| secret["data"]["release"] = json!("!"))), Err(Undecodable::Base64(_))));
    for (release, is_it) in [
        ("", (|error| matches!(error, Undecodable::Compressed(_))) as fn(&Undecodable) -> bool),
        ("H4sIAAAAAAAA/6tWKi1OLUpJVbJSMDSvBQA=", |error| {
            matches!(error, Undecodable::Compressed(_) | Undecodable::Json(_))
        }),
    ] {
        let error = decode(release.as_bytes()).unwrap_err();
        assert!(is_it(&error), "{error}");
    }
    let other = Payload { json: json!({"name": "x"}) };
    assert!(matches!(decode(&encode(&other)), Err(Undecodable::Json(_))));
}

#[test]
fn what_unpacks_without_end_is_not_unpacked() {
    let huge = Payload { json: json!({"name": "x".repeat(LARGEST as usize)}) };
    assert!(matches!(decode(&encode(&huge)), Err(Undecodable::TooLarge)));
}
