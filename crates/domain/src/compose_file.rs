//! The one reading of a release's compose file, for hub and agent, and what the file may not hold, because nobody who reads it
//! alone knows what will run: other files, built images, images that a variable chooses. Readers of YAML differ; so nobody but
//! this one reads what the vendor wrote. Compose gets `text` of the tree, which all of them read alike.

mod beside;
mod shipped;

use std::fmt::Write;

use serde_json::{Map, Value};
use serde_saphyr::{Options, UserMessageFormatter};

pub use beside::{Beside, Role, beside};
pub use shipped::{NotShipped, check_shipped, missing_files};

/// Stands for the registry's host at the beginning of an image, so that the file does not have to name it.
pub const REGISTRY_VARIABLE: &str = "${DISTR_REGISTRY}";

/// Something in the file that brings in what the file does not say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolvable {
    #[error("the compose file cannot be read: {0}")]
    Unreadable(String),
    #[error(
        "the compose file holds the character U+{:04X}, at which some readers of YAML end a line; \
         write it in quotes as \"\\u{:04x}\"", *.0 as u32, *.0 as u32
    )]
    LineBreak(char),
    #[error("the compose file is not a mapping with services")]
    NoMapping,
    #[error("the compose file has the key \"{0}\", which brings in other files; put their content into this one")]
    OtherFiles(&'static str),
    #[error("{place} is not a mapping")]
    NoMappingAt { place: String },
    #[error(
        "service \"{service}\" extends a service of another file; put that into this one, and use \"extends: SERVICE\""
    )]
    ExtendsFile { service: String },
    #[error("service \"{service}\" is built; push its image and name that instead")]
    Built { service: String },
    #[error(
        "service \"{service}\": image \"{image}\" holds a variable; only {REGISTRY_VARIABLE}/ at its beginning may be \
         one: name the image, and let the agent's configuration choose by profiles"
    )]
    Variable { service: String, image: String },
    #[error("{place} holds the merge key \"<<\" in a way that cannot be resolved; write its content out")]
    Merge { place: String },
}

/// Mappings and lists within each other. Compose has 9 of its own; each takes stack of whoever reads.
const MOST_DEPTH: usize = 32;
/// Mappings, lists and scalars, where they are defined and wherever an alias or a merge key repeats them. They are counted
/// before they are repeated. A line of a file has two or three.
const MOST_NODES: usize = 50_000;
/// Bytes of scalars, counted in the same way.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Merge keys, counted in the same way; and anchors. Each is compared with others.
const MOST_MERGE_KEYS: usize = 2_000;

/// The ends of lines that YAML 1.1 knows and YAML 1.2 does not.
const OLD_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// The file as a tree, with all that is merged in it, if it says all that will run. Scalars are what compose takes them for: `0644`
/// is octal, `yes` is a text.
pub fn read(text: &str) -> Result<Value, Unresolvable> {
    if let Some(found) = text.chars().find(|c| OLD_LINE_BREAKS.contains(c)) {
        return Err(Unresolvable::LineBreak(found));
    }
    let file: Value = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| Unresolvable::Unreadable(error.render_with_formatter(&UserMessageFormatter)))?;
    check(&file)?;
    Ok(file)
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_nodes: MOST_NODES,
            max_events: 2 * MOST_NODES,
            max_recorded_anchor_events: MOST_NODES,
            max_anchors: MOST_MERGE_KEYS,
            max_merge_keys: MOST_MERGE_KEYS,
            max_total_scalar_bytes: MOST_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_NODES },
        strict_booleans: true,
        legacy_octal_numbers: true,
        reject_unsupported_tags: true,
        // an error is one sentence with its line, in logs and pages as well
        with_snippet: false,
    }
}

/// The tree as JSON in ASCII, which is YAML of every version.
pub fn text(file: &Value) -> String {
    ascii(&format!("{file:#}\n"))
}

/// JSON in which no character stands for itself that a reader of YAML could take for something else.
pub fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // YAML knows no surrogates; characters beyond the first 65 536 are printable
            '\n' | ' '..='~' | '\u{10000}'.. => ascii.push(c),
            escaped => write!(ascii, "\\u{:04x}", escaped as u32).expect("a text can be written to"),
        }
    }
    ascii
}

/// The first thing that is not in the file itself.
fn check(file: &Value) -> Result<(), Unresolvable> {
    let Value::Object(file) = file else { return Err(Unresolvable::NoMapping) };
    if file.contains_key("include") {
        return Err(Unresolvable::OtherFiles("include"));
    }
    check_merges("the compose file", file)?;
    let Some(services) = file.get("services").filter(|services| !services.is_null()) else { return Ok(()) };
    let services = mapping(services, || "\"services\"".to_owned())?;
    services.iter().try_for_each(|(name, service)| check_service(name, service))
}

