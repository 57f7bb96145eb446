//! The contract: what each form covers, as npm documents it, and what is said to those who write another.

use super::*;

/// Range, versions in it, versions not in it.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const CONTRACT: &[Row] = &[
    // single versions and all versions
    ("1.2.3", &["1.2.3"], &["1.2.4", "1.2.3-rc.1", "1.2.2"]),
    ("=1.2.3", &["1.2.3"], &["1.2.4"]),
    ("v1.2.3", &["1.2.3"], &["1.2.4"]),
    ("= v1.2.3", &["1.2.3"], &["1.2.4"]),
    ("1.2.3-rc.1", &["1.2.3-rc.1"], &["1.2.3", "1.2.3-rc.2"]),
    ("*", &["0.0.0", "1.2.3", "99.0.0"], &["1.2.3-rc.1"]),
    ("x", &["0.0.0", "1.2.3"], &[]),
    ("X.x.*", &["0.0.0", "1.2.3"], &[]),
    // parts left out
    ("1", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]),
    ("1.x", &["1.0.0", "1.9.9"], &["2.0.0"]),
    ("1.x.3", &["1.0.0", "1.9.9"], &["2.0.0"]),
    ("1.2", &["1.2.0", "1.2.9"], &["1.3.0", "1.9.0", "1.1.9"]),
    ("1.2.x", &["1.2.0", "1.2.9"], &["1.3.0", "1.2.3-rc.1"]),
    ("1.2.*", &["1.2.0", "1.2.9"], &["1.3.0"]),
    ("=1.2", &["1.2.9"], &["1.3.0"]),
    ("v1.2", &["1.2.9"], &["1.3.0"]),
    // comparators
    (">=1.2.7", &["1.2.7", "2.5.3"], &["1.2.6"]),
    (">1.2.7", &["1.2.8"], &["1.2.7"]),
    ("<2", &["1.9.9"], &["2.0.0", "2.0.0-rc.1"]),
    ("<=1.2", &["1.2.9"], &["1.3.0"]),
    (">1.2", &["1.3.0"], &["1.2.9"]),
    (">1", &["2.0.0"], &["1.9.9"]),
    ("<1.2.x", &["1.1.9"], &["1.2.0"]),
    (">=1.x", &["1.0.0", "7.0.0"], &["0.9.9"]),
    (">= 1.2.7", &["1.2.7"], &["1.2.6"]),
    (">=*", &["0.0.1"], &[]),
    // and, or
    (">=1.2.7 <1.3.0", &["1.2.7", "1.2.99"], &["1.2.6", "1.3.0", "1.1.0"]),
    (">=1.2, <2", &["1.9.9"], &["2.0.0"]),
    (">=1.2,<2", &["1.9.9"], &["2.0.0"]),
    ("1.2.7 || >=1.2.9 <2.0.0", &["1.2.7", "1.2.9", "1.4.6"], &["1.2.8", "2.0.0"]),
    ("1.1||1.3", &["1.1.5", "1.3.0"], &["1.2.0"]),
    ("* <2", &["1.0.0"], &["2.0.0"]),
    (">=1.0.0 1.2.3", &["1.2.3"], &["1.2.4"]),
    // from one to another
    ("1.2.3 - 2.3.4", &["1.2.3", "2.3.4"], &["1.2.2", "2.3.5"]),
    ("1.2 - 2.3.4", &["1.2.0"], &["1.1.9"]),
    ("1.2.3 - 2.3", &["2.3.99"], &["2.4.0"]),
    ("1.2.3 - 2", &["2.99.0"], &["3.0.0"]),
    ("1.2 - *", &["9.0.0"], &["1.1.0"]),
    // tilde
    ("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]),
    ("~1.2", &["1.2.0", "1.2.9"], &["1.3.0"]),
    ("~1", &["1.0.0", "1.9.0"], &["2.0.0"]),
    ("~0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]),
    ("~0.2", &["0.2.0"], &["0.3.0"]),
    ("~0", &["0.9.0"], &["1.0.0"]),
    ("~1.2.3-beta.2", &["1.2.3-beta.4", "1.2.3", "1.2.9"], &["1.2.4-beta.2", "1.2.3-beta.1"]),
    ("~>1.2", &["1.2.9"], &["1.3.0"]),
    ("~ 1.2", &["1.2.9"], &["1.3.0"]),
    // caret
    ("^1.2.3", &["1.2.3", "1.9.9"], &["2.0.0", "1.2.2"]),
    ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]),
    ("^0.0.3", &["0.0.3"], &["0.0.4"]),
    ("^1.2.3-beta.2", &["1.2.3-beta.4", "1.5.0"], &["1.2.4-beta.2", "2.0.0"]),
    ("^0.0.3-beta", &["0.0.3-pr.2", "0.0.3"], &["0.0.4"]),
    ("^1.2.x", &["1.2.0", "1.9.9"], &["2.0.0"]),
    ("^0.0.x", &["0.0.0", "0.0.9"], &["0.1.0"]),
    ("^0.0", &["0.0.9"], &["0.1.0"]),
    ("^1.x", &["1.0.0", "1.9.9"], &["2.0.0"]),
    ("^0.x", &["0.0.0", "0.9.9"], &["1.0.0"]),
    ("^*", &["7.0.0"], &[]),
    // pre-releases have to be named
    (">1.2.3-alpha.3", &["1.2.3-alpha.7", "3.4.5"], &["3.4.5-alpha.9", "1.2.3-alpha.2"]),
    (">=1.2.3-rc.1 <1.2.3", &["1.2.3-rc.1", "1.2.3-rc.2"], &["1.2.3"]),
];

