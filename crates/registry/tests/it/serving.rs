//! A repository serves what an upload or a permitted mount put there, and nothing for what a manifest says. Random histories
//! of three repositories in two organizations are held against a rule of a few lines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use distr_domain::license::Terms;
use distr_domain::oci::Digest;
use distr_registry::CollectOptions;
use futures_util::{StreamExt, TryStreamExt};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{run, wait};
use crate::vendor::{IMAGE, INDEX, digest_of, push_blob, push_image, put_manifest};
use crate::world::World;

const NOW: CollectOptions = CollectOptions { grace: TimeDelta::zero(), dry_run: false };
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

/// Where a manifest mentions a digest.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Config,
    Layer,
    NonDistributable,
    DockerForeign,
    Blob,
    Child,
    Subject,
    Data,
    Unknown,
    Annotation,
}

use Place::*;

const REPOSITORIES: [&str; 3] = ["acme/hello", "acme/tools/lint", "initech/app"];
const CALLERS: [&str; 4] = ["publisher", "robot", "stranger", "customer"];

/// Things are numbered: the blobs first, then the manifests as they come.
#[derive(Debug, Clone)]
enum Step {
    Upload {
        to: usize,
        blob: usize,
    },
    /// `tagged`: what the older scheme of tags attaches it to
    Push {
        to: usize,
        kind: usize,
        mentions: Vec<(Place, usize)>,
        tagged: Option<usize>,
    },
    Mount {
        from: usize,
        to: usize,
        thing: usize,
    },
    /// `covered`: by the customer's license
    Release {
        thing: usize,
        covered: bool,
    },
    DeleteManifest {
        from: usize,
        thing: usize,
    },
    DeleteBlob {
        from: usize,
        thing: usize,
    },
    Collect,
}

const BLOBS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let (repository, thing) = (0..REPOSITORIES.len(), 0..BLOBS + 5);
    let place = prop::sample::select(vec![
        Config,
        Layer,
        NonDistributable,
        DockerForeign,
        Blob,
        Child,
        Subject,
        Data,
        Unknown,
        Annotation,
    ]);
    let mentions = prop::collection::vec((place, thing.clone()), 0..4);
    prop_oneof![
        4 => (repository.clone(), 0..BLOBS).prop_map(|(to, blob)| Step::Upload { to, blob }),
        6 => (repository.clone(), 0..5_usize, mentions, prop::option::weighted(0.2, thing.clone()))
            .prop_map(|(to, kind, mentions, tagged)| Step::Push { to, kind, mentions, tagged }),
        2 => (repository.clone(), repository.clone(), thing.clone())
            .prop_map(|(from, to, thing)| Step::Mount { from, to, thing }),
        2 => (thing.clone(), prop::bool::weighted(0.7))
            .prop_map(|(thing, covered)| Step::Release { thing, covered }),
        1 => (repository.clone(), thing.clone()).prop_map(|(from, thing)| Step::DeleteManifest { from, thing }),
        1 => (repository, thing).prop_map(|(from, thing)| Step::DeleteBlob { from, thing }),
        1 => Just(Step::Collect),
    ]
}

/// A manifest of this kind that mentions these digests; and what it names as its blobs, its children and its subject.
fn manifest(kind: usize, mark: &str, empty: &Digest, mentions: &[(Place, Digest)]) -> (Vec<u8>, Named) {
    manifest_of(kind, mark, empty, mentions, |_| b"{}".to_vec())
}

