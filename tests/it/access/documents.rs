//! Documents out of the schema: each root field with its arguments, and all that can be reached from what it answers with.

use std::collections::BTreeMap;

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

use super::arguments::{Names, Thing, names};

const DEPTH: usize = 4;
const INTROSPECTION: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { kind name possibleTypes { name } fields { name args { name defaultValue type { kind } } type { ...T } } }
} }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

pub(super) struct Schema {
    /// by name, those with fields
    types: BTreeMap<String, Vec<Field>>,
    /// by name, with the types that one may be
    unions: BTreeMap<String, Vec<String>>,
    roots: [(&'static str, String); 3],
}

struct Field {
    name: String,
    arguments: Vec<Argument>,
    /// the named type, below lists and non-nulls
    of: String,
}

struct Argument {
    name: String,
    is_required: bool,
}

/// One field of a root type.
pub(super) struct Root<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    arguments: &'a [Argument],
    selection: String,
}

impl Schema {
    pub(super) async fn of(hub: &HubProcess, owner: &str) -> Self {
        Self::read(&hub.graphql(Some(owner), INTROSPECTION, json!({})).await.data()["__schema"])
    }

    pub(super) fn read(schema: &Value) -> Self {
        let root = |key: &str| schema[key]["name"].as_str().unwrap_or_default().to_owned();
        let types = schema["types"].as_array().expect("types").iter().filter_map(|of| {
            let fields = of["fields"].as_array()?.iter().map(field).collect();
            Some((text(&of["name"]), fields))
        });
        let unions = schema["types"].as_array().expect("types").iter().filter(|of| of["kind"] == "UNION").map(|of| {
            let members = of["possibleTypes"].as_array().expect("its types").iter().map(|member| text(&member["name"]));
            (text(&of["name"]), members.collect())
        });
        Self {
            unions: unions.collect(),
            types: types.filter(|(name, _)| !name.starts_with("__")).collect(),
            roots: [
                ("query", root("queryType")),
                ("mutation", root("mutationType")),
                ("subscription", root("subscriptionType")),
            ],
        }
    }

    /// Arguments that nobody said what they name.
    pub(super) fn unknown_arguments(&self) -> Vec<String> {
        let mut unknown = vec![];
        for (name, fields) in &self.types {
            let is_root = self.roots.iter().any(|(_, root)| root == name);
            for field in fields {
                let path = if is_root { field.name.clone() } else { format!("{name}.{}", field.name) };
                let missing = field.arguments.iter().filter(|argument| names(&path, &argument.name).is_none());
                unknown.extend(missing.map(|argument| format!("{path}({})", argument.name)));
            }
        }
        unknown
    }

    pub(super) fn roots(&self) -> Vec<Root<'_>> {
        let fields =
            self.roots.iter().flat_map(|(kind, name)| self.types[name].iter().map(move |field| (*kind, field)));
        fields
            .map(|(kind, field)| Root {
                kind,
                name: &field.name,
                arguments: &field.arguments,
                selection: self.selection(&field.of, DEPTH),
            })
            .collect()
    }

    /// All fields, to a depth. Of a connection the nodes.
    fn selection(&self, of: &str, depth: usize) -> String {
        if let Some(members) = self.unions.get(of) {
            let members = members.iter().map(|member| format!("... on {member} {}", self.selection(member, depth)));
            return format!("{{ __typename {} }}", members.collect::<Vec<_>>().join(" "));
        }
        let Some(fields) = self.types.get(of) else { return String::new() };
        let mut selected = vec![];
        for field in fields.iter().filter(|field| field.name != "edges") {
            let leaf = !self.types.contains_key(&field.of) && !self.unions.contains_key(&field.of);
            if !leaf && depth == 0 {
                continue;
            }
            let first = field.arguments.iter().any(|argument| argument.name == "first");
            let arguments = if first { "(first: 3)" } else { "" };
            selected.push(format!("{}{arguments} {}", field.name, self.selection(&field.of, depth.saturating_sub(1))));
        }
        if selected.is_empty() { "{ __typename }".to_owned() } else { format!("{{ {} }}", selected.join(" ")) }
    }
}

impl Root<'_> {
    /// What its arguments name that may be another's.
    pub(super) fn things(&self) -> Vec<Thing> {
        let things = self.arguments.iter().filter_map(|argument| match names(self.name, &argument.name)? {
            Names::Thing(thing) => Some(thing),
            _ => None,
        });
        things.collect()
    }

    /// With `value` of each thing; those that it has no value for are left out, unless they are required.
    pub(super) fn document(&self, value: impl Fn(Thing) -> Option<String>) -> String {
        let given = self.arguments.iter().filter_map(|argument| {
            let value = match names(self.name, &argument.name)? {
                Names::Thing(thing) => match value(thing) {
                    None if argument.is_required => panic!("{} needs {}", self.name, argument.name),
                    value => format!("{:?}", value?),
                },
                Names::Own(literal) => literal.to_owned(),
                Names::Nothing => return None,
            };
            Some(format!("{}: {value}", argument.name))
        });
        let given: Vec<String> = given.collect();
        let arguments = if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
        format!("{} {{ {}{arguments} {} }}", self.kind, self.name, self.selection)
    }

    pub(super) fn may_leave_out(&self, thing: Thing) -> bool {
        let is = |argument: &&Argument| names(self.name, &argument.name) == Some(Names::Thing(thing));
        self.arguments.iter().find(is).is_some_and(|argument| !argument.is_required)
    }
}

fn field(value: &Value) -> Field {
    let mut of = &value["type"];
    while !of["ofType"].is_null() {
        of = &of["ofType"];
    }
    let arguments = value["args"].as_array().expect("arguments").iter().map(|argument| Argument {
        name: text(&argument["name"]),
        is_required: argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null(),
    });
    Field { name: text(&value["name"]), arguments: arguments.collect(), of: text(&of["name"]) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
