//! The same from the command line: declared, planned, started, watched and steered.

use serde_json::Value;

use super::*;
use crate::cli::{signed_in, text};

const POLICY: &str = "waves: [{name: early, labels: {ring: early}}, {name: rest, rest: true}]
limits: {inFlight: 2}
gate: {maxFailures: 0}
tail: 1d
";

#[tokio::test]
async fn policies_are_declared_and_applied_once() {
    let (hub, _) = vendor().await;
    let cli = signed_in(&hub).await;
    let declared = |limit: &str| {
        format!(
            "rolloutPolicies:\n- name: careful\n  waves: [{{name: tenth, percent: 10, soak: 2h}}, {{name: all, rest: true}}]\n  limits: {{inFlight: {limit}}}\n"
        )
    };
    let file = cli.file("policies.yaml", &declared("5%"));
    let planned = cli.run(&["apply", "-f", &file, "--plan"], "");
    assert_eq!(planned.status.code(), Some(6), "{}", text(&planned.stderr));
    let said = text(&planned.stdout);
    assert!(said.starts_with("rollout policy careful: create\n"), "{said}");
    assert!(said.contains("  waves: name: tenth, percent: 10, soakMinutes: 120; name: all, rest: yes"), "{said}");
    assert_eq!(cli.run(&["apply", "-f", &file], "").status.code(), Some(0));
    assert_eq!(cli.run(&["apply", "-f", &file, "--plan"], "").status.code(), Some(0), "all is as declared");
    let file = cli.file("policies.yaml", &declared("3"));
    let planned = cli.run(&["apply", "-f", &file, "--plan"], "");
    let said = text(&planned.stdout);
    assert_eq!(said, "rollout policy careful: amend\n  limits: inFlightPercent: 5 -> inFlight: 3\n");
    let wrong = cli.file("wrong.yaml", &declared("many"));
    let refused = cli.run(&["apply", "-f", &wrong], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("use 5, or 5% of the members"), "{}", text(&refused.stderr));

    let shown = cli.json(&["policy", "show", "careful"]);
    assert_eq!(shown["rules"]["limits"]["inFlightPercent"], 5);
    assert_eq!(cli.run(&["policy", "show", "careful"], "").status.code(), Some(0));
    assert_eq!(cli.json(&["policy", "remove", "careful"])["changed"], true);
    assert_eq!(cli.json(&["policy", "list"]), json!([]));
    assert_eq!(cli.run(&["policy", "show", "careful"], "").status.code(), Some(1));
}

#[tokio::test]
async fn a_rollout_is_planned_started_watched_and_steered() {
    let (hub, owner) = vendor().await;
    let cli = signed_in(&hub).await;
    let mut sites = sites(&hub, &owner, &[("early", true), ("x", false)]).await;
    sites[0].is_broken = true;
    let file = cli.file("careful.yaml", POLICY);
    assert_eq!(cli.run(&["policy", "set", "careful", "-f", &file], "").status.code(), Some(0));
    let wanted = ["--app", "app", "--version", "3.0.0", "--policy", "careful"];
    let with = |first: [&'static str; 2], more: &[&'static str]| [&first[..], &wanted, more].concat();
    let planned = cli.run(&with(["rollout", "plan"], &["-o", "json"]), "");
    assert_eq!(planned.status.code(), Some(6), "{}", text(&planned.stderr));
    let plan: Value = serde_json::from_slice(&planned.stdout).expect("JSON");
    assert_eq!(
        (&plan["members"], &plan["waves"][1]["targets"]["nodes"][0]["target"]["name"]),
        (&json!(2), &json!("x"))
    );
    let digest = plan["digest"].as_str().expect("a digest");
    let told = text(&cli.run(&with(["rollout", "plan"], &[]), "").stdout);
    assert!(told.contains("globex/early to 3.0.0") && told.ends_with(&format!("digest: {digest}\n")), "{told}");
    let other = ["--plan", "00000000-0000-0000-0000-000000000000"];
    let refused = cli.run(&with(["rollout", "start"], &other), "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("(rollout.plan_changed)"), "{}", text(&refused.stderr));
    let start = [&with(["rollout", "start"], &[])[..], &["--plan", digest]].concat();
    assert_eq!(cli.json(&start)["name"], "3-0-0");

    let campaign = Campaign { hub: &hub, secret: &owner, name: "3-0-0".to_owned() };
    campaign.until("the halt", &mut sites, is_in("HALTED")).await;
    let of = ["3-0-0", "--app", "app"];
    let on = |command: &'static str, more: &[&'static str]| [&["rollout", command], &of[..], more].concat();
    let watched = cli.run(&on("status", &["--watch"]), "");
    assert_eq!(watched.status.code(), Some(3));
    assert!(text(&watched.stderr).contains("halted: 1 targets failed"), "{}", text(&watched.stderr));
    let shown = cli.run(&on("status", &[]), "");
    assert!(text(&shown.stdout).contains("waits because the rollout is halted (rollout.halted)"));
    assert_eq!(cli.json(&on("targets", &["--state", "failed"]))[0]["target"]["name"], "early");
    assert_eq!(cli.json(&on("targets", &["--hold", "wave.earlier"]))[0]["target"]["name"], "x");
    let why = cli.json(&["rollout", "why", "--customer", "globex", "--target", "x", "--app", "app"]);
    assert_eq!(why[0]["code"], "rollout.halted");

    assert_eq!(cli.run(&on("resume", &["--reason", "it was the disk"]), "").status.code(), Some(0));
    let is_held = |rollout: &Value| codes(rollout) == ["gate.success"];
    campaign.until("the gate", &mut sites, is_held).await;
    let watched = cli.run(&on("status", &["--watch"]), "");
    assert_eq!(watched.status.code(), Some(7));
    assert!(text(&watched.stderr).contains("(gate.success)"), "{}", text(&watched.stderr));
    assert_eq!(cli.json(&on("adjust", &["--in-flight", "50%"]))["changed"], true);
    assert_eq!(cli.json(&on("skip-wave", &["--wave", "1", "--reason", "the disk is new"]))["changed"], true);
    campaign.until("the end", &mut sites, is_in("COMPLETED")).await;
    let watched = cli.run(&on("status", &["--watch"]), "");
    assert_eq!(watched.status.code(), Some(0), "{}", text(&watched.stderr));
    let said = text(&watched.stdout);
    assert!(said.contains("completed; 1 of 2 targets succeeded, 1 failed"), "{said}");
    let listed = text(&cli.run(&["rollout", "list"], "").stdout);
    assert!(listed.contains("3-0-0") && listed.contains("COMPLETED"), "{listed}");
    // one target runs a lower version still, and nobody else
    let planned = cli.run(&with(["rollout", "plan"], &["--label", "ring=late"]), "");
    assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
}
