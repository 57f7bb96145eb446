//! The page that the browser loads, whatever the path: it goes on from there itself. What of it is this hub's: the base path, and
//! how a vendor shows itself to its customers, which is there before any script runs.

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
const TITLE: &str = "<title>Portal</title>";
const ROOT: &str = "<div id=\"root\"></div>";

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

/// Whose portal a customer opens, and how it looks. Paths are below the hub's base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brand {
    /// the organization, if the host that was asked is its own and its pages are at the root
    pub own_host_of: Option<String>,
    /// what people read
    pub name: String,
    pub stylesheet: Option<String>,
    pub favicon: Option<String>,
    pub logo: Option<String>,
    pub logo_dark: Option<String>,
}

/// The page of this side, for a hub that is found below this path: empty, or `/distr`.
pub fn document(side: Side, base: &str, brand: Option<&Brand>) -> Document {
    let Some(html) = files::read(side.file()).and_then(text) else {
        return Document { html: NOT_BUILT.to_owned(), is_built: false };
    };
    let html = html.replacen(BASE, &format!("<base href=\"{}/\"", escaped(base)), 1);
    let html = match brand {
        Some(brand) => branded(html, brand),
        None => html,
    };
    Document { html, is_built: true }
}

fn branded(html: String, brand: &Brand) -> String {
    let mut head = String::new();
    if let Some(organization) = &brand.own_host_of {
        head += &format!("<meta name=\"distr-organization\" content=\"{}\">", escaped(organization));
    }
    if let Some(stylesheet) = &brand.stylesheet {
        head += &format!("<link rel=\"stylesheet\" href=\"{}\">", escaped(stylesheet));
    }
    let html = match &brand.favicon {
        Some(favicon) => with_icon(html, &format!("<link rel=\"icon\" href=\"{}\">", escaped(favicon))),
        None => html,
    };
    let html = match brand.name.is_empty() {
        true => html,
        false => html.replacen(TITLE, &format!("<title>{}</title>", escaped(&brand.name)), 1),
    };
    html.replacen("</head>", &format!("{head}</head>"), 1).replacen(ROOT, &greeting(brand), 1)
}

/// Takes the place of the portal's own.
fn with_icon(html: String, icon: &str) -> String {
    let Some(start) = html.find("<link rel=\"icon\"") else { return html };
    let Some(length) = html[start..].find('>') else { return html };
    format!("{}{icon}{}", &html[..start], &html[start + length + 1..])
}

/// What stands there until the scripts are.
fn greeting(brand: &Brand) -> String {
    let name = escaped(&brand.name);
    let logo = brand.logo.as_ref().map(|logo| {
        let dark = brand
            .logo_dark
            .as_ref()
            .map(|dark| format!("<source media=\"(prefers-color-scheme: dark)\" srcset=\"{}\">", escaped(dark)));
        format!("<picture>{}<img alt=\"\" src=\"{}\"></picture>", dark.unwrap_or_default(), escaped(logo))
    });
    format!("<div id=\"root\"><p class=\"greeting\">{}{name}</p></div>", logo.unwrap_or_default())
}

fn text(bytes: Cow<'static, [u8]>) -> Option<String> {
    String::from_utf8(bytes.into_owned()).ok()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_stays_text() {
        assert_eq!(escaped("/distr"), "/distr");
        assert_eq!(escaped("/a\"><script>"), "/a&quot;&gt;&lt;script&gt;");
    }

    #[test]
    fn there_is_always_a_page() {
        for side in [Side::Vendor, Side::Customer] {
            assert!(document(side, "/distr", None).html.starts_with("<!doctype html>"));
        }
    }

    const PAGE: &str = "<html><head><title>Portal</title><link rel=\"icon\" href=\"data:x\"></head><body><div id=\"root\"></div></body></html>";

    #[test]
    fn a_brand_is_there_before_the_scripts_are() {
        let brand = Brand {
            own_host_of: Some("acme".into()),
            name: "Acme".into(),
            stylesheet: Some("branding/acme.0a.css".into()),
            favicon: Some("branding/0b".into()),
            logo: Some("branding/0c".into()),
            logo_dark: None,
        };
        let html = branded(PAGE.into(), &brand);
        for part in [
            "<meta name=\"distr-organization\" content=\"acme\">",
            "<link rel=\"stylesheet\" href=\"branding/acme.0a.css\">",
            "<link rel=\"icon\" href=\"branding/0b\">",
            "<title>Acme</title>",
            "<p class=\"greeting\"><picture><img alt=\"\" src=\"branding/0c\"></picture>Acme</p>",
        ] {
            assert!(html.contains(part), "{html}");
        }
        assert!(!html.contains("data:x"), "{html}");
    }

    #[test]
    fn a_name_stays_text() {
        let brand = Brand { name: "</title><script>alert(\"1\")</script>".into(), ..Brand::default() };
        let html = branded(PAGE.into(), &brand);
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("<title>&lt;/title&gt;&lt;script&gt;"), "{html}");
    }

    #[test]
    fn a_built_page_has_the_places_that_a_brand_fills() {
        let html = include_str!("../../../portal/customer.html");
        for place in [BASE, TITLE, ROOT, "</head>", "<link rel=\"icon\""] {
            assert!(html.contains(place), "{place}");
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
