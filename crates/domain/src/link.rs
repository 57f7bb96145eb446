//! A link that people follow from a page: a page of the web, or an address for mail.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};

/// `https://…`, `http://…` or `mailto:…`, of at most 500 characters of ASCII; nothing that a browser would run, and no name of a
/// user before the host, which would pass one host off as another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link(String);

impl Link {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Link {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
        match is_plain && text.len() <= 500 && leads_somewhere(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "link",
                text,
                "use https:// or http:// with a host, or mailto: with an address, in at most 500 characters",
            )),
        }
    }
}

fn leads_somewhere(text: &str) -> bool {
    if let Some(address) = text.strip_prefix("mailto:") {
        let (address, _) = address.split_once('?').unwrap_or((address, ""));
        return address.split_once('@').is_some_and(|(who, host)| !who.is_empty() && is_host(host));
    }
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    is_host(rest.split(['/', '?', '#']).next().unwrap_or_default())
}

fn is_host(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    !text.is_empty() && text.bytes().all(is_known) && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

text_type! { Link }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_or_to_mail() {
        for good in [
            "https://acme.example",
            "https://acme.example:8443/support?from=portal#now",
            "http://[::1]:8080/",
            "mailto:help@acme.example?subject=hello",
        ] {
            assert!(good.parse::<Link>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "acme.example",
            "javascript:alert(1)",
            "JaVaScRiPt://x.example/%0aalert(1)",
            "data:text/html,x",
            "https://",
            "https:///path",
            "https://acme.example@evil.example",
            "https://acme.example/\"onclick=",
            "https://acme example",
            "mailto:",
            "mailto:nobody",
            "mailto:@acme.example",
            "https://ä.example",
            &format!("https://acme.example/{}", "x".repeat(500)),
        ] {
            assert!(bad.parse::<Link>().is_err(), "{bad}");
        }
    }
}
