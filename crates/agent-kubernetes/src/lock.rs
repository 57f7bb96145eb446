//! The images that a release locked, and how a chart may name them.

use std::collections::BTreeMap;

use distr_domain::release::ChartLock;

/// From each spelling of a locked image to the reference that runs. `registry` is where the agent's pods pull from: a chart that
/// is told so names the image there, another one as it was rendered. `organization` is the one whose registry the lock is of.
pub fn pins(lock: &ChartLock, organization: &str, registry: &str) -> BTreeMap<String, String> {
    let mut pins = BTreeMap::new();
    for locked in &lock.images {
        let reference = &locked.reference;
        match &locked.image {
            Some(image) => {
                let pinned = format!("{registry}/{organization}/{}@{}", image.repository, image.digest);
                for host in [lock.registry.as_str(), registry] {
                    pins.insert(format!("{host}/{reference}"), pinned.clone());
                }
            }
            // it has its digest
            None => drop(pins.insert(reference.clone(), reference.clone())),
        }
    }
    pins
}

#[cfg(test)]
mod tests {
    use distr_domain::release::{LockedImage, OwnImage};

    use super::*;

    const DIGEST: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

    fn lock(reference: &str, own: Option<&str>) -> ChartLock {
        let own =
            own.map(|repository| OwnImage { repository: repository.parse().unwrap(), digest: DIGEST.parse().unwrap() });
        let image = LockedImage { reference: reference.to_owned(), image: own, found: vec![] };
        ChartLock {
            registry: "hub.example".to_owned(),
            images: vec![image],
            kinds: vec![],
            rules: vec![],
            cases: 1,
            tool: "helm v4.1.4".to_owned(),
        }
    }

    #[test]
    fn an_image_of_the_hub_runs_from_the_registry_that_the_pods_reach() {
        let pins = pins(&lock("acme/web:1.4", Some("web")), "acme", "mirror.local:5000");
        let pinned = format!("mirror.local:5000/acme/web@{DIGEST}");
        for spelling in ["hub.example/acme/web:1.4", "mirror.local:5000/acme/web:1.4"] {
            assert_eq!(pins[spelling], pinned);
        }
        assert_eq!(pins.len(), 2);
    }

    #[test]
    fn an_image_of_another_registry_is_the_one_that_its_digest_names() {
        let reference = format!("redis@{DIGEST}");
        assert_eq!(pins(&lock(&reference, None), "acme", "hub.example")[&reference], reference);
    }
}
