//! The vendor's compose file, before compose puts anything in: all that it brings in must be in it. Compose never sees what the
//! vendor wrote, but the same tree, written anew; and both must find the same services: else one of them was deceived.

use std::collections::BTreeSet;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use distr_domain::compose_file;
use serde_json::Value;

use crate::policy::settle_read_files;

/// A file that says all that will run.
pub struct VendorFile {
    /// what compose gets to read
    pub text: String,
    /// the names of the services
    pub services: BTreeSet<String>,
}

pub fn read(text: &str) -> Result<VendorFile, Failure> {
    let bad = |text| Failure::bad(ErrorCategory::Config, text);
    let mut file = compose_file::read(text).map_err(|error| bad(error.to_string()))?;
    settle_read_files(&mut file).map_err(bad)?;
    Ok(VendorFile { text: compose_file::text(&file), services: names(&file) })
}

/// `raw` is compose's reading of the same file.
pub fn compare(services: &BTreeSet<String>, raw: &Value) -> Result<(), Failure> {
    let found = names(raw);
    match found.symmetric_difference(services).next() {
        None => Ok(()),
        Some(service) => {
            let text = format!("docker compose and the agent read the compose file differently: service {service}");
            Err(Failure::bad(ErrorCategory::Config, text))
        }
    }
}

fn names(file: &Value) -> BTreeSet<String> {
    let services = file.get("services").and_then(Value::as_object);
    services.into_iter().flat_map(|services| services.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_brings_in_other_files_is_refused_before_compose_sees_it() {
        for (text, reason) in [
            ("include: [/host/file.yml]\nservices: {}", "brings in other files"),
            ("services: {web: {extends: {file: /host/file.yml, service: x}}}", "extends a service of another file"),
            ("x: &x {include: [a]}\n<<: *x\nservices: {}", "brings in other files"),
            ("services: {web: {image: x}}\n---\nservices: {evil: {image: y}}", "cannot be read"),
            ("services: {web: {image: x}, web: {image: y}}", "cannot be read"),
        ] {
            let trouble = read(text).err().unwrap();
            assert!(trouble.text.contains(reason), "{text}: {}", trouble.text);
        }
    }

    #[test]
    fn both_readers_must_find_the_same_services() {
        let found = read("services: {web: {image: x}}").unwrap().services;
        compare(&found, &json!({"services": {"web": {}}})).unwrap();
        for raw in [json!({"services": {"web": {}, "evil": {}}}), json!({"services": {}}), json!({})] {
            assert!(compare(&found, &raw).is_err(), "{raw}");
        }
    }
}
