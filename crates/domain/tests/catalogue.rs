//! The catalogue of events, `docs/events.md`: made of their source and of their stored examples, and never written by hand.
//! `DISTR_WRITE_CATALOGUE=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use distr_domain::decider::Category;
use serde_json::Value;
use syn::{Attribute, Expr, ExprLit, Field, Fields, File, Item, ItemEnum, Lit, Meta, Type, Variant};

const INTRODUCTION: &str = "# Events

What happened is kept as events, each of which is true for ever: none is changed, and each is read by every later version. This page
lists all of them, as `distr audit export` and the subscription `eventAppended` hand them out: the type of the event, what it says, and
its data as JSON.
It is made of the source, and a test keeps it true.

Beside its data an event has its position in the log, the time of its append in UTC, the stream that it is of (a category and an
identifier), its number in that stream, who caused it and by which command, and the version of its shape. Readers pass over fields that
they do not know: later versions add some. A field that may be absent is absent when there is nothing to say. Secrets are in no event.
";

/// What the streams of a category are about.
fn about(category: Category) -> &'static str {
    match category {
        Category::Organization => "A vendor: one stream each.",
        Category::Member => "A person or robot: one stream each, whichever side it is of.",
        Category::Token => "A token, by which a member asks without a password: one stream each.",
        Category::Customer => "A customer of a vendor, with the secrets of its deployments: one stream each.",
        Category::Application => "An application of a vendor, with its rules for releases: one stream each.",
        Category::Release => "A version of an application: one stream each.",
        Category::Channel => "A name that leads to the release of the moment: one stream each.",
        Category::Artifact => "The registry: one stream for each manifest, each tag and each repository's settings.",
        Category::License => "The right of a customer to use an application: one stream each.",
        Category::Seat => "The use of a license by a target: one stream for each pair.",
        Category::Target => "A machine or cluster with an agent: one stream each.",
        Category::Deployment => "An application on a target, wished for and reported: one stream each.",
        Category::Alert => "What people did about an alert: one stream each.",
        Category::Rollout => "A release on its way to many targets, in waves: one stream each.",
        Category::RolloutPolicy => "A rule by which rollouts are planned: one stream each.",
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn sources(folder: &Path, found: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            found.push(syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
    }
}

/// The enumerations of events, by name.
fn enumerations() -> BTreeMap<String, ItemEnum> {
    let mut files = vec![];
    sources(&folder("src"), &mut files);
    let items = files.into_iter().flat_map(|file| file.items);
    let enumerations = items.filter_map(|item| if let Item::Enum(found) = item { Some(found) } else { None });
    enumerations.map(|found| (found.ident.to_string(), found)).collect()
}

/// The data of the examples of each type, the plainest first.
fn examples() -> BTreeMap<String, Vec<Value>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder("tests/golden"))
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    // `Type.json` stands before `Type.more.json`
    paths.sort_by_key(|path| path.file_name().map(|name| name.len()));
    let mut examples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(path).expect("an example");
        let mut example: Value = serde_json::from_str(&text).expect("JSON");
        let name = example["type"].as_str().expect("a type").to_owned();
        examples.entry(name).or_default().push(example["data"].take());
    }
    examples
}

/// The text of a doc comment.
fn said(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// Whether a field may be absent, by its attributes for serde.
fn may_be_absent(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("serde") => {
            list.tokens.to_string().split(',').any(|part| part.trim().starts_with("default"))
        }
        _ => false,
    })
}

/// What only an example tells.
const OF_ITS_OWN: &str = "object";

fn kind_of_example(example: &Value) -> &'static str {
    match example {
        Value::String(_) => "text",
        Value::Number(_) => "number",
        Value::Bool(_) => "true or false",
        Value::Array(_) => "list",
        Value::Object(_) | Value::Null => OF_ITS_OWN,
    }
}

