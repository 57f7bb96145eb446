//! What only root may do, for tests that anybody may run: by `sudo`, which asks nothing here.

use std::process::Command;

use rustix::process::geteuid;

/// A command that runs as root.
pub fn as_root(program: &str) -> Command {
    if geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", "--", program]);
    command
}
