use serde_json::{Map, json};

use super::*;

fn read(text: &str) -> Result<Value, String> {
    of_helm::<Map<String, Value>>(text).map(Value::Object)
}

#[test]
fn what_helm_reads_otherwise_is_refused_with_the_line_and_what_to_write() {
    for key in ["y", "n", "on", "off", "Yes", "NO", "True", "0x10", "010", "1.5", "+1", "1_0", "0o17", ".5", "1e3", "~"]
    {
        let said = read(&format!("a: 1\n{key}: 2\n")).unwrap_err();
        assert!(said.contains("line 2") && said.ends_with(&format!("write \"{key}\"")), "{key}: {said}");
        assert_eq!(read(&format!("\"{key}\": 2\n")), Ok(json!({ key: 2 })));
    }
    for value in ["tRUE", "yES", "oN", "fALSE", "1_0.5", "1_000", "1e1_0", "-1_0", "-_1"] {
        let said = read(&format!("a:\n  - [{value}]\n")).unwrap_err();
        assert!(said.contains("line 2") && said.contains(&format!("write \"{value}\"")), "{value}: {said}");
        assert_eq!(read(&format!("a: '{value}'\n")), Ok(json!({ "a": value })));
    }
    for (text, says) in [
        ("x: &x {a: 1}\nv:\n  a: 2\n  <<: *x\n", "line 4: << stands behind other keys of its map"),
        ("x: &x {a: 1}\nv: {<<: *x, <<: *x}\n", "line 2: << is twice in a map; write one with a list"),
        (
            "a: \"x\u{2028}y\"\n",
            "line 1 has the character U+2028, where Helm ends the line; write \\L in double quotes",
        ),
        ("b: 1\n# \u{2029}a: 1\n", "line 2 has the character U+2029"),
        ("a: x\u{85}y\n", "write \\N in double quotes"),
        ("a: &x on\n*x : 1\n", "line 2: a key is an alias"),
        ("a: [b,\n x:, c]\n", "line 2: Helm reads x: with its colon as a text"),
        ("a: {x:, c: 1}\n", "write a space behind the colon, or \"x:\""),
        ("a: {?b: 1}\n", "line 1: Helm reads the ? of ?b as the beginning of a key; write \"?b\""),
        ("a:\n  - [ ?b ]\n", "line 2: Helm reads the ? of ?b"),
        ("a: [{b: {c: [1]}, d: ?e}]\n", "Helm reads the ? of ?e"),
        ("a: {b: &x ?c}\n", "Helm reads the ? of ?c"),
        ("a: !!binary aGk=\n", "line 1: the tag !!binary is not taken"),
        ("a: !mine {b: 1}\n", "the tag !mine is not taken"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn what_both_read_alike_is_taken() {
    let text = "
x: &x {a: 1, b: [y, No, ON, True, null, 0x10, 010, 1.5]}
v: {<<: *x, a: 2}
w: {<<: [*x, {c: 3}]}
1: one
-5: five
true: yes
1.2.3: version
2001-01-01: day
a_b: _1
?q: ?block
flow: {a: , \"b\":[1], c: [x: 1]}
'on': !!str 1
\"<<\": \"\\L\"
";
    let list = json!([true, false, true, true, null, 16, 8, 1.5]);
    let expected = json!({
        "x": { "a": 1, "b": list },
        "v": { "a": 2, "b": list },
        "w": { "a": 1, "b": list, "c": 3 },
        "1": "one", "-5": "five", "true": true, "1.2.3": "version", "2001-01-01": "day", "a_b": "_1", "?q": "?block", "flow": { "a": null, "b": [1], "c": [{ "x": 1 }] },
        "on": "1", "<<": "\u{2028}",
    });
    assert_eq!(read(text), Ok(expected));
}

#[test]
fn aliases_are_measured_by_what_they_repeat() {
    let uses = (0..1_000).map(|n| format!("k{n}: *x\n")).collect::<String>();
    let Ok(Value::Object(values)) = read(&format!("x: &x {{a: 1}}\n{uses}")) else { panic!("small when expanded") };
    assert_eq!(values.len(), 1_001);
    let said = read(&format!("x: &x [{}]\n{uses}", "1,".repeat(1_000))).unwrap_err();
    assert!(
        said.contains("more than 200000 maps, lists and values, counted again wherever an alias repeats them"),
        "{said}"
    );
    let said = read(&format!("x: &x {}\n{uses}", "a".repeat(5_000))).unwrap_err();
    assert!(said.contains("the texts have too many bytes, counted again"), "{said}");
}

#[test]
fn what_is_too_much_is_said_in_words() {
    let deep = format!("{}1{}", "{a: ".repeat(65), "}".repeat(65));
    let many = format!("a: [{}]\n", "1,".repeat(200_001));
    let anchors = (0..2_001).map(|n| format!("k{n}: &a{n} 1\n")).collect::<String>();
    for (text, says) in [
        (deep, "maps and lists are more than 64 within each other"),
        (many, "there are more than 200000 maps, lists and values"),
        (anchors, "there are more than 2000 anchors"),
        ("a: 1\na: 2\n".to_owned(), "duplicate mapping key `a`"),
        ("a: [\n".to_owned(), "unclosed bracket"),
    ] {
        let said = read(&text).unwrap_err();
        assert!(said.contains(says) && said.contains("line ") && !said.contains(['{', '\n', '=']), "{says}: {said}");
    }
}
