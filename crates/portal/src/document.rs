//! The page that the browser loads, whatever the path: it goes on from there itself. Nothing in it but the base path is this hub's.

use std::borrow::Cow;

use crate::files;

/// What the page may do: load what is here and speak to this hub. Neither text that becomes a script nor another's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";

/// The headers of every document.
pub const HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), usb=(), payment=(), browsing-topics=(), display-capture=()",
    ),
    ("cache-control", "no-cache"),
];

const BASE: &str = "<base href=\"/\"";

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Distr</title>
<h1>The portal is not built</h1>
<p>This hub is a development build without the portal. In its source, run <code>script/portal build</code>, and load this page again.
<p>The API is at <a href=\"graphql\">graphql</a>.
</html>
";

pub struct Document {
    pub html: String,
    /// Whether it is the portal, and not the page that says how to build it.
    pub is_built: bool,
}

/// The page, for a hub that is found below this path: empty, or `/distr`.
pub fn document(base: &str) -> Document {
    let Some(html) = files::read("index.html").and_then(text) else {
        return Document { html: NOT_BUILT.to_owned(), is_built: false };
    };
    Document { html: html.replacen(BASE, &format!("<base href=\"{}/\"", escaped(base)), 1), is_built: true }
}

fn text(bytes: Cow<'static, [u8]>) -> Option<String> {
    String::from_utf8(bytes.into_owned()).ok()
}

fn escaped(path: &str) -> String {
    path.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_stays_text() {
        assert_eq!(escaped("/distr"), "/distr");
        assert_eq!(escaped("/a\"><script>"), "/a&quot;>&lt;script>");
    }

    #[test]
    fn there_is_always_a_page() {
        assert!(document("/distr").html.starts_with("<!doctype html>"));
    }

    #[test]
    fn the_policy_lets_nothing_in_from_elsewhere() {
        for part in ["unsafe", "http:", "https:", "*"] {
            assert!(!POLICY.contains(part), "{part}");
        }
    }
}
