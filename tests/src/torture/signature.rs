//! What the committed schema asks of a mutation, so that the writers name no type that could be renamed.

use std::sync::LazyLock;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{FieldDefinition, ServiceDocument, TypeKind, TypeSystemDefinition};

static SCHEMA: LazyLock<ServiceDocument> =
    LazyLock::new(|| parse_schema(include_str!("../../../schema.graphql")).expect("schema.graphql is GraphQL"));

/// The argument's type, as a variable declares it. Ends the run if the schema has no such mutation or argument.
pub(crate) fn argument_type(mutation: &str, argument: &str) -> String {
    let field = field(mutation).unwrap_or_else(|| panic!("schema.graphql has no mutation {mutation}"));
    let found = field.arguments.iter().find(|known| known.node.name.node == argument);
    found.unwrap_or_else(|| panic!("{mutation} has no argument {argument}")).node.ty.to_string()
}

fn field(mutation: &str) -> Option<&'static FieldDefinition> {
    SCHEMA.definitions.iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) if ty.node.name.node == "Mutation" => match &ty.node.kind {
            TypeKind::Object(object) => {
                object.fields.iter().map(|field| &field.node).find(|it| it.name.node == mutation)
            }
            _ => None,
        },
        _ => None,
    })
}
