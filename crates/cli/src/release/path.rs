//! `distr release require`, `no-return` and `block-upgrade`: what a release says of upgrades over it and to it.

use anyhow::Result;
use clap::Subcommand;

use super::Of;
use crate::operation::shown;
use crate::session::Session;

shown!("src/release.graphql": ReleaseRequire ReleaseUnrequire ReleaseMarkNoReturn ReleaseBlockUpgrade ReleaseUnblockUpgrade);

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Require it on the way of upgrades: whoever runs an older release installs it before a newer one
    Require {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Require it no longer, also if it was revoked
    Unrequire {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Say for ever that nobody goes back from it to an older release, which cannot read its data
    NoReturn {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Block upgrades to it from some versions
    BlockUpgrade {
        #[command(flatten)]
        of: Of,
        /// The versions from which nobody comes to it, such as 1.0.x or ">=1.0 <1.2"
        #[arg(long, value_name = "RANGE")]
        from: String,
        #[arg(long)]
        reason: String,
    },
    /// Open upgrades to it again that were blocked
    UnblockUpgrade {
        #[command(flatten)]
        of: Of,
        /// The versions as they were blocked
        #[arg(long, value_name = "RANGE")]
        from: String,
    },
}

impl Command {
    pub(super) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        match self {
            Self::Require { of: Of { app: application, version }, reason } => {
                let sentence = format!("{application} {version} is required on the way of upgrades");
                let variables = release_require::Variables { application, version, reason };
                out.did(hub.ask::<ReleaseRequire>(variables).await?.release_require, "release", &sentence)
            }
            Self::Unrequire { of: Of { app: application, version }, reason } => {
                let sentence = format!("{application} {version} is required no longer");
                let variables = release_unrequire::Variables { application, version, reason };
                out.did(hub.ask::<ReleaseUnrequire>(variables).await?.release_unrequire, "release", &sentence)
            }
            Self::NoReturn { of: Of { app: application, version }, reason } => {
                let sentence = format!("nobody goes back from {application} {version}");
                let variables = release_mark_no_return::Variables { application, version, reason };
                out.did(hub.ask::<ReleaseMarkNoReturn>(variables).await?.release_mark_no_return, "release", &sentence)
            }
            Self::BlockUpgrade { of: Of { app: application, version }, from, reason } => {
                let sentence = format!("nobody comes to {application} {version} from {from}");
                let variables = release_block_upgrade::Variables { application, version, from, reason };
                out.did(hub.ask::<ReleaseBlockUpgrade>(variables).await?.release_block_upgrade, "release", &sentence)
            }
            Self::UnblockUpgrade { of: Of { app: application, version }, from } => {
                let sentence = format!("{application} {version} is open again to {from}");
                let variables = release_unblock_upgrade::Variables { application, version, from };
                let data = hub.ask::<ReleaseUnblockUpgrade>(variables).await?;
                out.did(data.release_unblock_upgrade, "release", &sentence)
            }
        }
    }
}
