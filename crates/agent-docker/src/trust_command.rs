//! `distr-agent trust`: the keys that are pinned on this host, and the lowest versions that it takes. An agent that runs looks
//! them up before each release.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use distr_agent::host_trust::{HostTrust, read_key};
use distr_agent::summary;
use distr_domain::names::Slug;
use distr_domain::version::Version;

use crate::Place;
use distr_agent::output::line;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Pin a public key: from now on only releases run that a pinned key signed as a whole
    Add {
        /// A PEM file; the key goes by the file's name, or by NAME
        #[arg(value_name = "[NAME=]FILE")]
        key: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the pinned keys and the lowest versions
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Unpin a key; without any, the hub says again whose signatures count
    Remove {
        name: Slug,
        #[command(flatten)]
        place: Place,
    },
    /// Take no version of an application below this one; an older release keeps its signature, and the hub might send it again
    SetFloor {
        application: Slug,
        version: Version,
        #[command(flatten)]
        place: Place,
    },
    /// Take every version of an application again
    ClearFloor {
        application: Slug,
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::Add { key, place } => {
                let key = read_key(&key)?;
                let sentence = format!("pinned key \"{}\"; releases need a signature by a pinned key now", key.name);
                change(&place, &sentence, |trust| Ok(trust.pin(key)?))
            }
            Self::List { place } => {
                let trust = HostTrust::load(&place.open()?)?;
                summary::of_trust(&trust).into_iter().try_for_each(line)?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Remove { name, place } => {
                change(&place, &format!("key \"{name}\" is no longer pinned"), |trust| Ok(trust.unpin(&name)?))
            }
            Self::SetFloor { application, version, place } => {
                let sentence = format!("{application} runs here from {version} on, and nothing below");
                change(&place, &sentence, |trust| {
                    trust.floors.insert(application, version);
                    Ok(())
                })
            }
            Self::ClearFloor { application, place } => {
                change(&place, &format!("every version of {application} may run here"), |trust| {
                    trust.floors.remove(&application);
                    Ok(())
                })
            }
        }
    }
}

fn change(place: &Place, sentence: &str, change: impl FnOnce(&mut HostTrust) -> Result<()>) -> Result<ExitCode> {
    let data = place.open()?;
    let mut trust = HostTrust::load(&data)?;
    change(&mut trust)?;
    trust.store(&data)?;
    line(sentence)?;
    Ok(ExitCode::SUCCESS)
}
