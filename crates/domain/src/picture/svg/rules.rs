//! Which elements a style sheet is about, as far as that matters for what they cost: in doubt, about all.

use roxmltree::Node;

/// What a style makes a browser draw besides.
#[derive(Default)]
pub(super) struct Cost {
    /// the parts of the picture that it names
    pub(super) links: Vec<String>,
    /// functions of filters, each of which is put on the whole of what has it
    pub(super) filters: u64,
}

/// A rule of a style sheet that costs something.
pub(super) struct Rule {
    /// nothing: any element
    selectors: Option<Vec<Simple>>,
    pub(super) cost: Cost,
}

/// What one element of a selector has to be: all of it.
struct Simple {
    name: Option<String>,
    ids: Vec<String>,
    classes: Vec<String>,
}

impl Cost {
    /// Of the value of a property, or of several properties.
    pub(super) fn of(style: &str, is_filter: bool) -> Self {
        let links = style.split('#').skip(1).map(|rest| {
            let end = rest.find(['"', '\'', ')', ' ', ';', ',', '}']).unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        let is_filter = is_filter || style.to_ascii_lowercase().contains("filter");
        let filters = if is_filter { style.matches('(').count().max(1) as u64 } else { 0 };
        Self { links: links.collect(), filters }
    }

    fn is_nothing(&self) -> bool {
        self.links.is_empty() && self.filters == 0
    }
}

/// The rules of a sheet; those within others stand for themselves.
pub(super) fn rules(sheet: &str) -> Vec<Rule> {
    let sheet = without_comments(sheet);
    let (mut rules, mut selector) = (vec![], String::new());
    for piece in sheet.split_inclusive(['{', '}']) {
        match piece.strip_suffix('{') {
            // what stands before it within a rule is that rule's
            Some(begin) => {
                let at = begin.rfind(';').map_or(0, |at| at + 1);
                rules.push(Rule { selectors: selectors(&selector), cost: Cost::of(&begin[..at], false) });
                selector = begin[at..].trim().to_owned();
            }
            None => {
                let cost = Cost::of(piece.trim_end_matches('}'), false);
                rules.push(Rule { selectors: selectors(&selector), cost });
                // behind it a rule that it stood in may go on
                selector = String::new();
            }
        }
    }
    rules.retain(|rule| !rule.cost.is_nothing());
    rules
}

fn without_comments(sheet: &str) -> String {
    let mut parts = sheet.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("*/").map(|(_, rest)| rest).unwrap_or_default());
    }
    kept
}

/// The last element of each selector, if all are made of names, ids and classes alone.
fn selectors(text: &str) -> Option<Vec<Simple>> {
    let is_plain =
        |c: char| c.is_alphanumeric() || c.is_whitespace() || ['-', '_', '.', '#', ',', '>', '+', '~'].contains(&c);
    if text.trim().is_empty() || !text.chars().all(is_plain) {
        return None;
    }
    let last = |selector: &str| {
        selector.rsplit([' ', '\t', '\n', '\r', '>', '+', '~']).find(|part| !part.is_empty()).map(simple)
    };
    text.split(',').map(|selector| last(selector.trim())).collect()
}

fn simple(text: &str) -> Simple {
    let (mut ids, mut classes) = (vec![], vec![]);
    let end = text.find(['.', '#']).unwrap_or(text.len());
    let mut rest = &text[end..];
    while !rest.is_empty() {
        let (kind, behind) = rest.split_at(1);
        let end = behind.find(['.', '#']).unwrap_or(behind.len());
        let of = if kind == "#" { &mut ids } else { &mut classes };
        of.push(behind[..end].to_owned());
        rest = &behind[end..];
    }
    Simple { name: (end > 0).then(|| text[..end].to_owned()), ids, classes }
}

impl Rule {
    pub(super) fn is_about(&self, node: Node) -> bool {
        let classes = || node.attribute("class").unwrap_or_default().split_whitespace();
        let fits = |simple: &Simple| {
            simple.name.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(node.tag_name().name()))
                && simple.ids.iter().all(|id| node.attribute("id") == Some(id))
                && simple.classes.iter().all(|class| classes().any(|own| own == class))
        };
        self.selectors.as_ref().is_none_or(|selectors| selectors.iter().any(fits))
    }
}
