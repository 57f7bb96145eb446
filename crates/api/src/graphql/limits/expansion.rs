//! What a document asks for once its fragments stand where they are spread: how many fields, which at its root, and how much
//! of the schema itself.

use std::collections::HashMap;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql_value::{ConstValue, Name, Value};

/// Fields of a document, its fragments counted wherever they are spread.
const MAX_FIELDS: u64 = 3_000;
/// Variables, arguments, directives and keys of objects, fragments counted once: each may be wrong in its own way, and each that is
/// wrong is compared with all that would be right.
const MAX_NAMES: usize = 1_000;
const MAX_NAMES_OF_STRANGERS: usize = 40;
/// Bytes of a name: one that is unknown is held against all that are known, letter by letter.
const MAX_NAME: usize = 100;
const MAX_ROOT_FIELDS: u64 = 100;
/// Selections within each other, fragments counted. What walks a document goes as deep as it does.
const MAX_HEIGHT: usize = 64;
/// Fields below `__schema` and `__type`. The query of GraphiQL has about 270.
const MAX_INTROSPECTED: u64 = 400;
/// `ofType` within `ofType`. The query of GraphiQL goes 9 deep.
const MAX_OF_TYPE: usize = 12;

/// Who sent the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum Sender {
    SignedIn,
    Stranger,
}

/// Root fields that are open to everybody, one of them in a document.
const OPEN_TO_EVERYBODY: [&str; 6] =
    ["sessionCreate", "sessionStart", "sessionStartByCode", "invitationAccept", "passwordReset", "portal"];
/// A sign-in asks for two fields of its payload, and a page for those of a branding.
const MAX_FIELDS_OF_STRANGERS: u64 = 30;

/// Why a document is not executed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::graphql) enum Refusal {
    /// It asks for too much, or is not what a document should be.
    Bad(String),
    /// It asks for what only the signed-in may have.
    SignInFirst,
}

fn bad<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Bad(message.into()))
}

/// The fields at the root, with those of fragments, however often these are spread there.
pub(in crate::graphql) fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Field> {
    let mut fields = vec![];
    expand(document, &operation.selection_set.node, &mut fields);
    fields
}

/// Takes a document that was narrowed to one operation.
pub(super) fn check(document: &ExecutableDocument, sender: Sender) -> Result<(), Refusal> {
    let mut counts = Counts { document, of_fragments: HashMap::new(), names: 0 };
    for (_, operation) in document.operations.iter() {
        let root = &operation.node.selection_set.node;
        counts.names += directives(&operation.node.directives);
        for variable in &operation.node.variable_definitions {
            check_name(&variable.node.name.node)?;
            counts.names += 1 + directives(&variable.node.directives);
            counts.names += variable.node.default_value.as_ref().map_or(0, |value| default_keys(&value.node));
        }
        let fields = counts.size(root, 0)?.fields;
        check_names(counts.names, sender)?;
        check_fields(fields, MAX_FIELDS)?;
        // what follows goes through each of them
        let roots = root_fields(document, &operation.node);
        check_roots(&roots, sender)?;
        if sender == Sender::Stranger {
            check_fields(fields, MAX_FIELDS_OF_STRANGERS)?;
        }
        for name in ["__schema", "__type"] {
            if roots.iter().filter(|field| field.name.node == name).count() > 1 {
                return bad(format!("the document asks for {name} more than once"));
            }
        }
        let mut introspected = 0;
        for field in roots.iter().filter(|field| field.name.node.starts_with("__")) {
            introspected += counts.size(&field.selection_set.node, 0)?.fields;
            check_path(document, field, &mut vec![])?;
        }
        if introspected > MAX_INTROSPECTED {
            return bad(format!(
                "the document asks for {introspected} fields of the schema; at most {MAX_INTROSPECTED}"
            ));
        }
    }
    Ok(())
}

fn check_fields(fields: u64, most: u64) -> Result<(), Refusal> {
    match fields > most {
        true => bad(format!("the document asks for {fields} fields, fragments counted where they are; at most {most}")),
        false => Ok(()),
    }
}

fn check_names(names: usize, sender: Sender) -> Result<(), Refusal> {
    let most = if sender == Sender::Stranger { MAX_NAMES_OF_STRANGERS } else { MAX_NAMES };
    match names > most {
        true => bad(format!(
            "the document has {names} variables, arguments, directives and keys of objects; at most {most}, long lists go into \
             variables"
        )),
        false => Ok(()),
    }
}

/// Directives with their arguments.
fn directives(of: &[Positioned<Directive>]) -> usize {
    of.iter().map(|directive| 1 + arguments(&directive.node.arguments)).sum()
}

fn arguments(of: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
    of.iter().map(|(_, value)| 1 + keys(&value.node)).sum()
}

