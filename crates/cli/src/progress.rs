//! What is being done, while somebody waits for it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::output::Output;
use crate::terminal::printable;

/// A spinner where somebody watches, else a line for each change.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    told: std::cell::RefCell<String>,
    quiet: bool,
}

impl Progress {
    pub(crate) fn start(out: &Output) -> Self {
        let bar = (std::io::stderr().is_terminal() && !out.quiet).then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, told: Default::default(), quiet: out.quiet }
    }

    pub(crate) fn tell(&self, what: &str) {
        if self.told.replace(what.to_owned()) == what {
            return;
        }
        match &self.bar {
            Some(bar) => bar.set_message(printable(what)),
            None if self.quiet => {}
            None => eprintln!("{}", printable(what)),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
