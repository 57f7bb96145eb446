//! Whether there are machines that run a compose file: the platforms of its images, and those that its services ask for.

use std::collections::{BTreeMap, BTreeSet};

use distr_compose::{MOST, Runs};
use distr_domain::ids::OrganizationId;
use distr_domain::release::ReleaseImage;

use crate::failure::Failure;
use crate::models::Artifacts;
use crate::operations::attachments::{Budget, Subject};
use crate::operations::platforms;

/// A service whose image says what it is for.
struct Built<'a> {
    service: &'a str,
    asked: Option<&'a str>,
    /// such as `linux/arm64/v8`
    platforms: Vec<String>,
}

pub(super) async fn warnings(
    artifacts: &Artifacts,
    organization: OrganizationId,
    services: &BTreeMap<String, Runs>,
    images: &[ReleaseImage],
) -> Result<Vec<String>, Failure> {
    let (mut built, budget) = (vec![], Budget::default());
    for ReleaseImage { service, repository, digest, .. } in images {
        let subject = Subject { organization, repository, digest };
        if let Some(platforms) = platforms::of(artifacts, subject, &budget).await? {
            let asked = services.get(service).and_then(|runs| runs.platform.as_deref());
            built.push(Built { service, asked, platforms });
        }
    }
    Ok(mismatches(&built))
}

fn mismatches(built: &[Built<'_>]) -> Vec<String> {
    let mut warnings: Vec<String> = built.iter().filter_map(not_as_asked).take(MOST).collect();
    let any: Vec<&Built<'_>> = built.iter().filter(|of| of.asked.is_none()).collect();
    let common = any.iter().map(|of| machines(of)).reduce(|one, other| &one & &other);
    if common.is_some_and(|common| common.is_empty()) {
        let each: Vec<String> = any.iter().take(MOST).map(|of| format!("{:?} for {}", of.service, named(of))).collect();
        warnings.push(format!(
            "no machine runs the images of all services, which are built for different platforms: {}; push them for one that all \
             of them have",
            each.join(", ")
        ));
    }
    warnings
}

fn not_as_asked(of: &Built<'_>) -> Option<String> {
    let asked = of.asked?;
    // what an engine understands, it is asked by its own names
    let wanted = machine(asked).filter(|wanted| !machines(of).contains(wanted))?;
    Some(format!(
        "service {:?}, key platform: the image is built for {}, and not for {wanted}; push it for that platform, or take the key out",
        of.service,
        named(of)
    ))
}

fn named(of: &Built<'_>) -> String {
    of.platforms.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(" and ")
}

fn machines(of: &Built<'_>) -> BTreeSet<String> {
    of.platforms.iter().filter_map(|platform| machine(platform)).collect()
}

/// `os/architecture`, by the names that engines have for both; nothing for what leaves one of them out, or is a variable.
fn machine(platform: &str) -> Option<String> {
    let platform = platform.to_ascii_lowercase();
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next()?, parts.next()?);
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" | "armel" => "arm",
        other => other,
    };
    (!platform.contains('$')).then(|| format!("{os}/{architecture}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(built: &[(&str, Option<&str>, &[&str])]) -> Vec<String> {
        let built: Vec<_> = built
            .iter()
            .map(|(service, asked, platforms)| Built {
                service,
                asked: *asked,
                platforms: platforms.iter().map(|platform| (*platform).to_owned()).collect(),
            })
            .collect();
        mismatches(&built)
    }

    #[test]
    fn a_platform_that_no_image_has_is_told() {
        let amd: &[&str] = &["linux/amd64"];
        for asked in ["linux/amd64", "linux/x86_64", "Linux/AMD64", "amd64", "${P}/arm64", "linux/${A:-arm64}"] {
            assert_eq!(told(&[("web", Some(asked), amd)]), [""; 0], "{asked}");
        }
        let one = told(&[("web", Some("linux/aarch64"), amd)]);
        assert_eq!(
            one,
            [
                "service \"web\", key platform: the image is built for linux/amd64, and not for linux/arm64; push it for that platform, \
              or take the key out"
            ]
        );
        assert_eq!(told(&[("web", Some("linux/arm64/v8"), &["linux/amd64", "linux/arm64"])]), [""; 0]);
    }

    #[test]
    fn images_that_no_machine_runs_together_are_told() {
        let (amd, arm, both): (&[&str], &[&str], &[&str]) =
            (&["linux/amd64"], &["linux/arm64/v8"], &["linux/amd64", "linux/arm64"]);
        assert_eq!(told(&[("a", None, amd), ("b", None, both)]), [""; 0]);
        assert_eq!(told(&[("a", None, amd), ("b", Some("linux/arm64"), arm)]), [""; 0]);
        let [apart] = &told(&[("a", None, amd), ("b", None, arm), ("c", None, both)])[..] else { panic!("one") };
        assert!(
            apart.contains("\"a\" for linux/amd64, \"b\" for linux/arm64/v8, \"c\" for linux/amd64 and linux/arm64"),
            "{apart}"
        );
    }
}
