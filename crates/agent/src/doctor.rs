//! What the agent needs of its surroundings, looked at one by one, each with what to do. Nothing is changed but that the hub hears from
//! the agent, and it may run meanwhile.

use std::env;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use distr_domain::agent::HeartbeatRequest;
use rustix::fs::statvfs;

use crate::clock::{Clock, SystemClock};
use crate::data_dir::DataDir;
use crate::desired;
use crate::hub::{Hub, Transport};
use crate::identity::Identity;
use crate::link::{HubLink, LinkFault};

/// A finding about one thing that the agent needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub subject: &'static str,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// and what it is
    Good(String),
    /// it works now, and may not for long or for everything
    Doubtful(String),
    /// nothing is deployed until it is mended
    Bad(String),
}

use Verdict::{Bad, Doubtful, Good};

/// The surroundings of an agent, but for the runtime of its releases.
pub struct Surroundings {
    pub data_dir: PathBuf,
    /// of the policy that the owner of this place has
    pub policy: Verdict,
    pub transport: Transport,
}

/// Images are pulled beside those that run.
const LITTLE: u64 = 2 << 30;
const TOO_LITTLE: u64 = 100 << 20;
/// Certificates and licenses are compared with clocks.
const CLOCK_OFFSET: TimeDelta = TimeDelta::seconds(30);

pub async fn examine(surroundings: &Surroundings) -> Vec<Finding> {
    let mut found = vec![];
    let mut add = |subject, verdict| found.push(Finding { subject, verdict });
    let data = DataDir::open(&surroundings.data_dir);
    add(
        "data folder",
        match &data {
            Ok(data) => room(data.root(), &data.root().display().to_string()),
            Err(error) => Bad(format!("{error}; run as the agent's user, or name its folder with --data-dir")),
        },
    );
    add("policy", surroundings.policy.clone());
    if let Some(proxies) = proxies() {
        add("proxy", Good(proxies));
    }
    let Ok(data) = data else { return found };
    match Identity::load(&data.identity()) {
        Ok(Some(identity)) => found.extend(of_hub(surroundings, &data, &identity).await),
        Ok(None) => found.push(Finding {
            subject: "hub",
            verdict: Bad("this agent is not enrolled; run: distr-agent enrol --hub URL".to_owned()),
        }),
        Err(fault) => found.push(Finding { subject: "hub", verdict: Bad(fault.to_string()) }),
    }
    found
}

/// The room on the disk of a folder.
pub fn room(folder: &Path, what: &str) -> Verdict {
    let free = match statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => return Bad(format!("{what}: {error}")),
    };
    let mib = free >> 20;
    match free {
        free if free < TOO_LITTLE => Bad(format!("{what} has {mib} MiB free; free some space")),
        free if free < LITTLE => Doubtful(format!("{what} has {mib} MiB free; an update may need more")),
        _ => Good(format!("{what}, {} GiB free", free >> 30)),
    }
}

/// Without user and password, which may stand in them.
fn proxies() -> Option<String> {
    let names =
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
    let set = names.into_iter().filter_map(|name| Some((name, env::var(name).ok().filter(|value| !value.is_empty())?)));
    let shown: Vec<String> =
        set.map(|(name, value)| format!("{name}={}", value.rsplit('@').next().unwrap_or_default())).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

async fn of_hub(surroundings: &Surroundings, data: &DataDir, identity: &Identity) -> Vec<Finding> {
    let finding = |subject, verdict| Finding { subject, verdict };
    let hub = match Hub::try_new(&identity.hub, surroundings.transport) {
        Ok(hub) => hub,
        Err(fault) => return vec![finding("hub", Bad(fault.to_string()))],
    };
    let answer = match hub.look().await {
        Ok(answer) => answer,
        Err(fault) => return vec![finding("hub", Bad(format!("{}: {fault}", identity.hub)))],
    };
    let mut found = vec![finding("hub", Good(identity.hub.clone()))];
    if let Some(at) = answer {
        found.push(finding("clock", clock(at - SystemClock.now())));
    }
    let desired = desired::load(data).ok().flatten();
    let request = HeartbeatRequest {
        reports: vec![],
        desired_etag: desired.as_ref().map(|desired| desired.etag.clone()),
        sent_at: None,
        behind: 0,
    };
    let (credential, registry) = match hub.heartbeat(&identity.secret, &request).await {
        Ok(answer) => {
            let newest = answer.desired.or(desired).map(|desired| desired.registry);
            (Good(format!("of target {}", identity.target)), newest)
        }
        Err(LinkFault::Refused { status: 401 | 403, message, .. }) => (
            Bad(format!("the hub does not take it: {message}; enrol again with a new token (distr target enrol)")),
            None,
        ),
        Err(fault) => (Bad(fault.to_string()), None),
    };
    found.push(finding("credential", credential));
    if let Some(registry) = registry {
        let verdict = match hub.look_at_registry(&registry).await {
            Ok(()) => Good(registry),
            Err(fault) => Bad(format!("{registry}: {fault}")),
        };
        found.push(finding("registry", verdict));
    }
    found
}

fn clock(offset: TimeDelta) -> Verdict {
    // the header has whole seconds
    match offset.abs() <= CLOCK_OFFSET {
        true => Good("as the hub's".to_owned()),
        false => {
            let (seconds, side) =
                (offset.num_seconds().abs(), if offset > TimeDelta::zero() { "behind" } else { "ahead of" });
            Doubtful(format!("{seconds} s {side} the hub's; synchronise it (timedatectl set-ntp true)"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_by_which_side() {
        assert!(matches!(clock(TimeDelta::seconds(-2)), Good(_)));
        let told = |seconds| match clock(TimeDelta::seconds(seconds)) {
            Doubtful(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(told(90).starts_with("90 s behind"));
        assert!(told(-90).starts_with("90 s ahead of"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_bad() {
        assert!(matches!(room(Path::new("/nonexistent/of-nobody"), "x"), Bad(_)));
        assert!(matches!(room(Path::new("/"), "the disk"), Good(_) | Doubtful(_)));
    }
}
