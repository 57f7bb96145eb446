//! Objects within objects. A client of Kubernetes takes whatever has `items` for a list, whatever its kind is called, and sends what is
//! within and nothing else. So what is no list may not have them, and what is one is as good as the objects within.

use super::{Identity, Refused, text};
use crate::yaml::Node;

/// The field that makes a list; some clients read it in any case.
const ITEMS: &str = "items";

/// Every object by itself.
pub(super) fn each(object: &mut Node, act: &mut impl FnMut(&mut Node)) {
    match object.get_mut(ITEMS) {
        Some(Node::List(items)) => items.iter_mut().for_each(|item| each(item, act)),
        _ => act(object),
    }
}

/// The fault of a list, or of what would be taken for one.
pub(super) fn check(object: &Node) -> Option<Refused> {
    let Node::Map(entries) = object else { return None };
    let mut keys = entries.iter().map(|(key, _)| key.text.as_str()).filter(|key| key.eq_ignore_ascii_case(ITEMS));
    let key = keys.next()?;
    let place = Identity::of(object).place();
    match object.get(ITEMS) {
        Some(Node::List(items)) if text(object, "kind").ends_with("List") && keys.next().is_none() => {
            let nameless = |item: &&Node| text(item, "apiVersion").is_empty() || text(item, "kind").is_empty();
            match items.iter().find(nameless) {
                Some(_) => Some(Refused::NamelessObject { place }),
                None => items.iter().find_map(check),
            }
        }
        _ => Some(Refused::HiddenObjects { place, key: key.to_owned() }),
    }
}
