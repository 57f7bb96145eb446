use serde_json::json;

use super::super::{Unfit, check, hold};
use super::*;

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({ "c": inner }))
}

/// A schema that leads back to itself by several ways out of each value.
fn branching(ways: usize) -> Value {
    let way = json!({ "properties": { "c": { "$ref": "#/definitions/t" } } });
    json!({ "definitions": { "t": { "allOf": vec![way; ways] } }, "$ref": "#/definitions/t" })
}

fn refused(schema: &Value, values: &Value) -> String {
    check(schema, values).unwrap_err().to_string()
}

#[test]
fn a_schema_that_multiplies_with_the_depth_of_values_is_refused() {
    check(&branching(8), &nested(4)).unwrap();
    assert!(refused(&branching(8), &nested(40)).contains("which repeats itself in them"));
    assert!(refused(&branching(2), &nested(64)).contains("fewer values"));
    let Err(Unfit::Work(_)) = hold(&branching(8), &nested(40)) else { panic!("it is held against the schema") };
    check(&branching(1), &nested(64)).unwrap();
}

#[test]
fn trees_with_several_branches_are_taken() {
    let tree = json!({ "$ref": "#/definitions/tree" });
    let both = json!({ "left": tree, "right": tree, "all": { "items": tree } });
    let closed = json!({ "properties": both, "additionalProperties": false });
    let schema = json!({ "definitions": { "tree": closed }, "$ref": "#/definitions/tree" });
    let values = (0..20).fold(json!({}), |inner, _| json!({ "left": inner, "right": {}, "all": [{}] }));
    hold(&schema, &values).unwrap();
    let open = json!({ "properties": { "c": { "$ref": "#" } }, "additionalProperties": { "$ref": "#" } });
    hold(&open, &nested(64)).unwrap();
}

#[test]
fn a_schema_that_leads_back_without_going_on_is_refused() {
    let mutual = json!({ "a": { "$ref": "#/definitions/b" }, "b": { "$ref": "#/definitions/a" } });
    for schema in [
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "anyOf": [{ "$ref": "#" }, { "type": "object" }] }),
        json!({ "not": { "$ref": "#" } }),
        json!({ "if": { "$ref": "#" } }),
        json!({ "dependentSchemas": { "c": { "$ref": "#" } } }),
        json!({ "definitions": mutual, "$ref": "#/definitions/a" }),
    ] {
        assert!(refused(&schema, &nested(1)).contains("let none lead back to itself"), "{schema}");
    }
}

#[test]
fn what_is_asked_of_each_value_counts() {
    let names: Vec<String> = (0..4_000).map(|n| format!("k{n}")).collect();
    let numbers: Vec<usize> = (0..4_000).collect();
    let patterns: Map<String, Value> = (0..200).map(|n| (format!("^[a-z0-9]{{1,20}}x{n}$"), json!({}))).collect();
    let properties: Map<String, Value> = names.iter().map(|name| (name.clone(), json!({}))).collect();
    let keys: Map<String, Value> = (0..15_000).map(|n| (format!("aaaaaaa{n}"), json!(1))).collect();
    let of_each = |keyword: &str, value: Value| json!({ "properties": { "l": { "items": { keyword: value } } } });
    let texts: Vec<String> = (0..200).map(|n| format!("(a{{1,90}}){n}")).collect();
    for (schema, values) in [
        (of_each("required", json!(names)), json!({ "l": vec![json!({}); 3_000] })),
        (of_each("dependentRequired", json!({ "a": names })), json!({ "l": vec![json!({ "a": 1 }); 3_000] })),
        (of_each("dependencies", json!({ "a": names })), json!({ "l": vec![json!({ "a": 1 }); 3_000] })),
        (of_each("properties", json!(properties)), json!({ "l": vec![json!({}); 3_000] })),
        (of_each("enum", json!(numbers)), json!({ "l": vec![json!(3_999); 3_000] })),
        (of_each("const", json!(numbers)), json!({ "l": vec![json!(3_999); 3_000] })),
        (of_each("allOf", json!(vec![json!({ "pattern": "^a*$" }); 190])), json!({ "l": ["a".repeat(50_000)] })),
        (of_each("format", json!("regex")), json!({ "l": texts })),
        (json!({ "patternProperties": patterns }), json!(keys)),
        (json!({ "propertyNames": { "allOf": vec![json!({ "pattern": "a" }); 100] } }), json!(keys)),
        (json!({ "additionalProperties": { "anyOf": vec![json!({ "type": "object" }); 100] } }), json!(keys)),
        (of_each("contains", json!({ "enum": numbers })), json!({ "l": vec![json!(numbers); 2] })),
    ] {
        let said = refused(&schema, &values);
        assert!(said.contains("more than 2000000 steps"), "{}: {said}", &schema.to_string()[..80]);
    }
}

#[test]
fn faults_are_told_where_all_of_them_take_little_memory() {
    let names = |count: usize| (0..count).map(|n| format!("k{n}")).collect::<Vec<_>>();
    let schema = |count| json!({ "properties": { "l": { "items": { "required": names(count) } } } });
    let Err(Unfit::Faults(told)) = hold(&schema(100), &json!({ "l": vec![json!({}); 100] })) else { panic!() };
    assert_eq!(told.len(), 10);
    assert!(told[0].starts_with("/l/0: "), "{}", told[0]);
    let Err(Unfit::Faults(told)) = hold(&schema(1_000), &json!({ "l": vec![json!({}); 500] })) else { panic!() };
    assert!(told.len() == 1 && told[0].contains("`helm lint` says it"), "{told:?}");
    // a long name on the way is told by each fault below it
    let long = json!({ "x".repeat(100_000): vec![json!({}); 10] });
    let schema = json!({ "additionalProperties": { "items": { "required": names(100) } } });
    let Err(Unfit::Faults(told)) = hold(&schema, &long) else { panic!() };
    assert!(told[0].contains("too many of them"), "{}", told[0]);
}

#[test]
fn the_deepest_that_is_taken_fits_on_the_stack() {
    // seven schemas for each of 64 values, with the faults of all of them told
    let next = json!({ "properties": { "c": { "$ref": "#" } }, "required": ["d"] });
    let schema = (0..4).fold(next, |inner, _| json!({ "anyOf": [inner, { "type": "string" }] }));
    assert!(matches!(hold(&schema, &nested(63)), Err(Unfit::Faults(_))));
}
