//! The cookie that keeps a browser's session: no script reads it, no other site's page makes a browser send it. Its name has a
//! part of this hub's own, as cookies know hosts and no ports.

use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite};
use chrono::{DateTime, Utc};

/// Browsers let nobody but the host itself set a cookie with it, and over HTTPS alone.
const HOST_PREFIX: &str = "__Host-";

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
        let prefix = if is_secure { HOST_PREFIX } else { "" };
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

    /// The secret among the cookies of a request, as the lines of `Cookie` have them. Two of one name with different secrets are
    /// none: another page of this host may have put one of them there.
    pub fn find<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let pairs = lines.into_iter().flat_map(|line| line.split(';'));
        let pairs: Vec<(&str, &str)> = pairs.filter_map(|pair| pair.trim().split_once('=')).collect();
        let of = |wanted: &str| {
            let mut secrets = pairs.iter().filter(|(name, _)| *name == wanted).map(|(_, secret)| *secret);
            let first = secrets.next().filter(|secret| !secret.is_empty())?;
            Some(secrets.all(|other| other == first).then(|| first.to_owned()))
        };
        // what a browser sends that speaks HTTPS with a proxy
        let prefixed = (!self.is_secure).then(|| of(&format!("{HOST_PREFIX}{}", self.name))).flatten();
        prefixed.or_else(|| of(&self.name)).flatten()
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
        assert_eq!(cookie.find(["xdistr-0badcafe=dss_2; distr-0badcafe="]), None);
        assert_eq!(cookie.find(["distr-0badcafe=dss_2; __Host-distr-0badcafe=dss_1"]).as_deref(), Some("dss_1"));
        assert_eq!(SessionCookie::new("0badcafe", true).find(["distr-0badcafe=dss_2"]), None);
        assert_eq!(cookie.find([]), None);
    }

    #[test]
    fn of_two_that_differ_neither_counts() {
        let cookie = SessionCookie::new("0badcafe", false);
        assert_eq!(cookie.find(["distr-0badcafe=dss_evil; distr-0badcafe=dss_own"]), None);
        assert_eq!(cookie.find(["distr-0badcafe=dss_own; distr-0badcafe=dss_own"]).as_deref(), Some("dss_own"));
    }
}
