use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tar::{Builder, EntryType, Header};

use super::*;

const METADATA: &str = "apiVersion: v2\nname: hello\nversion: 1.2.0\nappVersion: 1.10\nkubeVersion: '>=1.20'\n";

fn archive(build: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(vec![]);
    build(&mut builder);
    let mut packed = GzEncoder::new(vec![], Compression::fast());
    packed.write_all(&builder.into_inner().unwrap()).unwrap();
    packed.finish().unwrap()
}

fn add(builder: &mut Builder<Vec<u8>>, path: &str, content: &str) {
    let mut header = Header::new_ustar();
    header.set_size(content.len() as u64);
    // as it stands, also where the crate would refuse it
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    builder.append(&header, content.as_bytes()).unwrap();
}

fn chart(files: &[(&str, &str)]) -> Result<ChartContent, String> {
    let packed = archive(|builder| files.iter().for_each(|(path, content)| add(builder, path, content)));
    ChartContent::read(&packed).map_err(|error| error.to_string())
}

#[test]
fn an_archive_says_what_the_chart_is() {
    let content = chart(&[
        ("hello/Chart.yaml", METADATA),
        ("hello/values.yaml", "replicas: 2\ntls: yes\n"),
        ("hello/values.schema.json", "{\"type\": \"object\"}"),
        ("hello/distr.yaml", "schema: distr.sh/chart/v1\ntimeout: 5m\n"),
        ("hello/charts/db/Chart.yaml", "apiVersion: v2\nname: other\nversion: 9.9.9\n"),
        ("hello/templates/web.yaml", "{{ .Values }}"),
    ])
    .unwrap();
    assert_eq!((content.name.as_str(), content.version.as_str()), ("hello", "1.2.0"));
    assert_eq!((content.app_version.as_deref(), content.kube_version.as_deref()), (Some("1.1"), Some(">=1.20")));
    assert_eq!(Value::Object(content.values), json!({ "replicas": 2, "tls": true }));
    assert_eq!((content.schema, content.settings.minutes), (Some(json!({ "type": "object" })), 5));
}

#[test]
fn images_that_no_pod_names_are_listed_by_an_annotation() {
    let metadata =
        format!("{METADATA}annotations:\n  distr.sh/images: |\n    - image: hub/acme/kafka:3\n      feature: x\n");
    let content = chart(&[("hello/Chart.yaml", &metadata)]).unwrap();
    assert_eq!(content.listed_images[0].image, "hub/acme/kafka:3");
}

