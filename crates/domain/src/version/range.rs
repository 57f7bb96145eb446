//! Ranges as people write them: the grammar of npm, and commas for "and". What is stored is plainer: each alternative is a range
//! of its own, in the few forms that every reader of the log takes alike.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Version, VersionRange};

/// The most characters of a range.
const MAX_RANGE: usize = 200;

/// A range that cannot be read; the sentence says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version range {text:?} is not valid: {reason}")]
pub struct InvalidRange {
    text: String,
    reason: String,
}

/// A range as people write it: the alternatives of which a version has to be in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionRanges(pub Vec<VersionRange>);

impl VersionRanges {
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|range| range.contains(version))
    }
}

impl FromStr for VersionRanges {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        alternatives(text).map(Self)
    }
}

impl fmt::Display for VersionRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(VersionRange::as_str).collect();
        f.write_str(&texts.join(" || "))
    }
}

impl From<VersionRange> for VersionRanges {
    fn from(range: VersionRange) -> Self {
        Self(vec![range])
    }
}

impl TryFrom<String> for VersionRanges {
    type Error = InvalidRange;

    fn try_from(text: String) -> Result<Self, InvalidRange> {
        text.parse()
    }
}

impl From<VersionRanges> for String {
    fn from(ranges: VersionRanges) -> Self {
        ranges.to_string()
    }
}

/// A version of which parts may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre: String,
}

/// The alternatives of a range as it was written.
fn alternatives(text: &str) -> Result<Vec<VersionRange>, InvalidRange> {
    let invalid = |reason: String| InvalidRange { text: text.chars().take(80).collect(), reason };
    if text.len() > MAX_RANGE {
        return Err(invalid(format!("it has more than {MAX_RANGE} bytes")));
    }
    text.split("||").map(|alternative| range(alternative.trim())).collect::<Result<_, _>>().map_err(invalid)
}

fn range(text: &str) -> Result<VersionRange, String> {
    if text.is_empty() {
        return Err("write * for every version but pre-releases; without any range, every version is meant".to_owned());
    }
    let comparators = match hyphen(text) {
        Some((from, to)) => vec![format!(">={}", partial(from)?.plain()), upper(&partial(to)?)],
        None => tokens(text).map(|(operator, version)| comparator(operator, version)).collect::<Result<_, _>>()?,
    };
    let is_any = |comparator: &String| matches!(comparator.as_str(), "*" | ">=*" | "<=*");
    let mut kept: Vec<String> = comparators.iter().filter(|comparator| !is_any(comparator)).cloned().collect();
    if let [_, _, ..] = kept[..] {
        kept = kept.iter().map(|comparator| conjoined(comparator)).collect();
    }
    let canonical = if kept.is_empty() { "*".to_owned() } else { kept.join(", ") };
    if is_empty(&canonical) {
        return Err("no version is in it: what stands between commas or spaces has to hold at once; write || between alternatives"
            .to_owned());
    }
    canonical.parse().map_err(|_| "use for example 1.2, ^1.4, ~1.4.2, >=1.2 <2, 1.2 - 1.4 or *".to_owned())
}

/// Whether no version can be in the range. If one is, so is one where a comparator begins, or right behind it.
fn is_empty(canonical: &str) -> bool {
    let Ok(requirement) = semver::VersionReq::parse(canonical) else { return false };
    let begins = requirement.comparators.iter().flat_map(|at| {
        let (major, minor, patch) = (at.major, at.minor.unwrap_or_default(), at.patch.unwrap_or_default());
        let next = u64::saturating_add;
        let exact = semver::Version { pre: at.pre.clone(), ..semver::Version::new(major, minor, patch) };
        [
            exact,
            semver::Version::new(major, minor, patch),
            semver::Version::new(major, minor, next(patch, 1)),
            semver::Version::new(major, next(minor, 1), 0),
            semver::Version::new(next(major, 1), 0, 0),
        ]
    });
    let lowest = semver::Version::new(0, 0, 0);
    let pre_release = requirement.comparators.iter().any(|at| !at.pre.is_empty());
    // among pre-releases of one version there is always another one between
    !pre_release
        && !requirement.comparators.is_empty()
        && !begins.chain([lowest]).any(|version| requirement.matches(&version))
}

