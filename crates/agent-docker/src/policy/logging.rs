//! Logs: where what a release prints goes to, and whether it could pass for somebody else there.

use serde_json::Value;

use super::need::Needs;
use super::rule::Kind;

/// Log drivers that write nothing, or files of the container's own, which nobody else reads.
const OWN_LOGS: [&str; 3] = ["none", "json-file", "local"];
/// Options of every log driver that say how much is kept.
const LOG_SIZES: [&str; 5] = ["max-size", "max-file", "max-buffer-size", "mode", "compress"];
/// Options by which a release marks its lines; in a log of the host it could pass them off as those of another program.
const LOG_MARKS: [&str; 4] = ["tag", "labels", "env", "labels-regex"];

pub(super) fn of_service(needs: &mut Needs<'_>, logging: &Value) {
    needs.unknown_keys("logging", logging, &["driver", "options"]);
    let options = logging.get("options").unwrap_or(&Value::Null);
    match logging.get("driver").and_then(Value::as_str).unwrap_or_default() {
        // the engine's default, which may be a log of the host
        "" => needs.unknown_keys("logging.options", options, &LOG_SIZES),
        driver if OWN_LOGS.contains(&driver) => {
            needs.unknown_keys("logging.options", options, &[&LOG_SIZES[..], &LOG_MARKS[..]].concat());
        }
        driver => {
            let why = "what it prints would leave the host, or go into the host's own logs";
            needs.add(Kind::LogDriver, "logging.driver", driver, driver, why);
        }
    }
}
