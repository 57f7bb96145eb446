use serde_json::json;

use super::*;

fn told(text: &str) -> Vec<String> {
    let file = distr_domain::compose_file::read(text).unwrap();
    check(&file, text).err().into_iter().flatten().map(|finding| finding.to_string()).collect()
}

#[test]
fn all_is_told_at_once_in_the_order_of_the_text() {
    let text = "\
services:
  web:
    image: x
    ports: [\"70000:80\"]
    enviroment: {}
    mem_limit: lots
  app:
    user: 1
    depends_on: [wbe]
volumes:
  data: {size: 1}
";
    assert_eq!(
        told(text),
        [
            "line 4, column 13: service \"web\", key ports, entry 1: \"70000:80\": \"70000\" is no port; write a number up to \
             65535 or a range such as 8000-8010",
            "line 5, column 5: service \"web\", key enviroment: \"enviroment\" is no key of a service; did you mean \
             \"environment\"?",
            "line 6, column 5: service \"web\", key mem_limit: \"lots\" is no size; write a number with a unit, such as 512m or 2g",
            "line 7, column 3: service \"app\": the service has no image; name one",
            "line 8, column 5: service \"app\", key user: is the number 1 and must be a text; put it in quotes: \"1\"",
            "line 9, column 18: service \"app\", key depends_on, entry 1: the service \"wbe\" is not defined in this file; did you \
             mean \"web\"?",
            "line 11, column 10: volume \"data\", key size: \"size\" is no key of a volume; the keys are \"driver\", \
             \"driver_opts\", \"external\", \"labels\", \"name\"",
        ]
    );
}

#[test]
fn what_is_repeated_is_told_once_and_not_more_than_somebody_reads() {
    let merged = "x-a: &a {image: x, tty: maybe}\nservices:\n  a: *a\n  b: {<<: *a}\n";
    assert_eq!(told(merged), ["line 1, column 20: service \"a\", key tty: \"maybe\" must be true or false"]);
    let many: String = (0..100).map(|n| format!("  s{n}: {{}}\n")).collect();
    assert_eq!(told(&format!("services:\n{many}")).len(), MOST);
}

#[test]
fn a_wrong_shape_is_the_only_fault_of_its_place() {
    assert_eq!(told("services: {web: {image: x, ports: 80, networks: a, healthcheck: [x], extends: 1}}").len(), 4);
    assert_eq!(told("services: {web: {image: x, environment: {1: a}}}").len(), 1);
}

#[test]
fn another_text_gives_no_place_and_does_no_harm() {
    let file = json!({"services": {"web": {"image": ""}}});
    let finding = &check(&file, "").unwrap_err()[0];
    assert_eq!((finding.position, finding.place.as_str()), (None, "service \"web\""));
    assert_eq!(finding.to_string(), "service \"web\": the service has no image; name one");
    assert!(warnings(&file, "\u{0}").is_empty());
}
