//! What a registry client puts into headers and parameters.

use distr_domain::oci::{Digest, Reference, Tag};

use crate::authorization::{basic, bearer_token};
use crate::name::RepositoryName;
use crate::range::{self, Requested};
use crate::scope;

/// The first line is the size of what is there; the rest is the header.
pub fn registry_headers(bytes: &[u8]) {
    let Some((size, header)) = crate::text(bytes).and_then(|text| text.split_once('\n')) else { return };
    let size = size.parse().unwrap_or(u64::MAX);
    ranges(header, size);
    scopes(header);
    credentials(header);
    references(header);
}

fn ranges(header: &str, size: u64) {
    if let Requested::Part(part) = range::requested(Some(header), size) {
        assert!(part.start < part.end && part.end <= size);
    }
    if let Some(chunk) = range::chunk(header) {
        assert!(chunk.start < chunk.end);
        assert_eq!(range::chunk(&format!("{}-{}", chunk.start, chunk.end - 1)), Some(chunk));
    }
}

fn scopes(header: &str) {
    let accesses = scope::parse([header]);
    assert!(accesses.len() <= 32);
    let printed: Vec<String> = accesses.iter().map(ToString::to_string).collect();
    assert_eq!(scope::parse(printed.iter().map(String::as_str)), accesses);
    assert_eq!(scope::parse([printed.join(" ").as_str()]), accesses);
}

fn credentials(header: &str) {
    if let Some((username, _)) = basic(header) {
        assert!(!username.contains(':'));
    }
    if let Some(token) = bearer_token(header) {
        assert_eq!(token.trim(), token);
    }
}

fn references(header: &str) {
    if let Ok(name) = header.parse::<RepositoryName>() {
        assert_eq!((name.to_string().as_str(), name.to_string().parse()), (header, Ok(name)));
    }
    if let Ok(digest) = header.parse::<Digest>() {
        assert!(matches!(digest.hex().len(), 64 | 128));
        assert_eq!(header.parse::<Reference>(), Ok(Reference::Digest(digest)));
    }
    if let Ok(tag) = header.parse::<Tag>() {
        let digest: Digest = format!("sha256:{}", "0".repeat(64)).parse().expect("a digest");
        assert!(tag.is_referrer_tag() || !tag.is_referrer_tag_of(&digest));
        assert_eq!(header.parse::<Reference>(), Ok(Reference::Tag(tag)));
    }
}