#[test]
fn what_is_no_chart_is_refused_in_words() {
    for (files, says) in [
        (vec![("hello/values.yaml", "")], "the chart has no Chart.yaml"),
        (vec![("Chart.yaml", METADATA)], "lies in no folder"),
        (vec![("hello/Chart.yaml", METADATA), ("other/Chart.yaml", METADATA)], "an archive has one chart"),
        (vec![("hello/../Chart.yaml", METADATA)], "leads out of the chart"),
        (vec![("/hello/Chart.yaml", METADATA)], "leads out of the chart"),
        (vec![("hello/Chart.yaml", METADATA), ("hello/Chart.yaml", METADATA)], "is there twice"),
        (vec![("hello/Chart.yaml", METADATA), ("hello/x\\values.yaml", "")], "different ones"),
        (vec![("hello/Chart.yaml", METADATA), ("./hello/values.yaml", "")], "different ones"),
        (vec![("hello/Chart.yaml", "apiVersion: v1\nname: a\nversion: 1.0.0\n")], "use v2"),
        (vec![("hello/Chart.yaml", "apiVersion: v2\nname: a/b\nversion: 1.0.0\n")], "no name of a chart"),
        (vec![("hello/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\ntype: library\n")], "is a library"),
        (vec![("hello/Chart.yaml", "name: [")], "Chart.yaml: "),
        (vec![("hello/Chart.yaml", METADATA), ("hello/values.yaml", "- 1\n")], "values.yaml: "),
        (vec![("hello/Chart.yaml", METADATA), ("hello/values.schema.json", "{")], "values.schema.json: "),
    ] {
        let said = chart(&files).unwrap_err();
        assert!(said.contains(says), "{files:?}: {said}");
    }
    let needs = format!("{METADATA}dependencies: [{{name: db, version: '*', repository: 'https://x'}}]\n");
    let said = chart(&[("hello/Chart.yaml", &needs)]).unwrap_err();
    assert!(said.contains("needs db") && said.contains("helm dependency build"), "{said}");
    chart(&[("hello/Chart.yaml", &needs), ("hello/charts/db-1.0.0.tgz", "")]).unwrap();
    assert!(chart(&[("hello/Chart.yaml", &needs), ("hello/charts/db2/Chart.yaml", "")]).is_err());
    assert!(ChartContent::read(b"no archive").unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_chart_has_few_dependencies_and_a_schema_that_its_values_can_be_held_against() {
    let needs = |count: usize| format!("{METADATA}dependencies: [{}]\n", "{name: z}, ".repeat(count));
    let refused = |files: &[(&str, &str)]| chart(files).unwrap_err();
    let said = refused(&[("hello/Chart.yaml", &needs(501)), ("hello/charts/z/x", "")]);
    assert!(said.contains("more than 500 dependencies"), "{said}");
    chart(&[("hello/Chart.yaml", &needs(500)), ("hello/charts/z/x", "")]).unwrap();
    let way = r##"{"properties": {"c": {"$ref": "#"}}}"##;
    let schema = format!("{{\"allOf\": [{}]}}", [way; 8].join(","));
    let values = format!("{}1{}", "{c: ".repeat(40), "}".repeat(40));
    let files =
        |values| [("hello/Chart.yaml", METADATA), ("hello/values.schema.json", &schema), ("hello/values.yaml", values)];
    assert!(refused(&files(&values)).contains("more than 2000000 steps with values.schema.json"));
    chart(&files("{c: {c: {}}}")).unwrap();
    let nested = format!("{{\"default\": {}{}}}", "[".repeat(101), "]".repeat(101));
    let said = refused(&[("hello/Chart.yaml", METADATA), ("hello/values.schema.json", &nested)]);
    assert!(said.contains("more than 100 within each other"), "{said}");
    let said = refused(&[("hello/Chart.yaml", METADATA), ("hello/values.yaml", "a: 1\non: 2\n")]);
    assert!(said.starts_with("values.yaml: line 2: "), "{said}");
    let said = refused(&[("hello/Chart.yaml", &format!("{METADATA}x: tRUE\n"))]);
    assert!(said.starts_with("Chart.yaml: line 6: "), "{said}");
}

#[test]
fn an_archive_holds_no_links_and_no_more_than_a_chart_needs() {
    let link = archive(|builder| {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, "hello/Chart.yaml", "/etc/passwd").unwrap();
    });
    assert!(ChartContent::read(&link).unwrap_err().to_string().contains("neither a file nor a folder"));
    let chart = archive(|builder| add(builder, "hello/Chart.yaml", METADATA));
    let second = archive(|builder| add(builder, "hello/values.yaml", "a: 1\n"));
    let two = [chart, second].concat();
    assert!(ChartContent::read(&two).unwrap_err().to_string().contains("behind its end"));
    let zeros = "0".repeat(1024 * 1024);
    let bomb = archive(|builder| (0..51).for_each(|n| add(builder, &format!("hello/{n}"), &zeros)));
    assert!(bomb.len() < 1024 * 1024);
    assert!(matches!(ChartContent::read(&bomb), Err(InvalidChart::LargeUnpacked)));
    let many = archive(|builder| (0..5_001).for_each(|n| add(builder, &format!("hello/{n}"), "")));
    assert!(matches!(ChartContent::read(&many), Err(InvalidChart::Many)));
    let large = archive(|builder| {
        add(builder, "hello/Chart.yaml", METADATA);
        add(builder, "hello/values.yaml", &format!("a: {}", "x".repeat(300_000)));
    });
    assert!(matches!(ChartContent::read(&large), Err(InvalidChart::LargeFile { .. })));
}
