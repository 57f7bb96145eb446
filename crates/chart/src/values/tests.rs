use serde_json::json;

use super::*;
use crate::settings;

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value} is no map") };
    map
}

fn chart(schema: Option<Value>) -> Chart {
    let digest = || format!("sha256:{}", "a".repeat(64)).parse().unwrap();
    Chart {
        repository: "charts/hello".parse().unwrap(),
        digest: digest(),
        tag: None,
        archive: digest(),
        size: 1,
        name: "hello".into(),
        version: "1.0.0".into(),
        app_version: None,
        kube_version: None,
        values: map(json!({ "replicas": 1, "ingress": { "host": "", "tls": true } })),
        schema,
    }
}

const SETTINGS: &str = "
schema: distr.sh/chart/v1
features: {analytics: {values: {analytics.enabled: true}, otherwise: {analytics.enabled: false}}}
config: {DOMAIN: {path: ingress.host}, WORKERS: {path: replicas, type: integer}, DEBUG: {path: debug, type: boolean}}
secrets: {DB_PASSWORD: {existingSecret: db.secret, key: {name: password}}}
images: {registry: global.registry}
";

fn deploy(schema: Option<Value>, config: &[(&str, &str)], values: Value, features: &[&str]) -> Result<Value, String> {
    let config = config.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    let features: Vec<_> = features.iter().map(|name| name.parse().unwrap()).collect();
    let asked = Asked { config: &config, values: &map(values), features: &features };
    let settings = settings::read(SETTINGS).unwrap();
    let deployed = check(&chart(schema), &settings, asked).and_then(|()| deployed(&settings, asked));
    deployed.map(Value::Object).map_err(|error| error.to_string())
}

#[test]
fn each_part_goes_over_the_one_before() {
    let config = [("DOMAIN", "a.example"), ("WORKERS", "3"), ("DB_PASSWORD", "${secret:DB}")];
    let values = json!({ "ingress": { "host": "b.example", "class": "nginx" }, "replicas": null });
    assert_eq!(
        deploy(None, &config, values, &["analytics", "other"]),
        Ok(json!({
            "ingress": { "host": "b.example", "class": "nginx" },
            "replicas": null,
            "analytics": { "enabled": true },
        }))
    );
    assert_eq!(deploy(None, &[], json!({}), &[]), Ok(json!({ "analytics": { "enabled": false } })));
}

#[test]
fn values_that_the_release_decides_or_that_are_secret_are_refused() {
    let refused = |config: &[(&str, &str)], values| deploy(None, config, values, &[]).unwrap_err();
    assert!(refused(&[("NAME", "x")], json!({})).contains("it has DEBUG, DOMAIN, WORKERS, DB_PASSWORD"));
    assert!(refused(&[("WORKERS", "many")], json!({})).contains("\"many\", which is no integer"));
    assert!(refused(&[("DEBUG", "yes")], json!({})).contains("write true or false"));
    assert!(refused(&[("DOMAIN", "${secret:D}")], json!({})).contains("put DOMAIN under secrets"));
    for values in [
        json!({ "analytics": { "enabled": true } }),
        json!({ "analytics": null }),
        json!({ "analytics": [1] }),
        json!({ "db": { "secret": "mine" } }),
        json!({ "global": { "registry": { "a": 1 } } }),
    ] {
        assert!(refused(&[], values.clone()).contains("the release itself decides it"), "{values}");
    }
    let hidden = json!({ "env": [{ "a/b": "x${secret:DB}" }] });
    assert!(refused(&[], hidden).starts_with("the value at /env/0/a~1b names a secret"));
    let large = json!({ "text": "x".repeat(MAX_VALUES) });
    assert!(refused(&[], large).contains("use at most 65536"));
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": [inner] }));
    assert!(deploy(None, &[], nested(32), &[]).is_ok());
    assert!(refused(&[], nested(34)).contains("use at most 64"));
}

#[test]
fn the_schema_sees_the_values_as_the_chart_will() {
    let schema = json!({
        "type": "object",
        "required": ["replicas", "db", "global"],
        "properties": {
            "replicas": { "type": "integer", "maximum": 5 },
            "ingress": { "properties": { "host": { "minLength": 3 } } },
        },
    });
    let ok = [("DOMAIN", "a.example")];
    assert!(deploy(Some(schema.clone()), &ok, json!({}), &[]).is_ok(), "placeholders stand for Secret and registry");
    let said = deploy(Some(schema.clone()), &[("WORKERS", "9")], json!({}), &[]).unwrap_err();
    assert!(said.contains("/replicas: ") && said.contains("/ingress/host: "), "{said}");
    let said = deploy(Some(schema), &ok, json!({ "replicas": null }), &[]).unwrap_err();
    assert!(said.contains("replicas"), "null takes away: {said}");
    let remote = json!({ "$ref": "https://example.invalid/schema.json" });
    assert!(deploy(Some(remote), &ok, json!({}), &[]).unwrap_err().contains("refers to nothing"), "nothing is fetched");
}
