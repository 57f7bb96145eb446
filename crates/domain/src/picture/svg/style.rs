//! What a style sheet, or the value of a property, may say: nothing that is fetched from elsewhere, and nothing that moves.

/// Functions that take something from elsewhere, whatever they are given.
const FETCHING: [&str; 7] = ["image", "image-set", "-webkit-image-set", "src", "cross-fade", "element", "paint"];

const MOVING: [&str; 4] = ["keyframes", ":hover", ":active", ":focus"];

/// What a style holds in itself.
const HELD: [&str; 9] = [
    "#",
    "data:image/png;",
    "data:image/jpeg;",
    "data:image/gif;",
    "data:image/webp;",
    "data:font/",
    "data:application/font",
    "data:application/x-font",
    "data:application/vnd.ms-fontobject",
];

/// What is wrong with it, as the rest of a sentence about it.
pub(super) fn refused(style: &str) -> Option<&'static str> {
    let style = style.to_ascii_lowercase();
    let hides = style.match_indices('@').any(|(at, _)| {
        let rule = &style[at..];
        rule[..rule.find(['{', ';', '(', '"', '\'']).unwrap_or(rule.len())].contains('\\')
    });
    let fetches =
        style.contains("@import") || style.match_indices('(').any(|(at, _)| fetches(&style[..at], &style[at + 1..]));
    if hides || fetches {
        return Some("takes something from elsewhere");
    }
    MOVING.iter().any(|word| style.contains(word)).then_some("moves")
}

/// A function, by what stands before its parenthesis and behind it.
fn fetches(before: &str, behind: &str) -> bool {
    let word = &before[before.rfind([';', ':', '{', '}', ',', '(', ')', '@', '>']).map_or(0, |at| at + 1)..];
    let is_inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let name = word.rsplit(|c: char| !is_inner(c)).next().unwrap_or_default();
    // an escape in it may spell any name
    word.contains('\\') || FETCHING.contains(&name) || (name == "url" && !is_held(behind))
}

fn is_held(link: &str) -> bool {
    let link = link.trim_start();
    let link = link.strip_prefix(['"', '\'']).unwrap_or(link);
    HELD.iter().any(|kind| link.starts_with(kind))
}