const MISTAKES: &[(&str, &str)] = &[
    ("", "write * for every version but pre-releases"),
    ("1.2 ||", "write * for every version but pre-releases"),
    ("1.x,2.x", "no version is in it"),
    (">=2 <1", "no version is in it"),
    (">1.2.3 <1.2.4", "no version is in it"),
    ("latest", "is no version"),
    ("1.2.3.4", "more than three numbers"),
    ("1..2", "is no version"),
    ("01.2", "do not begin with 0"),
    ("1.2+", "write >=1.2 for"),
    ("1.2.3+build", "build metadata"),
    ("=>1.2", "write >="),
    ("=<1.2", "write <="),
    ("!=1.2.3", "cannot be left out"),
    ("1.2-1.4", "needs three numbers before -1.4"),
    ("1.2-rc.1", "needs three numbers before -rc.1"),
    (">1.2 <", "no version behind it"),
    ("><1.2", "is no operator"),
    ("<*", "no version is <*"),
    ("1.2.99999999999999999999", "is too large"),
    ("1,2", ""),
    ("1.2.3-", "use for example"),
    ("[1.2,2.0)", "is no version"),
];

fn contains(range: &str, version: &str) -> bool {
    let ranges: VersionRanges = range.parse().unwrap_or_else(|error| panic!("{error}"));
    ranges.contains(&version.parse().unwrap())
}

#[test]
fn each_form_covers_what_its_writer_expects() {
    for (range, inside, outside) in CONTRACT {
        for version in *inside {
            assert!(contains(range, version), "{range} has to cover {version}");
        }
        for version in *outside {
            assert!(!contains(range, version), "{range} must not cover {version}");
        }
    }
}

#[test]
fn a_mistake_is_told_with_the_form_to_use() {
    for (range, reason) in MISTAKES.iter().filter(|(_, reason)| !reason.is_empty()) {
        let refused = alternatives(range).map(|ranges| ranges.len()).unwrap_err().to_string();
        assert!(refused.contains(reason), "{range}: {refused}");
    }
    assert!(alternatives(&"1.2 ".repeat(51)).unwrap_err().to_string().contains("200 bytes"));
}

/// Stored ranges mean what they meant when they were written, whoever reads them.
#[test]
fn what_is_stored_is_plain() {
    let stored = |text: &str| -> Vec<String> {
        alternatives(text).unwrap().iter().map(|range| range.as_str().to_owned()).collect()
    };
    for (written, plain) in [
        ("1.2", "1.2.x"),
        ("v1.2.3", "1.2.3"),
        (">=1.0.0 1.2.3", ">=1.0.0, =1.2.3"),
        ("1.2 - 1.4", ">=1.2, <=1.4"),
        ("~>1.x", "~1"),
        ("* *", "*"),
    ] {
        assert_eq!(stored(written), [plain]);
    }
    assert_eq!(stored("1.1||1.3"), ["1.1.x", "1.3.x"]);
    for (written, ..) in CONTRACT {
        for plain in stored(written) {
            assert_eq!(stored(&plain), [plain.as_str()], "{written}: written again it is the same");
        }
    }
    // what was stored first without an operator was a caret, and is shown as one
    for (old, shown) in
        [("1.2", "^1.2"), ("1.2.3, <1.9", "^1.2.3, <1.9"), (">=1, 1.2", ">=1, ^1.2"), ("1.2.3", "1.2.3")]
    {
        let old: VersionRange = serde_json::from_value(old.into()).unwrap();
        assert_eq!(old.as_str(), shown);
    }
}
