//! Where a file's bytes come from: the program itself, or the folder that the portal is built into.

use std::borrow::Cow;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../portal/dist");
const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of the built portal, by its path in there.
pub(crate) fn read(name: &str) -> Option<Cow<'static, [u8]>> {
    match EMBEDDED.binary_search_by_key(&name, |(known, _)| known) {
        Ok(at) => Some(Cow::Borrowed(EMBEDDED[at].1)),
        Err(_) if cfg!(debug_assertions) && is_plain(name) => {
            std::fs::read(Path::new(FOLDER).join(name)).ok().map(Cow::Owned)
        }
        Err(_) => None,
    }
}

/// Leads nowhere but into the folder.
fn is_plain(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_known)
    };
    name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_into_the_folder_alone() {
        assert!(is_plain("assets/index-a1b2.js.br") && is_plain("index.html"));
        for name in ["../master.key", "assets/../../x", "/etc/passwd", "assets//x", ".env", "a\\b", "a%2f", ""] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
