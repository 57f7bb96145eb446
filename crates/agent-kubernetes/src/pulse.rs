//! How the agent does, for the probes of its pod: a file that its loop writes, and that another process reads. No port is open for it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use distr_agent::durable::{self, Access};
use tokio::time::Instant;

/// A loop that wrote nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(300);
/// Between two writes of the same.
const PAUSE: Duration = Duration::from_secs(20);

/// The question of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Probe {
    /// whether the agent's loop turns; otherwise its pod has to begin anew
    Live,
    /// whether it reaches the API server, too
    Ready,
}

#[derive(Debug)]
pub struct Pulse {
    path: PathBuf,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Pulse {
    /// In the agent's data folder.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("pulse"), last: Mutex::default() }
    }

    /// The loop turned, and the API server answered or did not.
    pub fn beat(&self, is_answered: bool) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |(at, was): (Instant, bool)| was != is_answered || at.elapsed() >= PAUSE;
        if last.is_none_or(is_due) {
            let text: &[u8] = if is_answered { b"ready\n" } else { b"the API server does not answer\n" };
            match durable::write(&self.path, text, Access::Owner) {
                Ok(()) => *last = Some((Instant::now(), is_answered)),
                Err(error) => tracing::warn!(%error, "the file for probes cannot be written"),
            }
        }
    }
}

/// Why a probe fails, in a sentence; nothing if it does not.
pub fn ask(folder: &Path, probe: Probe, now: SystemTime) -> Result<(), String> {
    let path = folder.join("pulse");
    let beaten = fs::metadata(&path).and_then(|metadata| metadata.modified());
    let beaten = beaten.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("no agent runs with the data folder {}", folder.display()),
        _ => format!("{} cannot be read: {error}", path.display()),
    })?;
    // a clock that was set back tells nothing
    let silent = now.duration_since(beaten).unwrap_or_default();
    if silent >= STUCK {
        return Err(format!("the agent's loop is stuck, for {} s", silent.as_secs()));
    }
    let said = fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    match probe == Probe::Live || said.trim() == "ready" {
        true => Ok(()),
        false => Err(said.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use distr_agent::clock::{Clock, SystemClock};

    use super::*;

    #[test]
    fn an_agent_is_live_while_its_loop_turns_and_ready_while_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let now = || SystemTime::from(SystemClock.now());
        let asked = |probe| ask(folder.path(), probe, now());
        assert!(asked(Probe::Live).unwrap_err().starts_with("no agent runs"));
        let pulse = Pulse::new(folder.path());
        pulse.beat(true);
        assert_eq!((asked(Probe::Live), asked(Probe::Ready)), (Ok(()), Ok(())));
        pulse.beat(false);
        assert_eq!(asked(Probe::Live), Ok(()));
        assert_eq!(asked(Probe::Ready).unwrap_err(), "the API server does not answer");
        let long_ago = now() - STUCK;
        fs::File::options().write(true).open(folder.path().join("pulse")).unwrap().set_modified(long_ago).unwrap();
        assert!(asked(Probe::Live).unwrap_err().starts_with("the agent's loop is stuck"));
    }
}
