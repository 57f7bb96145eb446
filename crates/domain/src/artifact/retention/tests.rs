use proptest::prelude::*;

use super::*;

fn digest(n: u32) -> Digest {
    format!("sha256:{n:064x}").parse().unwrap()
}

fn day(n: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(n)
}

fn tag(name: &str, at: u32, moved: i64) -> HeldTag {
    HeldTag { name: name.parse().unwrap(), digest: digest(at), moved_at: day(moved) }
}

fn manifest(n: u32) -> HeldManifest {
    HeldManifest { digest: digest(n), children: vec![], subject: None, pushed_at: day(0), released: false }
}

fn index(n: u32, children: &[u32]) -> HeldManifest {
    HeldManifest { children: children.iter().map(|&child| digest(child)).collect(), ..manifest(n) }
}

fn attached(n: u32, subject: u32) -> HeldManifest {
    HeldManifest { subject: Some(digest(subject)), ..manifest(n) }
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.tags.iter().map(Tag::as_str).collect()
}

fn holding() -> Holding {
    let tags = vec![tag("1.0", 1, 1), tag("1.1", 2, 2), tag("2.0", 3, 3), tag("nightly", 4, 4)];
    Holding { tags, manifests: (1..=4).map(manifest).collect() }
}

#[test]
fn without_rules_everything_stays() {
    assert_eq!(Retention::default().plan(&holding(), day(1000)), Plan::default());
}

#[test]
fn the_last_tags_stay_by_when_they_moved() {
    let rules = Retention { keep_last: Some(2), untagged_days: Some(0), ..Retention::default() };
    let plan = rules.plan(&holding(), day(10));
    assert_eq!((names(&plan), plan.manifests.len()), (vec!["1.0", "1.1"], 2));
    // one that moves again is new again
    let mut moved = holding();
    moved.tags[0].moved_at = day(5);
    assert_eq!(names(&rules.plan(&moved, day(10))), ["1.1", "2.0"]);
}

#[test]
fn a_tag_stays_by_pattern_or_by_age() {
    let rules = Retention { keep_tags: vec!["1.*".parse().unwrap()], ..Retention::default() };
    assert_eq!(names(&rules.plan(&holding(), day(10))), ["2.0", "nightly"]);
    let rules = Retention { keep_days: Some(7), ..Retention::default() };
    assert_eq!(names(&rules.plan(&holding(), day(10))), ["1.0", "1.1"]);
}

#[test]
fn what_a_release_names_stays_with_its_parts_and_what_is_attached() {
    let mut holding = Holding {
        tags: vec![],
        manifests: vec![index(1, &[2, 3]), manifest(2), manifest(3), attached(4, 2), attached(5, 4), manifest(6)],
    };
    let rules = Retention { untagged_days: Some(0), ..Retention::default() };
    assert_eq!(rules.plan(&holding, day(10)).manifests.len(), 6);
    holding.manifests[0].released = true;
    assert_eq!(rules.plan(&holding, day(10)).manifests, [digest(6)]);
}

#[test]
fn an_untagged_manifest_stays_for_a_while() {
    let holding = Holding { tags: vec![], manifests: vec![manifest(1)] };
    let rules = Retention { untagged_days: Some(7), ..Retention::default() };
    assert_eq!(rules.plan(&holding, day(7)).manifests, []);
    assert_eq!(rules.plan(&holding, day(8)).manifests, [digest(1)]);
}

#[test]
fn the_tag_of_what_is_attached_follows_its_subject() {
    let name = digest(1).as_str().replace(':', "-") + ".sig";
    let tags = vec![tag("1.0", 1, 1), tag(&name, 2, 0)];
    let holding = Holding { tags, manifests: vec![manifest(1), manifest(2)] };
    let keep = Retention { keep_last: Some(1), untagged_days: Some(0), ..Retention::default() };
    assert_eq!(keep.plan(&holding, day(10)), Plan::default());
    let none = Retention { keep_last: Some(0), untagged_days: Some(0), ..Retention::default() };
    let plan = none.plan(&holding, day(10));
    assert_eq!((plan.tags.len(), plan.manifests.len()), (2, 2));
}

