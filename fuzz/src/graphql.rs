//! GraphQL documents, as they are checked and narrowed before anything of them is executed.

use async_graphql_parser::parse_query;

#[rustfmt::skip]
#[path = "../../crates/api/src/graphql/limits/document.rs"]
mod document;
#[rustfmt::skip]
#[path = "../../crates/api/src/graphql/limits/expansion.rs"]
mod expansion;

use expansion::Sender;

pub fn graphql_document(bytes: &[u8]) {
    let Some(text) = crate::text(bytes).filter(|text| document::check_text(text, Sender::SignedIn).is_ok()) else {
        return;
    };
    let Ok(parsed) = parse_query(text) else { return };
    for name in [None, Some("A")] {
        let mut narrowed = parsed.clone();
        if document::narrow(&mut narrowed, name).is_ok() {
            assert_eq!(narrowed.operations.iter().count(), 1);
            assert!(narrowed.fragments.len() <= 500);
            // what a stranger may ask, whoever is signed in may, too
            let [stranger, member] =
                [Sender::Stranger, Sender::SignedIn].map(|sender| expansion::check(&narrowed, sender));
            assert!(stranger.is_err() || member.is_ok());
        }
    }
}
