use super::*;

/// A header in the format that Helm writes, with all its fields open to be said wrong.
struct Written {
    block: [u8; BLOCK],
}

impl Written {
    fn new(path: &str, size: usize, kind: u8) -> Self {
        let mut written = Self { block: [0; BLOCK] };
        written.put(0, path.as_bytes()).put(100, b"0000644\0").put(124, format!("{size:011o}\0").as_bytes());
        written.put(156, &[kind]).put(257, b"ustar\x0000");
        written
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.put(at, bytes);
        self
    }

    fn before(mut self, content: &[u8]) -> Vec<u8> {
        self.put(148, b"        ");
        let sum: u64 = self.block.iter().map(|byte| u64::from(*byte)).sum();
        self.put(148, format!("{sum:06o}\0 ").as_bytes());
        let mut all = [&self.block[..], content].concat();
        all.resize(all.len().next_multiple_of(BLOCK), 0);
        all
    }
}

fn file(path: &str, content: &str) -> Vec<u8> {
    Written::new(path, content.len(), b'0').before(content.as_bytes())
}

fn attributes_of(kind: u8, records: &str) -> Vec<u8> {
    Written::new("pax", records.len(), kind).before(records.as_bytes())
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length = (rest.len() + 1..).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
    format!("{length}{rest}")
}

/// The paths with their contents, and two empty blocks behind them.
fn read(parts: &[Vec<u8>]) -> Result<Vec<(String, String)>, String> {
    let archive = [parts.concat(), vec![0; 2 * BLOCK]].concat();
    read_all(&archive)
}

fn read_all(archive: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = |file: File<'_>| (file.path, String::from_utf8(file.content.to_vec()).unwrap());
    match files(archive, 5) {
        Ok(files) => Ok(files.into_iter().map(text).collect()),
        Err(Refused::Archive(why)) => Err(why.to_owned()),
        Err(Refused::Entry { path, why }) => Err(format!("{path} {why}")),
        Err(Refused::Many) => Err("many".to_owned()),
    }
}

#[test]
fn what_every_reader_takes_for_the_same_is_read() {
    let long = format!("hello/{}", "x".repeat(200));
    let named = [record("mtime", "1.5"), record("path", &long), record("LIBARCHIVE.xattr.a", "b")].concat();
    let folder = Written::new("hello/d/", 0, b'5').with(100, b"0040755\0").before(b"");
    let old = Written::new("hello/old", 1, 0).with(100, b"0100644\0").before(b"1");
    let whole = read(&[attributes_of(b'g', &record("comment", "of git")), folder, old]).unwrap();
    assert_eq!(whole, [("hello/old".to_owned(), "1".to_owned())]);
    assert_eq!(read(&[attributes_of(b'x', &named), file("hello/x", "2")]).unwrap(), [(long.clone(), "2".to_owned())]);
    let gnu = |written: Written| written.with(257, b"ustar  \0");
    let name = gnu(Written::new("././@LongLink", long.len() + 1, b'L')).before(format!("{long}\0").as_bytes());
    let of_gnu = gnu(Written::new("hello/x", 1, b'0')).before(b"3");
    assert_eq!(read(&[name, of_gnu]).unwrap(), [(long, "3".to_owned())]);
    let split = Written::new("values.yaml", 0, b'0').with(345, b"hello").before(b"");
    assert_eq!(read(&[split]).unwrap()[0].0, "hello/values.yaml");
    let padded = [file("hello/x", "4"), vec![0; 20 * BLOCK]].concat();
    assert_eq!(read_all(&padded).unwrap().len(), 1);
}