fn check_service(name: &str, service: &Value) -> Result<(), Unresolvable> {
    let service = mapping(service, || format!("service \"{name}\""))?;
    if service.get("extends").and_then(Value::as_object).is_some_and(|extends| extends.contains_key("file")) {
        return Err(Unresolvable::ExtendsFile { service: name.to_owned() });
    }
    if service.contains_key("build") {
        return Err(Unresolvable::Built { service: name.to_owned() });
    }
    let image = service.get("image").and_then(Value::as_str).unwrap_or_default();
    let rest = image.strip_prefix(REGISTRY_VARIABLE).filter(|rest| rest.starts_with('/')).unwrap_or(image);
    match rest.contains('$') {
        true => Err(Unresolvable::Variable { service: name.to_owned(), image: image.to_owned() }),
        false => Ok(()),
    }
}

fn mapping(value: &Value, place: impl FnOnce() -> String) -> Result<&Map<String, Value>, Unresolvable> {
    value.as_object().ok_or_else(|| Unresolvable::NoMappingAt { place: place() })
}

/// The reading has resolved merge keys; what is left of them, at whatever depth, would be another thing to compose.
fn check_merges(place: &str, map: &Map<String, Value>) -> Result<(), Unresolvable> {
    if map.contains_key("<<") {
        return Err(Unresolvable::Merge { place: place.to_owned() });
    }
    map.iter().try_for_each(|(key, value)| check_merges_in(key, value))
}