/// The same; `content`: what has a digest.
fn manifest_of(
    kind: usize,
    mark: &str,
    empty: &Digest,
    mentions: &[(Place, Digest)],
    content: impl Fn(&Digest) -> Vec<u8>,
) -> (Vec<u8>, Named) {
    let size = |digest: &Digest| content(digest).len();
    let of = |digest: &Digest, media: &str| json!({ "mediaType": media, "digest": digest, "size": size(digest) });
    let at = |place: Place| mentions.iter().filter(move |mention| mention.0 == place).map(|mention| &mention.1);
    let elsewhere = |digest: &Digest, media: &str| json!({ "mediaType": media, "digest": digest, "size": 2, "urls": ["https://example.com/layer"] });
    let with_data = |digest: &Digest| {
        let mut descriptor = of(digest, "text/plain");
        descriptor["data"] = json!(STANDARD.encode(content(digest)));
        descriptor
    };
    let mut layers: Vec<Value> = at(Layer).map(|digest| of(digest, "application/vnd.oci.image.layer.v1.tar")).collect();
    layers.extend(
        at(NonDistributable).map(|digest| elsewhere(digest, "application/vnd.oci.image.layer.nondistributable.v1.tar")),
    );
    layers.extend(
        at(DockerForeign).map(|digest| elsewhere(digest, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")),
    );
    layers.extend(at(Data).map(with_data));
    let blobs: Vec<Value> = at(Blob).map(|digest| of(digest, "text/plain")).collect();
    let children: Vec<Value> = at(Child).map(|digest| of(digest, IMAGE)).collect();
    let config = at(Config).next().unwrap_or(empty);
    let media = [IMAGE, DOCKER, ARTIFACT, INDEX, DOCKER_LIST][kind];
    let mut manifest = json!({ "schemaVersion": 2, "mediaType": media });
    let (of_blobs, of_children): (Vec<Value>, Vec<Value>) = match kind {
        0 | 1 => {
            manifest["config"] = of(config, "application/vnd.oci.image.config.v1+json");
            manifest["layers"] = json!(layers);
            (layers.iter().chain([&manifest["config"]]).cloned().collect(), vec![])
        }
        2 => {
            manifest["blobs"] = json!(blobs);
            (blobs, vec![])
        }
        _ => {
            manifest["manifests"] = json!(children);
            (vec![], children)
        }
    };
    let subject = at(Subject).next().cloned();
    if let Some(subject) = &subject {
        manifest["subject"] = of(subject, IMAGE);
    }
    for (n, digest) in at(Unknown).enumerate() {
        manifest[format!("example{n}")] = json!([of(digest, IMAGE)]);
    }
    let notes: BTreeMap<String, String> =
        at(Annotation).enumerate().map(|(n, d)| (format!("a{n}"), d.to_string())).collect();
    manifest["annotations"] = json!(notes);
    manifest["annotations"]["mark"] = json!(mark);
    let digests =
        |values: &[Value]| values.iter().map(|value| value["digest"].as_str().unwrap().parse().unwrap()).collect();
    let elsewhere = |value: &&Value| value.get("urls").is_none();
    let needed: Vec<Value> = of_blobs.iter().filter(elsewhere).cloned().collect();
    let named = Named { blobs: digests(&of_blobs), needed: digests(&needed), children: digests(&of_children), subject };
    (manifest.to_string().into_bytes(), named)
}

#[derive(Debug, Clone)]
struct Named {
    blobs: BTreeSet<Digest>,
    /// all blobs but those that may stay elsewhere
    needed: BTreeSet<Digest>,
    children: BTreeSet<Digest>,
    subject: Option<Digest>,
}

/// What the rule says is where.
#[derive(Debug, Default)]
struct Oracle {
    /// by repository and digest: an upload or a mount made it
    links: BTreeSet<(usize, Digest)>,
    manifests: BTreeMap<(usize, Digest), Named>,
    /// the manifest that a tag attaches to another, by the repository and the other
    tags: BTreeMap<(usize, Digest), Digest>,
    /// whether a license covers one of the releases that name it
    released: BTreeMap<Digest, bool>,
    contents: BTreeMap<Digest, Vec<u8>>,
}

impl Oracle {
    /// The rule. A manifest that a caller may have, it may have as a blob, too.
    fn serves(&self, caller: &str, repository: usize, digest: &Digest) -> bool {
        self.links.contains(&(repository, digest.clone()))
            && self.may(caller, repository, |of, named| of == digest || named.blobs.contains(digest))
    }

    fn serves_manifest(&self, caller: &str, repository: usize, digest: &Digest) -> bool {
        self.manifests.contains_key(&(repository, digest.clone())) && self.may(caller, repository, |of, _| of == digest)
    }

    fn may(&self, caller: &str, repository: usize, is_it: impl Fn(&Digest, &Named) -> bool) -> bool {
        match caller {
            "publisher" => repository < 2,
            "robot" => repository == 1,
            "stranger" => repository == 2,
            _ => {
                let those = self.manifests.iter().filter(|of| of.0.0 == 0 && is_it(&of.0.1, of.1));
                repository == 0 && self.opens(those.map(|of| of.0.1.clone()).collect())
            }
        }
    }

    /// Whether a customer may have what these contain: the releases that contain it decide; if there are none, those that contain
    /// what it is attached to; and so on.
    fn opens(&self, mut those: BTreeSet<Digest>) -> bool {
        let mut seen = BTreeSet::new();
        while !those.is_empty() {
            while let Some(above) = self.above(&those) {
                those.insert(above);
            }
            let mut deciding = those.iter().filter_map(|digest| self.released.get(digest)).peekable();
            if deciding.peek().is_some() {
                return deciding.any(|covered| *covered);
            }
            seen.append(&mut those);
            let subjects = seen.iter().filter_map(|digest| self.manifests.get(&(0, digest.clone()))?.subject.clone());
            let tagged = self.tags.iter().filter(|tag| tag.0.0 == 0 && seen.contains(tag.1)).map(|tag| tag.0.1.clone());
            let attached = subjects.chain(tagged).filter(|digest| self.manifests.contains_key(&(0, digest.clone())));
            those = attached.filter(|digest| !seen.contains(digest)).collect();
        }
        false
    }

    /// An index that lists one of these and is not one of them.
    fn above(&self, those: &BTreeSet<Digest>) -> Option<Digest> {
        let mut here = self.manifests.iter().filter(|of| of.0.0 == 0 && !those.contains(&of.0.1));
        here.find(|(_, named)| named.children.iter().any(|child| those.contains(child))).map(|of| of.0.1.clone())
    }

    /// A link that no manifest of its repository backs ends with a collection.
    fn collect(&mut self) {
        let manifests = &self.manifests;
        self.links.retain(|(repository, digest)| {
            let mut own = manifests.iter().filter(|of| of.0.0 == *repository);
            own.any(|(of, named)| of.1 == *digest || named.blobs.contains(digest))
        });
    }
}

struct Stage {
    world: World,
    clients: [Client; 4],
}

impl Stage {
    async fn set() -> Self {
        let world = World::start().await;
        let covers = Terms { versions: vec!["1.x".parse().unwrap()], ..Terms::default() };
        world.license("globex-hello", covers).await;
        let clients = CALLERS.map(|caller| world.client(caller));
        for client in &clients {
            client
                .log_in(
                    &REPOSITORIES
                        .map(|name| format!("repository:{name}:pull,push,delete"))
                        .each_ref()
                        .map(String::as_str),
                )
                .await;
        }
        Self { world, clients }
    }

    /// Who pushes to a repository; `robot` may not delete.
    fn pusher(&self, repository: usize) -> &Client {
        &self.clients[repository]
    }

    fn deleter(&self, repository: usize) -> &Client {
        &self.clients[if repository == 2 { 2 } else { 0 }]
    }

    async fn play(&self, case: usize, steps: &[Step]) -> Result<(), TestCaseError> {
        let contents: Vec<Vec<u8>> = (0..BLOBS).map(|blob| format!("blob {blob} of {case}").into_bytes()).collect();
        let mut things: Vec<Digest> = contents.iter().map(|content| digest_of(content)).collect();
        let mut oracle = Oracle::default();
        let config = format!("the config of {case}").into_bytes();
        let empty = digest_of(&config);
        oracle.contents.extend(contents.iter().chain([&config]).map(|content| (digest_of(content), content.clone())));
        for (repository, name) in REPOSITORIES.iter().enumerate() {
            push_blob(self.pusher(repository), name, &config).await;
            oracle.links.insert((repository, empty.clone()));
        }
        for (number, step) in steps.iter().enumerate() {
            self.take(step, &format!("{case}.{number}"), &contents, &empty, &mut things, &mut oracle).await?;
        }
        self.compare(&things, &oracle).await
    }

    async fn take(
        &self,
        step: &Step,
        mark: &str,
        contents: &[Vec<u8>],
        empty: &Digest,
        things: &mut Vec<Digest>,
        oracle: &mut Oracle,
    ) -> Result<(), TestCaseError> {
        match step {
            Step::Upload { to, blob } => {
                let answer = push_blob(self.pusher(*to), REPOSITORIES[*to], &contents[*blob]).await;
                prop_assert_eq!(answer.status, 201);
                oracle.links.insert((*to, things[*blob].clone()));
            }
            Step::Push { to, kind, mentions, tagged } => {
                let mentions: Vec<(Place, Digest)> =
                    mentions.iter().filter_map(|(place, thing)| Some((*place, things.get(*thing)?.clone()))).collect();
                let content = |digest: &Digest| oracle.contents[digest].clone();
                let (bytes, named) = manifest_of(*kind, mark, empty, &mentions, content);
                let digest = digest_of(&bytes);
                oracle.contents.insert(digest.clone(), bytes.clone());
                let tagged = tagged.and_then(|thing| things.get(thing).cloned());
                let tag = tagged.as_ref().map(|of| format!("?tag={}.sig", of.as_str().replace(':', "-")));
                let reference = format!("{digest}{}", tag.unwrap_or_default());
                let answer = put_manifest(self.pusher(*to), REPOSITORIES[*to], &reference, &bytes).await;
                let is_whole = named.needed.iter().all(|blob| oracle.links.contains(&(*to, blob.clone())))
                    && named.children.iter().all(|child| oracle.manifests.contains_key(&(*to, child.clone())));
                prop_assert_eq!(answer.status, if is_whole { 201 } else { 404 }, "{:?}", mentions);
                things.push(digest.clone());
                if is_whole {
                    oracle.links.insert((*to, digest.clone()));
                    oracle.manifests.insert((*to, digest.clone()), named);
                    oracle.tags.extend(tagged.map(|of| ((*to, of), digest)));
                }
            }
            Step::Mount { from, to, thing } => {
                let Some(digest) = things.get(*thing) else { return Ok(()) };
                let (source, target) = (REPOSITORIES[*from], REPOSITORIES[*to]);
                let path = format!("/v2/{target}/blobs/uploads/?mount={digest}&from={source}");
                let answer = self.pusher(*to).post(&path, "").await;
                let is_permitted = oracle.serves(CALLERS[*to], *from, digest);
                prop_assert_eq!(answer.status, if is_permitted { 201 } else { 202 });
                if is_permitted {
                    oracle.links.insert((*to, digest.clone()));
                }
            }
            Step::Release { thing, covered } => {
                let Some(digest) =
                    things.get(*thing).filter(|digest| oracle.manifests.contains_key(&(0, (*digest).clone())))
                else {
                    return Ok(());
                };
                let version = format!("{}.{mark}", if *covered { 1 } else { 2 });
                self.world.publish(&version, "hello", digest).await;
                *oracle.released.entry(digest.clone()).or_default() |= covered;
            }
            Step::DeleteManifest { from, thing } => {
                let Some(digest) = things.get(*thing) else { return Ok(()) };
                let path = format!("/v2/{}/manifests/{digest}", REPOSITORIES[*from]);
                if self.deleter(*from).delete(&path).await.status == 202 {
                    oracle.manifests.remove(&(*from, digest.clone()));
                    oracle.tags.retain(|tag, at| tag.0 != *from || at != digest);
                }
            }
            Step::DeleteBlob { from, thing } => {
                let Some(digest) = things.get(*thing) else { return Ok(()) };
                let path = format!("/v2/{}/blobs/{digest}", REPOSITORIES[*from]);
                if self.deleter(*from).delete(&path).await.status == 202 {
                    oracle.links.remove(&(*from, digest.clone()));
                }
            }
            Step::Collect => {
                self.world.maintenance.collect(NOW).await.expect("a collection");
                oracle.collect();
            }
        }
        Ok(())
    }

    /// Whether each caller gets of each repository what the rule says.
    async fn compare(&self, things: &[Digest], oracle: &Oracle) -> Result<(), TestCaseError> {
        let mut checks = vec![];
        for (caller, client) in CALLERS.iter().zip(&self.clients) {
            for repository in 0..REPOSITORIES.len() {
                checks
                    .extend(things.iter().map(|digest| Self::compare_one(caller, client, repository, digest, oracle)));
            }
        }
        futures_util::stream::iter(checks).buffer_unordered(16).try_collect::<Vec<()>>().await.map(drop)
    }

    async fn compare_one(
        caller: &str,
        client: &Client,
        repository: usize,
        digest: &Digest,
        oracle: &Oracle,
    ) -> Result<(), TestCaseError> {
        let name = REPOSITORIES[repository];
        let blob = format!("/v2/{name}/blobs/{digest}");
        let (get, head) = (client.get(&blob).await.status == 200, client.head(&blob).await.status == 200);
        let expected = oracle.serves(caller, repository, digest);
        prop_assert_eq!((get, head), (expected, expected), "blob {} of {} for {}", digest, name, caller);
        let got = client.get(&format!("/v2/{name}/manifests/{digest}")).await.status == 200;
        let expected = oracle.serves_manifest(caller, repository, digest);
        prop_assert_eq!(got, expected, "manifest {} of {} for {}", digest, name, caller);
        Ok(())
    }
}

#[test]
fn random_histories_serve_what_was_put_there_and_nothing_else() {
    let stage = wait(Stage::set());
    let config = Config { cases: 16, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let case = std::cell::Cell::new(0);
    let outcome = runner.run(&prop::collection::vec(step(), 1..16), |steps| {
        case.set(case.get() + 1);
        let bounded = async { tokio::time::timeout(Duration::from_secs(60), stage.play(case.get(), &steps)).await };
        wait(bounded).map_err(|_| TestCaseError::fail("it takes longer than a minute"))?
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    wait(stage.world.stop());
}

/// A stranger knows the digests of another organization's image, and mentions them where it may push.
#[test]
fn whoever_mentions_anothers_digests_gets_nothing_of_it() {
    run(async {
        let world = World::start().await;
        let theirs = push_image(&world.client("publisher"), "acme/hello", "1", b"their layer").await;
        let stranger = world.client("stranger");
        push_image(&stranger, "initech/app", "1", b"own layer").await;
        let wanted = [theirs, digest_of(b"their layer")];
        let status = async |path: &str| stranger.get(&format!("/v2/initech/app/{path}")).await.status;
        for (number, place) in [NonDistributable, DockerForeign, Subject, Unknown, Annotation].into_iter().enumerate() {
            let mentions: Vec<(Place, Digest)> = wanted.iter().map(|digest| (place, digest.clone())).collect();
            let (bytes, _) = manifest(number % 2, "first", &digest_of(b"{}"), &mentions);
            let mention = digest_of(&bytes);
            assert_eq!(put_manifest(&stranger, "initech/app", mention.as_str(), &bytes).await.status, 201);
            for digest in &wanted {
                assert_eq!(status(&format!("blobs/{digest}")).await, 404, "{place:?}");
                assert_eq!(status(&format!("manifests/{digest}")).await, 404, "{place:?}");
                // what was mentioned once is not there for another manifest
                for place in [Config, Layer, Data] {
                    let (bytes, _) = manifest(0, "second", &digest_of(b"{}"), &[(place, digest.clone())]);
                    let answer = put_manifest(&stranger, "initech/app", "2", &bytes).await;
                    assert!(answer.error().starts_with("404 MANIFEST_BLOB_UNKNOWN"), "{place:?}: {}", answer.error());
                }
                let mount = format!("/v2/initech/app/blobs/uploads/?mount={digest}&from=initech/app");
                assert_eq!(stranger.post(&mount, "").await.status, 202);
            }
            // nor does a deletion put it there
            assert_eq!(stranger.delete(&format!("/v2/initech/app/manifests/{mention}")).await.status, 202);
            for digest in &wanted {
                assert_eq!(status(&format!("blobs/{digest}")).await, 404, "{place:?}");
            }
        }
        world.stop().await;
    });
}

/// Its owner may upload it nevertheless; then it is served, and kept.
#[test]
fn a_foreign_layer_is_served_where_it_was_uploaded() {
    run(async {
        let world = World::start().await;
        let publisher = world.client("publisher");
        let (bytes, _) = manifest(0, "", &digest_of(b"{}"), &[(NonDistributable, digest_of(b"foreign"))]);
        for (repository, expected) in [("acme/with", 200), ("acme/without", 404)] {
            push_blob(&publisher, repository, b"{}").await;
            if expected == 200 {
                assert_eq!(push_blob(&publisher, repository, b"foreign").await.status, 201);
            }
            assert_eq!(put_manifest(&publisher, repository, "1", &bytes).await.status, 201);
            world.maintenance.collect(NOW).await.unwrap();
            let path = format!("/v2/{repository}/blobs/{}", digest_of(b"foreign"));
            assert_eq!(publisher.get(&path).await.status, expected, "{repository}");
            assert_eq!(publisher.get(&format!("/v2/{repository}/manifests/1")).await.body, bytes);
        }
        world.stop().await;
    });
}

/// What nobody holds goes with a collection, whoever mentions it.
#[test]
fn a_mention_keeps_nothing_on_the_disk() {
    run(async {
        let world = World::start().await;
        let (publisher, stranger) = (world.client("publisher"), world.client("stranger"));
        push_blob(&publisher, "acme/hello", b"dropped").await;
        push_blob(&stranger, "initech/app", b"{}").await;
        let (bytes, _) = manifest(0, "", &digest_of(b"{}"), &[(NonDistributable, digest_of(b"dropped"))]);
        assert_eq!(put_manifest(&stranger, "initech/app", "1", &bytes).await.status, 201);
        assert_eq!(publisher.delete(&format!("/v2/acme/hello/blobs/{}", digest_of(b"dropped"))).await.status, 202);
        world.maintenance.collect(NOW).await.unwrap();
        assert_eq!(world.maintenance.blobs.size(&digest_of(b"dropped")).await.unwrap(), None);
        world.stop().await;
    });
}