fn holdings() -> impl Strategy<Value = Holding> {
    let manifest =
        (proptest::collection::vec(0_u32..12, 0..3), proptest::option::of(0_u32..14), 0_i64..20, any::<bool>());
    let place = (0_u32..12, 0_i64..20);
    (proptest::collection::vec(manifest, 0..12), proptest::collection::vec(place, 0..12)).prop_map(
        |(manifests, tags)| {
            let held = |(n, (children, subject, pushed, released)): (usize, (Vec<u32>, Option<u32>, i64, bool))| {
                HeldManifest {
                    digest: digest(n as u32),
                    // an index can only list what was there before it
                    children: children.into_iter().filter(|child| (*child as usize) < n).map(digest).collect(),
                    subject: subject.map(digest),
                    pushed_at: day(pushed),
                    released: released && n % 3 == 0,
                }
            };
            let tags = tags.into_iter().enumerate().map(|(n, (at, moved))| tag(&format!("t{n}"), at, moved)).collect();
            Holding { tags, manifests: manifests.into_iter().enumerate().map(held).collect() }
        },
    )
}

fn rules() -> impl Strategy<Value = Retention> {
    let number = || proptest::option::of(0_u32..10);
    let patterns = proptest::collection::vec("t[0-9]?\\*?", 0..2);
    (number(), number(), number(), patterns).prop_map(|(keep_last, keep_days, untagged_days, patterns)| Retention {
        keep_last,
        keep_days,
        untagged_days,
        keep_tags: patterns.iter().map(|pattern| pattern.parse().unwrap()).collect(),
    })
}

fn after(mut holding: Holding, plan: &Plan) -> Holding {
    holding.tags.retain(|tag| !plan.tags.contains(&tag.name));
    holding.manifests.retain(|manifest| !plan.manifests.contains(&manifest.digest));
    holding
}

proptest! {
    #[test]
    fn nothing_that_stays_loses_a_part_and_no_release_loses_anything(holding in holdings(), rules in rules()) {
        let plan = rules.plan(&holding, day(20));
        let gone: BTreeSet<&Digest> = plan.manifests.iter().collect();
        for manifest in &holding.manifests {
            prop_assert!(!manifest.released || !gone.contains(&manifest.digest));
            if !gone.contains(&manifest.digest) {
                prop_assert!(manifest.children.iter().all(|child| !gone.contains(child)));
            }
        }
        for tag in holding.tags.iter().filter(|tag| !plan.tags.contains(&tag.name)) {
            prop_assert!(!gone.contains(&tag.digest), "a tag that stays keeps its manifest");
        }
    }

    #[test]
    fn a_whole_goes_before_its_parts(holding in holdings(), rules in rules()) {
        let plan = rules.plan(&holding, day(20));
        let place = |digest: &Digest| plan.manifests.iter().position(|gone| gone == digest);
        for manifest in &holding.manifests {
            for child in &manifest.children {
                if let (Some(whole), Some(part)) = (place(&manifest.digest), place(child)) {
                    prop_assert!(whole < part);
                }
            }
        }
    }

    #[test]
    fn a_plan_that_was_followed_leaves_nothing_to_do(holding in holdings(), rules in rules()) {
        let plan = rules.plan(&holding, day(20));
        prop_assert_eq!(rules.plan(&after(holding, &plan), day(20)), Plan::default());
    }

    #[test]
    fn as_many_tags_stay_as_the_rules_promise(holding in holdings(), last in 0_u32..10) {
        let rules = Retention { keep_last: Some(last), ..Retention::default() };
        let plan = rules.plan(&holding, day(20));
        prop_assert_eq!(holding.tags.len() - plan.tags.len(), holding.tags.len().min(last as usize));
    }
}
