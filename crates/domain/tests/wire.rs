//! Agents outlive hubs' versions: what an agent of the first release sent is understood for ever, and what it was answered says
//! the same for ever. One file for each message, as it was then; a file is never changed.

use std::path::PathBuf;

use distr_domain::agent::{
    AgentError, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, Instruction, RotateResponse, Step,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn recorded(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// Reads a recorded message, and checks that today's program writes all that it says, under the same names. A first agent
/// ignores what it does not know, so there may be more.
fn read<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let recorded = recorded(name);
    let message: T = serde_json::from_value(recorded.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_value(&message).expect("JSON");
    check(name, &recorded, &written);
    message
}

fn check(path: &str, recorded: &Value, written: &Value) {
    match (recorded, written) {
        (Value::Object(recorded), Value::Object(written)) => {
            for (key, value) in recorded.iter().filter(|(_, value)| !value.is_null()) {
                let written = written.get(key).unwrap_or_else(|| panic!("{path}.{key} is not written any more"));
                check(&format!("{path}.{key}"), value, written);
            }
        }
        (Value::Array(recorded), Value::Array(written)) => {
            assert_eq!(recorded.len(), written.len(), "{path}");
            for (index, pair) in recorded.iter().zip(written).enumerate() {
                check(&format!("{path}[{index}]"), pair.0, pair.1);
            }
        }
        _ => assert_eq!(recorded, written, "{path}"),
    }
}

#[test]
fn what_the_first_agents_sent_is_understood() {
    read::<EnrolRequest>("enrol.request.json");
    let empty: HeartbeatRequest = read("heartbeats.empty.request.json");
    assert_eq!((empty.behind, empty.sent_at), (0, None));
    let full: HeartbeatRequest = read("heartbeats.request.json");
    let steps: Vec<Step> = full.reports[0].deployments.iter().map(|deployment| deployment.step).collect();
    assert_eq!((steps.len(), steps[4]), (8, Step::Applied));
}

#[test]
fn what_the_first_agents_were_answered_says_the_same() {
    read::<EnrolResponse>("enrol.response.json");
    read::<RotateResponse>("credential.response.json");
    read::<AgentError>("refusal.response.json");
    read::<HeartbeatResponse>("heartbeats.unchanged.response.json");
    let response: HeartbeatResponse = read("heartbeats.response.json");
    let deployments = response.desired.expect("a desired state").deployments;
    let Instruction::Run(run) = &deployments[0].instruction else { panic!("{deployments:?}") };
    assert_eq!((run.images[0].service.as_str(), run.trust.is_none()), ("web", true));
}
