use serde_json::json;

use super::*;

const NOW: &str = "2026-01-01T12:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn with(object: &Value, children: &[Value], events: &[Value], is_late: bool) -> Verdict {
    judge(Sight { object, children, events, now: now(), is_late, rule: None })
}

fn of(object: &Value) -> Verdict {
    with(object, &[], &[], false)
}

fn object(api: &str, kind: &str, spec: Value, status: Value) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x", "generation": 2}, "spec": spec, "status": status})
}

fn deployment(status: Value) -> Value {
    object("apps/v1", "Deployment", json!({"replicas": 2}), status)
}

fn pod(status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x-1"}, "spec": {}, "status": status})
}

fn waiting(reason: &str, restarts: i64) -> Value {
    let last = json!({"terminated": {"exitCode": 3}});
    let waiting = json!({"waiting": {"reason": reason, "message": "why"}});
    pod(
        json!({"phase": "Pending", "containerStatuses": [{"name": "c", "restartCount": restarts, "state": waiting, "lastState": last}]}),
    )
}

#[track_caller]
fn ill(verdict: Verdict, cause: Cause, text: &str) {
    let Verdict::Ill(illness) = verdict else { panic!("{verdict:?}") };
    assert_eq!((illness.cause, illness.text.as_str()), (cause, text));
}

#[track_caller]
fn progresses(verdict: &Verdict, text: &str) {
    assert!(matches!(verdict, Verdict::Progressing(said) if said.contains(text)), "{verdict:?}");
}

#[test]
fn the_objects_of_a_real_cluster_are_judged_as_a_person_would() {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    for case in &recorded {
        let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
        let verdict = judge(Sight {
            object: &case["object"],
            children: &list("children"),
            events: &list("events"),
            now: case["now"].as_str().unwrap().parse().unwrap(),
            is_late: false,
            rule: None,
        });
        let said = match verdict {
            Verdict::Well => "well".to_owned(),
            Verdict::NotJudged => "not judged".to_owned(),
            Verdict::Doubtful(text) => format!("doubtful: {text}"),
            Verdict::Progressing(text) => format!("progressing: {text}"),
            Verdict::Ill(illness) => format!("ill, {:?}: {}", illness.cause, illness.text),
        };
        assert!(said.starts_with(case["expected"].as_str().unwrap()), "{}: {said}", case["name"]);
    }
}

#[test]
fn what_the_controllers_did_not_look_at_yet_is_not_well() {
    let status = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
    progresses(&of(&deployment(status)), "was not looked at since it changed");
    let mut leaving = deployment(json!({}));
    leaving["metadata"]["deletionTimestamp"] = json!(NOW);
    progresses(&of(&leaving), "is being removed");
    let stalled = json!({"conditions": [{"type": "Stalled", "status": "True", "message": "no more"}]});
    ill(of(&object("acme.io/v1", "Thing", json!({}), stalled)), Cause::Unhealthy, "Thing/x is stalled: no more");
}

#[test]
fn a_deployment_is_well_when_all_its_pods_are_new_and_available() {
    let status = |all, updated, available| json!({"observedGeneration": 2, "replicas": all, "updatedReplicas": updated, "availableReplicas": available});
    assert_eq!(of(&deployment(status(2, 2, 2))), Verdict::Well);
    progresses(&of(&deployment(status(3, 2, 2))), "1 old ones are left");
    progresses(&of(&deployment(status(2, 1, 2))), "1 of 2 pods are new");
    progresses(&of(&deployment(status(2, 2, 1))), "1 are available");
    let late = with(&deployment(status(2, 2, 1)), &[], &[], true);
    ill(late, Cause::Unhealthy, "Deployment/x: 2 of 2 pods are new and 1 are available");
    let mut stuck = status(2, 1, 2);
    stuck["conditions"] = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too long"}]);
    ill(of(&deployment(stuck)), Cause::Unhealthy, "Deployment/x made no progress in time: too long");
    let none = object("apps/v1", "Deployment", json!({"replicas": 0}), json!({"observedGeneration": 2}));
    assert_eq!(of(&none), Verdict::Well);
}

