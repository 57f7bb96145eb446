//! What the page loads. A name holds the hash of the content, so that a browser keeps a file for ever.

use std::borrow::Cow;

use crate::files;

/// A file in the form that the browser takes.
pub struct Asset {
    pub content_type: &'static str,
    /// `br` or `gzip`, if it is compressed
    pub encoding: Option<&'static str>,
    pub bytes: Cow<'static, [u8]>,
}

const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// The asset with this name, in the first form that `accept_encoding` names.
pub fn asset(name: &str, accept_encoding: &str) -> Option<Asset> {
    let content_type = content_type(name)?;
    let path = format!("assets/{name}");
    for (encoding, suffix) in ENCODINGS {
        if takes(accept_encoding, encoding)
            && let Some(bytes) = files::read(&format!("{path}.{suffix}"))
        {
            return Some(Asset { content_type, encoding: Some(encoding), bytes });
        }
    }
    files::read(&path).map(|bytes| Asset { content_type, encoding: None, bytes })
}

fn takes(accept: &str, encoding: &str) -> bool {
    accept.split(',').any(|one| {
        let (name, quality) = one.trim().split_once(';').unwrap_or((one.trim(), ""));
        name.trim() == encoding && quality.trim().trim_start_matches("q=").parse::<f32>().unwrap_or(1.0) > 0.0
    })
}

/// Of the kinds that there are; others are no assets.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, kind) = name.rsplit_once('.')?;
    Some(match kind {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_taken_unless_it_is_refused() {
        assert!(takes("gzip, deflate, br, zstd", "br"));
        assert!(takes("gzip;q=0.5, br;q=0.1", "br"));
        assert!(!takes("gzip, br;q=0", "br"));
        assert!(!takes("brotli", "br") && !takes("", "gzip"));
    }

    #[test]
    fn what_is_no_asset_is_not_there() {
        for name in ["none.js", "index.html", "../index.html", "x", "a.map"] {
            assert!(asset(name, "br").is_none(), "{name}");
        }
    }
}