#[test]
fn a_file_that_others_take_for_another_is_refused() {
    let values = || Written::new("hello/values.yaml", 1, b'0');
    let named = |path: &str| attributes_of(b'x', &record("path", path));
    let inner = file("hello/values.yaml", "who: another\n");
    for (parts, says) in [
        (vec![values().with(100, b"0040644\0").before(b"1")], "has the mode of something else"),
        (vec![values().with(100, b"0120644\0").before(b"1")], "has the mode of something else"),
        (vec![values().with(100, b"\x80\0\0\0\0\0\0\0").before(b"1")], "has no mode"),
        (vec![file("hello/values.yaml/", "1")], "hello/values.yaml/ is a file with the name of a folder"),
        (vec![Written::new("hello/values.yaml/", 1, 0).before(b"1")], "is a file with the name of a folder"),
        (vec![Written::new("hello/d/", inner.len(), b'5').before(b""), inner], "hello/d/ is a folder with content"),
        (vec![file("hello/a", "1"), file("hello/a", "2")], "hello/a is there twice"),
        (vec![values().with(156, b"7").before(b"1")], "is neither a file nor a folder"),
        (vec![values().with(156, b"S").before(b"1")], "is neither a file nor a folder"),
        (vec![values().with(156, b"2").before(b"1")], "is neither a file nor a folder"),
        (
            vec![attributes_of(b'x', &[record("path", "hello/a"), record("path", "hello/b")].concat()), file("q", "")],
            "has an attribute twice",
        ),
        (vec![named("hello/a"), named("hello/b"), file("q", "")], "two headers say what one file is"),
        (vec![named("hello/a"), Written::new("l", 2, b'L').before(b"b\0"), file("q", "")], "two headers say"),
        (vec![named(""), file("hello/q", "")], "has an empty name"),
        (vec![named("hello/a")], "it ends where a file is announced"),
        (vec![attributes_of(b'x', &record("size", "1")), file("hello/q", "")], "say otherwise what it is"),
        (vec![attributes_of(b'x', &record("GNU.sparse.name", "hello/a")), file("q", "")], "say otherwise what it is"),
        (vec![attributes_of(b'x', &record("GNU.sparse.major", "1")), file("q", "")], "say otherwise what it is"),
        (vec![attributes_of(b'x', "9 a=b\n"), file("q", "")], "has attributes that cannot be read"),
        (vec![attributes_of(b'x', "+7 a=b\n"), file("q", "")], "has attributes that cannot be read"),
        (vec![attributes_of(b'g', &record("path", "hello/a")), file("q", "")], "says of all files"),
        (vec![values().with(257, &[0; 8]).before(b"1")], "of an old format"),
        (vec![values().with(257, b"ustar  \0").with(345, b"hello").before(b"1")], "says more than a name"),
        (vec![values().with(508, b"tar\0").before(b"1")], "of an old format"),
        (vec![values().with(124, b"\x80\0\0\0\0\0\0\0\0\0\0\x01").before(b"1")], "says no size"),
        (vec![values().with(124, b"+0000000001\0").before(b"1")], "says no size"),
        (vec![values().with(0, b"\xff").before(b"1")], "no text in UTF-8"),
        (vec![file("hello/a", "1"), vec![0; BLOCK], file("hello/b", "2")], "behind an empty block"),
        (vec![file("hello/a", "1"), vec![0; 2 * BLOCK], file("hello/b", "2")], "behind an empty block"),
        (vec![file("hello/a", ""); 6], "twice"),
        ((0..6).map(|n| file(&format!("hello/{n}"), "")).collect(), "many"),
    ] {
        let said = read(&parts).unwrap_err();
        assert!(said.contains(says), "{says}: {said}");
    }
    let whole = file("hello/a", "1");
    for cut in [&whole[..BLOCK - 1], &whole[..BLOCK], &whole[..], &[&whole[..], &[0; BLOCK]].concat()[..]] {
        assert!(read_all(cut).unwrap_err().contains("cut off"), "{} bytes", cut.len());
    }
    let mut wrong = whole.clone();
    wrong[0] = b'j';
    assert!(read(&[wrong]).unwrap_err().contains("a wrong sum"));
}
