use super::*;

fn again(text: &str) -> String {
    write(&read(text).unwrap())
}

#[test]
fn what_stood_without_quotes_is_written_without() {
    let text = "mode: 0644\non: yes\nport: 8_080\nversion: 1.10\nname: \"1.10\"\nempty:\nnone: ~\n";
    let expected = "---\nmode: 0644\non: yes\nport: 8_080\nversion: 1.10\nname: \"1.10\"\nempty: ~\nnone: ~\n";
    assert_eq!(again(text), expected);
    assert_eq!(again(expected), expected);
}

#[test]
fn blocks_lists_and_what_is_empty_keep_their_content() {
    let text = "a: |\n  one\n   two\nb: >-\n  x\n  y\nc: [1, {d: e}, []]\nf: {}\n- not";
    assert!(read(text).is_err());
    let text = text.trim_end_matches("- not");
    assert_eq!(again(text), "---\na: \"one\\n two\\n\"\nb: \"x y\"\nc:\n  - 1\n  -\n    d: e\n  - []\nf: {}\n");
}

#[test]
fn aliases_and_merges_are_resolved() {
    let text = "base: &b {image: x, name: y}\none: *b\ntwo: {<<: *b, name: z}\nthree: {<<: [{q: 1}, *b]}\n";
    let node = &read(text).unwrap()[0];
    assert_eq!(node.at(&["one", "image"]).unwrap().as_text(), Some("x"));
    assert_eq!(node.at(&["two", "image"]).unwrap().as_text(), Some("x"));
    assert_eq!(node.at(&["two", "name"]).unwrap().as_text(), Some("z"));
    assert_eq!(node.at(&["three", "q"]).unwrap().as_text(), Some("1"));
}

#[test]
fn what_readers_differ_about_is_refused() {
    for text in ["a: 1\na: 2\n", "? [x]\n: 1\n", "a: !!python/object {}\n", "<<: x\n", "a: &a [*a]\n"] {
        assert!(read(text).is_err(), "{text}");
    }
    let bomb = (1..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{m}, *a{m}, *a{m}, *a{m}]\n", m = n - 1)
    });
    assert!(read(&bomb).is_err());
}

#[test]
fn documents_stay_apart_and_the_empty_go() {
    assert_eq!(again("---\n# nothing\n---\na: 1\n---\n---\nb: 2\n"), "---\na: 1\n---\nb: 2\n");
}

#[test]
fn values_become_what_they_say() {
    let value = serde_json::json!({"a": [1, true, null, "1"], "b": "line\nend\u{7f}"});
    assert_eq!(
        write(&[Node::from(&value)]),
        "---\n\"a\":\n  - 1\n  - true\n  - null\n  - \"1\"\n\"b\": \"line\\nend\\u007f\"\n"
    );
}

#[test]
fn a_text_is_taken_for_what_kubernetes_takes_it_for() {
    let text =
        "[0644, 0o10, 0x1F, 08, -7, 1_000, 1.5, 1e3, yes, off, y, ~, \"1\", 1.2.3, 2026-01-01, !!str 5, +1, -a, .5]";
    let expected = serde_json::json!([
        420,
        8,
        31,
        8,
        -7,
        1000,
        1.5,
        1000,
        true,
        false,
        true,
        null,
        "1",
        "1.2.3",
        "2026-01-01",
        "5",
        1,
        "-a",
        0.5
    ]);
    assert_eq!(value(&read(text).unwrap()[0]), expected);
    assert_eq!(value(&read("{on: 1, 07: x, a: {}}").unwrap()[0]), serde_json::json!({"true": 1, "7": "x", "a": {}}));
}
