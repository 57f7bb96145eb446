use chrono::TimeZone;
use distr_domain::ids::OrganizationId;
use tempfile::TempDir;

use super::*;
use crate::checkpoint::Origin;
use crate::edge::Edge;
use crate::leaf::{AccessEnvelope, FactEnvelope};
use crate::note::SignerKey;

const COUNT: u64 = 600;

fn at(index: u64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_790_000_000 + index as i64, 0).unwrap()
}

fn organization() -> OrganizationId {
    OrganizationId(Uuid::from_u128(1))
}

fn signer(seed: u8) -> SignerKey {
    SignerKey::new(&Origin::key_name(organization()), &[seed; 32]).unwrap()
}

fn entry(index: u64) -> EntryLine {
    let fact = Envelope::Fact(FactEnvelope {
        organization: organization(),
        stream: format!("license-{}", Uuid::from_u128(7)),
        revision: index,
        id: Uuid::from_u128(u128::from(index) + 1000),
        event_type: "LicenseAmended".into(),
        schema_version: 1,
        actor: "operator".into(),
        causation: None,
        correlation: Uuid::from_u128(9),
        recorded_at: at(index),
        committed_at: at(index),
    });
    let access = Envelope::Access(AccessEnvelope {
        organization: organization(),
        subject: Uuid::from_u128(8),
        id: Uuid::from_u128(u128::from(index) + 1000),
        recorded_at: at(index),
        committed_at: at(index),
    });
    let envelope = if index == 3 { access } else { fact };
    EntryLine { index: Some(index), envelope, payload: Some(format!(r#"{{"seats":{index}}}"#)), payload_digest: None }
}

/// What a hub would hand out of a log with these entries.
struct Forge {
    entries: Vec<EntryLine>,
    period: Period,
    signer: SignerKey,
    origin: Origin,
}

impl Forge {
    fn honest() -> Self {
        let origin = Origin { organization: organization(), log: Uuid::from_u128(2) };
        Self { entries: (0..COUNT).map(entry).collect(), period: Period::default(), signer: signer(1), origin }
    }

    fn tiles(&self) -> (Tiles, Edge) {
        let (mut tiles, mut edge) = (Tiles::default(), Edge::default());
        for entry in &self.entries {
            let leaf = entry.envelope.leaf_hash(entry.payload_digest().unwrap());
            edge.push(leaf, |id, hash| tiles.append(id, hash));
        }
        (tiles, edge)
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::sign(self.origin, self.tiles().1.root(), [&self.signer])
    }

    fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let (tiles, edge) = self.tiles();
        std::fs::write(folder.path().join(CHECKPOINT), self.checkpoint().to_string()).unwrap();
        std::fs::write(folder.path().join(PERIOD), serde_json::to_string(&self.period).unwrap()).unwrap();
        for tile in TilePath::all_of(edge.size()) {
            let path = folder.path().join(TILES).join(tile.to_string());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, Hash::bytes_of(tiles.get(tile.id).unwrap())).unwrap();
        }
        write_entries(&folder, &self.entries);
        folder
    }
}

fn write_entries(folder: &TempDir, entries: &[EntryLine]) {
    let lines: String = entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
    std::fs::write(folder.path().join(ENTRIES), lines).unwrap();
}

fn findings(folder: &TempDir, earlier: Option<&Checkpoint>) -> Vec<String> {
    let report = verify(folder.path(), signer(1).verifier(), earlier, None).unwrap();
    assert_eq!(report.found, report.findings.len() as u64);
    report.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_as_it_was_signed_is_proven() {
    let forge = Forge::honest();
    let folder = forge.write();
    let report = verify(folder.path(), forge.signer.verifier(), Some(&forge.checkpoint()), None).unwrap();
    assert_eq!((report.found, report.entries, report.range, report.without_payload), (0, COUNT, (0, COUNT), 0));
}

#[test]
fn one_byte_of_an_entry_is_found() {
    let forge = Forge::honest();
    let folder = forge.write();
    let mut entries = forge.entries.clone();
    entries[300].payload = Some(r#"{"seats":301}"#.into());
    write_entries(&folder, &entries);
    assert_eq!(
        findings(&folder, None),
        [
            "entry 300 (00000000-0000-0000-0000-000000000514, LicenseAmended) is not the one that is signed: it was changed, \
          or stands in the place of another"
        ]
    );
}

#[test]
fn an_entry_that_is_dropped_is_missing() {
    let forge = Forge::honest();
    let folder = forge.write();
    let mut entries = forge.entries.clone();
    entries.pop();
    entries.remove(20);
    write_entries(&folder, &entries);
    assert_eq!(findings(&folder, None), ["entry 20 is signed, and not there", "entry 599 is signed, and not there"]);
}

#[test]
fn two_that_are_swapped_and_one_that_is_added_are_found() {
    let forge = Forge::honest();
    let folder = forge.write();
    let mut entries = forge.entries.clone();
    entries.swap(10, 11);
    (entries[10].index, entries[11].index) = (Some(10), Some(11));
    entries.insert(50, EntryLine { index: None, ..entry(COUNT + 1) });
    entries.push(entry(COUNT));
    write_entries(&folder, &entries);
    let found = findings(&folder, None);
    assert_eq!(found.len(), 4);
    assert!(found[0].starts_with("entry 10 ("), "{found:?}");
    assert!(found[1].starts_with("entry 11 ("), "{found:?}");
    assert!(
        found[2..].iter().all(|found| found.ends_with("is there, and not among the 600 that are signed")),
        "{found:?}"
    );
}

#[test]
fn what_is_not_signed_is_no_part_of_an_entry() {
    let forge = Forge::honest();
    let line = serde_json::to_string(&forge.entries[0]).unwrap();
    let digest = forge.entries[0].payload_digest().unwrap();
    for (from, to) in [
        (r#""revision":0"#, r#""note":"all is paid","revision":0"#.to_owned()),
        (r#""revision":0"#, r#""revision":0,"revision":0"#.to_owned()),
        (r#""revision":0"#, r#""revision": 0"#.to_owned()),
        (r#"Z","committedAt""#, r#"999Z","committedAt""#.to_owned()),
        (r#""00000000-0000-0000-0000-000000000009""#, r#""00000000000000000000000000000009""#.to_owned()),
        (r#"}"}"#, format!(r#"}}","payloadDigest":"{digest}"}}"#)),
    ] {
        let folder = forge.write();
        let forged = line.replacen(from, &to, 1);
        assert_ne!(forged, line, "{from}");
        let lines: String =
            (forge.entries[1..].iter()).map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
        std::fs::write(folder.path().join(ENTRIES), format!("{forged}\n{lines}")).unwrap();
        let error = verify(folder.path(), signer(1).verifier(), None, None).unwrap_err();
        assert!(
            matches!(error, Unreadable::Spelling { line: 1, .. } | Unreadable::Entry { line: 1, .. }),
            "{forged}: {error}"
        );
    }
}

/// Whoever owns the hub makes a tree without an entry, or with another one, and signs it with the right key.
#[test]
fn a_tree_made_anew_is_found_by_whoever_has_an_earlier_checkpoint() {
    let earlier = Forge::honest().checkpoint();
    for (size, forge) in [
        (700, Forge { entries: (0..701).filter(|index| *index != 5).map(entry).collect(), ..Forge::honest() }),
        (COUNT, Forge { entries: (1..=COUNT).map(entry).collect(), ..Forge::honest() }),
    ] {
        let mut forge = forge;
        (0..).zip(&mut forge.entries).for_each(|(index, entry)| entry.index = Some(index));
        let folder = forge.write();
        assert_eq!(findings(&folder, None), Vec::<String>::new());
        assert_eq!(
            findings(&folder, Some(&earlier)),
            [format!(
                "the tree of {size} leaves does not go on from that of 600 leaves: one of both was made with other leaves"
            )]
        );
    }
    let shorter = Forge { entries: (0..10).map(entry).collect(), ..Forge::honest() };
    assert_eq!(findings(&shorter.write(), Some(&earlier)), ["a tree of 10 leaves cannot go on from one of 600"]);
}

#[test]
fn another_key_and_another_organization_are_found() {
    let folder = Forge { signer: signer(2), ..Forge::honest() }.write();
    let error = verify(folder.path(), signer(1).verifier(), None, None).unwrap_err();
    let Unreadable::Checkpoint { source, .. } = error else { panic!("{error}") };
    assert!(source.to_string().starts_with("none of its signatures is by the key"), "{source}");

    let origin = Origin { organization: OrganizationId(Uuid::from_u128(77)), log: Uuid::from_u128(2) };
    let folder = Forge { origin, ..Forge::honest() }.write();
    assert!(findings(&folder, None)[0].ends_with("this is the history of another organization"));
}

#[test]
fn a_tile_that_is_changed_is_found_where_it_is() {
    let forge = Forge::honest();
    for (tile, expected) in [
        ("0/001", vec!["tile 0/001 is not the one that is signed", "entry 256 ("]),
        ("0/002.p/88", vec!["the root of the tiles is", "entry 512 ("]),
        ("1/000.p/2", vec!["the root of the tiles is", "tile 0/000 is not the one that is signed"]),
    ] {
        let folder = forge.write();
        let path = folder.path().join(TILES).join(tile);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(path, bytes).unwrap();
        let found = findings(&folder, None);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        found.iter().zip(expected).for_each(|(found, expected)| assert!(found.starts_with(expected), "{found}"));
    }
}

#[test]
fn a_period_is_whole_if_its_neighbours_are_there() {
    let period = Period { from: Some(at(100)), to: Some(at(200)) };
    let forge = Forge { period, ..Forge::honest() };
    let folder = forge.write();
    write_entries(&folder, &forge.entries[99..=200]);
    assert_eq!(findings(&folder, None), Vec::<String>::new());
    write_entries(&folder, &forge.entries[100..200]);
    let found = findings(&folder, None);
    assert!(found[0].ends_with("no earlier one shows that nothing was"), "{found:?}");
    assert!(found[1].ends_with("no later one shows that nothing was"), "{found:?}");
    assert_eq!(found.len(), 2);
    write_entries(&folder, &[]);
    assert_eq!(findings(&folder, None).len(), 1, "nothing shows that there is nothing");
}

#[test]
fn a_payload_that_is_gone_leaves_its_digest() {
    let forge = Forge::honest();
    let folder = forge.write();
    let mut entries = forge.entries.clone();
    entries[3].payload_digest = entries[3].payload_digest();
    entries[3].payload = None;
    write_entries(&folder, &entries);
    let report = verify(folder.path(), forge.signer.verifier(), None, None).unwrap();
    assert_eq!((report.found, report.without_payload), (0, 1));
    // only accesses are ever gone
    entries[4].payload_digest = entries[4].payload_digest();
    entries[4].payload = None;
    write_entries(&folder, &entries);
    let found = findings(&folder, None);
    assert!(found.len() == 1 && found[0].starts_with("entry 4 (") && found[0].contains("payload"), "{found:?}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Forge::honest().write();
    let tile = folder.path().join(TILES).join("0/000");
    std::fs::write(&tile, [0; 5]).unwrap();
    let error = verify(folder.path(), signer(1).verifier(), None, None).unwrap_err().to_string();
    assert!(error.ends_with("0/000 has 5 bytes, and a tile of 256 hashes has 8192"), "{error}");
    std::fs::remove_file(&tile).unwrap();
    assert!(
        verify(folder.path(), signer(1).verifier(), None, None).unwrap_err().to_string().starts_with("cannot read ")
    );
}

/// Nobody signs what a folder says of its period.
#[test]
fn a_period_is_held_to_the_one_that_is_wanted() {
    let (first, last) = (at(100), at(200));
    let says = |from, to| Period { from: Some(from), to: Some(to) };
    let lines = |forge: &Forge, range: std::ops::Range<usize>| {
        let folder = forge.write();
        write_entries(&folder, &forge.entries[range]);
        folder
    };
    let found = |folder: &TempDir, wanted| {
        let report = verify(folder.path(), signer(1).verifier(), None, wanted).unwrap();
        report.findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let honest = Forge { period: says(first, last), ..Forge::honest() };
    let whole = lines(&honest, 99..201);
    assert_eq!(found(&whole, None), [""; 0]);
    assert_eq!(found(&whole, Some(says(first, last))), [""; 0]);
    assert!(found(&whole, Some(says(first, at(300))))[0].contains("and 2026-"), "the end is open");
    assert!(found(&whole, Some(says(at(50), last)))[0].starts_with("what was committed between "), "the begin is open");
    assert_eq!(found(&whole, Some(Period::default())).len(), TOLD, "all of it is wanted");
    // a folder that says of itself that it is of another time
    let liar = Forge { period: says(at(1_000_000), at(0)), ..Forge::honest() };
    assert!(found(&lines(&liar, 300..301), None)[0].starts_with("the period ends at "));
    assert_eq!(found(&lines(&liar, 300..301), Some(says(first, last))).len(), 1);
    assert!(found(&lines(&honest, 0..0), None)[0].starts_with("no entry is there, and 600 are signed"));
}

#[test]
fn nothing_but_files_is_read() {
    let forge = Forge::honest();
    for name in ["checkpoint", "export.json", "entries.jsonl", "tile/0/000"] {
        let folder = forge.write();
        let path = folder.path().join(name);
        std::fs::remove_file(&path).unwrap();
        // it never ends, and is no file
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let error = verify(folder.path(), signer(1).verifier(), None, None).unwrap_err();
        let Unreadable::File { source, .. } = error else { panic!("{name}: {error}") };
        assert_eq!(source.to_string(), "it is no file", "{name}");
    }
}

#[test]
fn what_is_there_twice_or_out_of_place_is_found() {
    let forge = Forge::honest();
    let folder = forge.write();
    let mut entries = forge.entries.clone();
    entries.insert(31, entries[30].clone());
    entries.swap(50, 51);
    write_entries(&folder, &entries);
    assert_eq!(
        findings(&folder, None),
        [
            "entry 30 stands behind entry 30: it is there twice, or not in its place",
            "entry 49 is signed, and not there",
            "entry 49 stands behind entry 50: it is there twice, or not in its place",
        ]
    );
}
