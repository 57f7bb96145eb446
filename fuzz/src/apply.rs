//! Files of `distr apply`.

use file::Wanted;

#[rustfmt::skip]
#[path = "../../crates/cli/src/apply/file.rs"]
mod file;

pub fn apply_file(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    let mut wanted = Wanted::default();
    match file::parse("f", text, &mut wanted) {
        Ok(()) => {
            let mut again = Wanted::default();
            file::parse("f", text, &mut again).expect("it was taken before");
            assert_eq!(format!("{wanted:?}"), format!("{again:?}"));
        }
        Err(failure) => {
            let message = failure.to_string();
            let line = message.strip_prefix("f:").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            // the end of the file counts as a line
            assert!(line.is_none_or(|line| line <= lines(text) + 1), "{message}");
        }
    }
}

/// As YAML counts them.
fn lines(text: &str) -> usize {
    1 + text.matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count()
}