fn default_keys(value: &ConstValue) -> usize {
    match value {
        ConstValue::List(items) => items.iter().map(default_keys).sum(),
        ConstValue::Object(map) => map.values().map(|value| 1 + default_keys(value)).sum(),
        _ => 0,
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    match name.len() > MAX_NAME {
        true => bad(format!("a name of the document has {} bytes; at most {MAX_NAME}", name.len())),
        false => Ok(()),
    }
}

/// Each name that the validation compares with those that it knows.
fn check_field(field: &Field) -> Result<(), Refusal> {
    check_name(&field.name.node)?;
    field.arguments.iter().try_for_each(|(name, value)| {
        check_name(&name.node)?;
        check_keys(&value.node)
    })?;
    check_directives(&field.directives)
}

fn check_directives(of: &[Positioned<Directive>]) -> Result<(), Refusal> {
    of.iter().try_for_each(|directive| {
        check_name(&directive.node.name.node)?;
        directive.node.arguments.iter().try_for_each(|(name, _)| check_name(&name.node))
    })
}

fn check_keys(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::List(items) => items.iter().try_for_each(check_keys),
        Value::Enum(name) => check_name(name),
        Value::Object(map) => map.iter().try_for_each(|(name, value)| {
            check_name(name)?;
            check_keys(value)
        }),
        _ => Ok(()),
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(keys).sum(),
        Value::Object(map) => map.values().map(|value| 1 + keys(value)).sum(),
        _ => 0,
    }
}

fn check_roots(roots: &[&Field], sender: Sender) -> Result<(), Refusal> {
    let open = roots.iter().filter(|field| OPEN_TO_EVERYBODY.contains(&field.name.node.as_str())).count();
    let names = roots.iter().filter(|field| field.name.node == "__typename").count();
    match sender {
        Sender::Stranger if open + names < roots.len() => Err(Refusal::SignInFirst),
        Sender::Stranger if open > 1 || names > 1 => bad("before a sign-in a document asks for one thing"),
        _ if roots.len() as u64 > MAX_ROOT_FIELDS => {
            bad(format!("the document has {} root fields; at most {MAX_ROOT_FIELDS}", roots.len()))
        }
        _ => Ok(()),
    }
}

/// The schema leads from types to fields to types for ever. Below `__schema` and `__type` a way names each field once, but
/// `ofType`, which unwraps lists and non-nulls.
fn check_path<'a>(document: &'a ExecutableDocument, field: &'a Field, way: &mut Vec<&'a str>) -> Result<(), Refusal> {
    let name = field.name.node.as_str();
    let before = way.iter().filter(|earlier| **earlier == name).count();
    let most = if name == "ofType" { MAX_OF_TYPE } else { 1 };
    if before >= most {
        return bad(format!(
            "the document asks for {name} within {name} of the schema; ask for one type after the other"
        ));
    }
    way.push(name);
    let mut below = vec![];
    expand(document, &field.selection_set.node, &mut below);
    for field in below {
        check_path(document, field, way)?;
    }
    way.pop();
    Ok(())
}

/// The fields of a selection, those of its fragments too.
fn expand<'a>(document: &'a ExecutableDocument, selection: &'a SelectionSet, fields: &mut Vec<&'a Field>) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => fields.push(&field.node),
            Selection::InlineFragment(fragment) => expand(document, &fragment.node.selection_set.node, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    expand(document, &fragment.node.selection_set.node, fields);
                }
            }
        }
    }
}

/// Counts without expanding: each fragment is looked at once, however often it is spread.
struct Counts<'a> {
    document: &'a ExecutableDocument,
    /// nothing while it is being counted
    of_fragments: HashMap<&'a str, Option<Size>>,
    names: usize,
}

/// How many fields and spreads, and how many selections stand within each other.
#[derive(Clone, Copy, Default)]
struct Size {
    fields: u64,
    height: usize,
}

fn check_height(height: usize) -> Result<(), Refusal> {
    match height > MAX_HEIGHT {
        true => bad(format!("the document is nested more than {MAX_HEIGHT} deep, fragments counted where they are")),
        false => Ok(()),
    }
}

impl<'a> Counts<'a> {
    /// `depth`: how many selections this one stands in.
    fn size(&mut self, selection: &'a SelectionSet, depth: usize) -> Result<Size, Refusal> {
        let mut size = Size::default();
        check_height(depth)?;
        for item in &selection.items {
            let below = match &item.node {
                Selection::Field(field) => {
                    check_field(&field.node)?;
                    self.names += directives(&field.node.directives) + arguments(&field.node.arguments);
                    self.size(&field.node.selection_set.node, depth + 1)?
                }
                Selection::InlineFragment(fragment) => {
                    if let Some(condition) = &fragment.node.type_condition {
                        check_name(&condition.node.on.node)?;
                    }
                    check_directives(&fragment.node.directives)?;
                    self.names += directives(&fragment.node.directives);
                    self.size(&fragment.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    check_name(&spread.node.fragment_name.node)?;
                    check_directives(&spread.node.directives)?;
                    self.names += directives(&spread.node.directives);
                    self.fragment(spread.node.fragment_name.node.as_str(), depth + 1)?
                }
            };
            // a spread of nothing takes time, too
            size.fields = size.fields.saturating_add(1).saturating_add(below.fields);
            size.height = size.height.max(below.height + 1);
            check_height(depth + size.height)?;
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &str, depth: usize) -> Result<Size, Refusal> {
        let document = self.document;
        // one that is not there is the validation's to name
        let Some((name, fragment)) = document.fragments.get_key_value(name) else { return Ok(Size::default()) };
        let size = match self.of_fragments.get(name.as_str()) {
            Some(Some(size)) => *size,
            Some(None) => return bad(format!("the fragment {:?} leads to itself", name.as_str())),
            None => {
                check_name(&fragment.node.type_condition.node.on.node)?;
                self.names += directives(&fragment.node.directives);
                self.of_fragments.insert(name.as_str(), None);
                let size = self.size(&fragment.node.selection_set.node, depth)?;
                self.of_fragments.insert(name.as_str(), Some(size));
                size
            }
        };
        Ok(size)
    }
}

#[cfg(test)]
mod tests;