fn check_merges_in(key: &str, value: &Value) -> Result<(), Unresolvable> {
    match value {
        Value::Object(map) => check_merges(&format!("\"{key}\""), map),
        Value::Array(list) => list.iter().try_for_each(|value| check_merges_in(key, value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_that_says_all_passes() {
        check(&json!({
            "services": {
                "web": {"image": "${DISTR_REGISTRY}/acme/web:1", "extends": {"service": "base"}},
                "base": {"image": "postgres:17", "extends": "web"},
            },
        }))
        .unwrap();
        check(&json!({"services": null})).unwrap();
    }

    #[test]
    fn no_two_readers_of_the_file_understand_it_differently() {
        for line_break in OLD_LINE_BREAKS {
            let hidden = format!("# a comment{line_break}include: [/host/file.yml]\nservices: {{}}\n");
            let refused = read(&hidden).unwrap_err().to_string();
            assert!(refused.contains(&format!("U+{:04X}", line_break as u32)), "{refused}");
        }
        for (text, reason) in [
            ("services: {web: {image: x, extends: {! <<: {file: /host/x.yml}, service: base}}}", "the merge key"),
            ("services: {web: {image: x, x-a: [{'<<': {file: /host/x.yml}}]}}", "the merge key"),
            ("services: {web: {image: x, env_file: !reset null}}", "cannot be read"),
            ("services: {web: {image: x, env_file: !include /etc/shadow}}", "cannot be read"),
            ("services: {web: {image: x, image: y}}", "duplicate mapping key `image`"),
            ("services: {web: {image: x}, web: {image: y}}", "cannot be read"),
            ("services: {web: {image: x}}\n---\ninclude: [a]", "cannot be read"),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_told_in_one_line_with_its_place() {
        for text in ["services:\n  web: {image: x\n", "services:\n\tweb: 1\n", "services: {web: {image: x, image: y}}"]
        {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains("line "), "{refused}");
            assert!(!refused.contains('\n') && !refused.contains('|'), "{refused}");
        }
    }

    /// Lines, each of which may repeat those before it.
    fn repeated(lines: usize, line: impl Fn(usize) -> String) -> String {
        (0..lines).map(line).chain(["services: {}\n".to_owned()]).collect()
    }

    #[test]
    fn a_small_file_that_unfolds_to_a_large_one_is_refused_before_it_does() {
        let aliases = |n: usize| match n {
            0 => "a0: &a0 [x]\n".to_owned(),
            _ => format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(",")),
        };
        let merges = |n: usize| match n {
            0 => "x-m: &m0 {k0: 1}\n".to_owned(),
            _ => format!("x-m{n}: &m{n} {{<<: [*m{0},*m{0}], k{n}: 1}}\n", n - 1),
        };
        let wide = |n: usize| match n {
            0 => format!("m: &m {{{}}}\n", (0..2000).map(|n| format!("k{n}: 1,")).collect::<String>()),
            _ => format!("x{n}: {{<<: *m}}\n"),
        };
        let long = |n: usize| if n == 0 { format!("m: &m {}\n", "x".repeat(900_000)) } else { format!("x{n}: *m\n") };
        for text in [repeated(12, aliases), repeated(40, merges), repeated(2000, wide), repeated(50, long)] {
            let work = Rc::new(RefCell::new(None));
            let noted = work.clone();
            let options = options().with_budget_report(move |report| *noted.borrow_mut() = Some(report));
            serde_saphyr::from_str_with_options::<Value>(&text, options).expect_err("it is too large");
            let work = work.take().expect("a report");
            assert!(work.events + work.recorded_anchor_events <= 3 * MOST_NODES + 1, "{work:?}");
            assert!(work.merge_keys <= MOST_MERGE_KEYS + 1 && work.total_scalar_bytes <= 2 * MOST_BYTES, "{work:?}");
        }
    }

    #[test]
    fn a_file_of_a_large_product_is_read() {
        let base = "x-base: &base {restart: always, logging: {driver: json-file}}\nservices:\n".to_owned();
        let service = |n: usize| {
            let environment = (0..30).map(|n| format!("      KEY_{n}: value {n}\n")).collect::<String>();
            format!("  s{n}:\n    <<: *base\n    image: x/{n}:1\n    environment:\n{environment}")
        };
        let file = read(&(0..90).map(service).fold(base, |file, service| file + &service)).unwrap();
        assert_eq!(file["services"].as_object().unwrap().len(), 90);
        assert_eq!(file["services"]["s89"]["restart"], "always");
    }

    /// A mebibyte is half of what the threads have that read.
    #[test]
    fn no_file_takes_more_stack_than_there_is() {
        let nested = |depth: usize| {
            format!("m: &m {{k: 1}}\nx: {}1{}\nservices: {{}}", "{<<: *m, a: ".repeat(depth), "}".repeat(depth))
        };
        let beyond = "x: &x ".to_owned()
            + &"[".repeat(20)
            + &"]".repeat(20)
            + "\ny: "
            + &"[".repeat(20)
            + "*x"
            + &"]".repeat(20);
        let reader = std::thread::Builder::new().stack_size(1024 * 1024).spawn(move || {
            read(&nested(MOST_DEPTH - 2)).unwrap();
            for text in [nested(MOST_DEPTH), nested(10_000), beyond] {
                let refused = read(&text).unwrap_err().to_string();
                assert!(refused.contains("cannot be read"), "{refused}");
            }
        });
        reader.unwrap().join().unwrap();
    }

    #[test]
    fn scalars_are_what_compose_takes_them_for() {
        let file = "services: {web: {image: x, environment: {A: yes, B: on, C: 'true', D: true, E: 1.10}, mode: 0440}}";
        let web = &read(file).unwrap()["services"]["web"];
        assert_eq!(web["environment"], json!({"A": "yes", "B": "on", "C": "true", "D": true, "E": 1.1}));
        assert_eq!(web["mode"], 0o440);
    }

    #[test]
    fn the_text_of_a_tree_is_the_tree_and_ascii() {
        let tree = json!({"a\u{2028}": "x\u{85}\u{7f}\u{1f600}ü\"\\\n", "list": [1, -2.5, null, true], "o": {}});
        let text = text(&tree);
        assert!(text.chars().all(|c| c == '\n' || (' '..='~').contains(&c) || c == '\u{1f600}'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), tree);
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), tree);
    }

    #[test]
    fn what_brings_in_something_else_is_named() {
        let service = |service: Value| json!({"services": {"web": service}});
        for (file, reason) in [
            (json!([]), "is not a mapping with services"),
            (json!({"include": ["/host/file.yml"]}), "has the key \"include\""),
            (json!({"include": null, "services": {}}), "has the key \"include\""),
            (service(json!({"extends": {"file": "/host/x.yml", "service": "x"}})), "service \"web\" extends a service"),
            (service(json!({"build": "."})), "service \"web\" is built"),
            (service(json!({"image": "${SIDE:-hub/evil:1}${NONE:+@sha256:}"})), "holds a variable"),
            (service(json!({"image": "${DISTR_REGISTRY}/acme/web:${TAG}"})), "holds a variable"),
            (service(json!({"image": "${DISTR_REGISTRY}evil.example/web"})), "holds a variable"),
            (service(json!({"image": "a:$TAG"})), "holds a variable"),
            (service(json!({"<<": {"build": "."}})), "the merge key"),
            (service(json!([])), "service \"web\" is not a mapping"),
        ] {
            let refused = check(&file).unwrap_err().to_string();
            assert!(refused.contains(reason), "{file}: {refused}");
        }
    }
}