/// The type in words of JSON.
fn kind(of: &Type) -> String {
    let Type::Path(path) = of else { return "object".to_owned() };
    let last = path.path.segments.last().expect("a name");
    let name = last.ident.to_string();
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                syn::GenericArgument::Type(inner) => Some(kind(inner)),
                _ => None,
            })
            .next_back(),
        _ => None,
    };
    match (name.as_str(), inner) {
        ("Option" | "Box", Some(inner)) => inner,
        ("Vec" | "BTreeSet", Some(inner)) => format!("list of {inner}"),
        ("BTreeMap", Some(inner)) => format!("object of {inner}"),
        ("DateTime", _) => "time".to_owned(),
        ("NaiveDate", _) => "date".to_owned(),
        ("String", _) => "text".to_owned(),
        ("bool", _) => "true or false".to_owned(),
        ("u8" | "u16" | "u32" | "u64" | "i64" | "usize", _) => "number".to_owned(),
        ("Uuid", _) => "identifier".to_owned(),
        (name, _) if name.ends_with("Id") => "identifier".to_owned(),
        (_, _) => OF_ITS_OWN.to_owned(),
    }
}

fn write_variant(page: &mut String, variant: &Variant, examples: &BTreeMap<String, Vec<Value>>) {
    let name = variant.ident.to_string();
    let words = said(&variant.attrs);
    let examples = examples.get(&name).unwrap_or_else(|| panic!("{name} has no example"));
    assert!(words.ends_with('.'), "{name} says in a sentence what it means: {words:?}");
    writeln!(page, "\n### {name}\n\n{words}").expect("a text");
    let fields: Vec<&Field> = match &variant.fields {
        Fields::Named(named) => named.named.iter().collect(),
        Fields::Unnamed(_) | Fields::Unit => vec![],
    };
    if !fields.is_empty() {
        page.push_str("\n| field | is | says |\n|---|---|---|\n");
    }
    for field in fields {
        let name = field.ident.as_ref().expect("a name").to_string();
        let name = name.trim_start_matches("r#");
        let shown = examples.iter().map(|example| &example[name]).find(|value| !value.is_null());
        let kind = match (kind(&field.ty), shown) {
            (kind, Some(shown)) if kind == OF_ITS_OWN => kind_of_example(shown).to_owned(),
            (kind, Some(Value::Array(shown))) if kind == "list of object" && !shown.is_empty() => {
                format!("list of {}", kind_of_example(&shown[0]))
            }
            (kind, _) => kind,
        };
        let absent = if may_be_absent(&field.attrs) { ", may be absent" } else { "" };
        writeln!(page, "| `{name}` | {kind}{absent} | {} |", said(&field.attrs).replace('|', "\\|")).expect("a text");
    }
    let data = serde_json::to_string_pretty(&examples[0]).expect("JSON");
    writeln!(page, "\n```json\n{data}\n```").expect("a text");
}

fn catalogue() -> String {
    let (enumerations, examples) = (enumerations(), examples());
    let mut page = INTRODUCTION.to_owned();
    for category in Category::ALL {
        let name: String = category.as_str().split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let events = &enumerations[&format!("{name}Event")];
        writeln!(page, "\n## `{}`\n\n{}", category.as_str(), about(category)).expect("a text");
        let more = said(&events.attrs);
        if !more.is_empty() {
            writeln!(page, "{more}").expect("a text");
        }
        for variant in &events.variants {
            write_variant(&mut page, variant, &examples);
        }
    }
    page
}

#[test]
fn the_catalogue_says_what_the_source_says() {
    let path = folder("../../docs/events.md");
    let catalogue = catalogue();
    if std::env::var_os("DISTR_WRITE_CATALOGUE").is_some() {
        fs::write(&path, &catalogue).expect("the catalogue");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let different = kept.lines().zip(catalogue.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == catalogue,
        "docs/events.md is not of this source, from line {} on; write it with DISTR_WRITE_CATALOGUE=1",
        1 + different.unwrap_or(kept.lines().count().min(catalogue.lines().count()))
    );
}
