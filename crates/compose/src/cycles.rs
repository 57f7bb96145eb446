//! Services that need each other in a circle, so that none can be the first to start.

use std::collections::HashMap;

use crate::extends::{Services, shown};
use crate::found::Found;
use crate::path::Path;
use crate::references::{SHARING, listed};

/// What one service needs. What it names in lists is needed by those that extend it as well, and is a node of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node<'a> {
    Whole(&'a str),
    Lists(&'a str),
}

struct Edge<'a> {
    to: Node<'a>,
    path: Path,
}

pub(crate) fn check(services: &Services<'_>, found: &mut Found) {
    // false while it is on the way
    let mut done: HashMap<Node<'_>, bool> = HashMap::new();
    for name in services.keys() {
        let start = Node::Whole(name);
        if done.contains_key(&start) {
            continue;
        }
        done.insert(start, false);
        let mut way = vec![(start, edges(services, start).into_iter())];
        while let Some((node, left)) = way.last_mut() {
            let Some(edge) = left.next() else {
                done.insert(*node, true);
                way.pop();
                continue;
            };
            match done.get(&edge.to) {
                Some(false) if !found.is_full() => {
                    let nodes: Vec<Node<'_>> = way.iter().map(|(node, _)| *node).collect();
                    tell(&nodes, edge, found);
                }
                None => {
                    done.insert(edge.to, false);
                    way.push((edge.to, edges(services, edge.to).into_iter()));
                }
                Some(_) => {}
            }
        }
    }
}

fn edges<'a>(services: &Services<'a>, node: Node<'a>) -> Vec<Edge<'a>> {
    let (Node::Whole(name) | Node::Lists(name)) = node;
    let Some(service) = services.get(name) else { return vec![] };
    let needed = listed(&service.part).into_iter().map(|needed| (needed.name, needed.path));
    let shared = SHARING.iter().filter_map(|key| {
        let name = service.text(key)?.strip_prefix("service:")?;
        Some((name, service.part.path.key(key)))
    });
    let shared = shared.filter(|_| node == Node::Whole(name));
    let needed = needed.chain(shared).filter_map(|(name, path)| {
        let (name, _) = services.get_key_value(name)?;
        Some(Edge { to: Node::Whole(name), path })
    });
    let base = service.base.map(|base| Edge { to: Node::Lists(base), path: service.part.path.key("extends") });
    needed.chain(base).collect()
}

fn tell(way: &[Node<'_>], last: Edge<'_>, found: &mut Found) {
    let start = way.iter().position(|node| *node == last.to).unwrap_or_default();
    let whole = |node: &Node<'_>| match node {
        Node::Whole(name) => Some(name.to_string()),
        Node::Lists(_) => None,
    };
    let mut names: Vec<String> = way[start..].iter().filter_map(whole).collect();
    names.extend(names.first().cloned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reason = format!("services need each other in a circle: {}; take one of these out", shown(&names));
    found.add(last.path, reason);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::extends::services;

    fn circles(of: Value) -> Vec<String> {
        let mut found = Found::default();
        let file = json!({"services": of});
        let services = services(&file, &mut found);
        check(&services, &mut found);
        let circle = |reason: String| reason.split_once(": ").unwrap().1.replace("; take one of these out", "");
        found.0.into_iter().map(|(path, reason)| format!("{}: {}", path.words(), circle(reason))).collect()
    }

    #[test]
    fn a_circle_is_told_once() {
        let abc = json!({"a": {"depends_on": ["b"]}, "b": {"links": ["c:x"]}, "c": {"network_mode": "service:a"}, "d": {"depends_on": ["a"]}});
        assert_eq!(circles(abc), ["service \"c\", key network_mode: a -> b -> c -> a"]);
        assert_eq!(
            circles(json!({"a": {"volumes_from": ["a:ro"]}})),
            ["service \"a\", key volumes_from, entry 1: a -> a"]
        );
        let diamond =
            json!({"a": {"depends_on": ["b", "c"]}, "b": {"depends_on": ["d"]}, "c": {"depends_on": ["d"]}, "d": {}});
        assert_eq!(circles(diamond), Vec::<String>::new());
    }

    #[test]
    fn lists_of_what_is_extended_count_and_modes_that_are_replaced_do_not() {
        let inherited = json!({"a": {"extends": "b"}, "b": {"depends_on": ["c"]}, "c": {"depends_on": ["a"]}});
        assert_eq!(circles(inherited), ["service \"c\", key depends_on, entry 1: a -> c -> a"]);
        let replaced = json!({"a": {"extends": "b", "network_mode": "host"}, "b": {"network_mode": "service:a"}});
        assert_eq!(circles(replaced), Vec::<String>::new());
        let kept = json!({"a": {"extends": "b"}, "b": {"network_mode": "service:a"}});
        assert_eq!(circles(kept), ["service \"a\", key network_mode: a -> a"]);
    }
}
