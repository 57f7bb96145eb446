//! Checks the JSON of a manifest before anything is read from it: no key twice, no key that differs from a known one by case
//! alone (some readers take both, and which of them is chance), and each field of the type that the OCI image specification 1.1
//! gives it. A refusal names the JSON path.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::oci::Digest;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The type of a value.
#[derive(Clone, Copy)]
enum Shape {
    /// what the specification does not know: anything
    Any,
    /// not negative, and within what all readers take: 63 bits
    Number,
    Text,
    /// a media type: short, without control characters, which the read models keep
    MediaType,
    Digest,
    Base64,
    /// keys as the author chooses them, with texts
    Annotations,
    List(&'static Shape),
    Object(&'static [Field]),
}

#[derive(Clone, Copy)]
struct Field {
    key: &'static str,
    shape: Shape,
    required: bool,
}

const fn field(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: false }
}

const fn required(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: true }
}

/// Of images, indexes and artifacts; which of them it is, is asked later.
const MANIFEST: Shape = Shape::Object(&[
    field("schemaVersion", Shape::Number),
    field("mediaType", Shape::MediaType),
    field("artifactType", Shape::MediaType),
    field("config", DESCRIPTOR),
    field("layers", Shape::List(&DESCRIPTOR)),
    field("blobs", Shape::List(&DESCRIPTOR)),
    field("manifests", Shape::List(&DESCRIPTOR)),
    field("subject", DESCRIPTOR),
    field("annotations", Shape::Annotations),
]);

const DESCRIPTOR: Shape = Shape::Object(&[
    field("mediaType", Shape::MediaType),
    required("digest", Shape::Digest),
    required("size", Shape::Number),
    field("urls", Shape::List(&Shape::Text)),
    field("annotations", Shape::Annotations),
    field("data", Shape::Base64),
    field("artifactType", Shape::MediaType),
    field("platform", PLATFORM),
]);

const PLATFORM: Shape = Shape::Object(&[
    field("architecture", Shape::Text),
    field("os", Shape::Text),
    field("os.version", Shape::Text),
    field("os.features", Shape::List(&Shape::Text)),
    field("variant", Shape::Text),
    field("features", Shape::List(&Shape::Text)),
]);

/// Bytes of a media type at most.
const LONGEST: usize = 255;

/// Whether the bytes are a manifest as far as keys and types go.
pub(crate) fn check(bytes: &[u8]) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    Value { shape: MANIFEST, at: &Path::Root, may_be_null: false }.deserialize(&mut json)?;
    json.end()
}

/// Where a value stands.
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |key: &str| !key.is_empty() && key.len() <= 40 && key.bytes().all(|c| c.is_ascii_alphanumeric());
        match self {
            Self::Root => f.write_str("$"),
            Self::Key(above, key) if is_plain(key) => write!(f, "{above}.{key}"),
            Self::Key(above, key) => write!(f, "{above}[{:?}]", key.chars().take(100).collect::<String>()),
            Self::Item(above, index) => write!(f, "{above}[{index}]"),
        }
    }
}

/// A value that is to be checked, and thrown away.
struct Value<'a> {
    shape: Shape,
    at: &'a Path<'a>,
    /// null stands for a field that is not there
    may_be_null: bool,
}

impl Value<'_> {
    fn must_be<T, E: Error>(&self, what: &str) -> Result<T, E> {
        Err(E::custom(format_args!("{} must be {what}", self.at)))
    }

    fn wrong<T, E: Error>(&self) -> Result<T, E> {
        self.must_be(match self.shape {
            Shape::Any => "a value",
            Shape::Number => "a whole number that is not negative and has at most 63 bits",
            Shape::Text => "a string",
            Shape::MediaType => "a media type of at most 255 characters",
            Shape::Digest => "a digest: sha256: or sha512: and lower-case hex",
            Shape::Base64 => "a string in base64",
            Shape::Annotations => "an object with strings",
            Shape::List(_) => "a list",
            Shape::Object(_) => "an object",
        })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a manifest")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        if matches!(self.shape, Shape::Any) { Ok(()) } else { self.wrong() }
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        if matches!(self.shape, Shape::Any) { Ok(()) } else { self.wrong() }
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        if matches!(self.shape, Shape::Any) { Ok(()) } else { self.wrong() }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        match self.shape {
            Shape::Any => Ok(()),
            Shape::Number if i64::try_from(number).is_ok() => Ok(()),
            _ => self.wrong(),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.may_be_null { Ok(()) } else { self.wrong() }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let is_right = match self.shape {
            Shape::Any | Shape::Text => true,
            Shape::MediaType => text.len() <= LONGEST && !text.chars().any(char::is_control),
            Shape::Digest => text.parse::<Digest>().is_ok(),
            Shape::Base64 => STANDARD.decode(text).is_ok(),
            _ => false,
        };
        if is_right { Ok(()) } else { self.wrong() }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let shape = match self.shape {
            Shape::Any => Shape::Any,
            Shape::List(item) => *item,
            _ => return self.wrong(),
        };
        let may_be_null = matches!(shape, Shape::Any);
        let mut index = 0;
        while items.next_element_seed(Value { shape, at: &Path::Item(self.at, index), may_be_null })?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let known: &[Field] = match self.shape {
            Shape::Any | Shape::Annotations => &[],
            Shape::Object(fields) => fields,
            _ => return self.wrong(),
        };
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Key(key)) = entries.next_key_seed(KeySeed)? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!("{} is there twice", Path::Key(self.at, &key))));
            }
            let (shape, may_be_null) = match known.iter().find(|field| is_same_but_for_case(field.key, &key)) {
                Some(field) if field.key == key => (field.shape, !field.required),
                Some(field) => {
                    let (at, expected) = (Path::Key(self.at, &key), field.key);
                    return Err(A::Error::custom(format_args!("{at} differs from {expected:?} by case alone")));
                }
                None if matches!(self.shape, Shape::Annotations) => (Shape::Text, false),
                None => (Shape::Any, true),
            };
            entries.next_value_seed(Value { shape, at: &Path::Key(self.at, &key), may_be_null })?;
            seen.insert(key);
        }
        match known.iter().find(|field| field.required && !seen.contains(field.key)) {
            Some(missing) => Err(A::Error::custom(format_args!("{} is missing", Path::Key(self.at, missing.key)))),
            None => Ok(()),
        }
    }
}

/// As readers do that ignore case: two letters beyond ASCII count as the `s` and the `k` that they are forms of.
fn is_same_but_for_case(known: &str, key: &str) -> bool {
    let folded = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    known.chars().map(folded).eq(key.chars().map(folded))
}

/// A key, from the bytes themselves if nothing in it is escaped.
struct Key<'de>(Cow<'de, str>);
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Key<'de>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

#[cfg(test)]
#[path = "shape/tests.rs"]
mod tests;
