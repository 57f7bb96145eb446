//! The cookie that keeps a browser's session: no script reads it, no other site's page makes a browser send it. Its name has a
//! part of this hub's own, as cookies know hosts and no ports.

use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, Utc};

/// The cookie of one hub, as a browser keeps it that came by this scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookie {
    name: String,
    is_secure: bool,
}

impl SessionCookie {
    /// `hub` is the name's part that tells hubs on one host apart. Over HTTPS the prefix keeps other hosts of the domain from
    /// setting it; browsers take that prefix over HTTPS alone.
    pub fn new(hub: &str, is_secure: bool) -> Self {
        let prefix = if is_secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}distr-{hub}"), is_secure }
    }

    pub fn keep(&self, secret: &str, until: DateTime<Utc>) -> String {
        let mut cookie = self.with(secret);
        cookie.set_expires(OffsetDateTime::from_unix_timestamp(until.timestamp()).ok());
        cookie.to_string()
    }

    pub fn forget(&self) -> String {
        let mut cookie = self.with("");
        cookie.set_max_age(Duration::ZERO);
        cookie.to_string()
    }

    /// The secret among the cookies of a request, as the lines of `Cookie` have them.
    pub fn find<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let pairs = lines.into_iter().flat_map(|line| line.split(';'));
        let value = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == self.name);
        value.map(|(_, secret)| secret.to_owned()).filter(|secret| !secret.is_empty())
    }

    fn with(&self, secret: &str) -> Cookie<'static> {
        Cookie::build(self.name.clone(), secret.to_owned())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.is_secure)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let kept = SessionCookie::new("0badcafe", true).keep("dss_secret", until);
        let expected = "__Host-distr-0badcafe=dss_secret; HttpOnly; SameSite=Strict; Secure; Path=/; \
                        Expires=Fri, 15 Jan 2027 08:00:00 GMT";
        assert_eq!(kept, expected);
        let plain = SessionCookie::new("0badcafe", false).keep("dss_secret", until);
        assert!(plain.starts_with("distr-0badcafe=dss_secret; HttpOnly; SameSite=Strict; Path=/"), "{plain}");
        assert!(SessionCookie::new("0badcafe", true).forget().contains("Max-Age=0"));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let cookie = SessionCookie::new("0badcafe", false);
        assert_eq!(cookie.find(["a=b; distr-0badcafe=dss_1", "c=d"]).as_deref(), Some("dss_1"));
        assert_eq!(cookie.find(["c=d", "distr-0badcafe=dss_1"]).as_deref(), Some("dss_1"));
        assert_eq!(cookie.find(["__Host-distr-0badcafe=dss_1; xdistr-0badcafe=dss_2; distr-0badcafe="]), None);
        assert_eq!(cookie.find([]), None);
    }
}
