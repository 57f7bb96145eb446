//! SVGs are drawn in processes of their own: what one costs is bounded by what the system gives such a process, and not by what
//! somebody has thought of that an SVG may cost.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use distr_domain::ids::OrganizationId;
use distr_domain::picture::MAX_BYTES;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::limits::turns::Turns;

pub mod process;

/// Drawings at the same time, of all organizations.
const AT_ONCE: usize = 2;
/// Of the clock on the wall, on a machine that has other work: many times what the process may use itself.
const MAX_TIME: Duration = Duration::from_secs(30);
const MAX_WORDS: u64 = 2_000;

/// The turns in which drawings are made.
pub struct Drawing(Turns);

impl Default for Drawing {
    fn default() -> Self {
        Self(Turns::new(AT_ONCE))
    }
}

impl Drawing {
    /// The PNG of an SVG, or what is to be done about it.
    pub async fn draw(&self, organization: OrganizationId, svg: &[u8]) -> Result<Vec<u8>, Failure> {
        let _turn = self.0.take((organization, None)).await?;
        match timeout(MAX_TIME, in_process(svg)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(too_long()),
        }
    }
}

/// This program as it runs, whatever lies at its path by now; it knows nothing of the hub's settings and secrets.
fn command() -> io::Result<Command> {
    let mut command = match cfg!(target_os = "linux") {
        true => Command::new("/proc/self/exe"),
        false => Command::new(std::env::current_exe()?),
    };
    command.arg0("distr-hub").arg(process::NAME).env_clear().current_dir("/").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

async fn in_process(svg: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut child = command().and_then(|mut command| command.spawn()).map_err(Failure::fault)?;
    let (drawn, words) = talk(&mut child, svg).await.map_err(Failure::fault)?;
    // what has said too much is not waited for
    if drawn.len() > MAX_BYTES {
        return Err(Failure::BadInput(unable("its drawing has too many bytes")));
    }
    let status = child.wait().await.map_err(Failure::fault)?;
    outcome(status, drawn, &String::from_utf8_lossy(&words))
}

/// All at the same time, as a pipe holds less than a picture has.
async fn talk(child: &mut Child, svg: &[u8]) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (Some(mut input), Some(output), Some(words)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("the process that draws has no pipes"));
    };
    let write = async move {
        // it may have ended before it read all of it
        let _ = input.write_all(svg).await;
    };
    let ((), drawn, words) = tokio::join!(write, at_most(output, MAX_BYTES as u64 + 1), at_most(words, MAX_WORDS));
    Ok((drawn?, words?))
}

async fn at_most(of: impl AsyncRead + Unpin, bytes: u64) -> io::Result<Vec<u8>> {
    let mut read = vec![];
    of.take(bytes).read_to_end(&mut read).await?;
    Ok(read)
}

fn outcome(status: ExitStatus, drawn: Vec<u8>, words: &str) -> Result<Vec<u8>, Failure> {
    let is = |signal: Signal| status.signal() == Some(signal.as_raw());
    match status.code() {
        Some(0) => Ok(drawn),
        Some(process::REFUSED) => Err(Failure::BadInput(plain(words))),
        Some(process::UNLIMITED) => Err(Failure::fault(io::Error::other(plain(words)))),
        _ if is(Signal::XCPU) || is(Signal::KILL) => Err(too_long()),
        // out of memory, or of its stack
        _ if is(Signal::ABORT) || is(Signal::SEGV) || is(Signal::BUS) => {
            Err(Failure::BadInput(unable("it takes too much memory to draw")))
        }
        _ => {
            tracing::warn!(%status, words = plain(words), "an SVG was not drawn");
            Err(Failure::BadInput(unable("it cannot be drawn")))
        }
    }
}

fn too_long() -> Failure {
    Failure::BadInput(unable("it takes too long to draw"))
}

fn unable(why: &str) -> String {
    format!("the SVG is too much: {why}; simplify it, or upload a PNG")
}

/// One line, whatever a stranger's picture put into it.
fn plain(words: &str) -> String {
    words.trim().chars().map(|of| if of.is_control() { ' ' } else { of }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_process_ended_is_said_in_words() {
        let said = |status: ExitStatus, words: &str| outcome(status, vec![1], words).map_err(|error| error.to_string());
        let code = |code: i32| ExitStatus::from_raw(code << 8);
        assert_eq!(said(code(0), ""), Ok(vec![1]));
        assert_eq!(said(code(process::REFUSED), "the SVG\nshows nothing\n"), Err("the SVG shows nothing".into()));
        assert!(said(code(101), "panicked").unwrap_err().contains("cannot be drawn"));
        assert!(said(code(process::UNLIMITED), "no limits").unwrap_err().contains("went wrong in the hub"));
        for (signal, words) in [(Signal::XCPU, "too long"), (Signal::KILL, "too long"), (Signal::ABORT, "memory")] {
            let error = said(ExitStatus::from_raw(signal.as_raw()), "").unwrap_err();
            assert!(error.contains(words) && error.contains("upload a PNG"), "{error}");
        }
    }
}
