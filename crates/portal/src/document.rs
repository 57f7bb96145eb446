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

/// Whose pages a document is the beginning of. What is the vendor's alone is no part of the customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Vendor,
    Customer,
}

impl Side {
    /// The customer's pages are below `/p`; whatever else there is begins with the vendor's.
    pub fn of(path: &str) -> Self {
        match path.strip_prefix("/p").is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            true => Self::Customer,
            false => Self::Vendor,
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Vendor => "index.html",
            Self::Customer => "customer.html",
        }
    }
}

pub struct Document {
    pub html: String,
    /// Whether it is the portal, and not the page that says how to build it.
    pub is_built: bool,
}

/// The page of this side, for a hub that is found below this path: empty, or `/distr`.
pub fn document(side: Side, base: &str) -> Document {
    let Some(html) = files::read(side.file()).and_then(text) else {
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
        for side in [Side::Vendor, Side::Customer] {
            assert!(document(side, "/distr").html.starts_with("<!doctype html>"));
        }
    }

    #[test]
    fn the_customers_pages_are_told_by_their_path() {
        for path in ["/p", "/p/acme", "/p/acme/targets/factory"] {
            assert_eq!(Side::of(path), Side::Customer, "{path}");
        }
        for path in ["/", "/v/acme", "/sign-in", "/people", "/v/p/x"] {
            assert_eq!(Side::of(path), Side::Vendor, "{path}");
        }
    }

    #[test]
    fn the_policy_lets_nothing_in_from_elsewhere() {
        for part in ["unsafe", "http:", "https:", "*"] {
            assert!(!POLICY.contains(part), "{part}");
        }
    }
}
