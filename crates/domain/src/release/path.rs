//! What a published release says of upgrades over it and to it.

use super::{Release, ReleaseCommand, ReleaseEvent, ReleaseRejection};
use crate::upgrade_path::{BlockedUpgrade, PathRules};
use crate::version::Version;

/// The most blocked upgrades to one release.
pub const MAX_BLOCKED: usize = 50;

impl Release {
    pub(super) fn decide_path(
        &self,
        version: &Version,
        command: &ReleaseCommand,
    ) -> Result<Vec<ReleaseEvent>, ReleaseRejection> {
        let event = match command {
            ReleaseCommand::Require { reason } => ReleaseEvent::ReleaseRequired { reason: reason.clone() },
            ReleaseCommand::MarkNoReturn { reason } => ReleaseEvent::ReleaseMarkedNoReturn { reason: reason.clone() },
            ReleaseCommand::BlockUpgrade { from, reason } => {
                let is_known = self.rules.blocked.iter().any(|blocked| blocked.from == *from);
                if !is_known && self.rules.blocked.len() >= MAX_BLOCKED {
                    return Err(ReleaseRejection::TooManyBlocked { version: version.clone() });
                }
                ReleaseEvent::UpgradeBlocked { from: from.clone(), reason: reason.clone() }
            }
            ReleaseCommand::Unrequire { reason } => ReleaseEvent::ReleaseUnrequired { reason: reason.clone() },
            ReleaseCommand::UnblockUpgrade { from } => ReleaseEvent::UpgradeUnblocked { from: from.clone() },
            _ => return Ok(vec![]), // decided elsewhere
        };
        let lifts = matches!(event, ReleaseEvent::ReleaseUnrequired { .. } | ReleaseEvent::UpgradeUnblocked { .. });
        if !lifts {
            self.status.check_usable(version)?;
        }
        let mut after = self.rules.clone();
        after.take(&event);
        Ok(if after == self.rules { vec![] } else { vec![event] })
    }
}

impl PathRules {
    /// Takes an event of the release in.
    pub fn take(&mut self, event: &ReleaseEvent) {
        match event {
            ReleaseEvent::ReleaseRequired { reason } => self.required = Some(reason.clone()),
            ReleaseEvent::ReleaseUnrequired { .. } => self.required = None,
            ReleaseEvent::ReleaseMarkedNoReturn { reason } => self.no_return = Some(reason.clone()),
            ReleaseEvent::UpgradeBlocked { from, reason } => {
                self.blocked.retain(|blocked| blocked.from != *from);
                self.blocked.push(BlockedUpgrade { from: from.clone(), reason: reason.clone() });
            }
            ReleaseEvent::UpgradeUnblocked { from } => self.blocked.retain(|blocked| blocked.from != *from),
            ReleaseEvent::ReleaseRevoked { reason } => self.revoked = Some(reason.clone()),
            _ => {}
        }
    }
}