/// `1.2 - 1.4`: the hyphen stands between spaces.
fn hyphen(text: &str) -> Option<(&str, &str)> {
    let (from, to) = text.split_once(" - ")?;
    Some((from.trim(), to.trim()))
}

fn upper(to: &Partial) -> String {
    format!("<={}", to.plain())
}

/// Operators with their versions; spaces may stand between the two.
fn tokens(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return None;
        }
        let operator = rest.len() - rest.trim_start_matches(['<', '>', '=', '~', '^', '!']).len();
        let (operator, behind) = rest.split_at(operator);
        let behind = behind.trim_start();
        let (version, left) = behind.split_at(behind.find([' ', '\t', ',']).unwrap_or(behind.len()));
        rest = left;
        Some((operator, version))
    })
}

fn comparator(operator: &str, version: &str) -> Result<String, String> {
    let version = partial(version)?;
    let is_any = version.major.is_none();
    match operator {
        "" | "=" | "==" => Ok(version.equal()),
        "^" | "~" | "~>" => Ok(if is_any { "*".to_owned() } else { format!("{}{}", &operator[..1], version.plain()) }),
        ">=" | "<=" => Ok(format!("{operator}{}", version.plain())),
        "<" | ">" if is_any => Err(format!("no version is {operator}*")),
        "<" | ">" => Ok(format!("{operator}{}", version.plain())),
        "=>" => Err("write >= for \"at least\"".to_owned()),
        "=<" => Err("write <= for \"at most\"".to_owned()),
        _ if operator.starts_with('!') => {
            Err("a version cannot be left out; write the ranges around it with ||".to_owned())
        }
        _ => Err(format!("{operator} is no operator; use <, <=, >, >=, =, ~ or ^")),
    }
}

/// A single version is written without an operator where it stands alone, and with one beside others.
fn conjoined(comparator: &str) -> String {
    match semver::Version::parse(comparator) {
        Ok(_) => format!("={comparator}"),
        Err(_) => comparator.to_owned(),
    }
}

fn partial(text: &str) -> Result<Partial, String> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if text.is_empty() {
        return Err("an operator has no version behind it".to_owned());
    }
    if text.contains('+') {
        return Err(match text.strip_suffix('+') {
            Some(version) => format!("write >={version} for \"{version} and later\""),
            None => "leave the build metadata (+…) out".to_owned(),
        });
    }
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let mut parts = core.split('.');
    let mut next = || parts.next().map(|part| number(part, text)).transpose();
    let (major, minor, patch) = (next()?.flatten(), next()?.flatten(), next()?.flatten());
    if parts.next().is_some() {
        return Err(format!("{text} has more than three numbers"));
    }
    // behind a part that stands for all, the others do so too
    let minor = minor.filter(|_| major.is_some());
    let patch = patch.filter(|_| minor.is_some());
    match pre {
        Some(pre) if patch.is_none() => Err(format!("{text} needs three numbers before -{pre}")),
        pre => Ok(Partial { major, minor, patch, pre: pre.map(|pre| format!("-{pre}")).unwrap_or_default() }),
    }
}

/// Nothing for `x`, `X` and `*`, which stand for every number.
fn number(part: &str, version: &str) -> Result<Option<u64>, String> {
    match part {
        "x" | "X" | "*" => Ok(None),
        part if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            if part.len() > 1 && part.starts_with('0') {
                return Err(format!("{version}: numbers do not begin with 0"));
            }
            part.parse().map(Some).map_err(|_| format!("{version}: {part} is too large"))
        }
        _ => Err(format!("{version} is no version; use numbers with dots, such as 1.2 or 1.2.3")),
    }
}

impl Partial {
    /// Without the parts that stand for all.
    fn plain(&self) -> String {
        let Some(major) = self.major else { return "*".to_owned() };
        let mut text = major.to_string();
        for part in [self.minor, self.patch].into_iter().flatten() {
            write!(text, ".{part}").expect("a text can be written to");
        }
        text + &self.pre
    }

    /// All versions that begin like this one.
    fn equal(&self) -> String {
        match (self.major, self.patch) {
            (None, _) => "*".to_owned(),
            (_, Some(_)) => self.plain(),
            (_, None) => format!("{}.x", self.plain()),
        }
    }
}

#[cfg(test)]
mod tests;