#[test]
fn a_new_pod_that_cannot_become_well_is_why_its_deployment_is_ill() {
    let status = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2});
    let verdict = with(&deployment(status), &[waiting("CrashLoopBackOff", 3)], &[], false);
    ill(verdict, Cause::Unhealthy, "Pod/x-1, container c restarts again and again (exit code 3)");
}

#[test]
fn pods_are_given_time_for_what_may_pass() {
    assert_eq!(
        of(&pod(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}))),
        Verdict::Well
    );
    progresses(&of(&waiting("CrashLoopBackOff", 2)), "is not ready");
    progresses(&of(&waiting("ContainerCreating", 0)), "is not ready");
    let config = of(&waiting("CreateContainerConfigError", 0));
    ill(config, Cause::Config, "Pod/x-1, container c cannot be made: why");
    let pull = |count: i64| {
        let event = json!({"reason": "Failed", "count": count, "involvedObject": {"name": "x-1"},
            "message": "Failed to pull image \"a\": x509: unknown authority"});
        with(&waiting("ImagePullBackOff", 0), &[], &[event], false)
    };
    progresses(&pull(2), "is not ready");
    let text = "Pod/x-1, container c: its image cannot be pulled: Failed to pull image \"a\": x509: unknown authority";
    ill(pull(3), Cause::Image, text);
}

#[test]
fn a_pod_without_a_node_is_ill_after_five_minutes() {
    let since = |time: &str| {
        let unschedulable = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/1 nodes", "lastTransitionTime": time});
        of(&pod(json!({"phase": "Pending", "conditions": [unschedulable]})))
    };
    progresses(&since("2026-01-01T11:56:00Z"), "is not ready");
    ill(since("2026-01-01T11:55:00Z"), Cause::Unschedulable, "Pod/x-1 has no node: 0/1 nodes");
}

#[test]
fn a_pod_that_ended_is_well_if_it_was_to_end() {
    let ended = |policy: &str, phase: &str| {
        let mut pod = pod(json!({"phase": phase, "containerStatuses":
            [{"name": "c", "state": {"terminated": {"exitCode": if phase == "Failed" { 7 } else { 0 }}}}]}));
        pod["spec"]["restartPolicy"] = json!(policy);
        of(&pod)
    };
    assert_eq!(ended("Never", "Succeeded"), Verdict::Well);
    progresses(&ended("Always", "Succeeded"), "is not ready");
    ill(ended("Never", "Failed"), Cause::Unhealthy, "Pod/x-1 failed (container c, exit code 7)");
}

#[test]
fn sets_are_well_when_their_pods_are_ready_and_new() {
    let set = |strategy: Value, ready: i64, updated: i64, update: &str| {
        let status = json!({"observedGeneration": 2, "readyReplicas": ready, "updatedReplicas": updated,
            "currentRevision": "a", "updateRevision": update});
        of(&object("apps/v1", "StatefulSet", json!({"replicas": 3, "updateStrategy": strategy}), status))
    };
    let rolling = || json!({"type": "RollingUpdate"});
    assert_eq!(set(rolling(), 3, 3, "a"), Verdict::Well);
    progresses(&set(rolling(), 3, 1, "b"), "1 are new");
    assert_eq!(set(json!({"rollingUpdate": {"partition": 2}}), 3, 1, "b"), Verdict::Well);
    assert!(matches!(set(json!({"type": "OnDelete"}), 3, 0, "b"), Verdict::Doubtful(_)));
    let daemons = |wanted: i64, updated: i64, ready: i64| {
        let status = json!({"observedGeneration": 2, "desiredNumberScheduled": wanted, "updatedNumberScheduled": updated, "numberReady": ready});
        of(&object("apps/v1", "DaemonSet", json!({}), status))
    };
    assert_eq!(daemons(0, 0, 0), Verdict::Well);
    assert_eq!(daemons(2, 2, 2), Verdict::Well);
    progresses(&daemons(2, 1, 2), "1 of 2 pods are new");
}

