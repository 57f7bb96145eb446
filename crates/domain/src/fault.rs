//! Faults, the other "no" beside rejections: something is broken. Logs and operators want all of its causes.

use std::error::Error;

/// A fault and its causes in one line.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the {what} is broken")]
    struct Broken {
        what: &'static str,
        source: Option<Box<Broken>>,
    }

    #[test]
    fn causes_follow_the_fault_from_the_outermost_on() {
        let fault = |what, source| Broken { what, source };
        assert_eq!(causes(&fault("disk", None)), "the disk is broken");
        let chain = fault("log", Some(Box::new(fault("disk", None))));
        assert_eq!(causes(&chain), "the log is broken: the disk is broken");
    }
}
