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
    /// Of the value of a property, or of several properties. An error is a link that readers may read differently.
    pub(super) fn of(style: &str, is_filter: bool) -> Result<Self, &'static str> {
        let lower = style.to_ascii_lowercase();
        let mut links = vec![];
        for (at, _) in lower.match_indices("url(") {
            let inner = style[at + 4..].trim_start();
            let (quote, inner) = match inner.chars().next() {
                Some(quote @ ('"' | '\'')) => (Some(quote), &inner[1..]),
                _ => (None, inner),
            };
            // the rest of what is held in itself is looked at elsewhere
            let Some(inner) = inner.trim_start().strip_prefix('#') else { continue };
            let end = inner.find(|c| !is_of_name(c)).unwrap_or(inner.len());
            let behind = &inner[end..];
            let behind = quote.map_or(Some(behind), |quote| behind.strip_prefix(quote));
            let is_whole = behind.is_some_and(|behind| behind.trim_start().starts_with(')'));
            if end == 0 || !is_whole {
                return Err(UNCLEAR);
            }
            links.push(inner[..end].to_owned());
        }
        let is_filter = is_filter || lower.contains("filter");
        let filters = if is_filter { style.matches('(').count().max(1) as u64 } else { 0 };
        let blends = lower.matches("mix-blend-mode").count() as u64;
        Ok(Self { links, filters: filters + blends })
    }

    /// Of a link to another part.
    pub(super) fn of_link(link: &str) -> Result<Self, &'static str> {
        match link.strip_prefix('#') {
            None => Ok(Self::default()),
            Some(name) if !name.is_empty() && name.chars().all(is_of_name) => {
                Ok(Self { links: vec![name.to_owned()], filters: 0 })
            }
            Some(_) => Err(UNCLEAR),
        }
    }

    fn is_nothing(&self) -> bool {
        self.links.is_empty() && self.filters == 0
    }
}

/// What names of parts are made of, wherever they are referred to.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || ['_', '-', '.', ':'].contains(&c)
}

const UNCLEAR: &str = "a link to a part whose name is not of letters, digits, - _ . and :";

/// Words in a sheet by which it would take effect elsewhere than where it says, or be much work.
const INDIRECT: [(&str, &str); 4] = [
    ("var(", "a style sheet with variables"),
    ("--", "a style sheet with variables"),
    ("inherit", "a style sheet that inherits by name"),
    ("gradient(", "a style sheet with gradients of its own"),
];

/// The rules of a sheet; those within others stand for themselves. An error is what stands in it that is not taken.
pub(super) fn rules(sheet: &str) -> Result<Vec<Rule>, &'static str> {
    let lower = sheet.to_ascii_lowercase();
    if let Some((_, what)) = INDIRECT.into_iter().find(|(word, _)| lower.contains(word)) {
        return Err(what);
    }
    check_strings(sheet)?;
    let sheet = without_comments(sheet);
    let (mut rules, mut selector) = (vec![], String::new());
    for piece in sheet.split_inclusive(['{', '}']) {
        match piece.strip_suffix('{') {
            // what stands before it within a rule is that rule's
            Some(begin) => {
                let at = begin.rfind(';').map_or(0, |at| at + 1);
                rules.push(Rule { selectors: selectors(&selector), cost: Cost::of(&begin[..at], false)? });
                selector = begin[at..].trim().to_owned();
                if selector.contains('(') && !selector.starts_with('@') {
                    return Err("a style sheet with selectors that are functions");
                }
            }
            None => {
                let cost = Cost::of(piece.trim_end_matches('}'), false)?;
                rules.push(Rule { selectors: selectors(&selector), cost });
                // behind it a rule that it stood in may go on
                selector = String::new();
            }
        }
    }
    rules.retain(|rule| !rule.cost.is_nothing());
    Ok(rules)
}

/// Braces and comments are looked for in the text, so that none may stand in a string or a link.
fn check_strings(sheet: &str) -> Result<(), &'static str> {
    let (mut quote, mut in_link, mut depth) = (None, false, 0_usize);
    for (at, c) in sheet.char_indices() {
        let begins_comment = sheet[at..].starts_with("/*") || sheet[at..].starts_with("*/");
        match quote {
            Some(_) if ['{', '}', '\n'].contains(&c) || begins_comment => {
                return Err("a style sheet with braces, comments or line breaks in a string");
            }
            Some(end) if c == end => quote = None,
            Some(_) => {}
            None if in_link && begins_comment => return Err("a style sheet with comments in a link"),
            None if c == '\\' && depth > 0 => return Err("a style sheet with a backslash in a rule"),
            None if c == '{' => depth += 1,
            None if c == '}' => depth = depth.saturating_sub(1),
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '(' => in_link = true,
            None if c == ')' => in_link = false,
            None => {}
        }
    }
    Ok(())
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
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ['-', '_', '.', '#', ',', '>', '+', '~'].contains(&c)
    };
    if text.trim().is_empty() || !text.chars().all(is_plain) {
        return None;
    }
    let last = |selector: &str| {
        selector
            .rsplit(|c: char| c.is_ascii_whitespace() || ['>', '+', '~'].contains(&c))
            .find(|part| !part.is_empty())
            .map(simple)
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
        let classes = || node.attribute("class").unwrap_or_default().split_ascii_whitespace();
        let fits = |simple: &Simple| {
            simple.name.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(node.tag_name().name()))
                && simple.ids.iter().all(|id| node.attribute("id") == Some(id))
                && simple.classes.iter().all(|class| classes().any(|own| own == class))
        };
        self.selectors.as_ref().is_none_or(|selectors| selectors.iter().any(fits))
    }
}
