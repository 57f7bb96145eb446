//! The values that a release must not hold reach its pods, and nothing else.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_agent::secret::Secret;
use distr_agent_kubernetes::apply::Outcome;
use distr_agent_kubernetes::secrets::secret;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::apply::apply_with;
use crate::cluster::{DEPLOYMENT, Site};

const PLANTED: &str = "planted-in-no-history";

/// Ends well only if the value is there.
const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: \"job-{{ .Values.run }}\"}
spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: \"localhost/busybox:1\",
  imagePullPolicy: Never, command: [sh, -c, \"test -n $PASSWORD\"],
  env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: \"{{ .Values.existing }}\", key: PASSWORD}}}]}]}}}
";

async fn applied(site: &Site, generation: u64, value: &str) -> String {
    let values = BTreeMap::from([("PASSWORD".to_owned(), Secret::new(value))]);
    let secret = secret(&site.release, DEPLOYMENT, &values, b"key");
    let name = secret["metadata"]["name"].as_str().unwrap().to_owned();
    let chart = site.chart(&[("job", JOB)]);
    std::fs::write(&chart.values, json!({"existing": name, "run": generation}).to_string()).unwrap();
    let good = generation.checked_sub(1).filter(|good| *good > 0);
    let cancel = CancellationToken::new();
    let outcome = apply_with(site, &chart, (generation, good), Some(&secret), &cancel).await;
    assert!(matches!(outcome, Ok(Outcome::Applied { .. })), "{outcome:?}");
    name
}

fn names(site: &Site) -> Vec<String> {
    let list = site.get(&["secrets", "-l", "distr.sh/values=true"]);
    let name = |secret: &Value| secret["metadata"]["name"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_reaches_the_pods_and_no_revision() {
    let Some(site) = Site::with_node() else { return };
    let first = applied(&site, 1, PLANTED).await;
    let second = applied(&site, 2, "another").await;
    let mut both = vec![first, second];
    both.sort();
    assert_eq!(names(&site), both, "the first generation may come back");
    for secret in site.secrets() {
        let text = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
        let packed = STANDARD.decode(text).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut text).unwrap();
        assert!(text.contains("secretKeyRef") && !text.contains(PLANTED) && !text.contains(&STANDARD.encode(PLANTED)));
    }
}
