//! What a process costs, from `/proc` (proc(5)): processor time, and memory that is resident.

use std::fs;

use anyhow::{Context, Result};
use tokio::time::Instant;

/// USER_HZ, which Linux has fixed.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process, with those that it started if they belong to it.
#[derive(Debug, Clone, Copy)]
pub enum Watched {
    One(u32),
    /// a Postgres: the postmaster with its backends, those that ended included
    WithChildren(u32),
}

/// Counts from when it is made.
#[derive(Debug)]
pub struct Cpu {
    process: Watched,
    began: Instant,
    before: f64,
}

struct Stat {
    pid: u32,
    parent: u32,
    own_ticks: u64,
    collected_ticks: u64,
}

impl Cpu {
    pub fn watch(process: Watched) -> Result<Self> {
        Ok(Self { process, began: Instant::now(), before: seconds(process)? })
    }

    /// Cores in use on average since the start of the watch.
    pub fn cores(&self) -> Result<f64> {
        Ok((seconds(self.process)? - self.before) / self.began.elapsed().as_secs_f64())
    }
}

/// Processor time so far, in seconds.
fn seconds(process: Watched) -> Result<f64> {
    let ticks = match process {
        Watched::One(pid) => stat(pid)?.own_ticks,
        Watched::WithChildren(pid) => {
            let own = stat(pid)?;
            let children: u64 = children(pid).map(|child| child.own_ticks).sum();
            own.own_ticks + own.collected_ticks + children
        }
    };
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

fn children(pid: u32) -> impl Iterator<Item = Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|child| stat(child).ok()).filter(move |stat| stat.parent == pid)
}

fn stat(pid: u32) -> Result<Stat> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // the command in parentheses may hold anything
    let (_, fields) = text.rsplit_once(')').context("a stat line has a command")?;
    let fields: Vec<u64> = fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    let field = |number: usize| fields.get(number - 3).copied().context("a stat line is too short");
    Ok(Stat {
        pid,
        parent: field(4)? as u32,
        own_ticks: field(14)? + field(15)?,
        collected_ticks: field(16)? + field(17)?,
    })
}

/// Resident memory in MiB.
pub fn resident(pid: u32) -> Result<f64> {
    mebibytes(&format!("/proc/{pid}/status"), "VmRSS:")
}

/// The most that was ever resident, in MiB.
pub fn highest(pid: u32) -> Result<f64> {
    mebibytes(&format!("/proc/{pid}/status"), "VmHWM:")
}

/// Resident memory in MiB; what several of its processes share counts once.
pub fn proportional(process: Watched) -> Result<f64> {
    let of = |pid| mebibytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:");
    match process {
        Watched::One(pid) => of(pid),
        // a child may end meanwhile
        Watched::WithChildren(pid) => Ok(of(pid)? + children(pid).filter_map(|child| of(child.pid).ok()).sum::<f64>()),
    }
}

fn mebibytes(path: &str, field: &str) -> Result<f64> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)).context("a process has memory")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_time_and_memory() {
        let pid = std::process::id();
        let before = seconds(Watched::One(pid)).unwrap();
        let mut sum = 0_u64;
        while seconds(Watched::One(pid)).unwrap() <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(resident(pid).unwrap() > 1.0);
        assert!(highest(pid).unwrap() >= resident(pid).unwrap() / 2.0);
        assert!(proportional(Watched::One(pid)).unwrap() > 0.5);
        assert!(stat(pid).unwrap().parent > 0);
    }
}
