//! The agent's own chart, `deploy/agent-chart`: installed for real, it gives the agent the rights that the hub's manifests give it.

use std::path::PathBuf;
use std::process::{Command, Output};

use distr_domain::cluster::{acting_rule, base_rules, own_rules};
use distr_tests::root;
use serde_json::{Value, json};

use crate::cluster::{Site, program};

struct Chart {
    site: Site,
    path: PathBuf,
    values: Value,
}

impl Chart {
    /// The agent in the namespace of a site, which has its image; releases go into the other.
    fn new(site: Site, releases: &Site) -> Self {
        let values = json!({
            "hub": {"url": "https://hub.example"},
            "image": {"repository": "localhost/busybox", "tag": "1", "pullPolicy": "Never"},
            "namespaces": [releases.release.namespace],
            "replicas": 0,
        });
        Self { site, path: root().join("deploy/agent-chart"), values }
    }

    fn helm(&self, arguments: &[&str], values: &Value) -> Output {
        let file = self.site.folder.path().join("agent-values.json");
        std::fs::write(&file, values.to_string()).unwrap();
        let mut command = Command::new(program("helm"));
        command.env("KUBECONFIG", self.site.kubeconfig()).env("HOME", self.site.folder.path()).args(arguments);
        command.arg(&self.path).arg("-f").arg(file).args(["-n", &self.site.release.namespace]).output().unwrap()
    }

    /// What Helm says against these values.
    fn refused(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut values = self.values.clone();
        change(&mut values);
        let output = self.helm(&["template", "distr-agent"], &values);
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn the_chart_of_the_agent_gives_it_its_rights_and_no_others() {
    let (Some(site), Some(releases)) = (Site::new(), Site::new()) else { return };
    let chart = Chart::new(site, &releases);
    let linted = chart.helm(&["lint", "--strict"], &chart.values);
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
    let installed = chart.helm(&["install", "distr-agent"], &chart.values);
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let rules = |site: &Site| site.get(&["role", "distr-agent"])["rules"].clone();
    assert_eq!(rules(&chart.site), json!([own_rules(), vec![acting_rule()]].concat()));
    assert_eq!(rules(&releases), json!(base_rules()));
    let subject = &releases.get(&["rolebinding", "distr-agent"])["subjects"][0];
    assert_eq!((&subject["name"], &subject["namespace"]), (&json!("distr-helm"), &json!(chart.site.release.namespace)));
    let container = &chart.site.get(&["deployment", "distr-agent"])["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["livenessProbe"]["exec"]["command"][0], "distr-agent-kubernetes");

    let mut more = chart.values.clone();
    more["dataRemoval"] = json!(true);
    more["rules"] = json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "create"]}]);
    more["trustKeys"] = json!({"acme": "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"});
    let upgraded = chart.helm(&["upgrade", "distr-agent"], &more);
    assert!(upgraded.status.success(), "{}", String::from_utf8_lossy(&upgraded.stderr));
    let rules = rules(&releases);
    let added: Vec<&Value> = rules.as_array().unwrap().iter().skip(base_rules().len()).collect();
    let data = json!({"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["delete"]});
    assert_eq!(added, [&data, &more["rules"][0]]);
}

#[test]
fn values_that_cannot_work_are_refused_with_a_reason() {
    let (Some(site), Some(releases)) = (Site::new(), Site::new()) else { return };
    let chart = Chart::new(site, &releases);
    let own = chart.site.release.namespace.clone();
    assert!(
        chart.refused(|of| of["namespaces"] = json!([own])).contains("is the agent's own; releases go into others")
    );
    assert!(
        chart
            .refused(|of| of["hub"]["url"] = json!("http://hub.example"))
            .contains("plain HTTP needs hub.allowInsecure")
    );
    assert!(chart.refused(|of| of["image"]["tag"] = json!("")).contains("name a digest, or a tag"));
    assert!(chart.refused(|of| of["namespaces"] = json!([])).contains("/namespaces"));
    assert!(chart.refused(|of| of["namspaces"] = json!([])).contains("additional properties 'namspaces' not allowed"));
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    assert!(chart.refused(|of| of["rules"] = everything).contains("/rules/0"));
}
