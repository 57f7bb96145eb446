//! What runs in place of the hub if its first argument is `draw-picture`: an SVG comes in, a PNG goes out, and the system ends it at limits that it has set itself before it reads
//! a byte. It holds nothing of the hub's but the pipes.

use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use distr_domain::picture::MAX_BYTES;
use distr_drawing::draw;
use rustix::process::{Resource, Rlimit, nice, setrlimit};

/// The first argument of the program.
pub const NAME: &str = "draw-picture";

/// Exits with this code if the SVG is not drawn, which standard error explains.
pub(super) const REFUSED: i32 = 65;
/// Exits with this code if the limits cannot be set: nothing was read.
pub(super) const UNLIMITED: i32 = 71;

/// In seconds of a processor. What people draw takes a small part of one.
const MAX_CPU: u64 = 4;
const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// One more than the last that is open: the three pipes.
const MAX_FILES: u64 = 3;

pub fn run() -> ExitCode {
    let exit = |code: i32, words: &str| {
        let _ = writeln!(io::stderr(), "{words}");
        ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
    };
    if let Err(error) = set_limits() {
        return exit(UNLIMITED, &format!("setting the limits of the process that draws: {error}"));
    }
    match drawn() {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => exit(REFUSED, &words),
    }
}

fn set_limits() -> rustix::io::Result<()> {
    // those who serve come first, and go last if the machine has no memory left; a sandbox may forbid to say so
    let _ = (nice(10), fs::write("/proc/self/oom_score_adj", "1000"));
    for (resource, most) in [
        (Resource::Cpu, MAX_CPU),
        (Resource::As, MAX_MEMORY),
        (Resource::Nofile, MAX_FILES),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn drawn() -> Result<(), String> {
    let mut svg = String::new();
    io::stdin().take(MAX_BYTES as u64).read_to_string(&mut svg).map_err(|error| format!("reading the SVG: {error}"))?;
    let png = draw(&svg, MAX_BYTES).map_err(|error| error.to_string())?;
    io::stdout().write_all(&png).map_err(|error| format!("writing the drawing: {error}"))
}
