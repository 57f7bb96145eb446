use serde_json::json;

use super::*;

const WHOLE: &str = "
schema: distr.sh/chart/v1
features: {analytics: {values: {analytics.enabled: true}, otherwise: {analytics.enabled: false}}}
config:   {DOMAIN: {path: ingress.host}, WORKERS: {path: worker.replicas, type: integer}}
secrets:  {DB_PASSWORD: {existingSecret: database.existingSecret, key: {path: database.secretKey, name: password}}}
images:   {registry: global.imageRegistry, paths: [{kind: KafkaCluster.acme.io, path: spec.image}]}
yield:    [{kind: Deployment.apps, name: web, path: /spec/replicas}]
health:   {custom: [{kind: KafkaCluster.acme.io, ready: {path: status.phase, equals: Ready}}]}
rollback: forbidden
crds: replace
timeout: 30m
";

#[test]
fn a_file_says_where_everything_goes() {
    let settings = read(WHOLE).unwrap();
    let analytics = &settings.features[&"analytics".parse().unwrap()];
    assert_eq!(analytics.otherwise[&"analytics.enabled".parse().unwrap()], json!(false));
    assert_eq!(settings.config["WORKERS"].kind, distr_domain::release::ValueKind::Integer);
    assert_eq!(settings.secrets["DB_PASSWORD"].key.name, "password");
    assert_eq!(settings.yields[0].kind.to_string(), "Deployment.apps");
    assert_eq!((settings.rollback, settings.crds), (RollbackPolicy::Forbidden, CrdPolicy::Replace));
    assert_eq!(settings.minutes, 30);
    let reserved: Vec<_> = settings.reserved().map(ValuePath::as_str).collect();
    assert_eq!(
        reserved,
        [
            "analytics.enabled",
            "analytics.enabled",
            "database.existingSecret",
            "database.secretKey",
            "global.imageRegistry"
        ]
    );
    // as events keep it
    let stored = serde_json::to_value(&settings).unwrap();
    assert_eq!(serde_json::from_value::<ChartSettings>(stored).unwrap(), settings);
    assert_eq!(serde_json::to_value(ChartSettings::default()).unwrap(), json!({}));
    assert_eq!(serde_json::from_value::<ChartSettings>(json!({})).unwrap(), ChartSettings::default());
}

#[test]
fn a_file_that_says_nothing_that_can_be_done_is_refused_in_words() {
    let refused = |rest: &str| read(&format!("schema: distr.sh/chart/v1\n{rest}\n")).unwrap_err().to_string();
    for (rest, says) in [
        ("confg: {}", "confg"),
        ("timeout: 2h", "write minutes, as 15m"),
        ("timeout: 61m", "at most 60m"),
        ("config: {A B: {path: a}}", "\"A B\" is not a variable"),
        ("config: {A: {path: a b}}", "no path of values"),
        ("config: {A: {path: a}}\nsecrets: {A: {existingSecret: b, key: {name: k}}}", "is in config and in secrets"),
        ("config: {A: {path: a}, B: {path: a.b}}", "variable A and variable B set the same value: a.b"),
        ("yield: [{kind: Deployment.apps, path: spec.replicas}]", "no JSON pointer"),
        ("yield: [{kind: deployment, path: /spec}]", "no kind of objects"),
        ("features: {x: {values: {a: 1}}}\nconfig: {A: {path: a}}", "feature x and variable A set the same value"),
        (
            "config: {A: {path: a}, B: {path: a-b}, C: {path: a-b.c}, D: {path: b}, E: {path: a.b}}",
            "variable A and variable E set the same value: a.b",
        ),
    ] {
        let said = refused(rest);
        assert!(said.contains(says) && said.starts_with("distr.yaml: "), "{rest}: {said}");
    }
    assert!(read("schema: distr.sh/chart/v2").unwrap_err().to_string().contains("write distr.sh/chart/v1"));
    // several variables of one Secret
    let two = "secrets: {A: {existingSecret: db, key: {name: a}}, B: {existingSecret: db, key: {name: b}}}";
    read(&format!("schema: distr.sh/chart/v1\n{two}")).unwrap();
}

#[test]
fn a_file_names_a_thousand_paths_and_sets_nothing_deeper_than_a_deployment_may() {
    let paths = |count: usize| (0..count).map(|n| format!("a{n}: 1")).collect::<Vec<_>>().join(", ");
    let feature =
        |values: &str| read(&format!("schema: distr.sh/chart/v1\nfeatures: {{x: {{values: {{{values}}}}}}}\n"));
    assert_eq!(feature(&paths(1_000)).unwrap().reserved().count(), 1_000);
    assert_eq!(feature(&paths(1_001)), Err(InvalidSettings::ManyPaths));
    let value = |levels: usize| format!("a.b.c: {}{}", "[".repeat(levels), "]".repeat(levels));
    feature(&value(55)).unwrap();
    let path = ["n"; 20].join(".");
    let said = feature(&format!("{path}: {}{}", "[".repeat(45), "]".repeat(45))).unwrap_err().to_string();
    assert!(said.contains(&format!("the value at {path} lies more than 64")), "{said}");
}
