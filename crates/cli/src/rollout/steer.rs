//! What people do to a rollout that is open.

use anyhow::Result;
use clap::{Args, Subcommand};
use distr_domain::label::LabelKey;
use distr_domain::rollout::policy::Amount;
use serde::Deserialize;

use super::Of;
use crate::exit::Failure;
use crate::operation::shown;
use crate::policy::amount_of;
use crate::session::Session;

shown!("src/rollout.graphql": RolloutApprove RolloutRefuse RolloutPause RolloutHalt RolloutResume RolloutAdjust RolloutSkipWave RolloutAbort RolloutLimitsNow);

use rollout_adjust::{RolloutLabelLimitInput, RolloutLimitsInput};

/// A stage that wants an approval.
#[derive(Args)]
pub(crate) struct Stage {
    /// The wave whose opening is meant, by its number; without it, the start of the rollout
    #[arg(long = "wave", value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    stage: u32,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Let nothing start; what is in flight finishes
    Pause {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Let nothing start, and take back what no agent has begun
    Halt {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Go on; what failed until now halts it no more, and is no success either
    Resume {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// End it for ever; targets that were not released are cancelled
    Abort {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        reason: String,
    },
    /// Change the limits that are named; the others stay
    Adjust {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        limits: Changes,
    },
    /// Approve the start, or the opening of a wave; whoever started it does not
    Approve {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        stage: Stage,
        /// The digest of the plan; see: distr rollout status
        #[arg(long, value_name = "DIGEST")]
        plan: String,
    },
    /// Refuse the start, or the opening of a wave: it is paused
    Refuse {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        stage: Stage,
        #[arg(long)]
        reason: String,
    },
    /// Skip the wave whose turn it is, whatever its gate says
    SkipWave {
        #[command(flatten)]
        of: Of,
        /// The wave's number
        #[arg(long, value_name = "NUMBER")]
        wave: u32,
        #[arg(long)]
        reason: String,
    },
}

/// Limits that are to be others.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// The most targets in flight: 5, or 5% of them
    #[arg(long, value_name = "NUMBER", value_parser = amount_of)]
    in_flight: Option<Amount>,
    /// The most targets of one customer in flight; 0 for any number
    #[arg(long, value_name = "NUMBER")]
    per_customer: Option<u32>,
    /// The most targets in flight with the same value of a label, KEY=NUMBER; 0 for any number
    #[arg(long, value_name = "KEY=NUMBER", value_parser = label_limit)]
    per_label: Option<(LabelKey, u32)>,
    /// The most targets that start within a minute; 0 for any number
    #[arg(long, value_name = "NUMBER")]
    starts_per_minute: Option<u32>,
}

fn label_limit(text: &str) -> Result<(LabelKey, u32), String> {
    let (key, most) = text.split_once('=').ok_or("use KEY=NUMBER, as region=2")?;
    let key = key.parse().map_err(|error| format!("{error}"))?;
    Ok((key, most.parse().map_err(|_| format!("{most:?} is no number"))?))
}

/// The limits as the hub gives them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    in_flight: Option<i64>,
    in_flight_percent: Option<i64>,
    per_customer: Option<i64>,
    per_label: Option<LabelLimit>,
    starts_per_minute: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct LabelLimit {
    label: String,
    most: i64,
}

impl Changes {
    fn applied_to(self, now: Limits) -> RolloutLimitsInput {
        let (in_flight, in_flight_percent) = match self.in_flight {
            None => (now.in_flight, now.in_flight_percent),
            Some(Amount::Count(count)) => (Some(count.into()), None),
            Some(Amount::Percent(percent)) => (None, Some(percent.into())),
        };
        let most = |change: Option<u32>, now: Option<i64>| match change {
            None => now,
            Some(0) => None,
            Some(most) => Some(most.into()),
        };
        let of_label = |LabelLimit { label, most }| RolloutLabelLimitInput { label, most };
        let per_label = match self.per_label {
            None => now.per_label.map(of_label),
            Some((_, 0)) => None,
            Some((label, most)) => Some(RolloutLabelLimitInput { label: label.to_string(), most: most.into() }),
        };
        RolloutLimitsInput {
            in_flight,
            in_flight_percent,
            per_customer: most(self.per_customer, now.per_customer),
            per_label,
            starts_per_minute: most(self.starts_per_minute, now.starts_per_minute),
        }
    }
}

impl Command {
    pub(super) async fn run(self, Session { hub, out }: &Session) -> Result<()> {
        match self {
            Self::Pause { of: Of { name, app: application }, reason } => {
                let sentence = format!("paused rollout \"{name}\" of {application}");
                let data = hub.ask::<RolloutPause>(rollout_pause::Variables { application, name, reason }).await?;
                out.did(data.rollout_pause, "rollout", &sentence)
            }
            Self::Halt { of: Of { name, app: application }, reason } => {
                let sentence = format!("halted rollout \"{name}\" of {application}");
                let data = hub.ask::<RolloutHalt>(rollout_halt::Variables { application, name, reason }).await?;
                out.did(data.rollout_halt, "rollout", &sentence)
            }
            Self::Resume { of: Of { name, app: application }, reason } => {
                let sentence = format!("resumed rollout \"{name}\" of {application}");
                let data = hub.ask::<RolloutResume>(rollout_resume::Variables { application, name, reason }).await?;
                out.did(data.rollout_resume, "rollout", &sentence)
            }
            Self::Abort { of: Of { name, app: application }, reason } => {
                let sentence = format!("aborted rollout \"{name}\" of {application}");
                let data = hub.ask::<RolloutAbort>(rollout_abort::Variables { application, name, reason }).await?;
                out.did(data.rollout_abort, "rollout", &sentence)
            }
            Self::Adjust { of: Of { name, app: application }, limits } => {
                let sentence = format!("adjusted the limits of rollout \"{name}\" of {application}");
                let of = rollout_limits_now::Variables { application: application.clone(), name: name.clone() };
                let mut now = hub.ask::<RolloutLimitsNow>(of).await?.rollout;
                let now: Option<Limits> = serde_json::from_value(now["limits"].take())?;
                let hidden = || Failure::Usage("the limits are for the vendor's members to see and to change".into());
                let limits = limits.applied_to(now.ok_or_else(hidden)?);
                let data = hub.ask::<RolloutAdjust>(rollout_adjust::Variables { application, name, limits }).await?;
                out.did(data.rollout_adjust, "rollout", &sentence)
            }
            Self::Approve { of: Of { name, app: application }, stage, plan } => {
                let sentence = format!("approved {} of rollout \"{name}\" of {application}", stage.words());
                let variables = rollout_approve::Variables { application, name, stage: stage.stage.into(), plan };
                let data = hub.ask::<RolloutApprove>(variables).await?;
                out.did(data.rollout_approve, "rollout", &sentence)
            }
            Self::Refuse { of: Of { name, app: application }, stage, reason } => {
                let sentence = format!("refused {} of rollout \"{name}\" of {application}", stage.words());
                let variables = rollout_refuse::Variables { application, name, stage: stage.stage.into(), reason };
                let data = hub.ask::<RolloutRefuse>(variables).await?;
                out.did(data.rollout_refuse, "rollout", &sentence)
            }
            Self::SkipWave { of: Of { name, app: application }, wave, reason } => {
                let sentence = format!("skipped wave {wave} of rollout \"{name}\" of {application}");
                let variables = rollout_skip_wave::Variables { application, name, wave: wave.into(), reason };
                let data = hub.ask::<RolloutSkipWave>(variables).await?;
                out.did(data.rollout_skip_wave, "rollout", &sentence)
            }
        }
    }
}

impl Stage {
    fn words(&self) -> String {
        match self.stage {
            0 => "the start".to_owned(),
            wave => format!("wave {wave}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_and_zero_takes_a_limit_away() {
        let now = Limits {
            in_flight: None,
            in_flight_percent: Some(5),
            per_customer: Some(1),
            per_label: Some(LabelLimit { label: "region".into(), most: 2 }),
            starts_per_minute: None,
        };
        let changes = Changes {
            in_flight: Some(Amount::Count(3)),
            per_customer: Some(0),
            per_label: None,
            starts_per_minute: None,
        };
        let limits = changes.applied_to(now);
        assert_eq!((limits.in_flight, limits.in_flight_percent, limits.per_customer), (Some(3), None, None));
        assert_eq!(limits.per_label.map(|of| (of.label, of.most)), Some(("region".to_owned(), 2)));
    }
}
