//! The corpus of compose files: our verdict on each is the plugin's, or the difference is listed with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use distr_compose::{MOST, check, warnings};
use distr_domain::compose_file;

/// A file for which nobody waits, on a machine that does much else; it takes a few seconds without optimization.
const MOST_TIME: Duration = Duration::from_secs(120);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/compose")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}

/// The rows of a table of names, without its comments.
fn rows(table: &str) -> BTreeMap<&str, Vec<&str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split('\t').collect::<Vec<_>>()).map(|cells| (cells[0], cells[1..].to_vec())).collect()
}

/// Why a hub would refuse the file, as far as reading and this crate go.
fn refused(bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some("the file is not UTF-8".to_owned()) };
    let file = match compose_file::read(text) {
        Ok(file) => file,
        Err(unresolvable) => return Some(format!("reading: {unresolvable}")),
    };
    let findings = check(&file, text).err()?;
    assert!(!findings.is_empty() && findings.len() <= MOST);
    Some(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "))
}

#[test]
fn our_verdict_is_the_plugins_or_the_difference_is_listed() {
    let verdicts = read(&folder().join("verdicts.tsv"));
    let listed = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differences.tsv"));
    let listed = rows(&listed);
    let (mut agreeing, mut unlisted) = (0, vec![]);
    let mut stale: BTreeMap<&str, &Vec<&str>> = listed.iter().map(|(name, cells)| (*name, cells)).collect();
    for (name, cells) in rows(&verdicts) {
        let bytes = std::fs::read(folder().join(format!("{name}.yaml"))).expect("a file of the corpus");
        let refused = refused(&bytes);
        let ours = if refused.is_some() { "refused" } else { "ok" };
        if ours == cells[0] {
            agreeing += 1;
            continue;
        }
        match listed.get(name) {
            Some(difference) if difference[0] == ours && difference.get(1).is_some_and(|reason| !reason.is_empty()) => {
                stale.remove(name);
            }
            _ => unlisted.push(format!("{name}\t{ours}\t{}\t{}", refused.unwrap_or_default(), cells[1..].join(" "))),
        }
    }
    println!("{agreeing} agree with the plugin, {} differences are listed", listed.len());
    assert!(unlisted.is_empty(), "{} differences are not listed:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(stale.is_empty(), "listed as differences, and none: {stale:#?}");
}

/// No words of a library, and none of its ways to show a value.
#[test]
fn all_words_are_ours() {
    for path in files() {
        let bytes = std::fs::read(&path).expect("a file of the corpus");
        let Some((text, file)) =
            std::str::from_utf8(&bytes).ok().and_then(|text| Some((text, compose_file::read(text).ok()?)))
        else {
            continue;
        };
        for finding in check(&file, text).err().into_iter().flatten().chain(warnings(&file, text)) {
            for foreign in [
                "schema",
                "Additional",
                "oneOf",
                "instance",
                "valid under",
                "String(",
                "Object {",
                "Some(",
                "\\0",
                "compare it",
            ] {
                assert!(!finding.reason.contains(foreign), "{}: {finding}", path.display());
            }
            let position = finding.position.unwrap_or_else(|| panic!("{}: {finding}", path.display()));
            assert!(position.line <= text.lines().count().max(1), "{}: {finding}", path.display());
        }
    }
}

/// Bytes cut, swapped and put in, in a fixed order that looks like none: whatever is read is checked, and nothing panics.
#[test]
fn no_text_makes_it_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below.max(1)).expect("a size")).expect("below a size")
    };
    let mut checked = 0;
    for path in files() {
        let whole = std::fs::read(&path).expect("a file of the corpus");
        if whole.len() > 20_000 {
            continue;
        }
        for _ in 0..20 {
            let mut bytes = whole.clone();
            for _ in 0..=dice(3) {
                let (at, other) = (dice(bytes.len()), dice(bytes.len()));
                match dice(4) {
                    _ if bytes.is_empty() => {}
                    0 => bytes.truncate(at),
                    1 => bytes.swap(at, other),
                    2 => bytes[at] = b"$:{}[]-\"' \n*&<0~!|%"[dice(19)],
                    _ => drop(bytes.drain(at.min(other)..at.min(other) + dice(20).min(bytes.len() - at.min(other)))),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(file) = compose_file::read(&text) {
                let _ = check(&file, &text);
                warnings(&file, &text);
                // whoever hands over another text gets other lines, and no panic
                let _ = check(&file, &text[..text.floor_char_boundary(at_most(&text, dice(text.len())))]);
                checked += 1;
            }
        }
    }
    println!("{checked} texts were read and checked");
    assert!(checked > 1000);
}

fn at_most(text: &str, at: usize) -> usize {
    at.min(text.len())
}

/// What a stranger could write into the mebibyte that a hub takes.
#[test]
fn a_large_file_takes_no_long_time() {
    let many = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let service = "  web:\n    image: x\n    ";
    for (name, text) in [
        ("unknown keys", format!("services:\n{service}a: 1\n{}", many(20_000, &|n| format!("    k{n}: 1\n")))),
        ("variables in a line", format!("services:\n{service}user: \"{}\"\n", "${A:-${B:-{}}".repeat(60_000))),
        (
            "services in a chain",
            format!("services:\n{}", many(9_000, &|n| format!("  s{n}: {{extends: s{}}}\n", n + 1))),
        ),
        (
            "services that all need the first",
            format!("services:\n{}", many(7_000, &|n| format!("  s{n}: {{links: [s{}, s0]}}\n", n + 1))),
        ),
        (
            "services in a circle",
            format!("services:\n{}", many(9_000, &|n| format!("  s{n}: {{links: [s{}]}}\n", (n + 1) % 9_000))),
        ),
        (
            "entries that are there twice",
            format!("services:\n{service}links: [{}]\n", many(20_000, &|n| format!("l{n},")) + "l1"),
        ),
        ("dns", format!("services:\n{service}security_opt: [{}]\n", many(20_000, &|n| format!("l{n},")) + "l1")),
        (
            "names",
            format!(
                "services:\n{service}networks: [{}]\nnetworks:\n{}",
                many(9_000, &|n| format!("network{n}x,")),
                many(9_000, &|n| format!("  network{n}: \n"))
            ),
        ),
    ] {
        let started = Instant::now();
        let file = compose_file::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = started.elapsed();
        let findings = check(&file, &text).err().map_or(0, |findings| findings.len());
        let checked = started.elapsed() - read;
        warnings(&file, &text);
        println!("{name}: read in {read:?}, checked in {checked:?}, {findings} findings");
        assert!(started.elapsed() < MOST_TIME, "{name} took {:?}", started.elapsed());
    }
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the corpus").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    files.sort();
    files
}
