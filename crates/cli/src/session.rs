//! What a command works with: a hub that it may speak to, and where its results go.

use anyhow::Result;

use crate::exit::Failure;
use crate::globals::Globals;
use crate::hub::Hub;
use crate::output::Output;
use crate::profile::{self, Profile, Profiles};

pub(crate) const DEFAULT_HUB: &str = "http://127.0.0.1:8080";

pub(crate) struct Session {
    pub(crate) hub: Hub,
    pub(crate) out: Output,
}

impl Session {
    pub(crate) fn open(globals: &Globals) -> Result<Self> {
        let profiles = Profiles::load(&profile::path()?)?;
        let token = std::env::var("DISTR_TOKEN").ok().filter(|token| !token.is_empty());
        let (hub, token) = credentials(globals, profiles.get(&globals.profile), token)?;
        Ok(Self { hub: Hub::try_new(&hub, Some(token), globals.transport())?, out: Output::new(globals) })
    }
}

/// The hub and the token. A profile's token goes to the hub that it is from, and to no other.
fn credentials(
    globals: &Globals,
    profile: Option<&Profile>,
    token: Option<String>,
) -> Result<(String, String), Failure> {
    let asked_for = globals.hub.clone();
    match (token, profile) {
        (Some(token), profile) => {
            let hub = asked_for.or_else(|| profile.map(|profile| profile.hub.clone()));
            Ok((hub.unwrap_or_else(|| DEFAULT_HUB.to_owned()), token))
        }
        (None, None) => {
            Err(Failure::NotSignedIn(format!("there is no profile \"{}\" on this machine", globals.profile)))
        }
        (None, Some(profile)) => match asked_for {
            Some(hub) if trimmed(&hub) != trimmed(&profile.hub) => Err(Failure::NotSignedIn(format!(
                "profile \"{}\" is for the hub at {}, not for {hub}",
                globals.profile, profile.hub
            ))),
            _ => Ok((profile.hub.clone(), profile.token.clone())),
        },
    }
}

fn trimmed(url: &str) -> &str {
    url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globals::Format;

    fn globals(hub: Option<&str>) -> Globals {
        Globals {
            output: Format::Table,
            quiet: false,
            profile: "default".into(),
            hub: hub.map(str::to_owned),
            allow_insecure: false,
        }
    }

    fn profile() -> Profile {
        let (hub, organization) = ("https://hub.example".to_owned(), "acme".to_owned());
        Profile { hub, organization, email: None, token: "of-the-profile".into(), expires_at: None }
    }

    #[test]
    fn the_token_of_the_environment_wins() {
        let (hub, token) = credentials(&globals(None), Some(&profile()), Some("of-the-environment".into())).unwrap();
        assert_eq!((hub.as_str(), token.as_str()), ("https://hub.example", "of-the-environment"));
    }

    #[test]
    fn a_profiles_token_goes_to_no_other_hub() {
        let elsewhere = globals(Some("https://elsewhere.example"));
        assert!(matches!(credentials(&elsewhere, Some(&profile()), None), Err(Failure::NotSignedIn(_))));
        let same = globals(Some("https://hub.example/"));
        assert_eq!(credentials(&same, Some(&profile()), None).unwrap().1, "of-the-profile");
    }

    #[test]
    fn without_profile_and_token_nobody_is_signed_in() {
        assert!(matches!(credentials(&globals(None), None, None), Err(Failure::NotSignedIn(_))));
    }
}