#[test]
fn jobs_end_and_a_schedule_is_no_promise() {
    let job = |of: &str, at: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x", "creationTimestamp": at},
            "status": {"conditions": [{"type": of, "status": "True", "message": "why"}]}})
    };
    assert_eq!(of(&job("Complete", NOW)), Verdict::Well);
    ill(of(&job("Failed", NOW)), Cause::Unhealthy, "Job/x failed: why");
    progresses(&of(&object("batch/v1", "Job", json!({}), json!({}))), "is not at its end");
    let schedule = object("batch/v1", "CronJob", json!({}), json!({}));
    let after = |jobs: &[Value]| with(&schedule, jobs, &[], false);
    assert_eq!(after(&[]), Verdict::Well);
    assert_eq!(after(&[job("Failed", "2026-01-01T10:00:00Z"), job("Complete", "2026-01-01T11:00:00Z")]), Verdict::Well);
    assert!(matches!(after(&[job("Failed", NOW)]), Verdict::Doubtful(_)));
}

#[test]
fn claims_addresses_and_definitions_have_rules_of_their_own() {
    let claim = |phase: &str, events: &[Value]| {
        with(&object("v1", "PersistentVolumeClaim", json!({}), json!({"phase": phase})), &[], events, false)
    };
    assert_eq!(claim("Bound", &[]), Verdict::Well);
    progresses(&claim("Pending", &[]), "has no volume yet");
    assert_eq!(claim("Pending", &[json!({"reason": "WaitForFirstConsumer", "message": "waiting"})]), Verdict::Well);
    ill(claim("Lost", &[]), Cause::Unhealthy, "PersistentVolumeClaim/x has lost its volume");
    let service = |at: &str| {
        let mut service = object("v1", "Service", json!({"type": "LoadBalancer"}), json!({}));
        service["metadata"]["creationTimestamp"] = json!(at);
        of(&service)
    };
    progresses(&service("2026-01-01T11:58:00Z"), "has no address yet");
    assert!(matches!(service("2026-01-01T11:00:00Z"), Verdict::Doubtful(_)));
    assert_eq!(of(&object("v1", "Service", json!({"type": "ClusterIP"}), json!({}))), Verdict::Well);
    let taken = json!({"conditions": [{"type": "NamesAccepted", "status": "False", "message": "taken"}]});
    let crd = |status: Value| of(&object("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), status));
    ill(crd(taken), Cause::Config, "the names of CustomResourceDefinition/x are taken: taken");
    assert_eq!(crd(json!({"conditions": [{"type": "Established", "status": "True"}]})), Verdict::Well);
}

#[test]
fn a_custom_resource_is_judged_by_its_vendors_rule_or_its_conditions_or_not_at_all() {
    let custom = |status: Value| object("acme.io/v1", "Thing", json!({}), status);
    assert_eq!(of(&custom(json!({}))), Verdict::NotJudged);
    let ready = |status: &str| custom(json!({"conditions": [{"type": "Ready", "status": status, "reason": "Why"}]}));
    assert_eq!(of(&ready("True")), Verdict::Well);
    progresses(&of(&ready("False")), "is not ready: Why");
    ill(with(&ready("False"), &[], &[], true), Cause::Unhealthy, "Thing/x is not ready: Why");
    let rule = CustomHealth {
        kind: "Thing.acme.io".parse().unwrap(),
        path: "status.phase".parse().unwrap(),
        equals: json!("Up"),
    };
    let ruled = |phase: &str| {
        let object = custom(json!({"phase": phase}));
        judge(Sight { object: &object, children: &[], events: &[], now: now(), is_late: false, rule: Some(&rule) })
    };
    assert_eq!(ruled("Up"), Verdict::Well);
    progresses(&ruled("Down"), "status.phase is \"Down\", not \"Up\"");
}

#[test]
fn the_worst_counts() {
    let progressing = || Verdict::Progressing("a".to_owned());
    let ill = || Verdict::Ill(Illness { cause: Cause::Config, text: "b".to_owned(), container: None });
    assert_eq!(worst([]), Verdict::Well);
    assert_eq!(worst([Verdict::Well, ill(), progressing()]), ill());
    assert_eq!(worst([Verdict::NotJudged, Verdict::Well, progressing()]), progressing());
}
