//! The blob stores by themselves, files and a bucket: what is readable is whole, however it came in.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use distr_registry::{BlobStore, FileBlobs, FinishError, ResumeError, UploadKey, Writing};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::bucket;
use crate::server::run;
use crate::vendor::{digest_of, sha512_of};

/// Where a store is, so that another process can open it.
enum Place {
    Directory(TempDir),
    Bucket(bucket::Place),
}

impl Place {
    async fn open(&self) -> Arc<dyn BlobStore> {
        match self {
            Self::Directory(directory) => Arc::new(FileBlobs::open(directory.path()).await.unwrap()),
            Self::Bucket(place) => Arc::new(place.open()),
        }
    }
}

/// Runs a test with each kind of store.
fn with_each(test: impl AsyncFn(&Place)) {
    run(async {
        test(&Place::Directory(TempDir::new().unwrap())).await;
        test(&Place::Bucket(bucket::Place::new().await)).await;
    });
}

fn key() -> UploadKey {
    UploadKey { artifact: ArtifactId(Uuid::from_u128(1)), id: Uuid::new_v4() }
}

async fn begun(store: &dyn BlobStore) -> UploadKey {
    let key = key();
    store.begin(key).await.unwrap();
    key
}

async fn append(store: &dyn BlobStore, key: UploadKey, bytes: &[u8]) -> u64 {
    let mut writing = store.resume(key, Algorithm::Sha256).await.unwrap();
    writing.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    writing.pause().await.unwrap()
}

async fn content(store: &dyn BlobStore, digest: &Digest) -> Option<Vec<u8>> {
    let size = store.size(digest).await.unwrap()?;
    let parts: Vec<Bytes> = store.read(digest, 0..size).await.unwrap().try_collect().await.unwrap();
    Some(parts.concat())
}

/// What happens between two chunks.
#[derive(Debug, Clone, Copy)]
enum Pause {
    None,
    /// The request ends, and another goes on.
    Request,
    /// The process ends, and another goes on.
    Process,
    /// The request is dropped in the middle, and the client asks where to go on.
    Cut,
}

fn chunks() -> impl Strategy<Value = Vec<(Vec<u8>, Pause)>> {
    let pause = prop_oneof![Just(Pause::None), Just(Pause::Request), Just(Pause::Process), Just(Pause::Cut)];
    let bytes = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..300),
        // more than one batch
        1 => (any::<u8>(), 1_000_000_usize..2_500_000).prop_map(|(byte, length)| vec![byte; length]),
    ];
    proptest::collection::vec((bytes, pause), 0..8)
}

async fn upload(place: &Place, chunks: &[(Vec<u8>, Pause)], digest: &Digest) -> Arc<dyn BlobStore> {
    let mut store = place.open().await;
    let key = begun(store.as_ref()).await;
    let whole: Vec<u8> = chunks.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
    let mut writing = store.resume(key, Algorithm::Sha256).await.unwrap();
    let mut end = 0;
    for (bytes, pause) in chunks {
        end += bytes.len();
        // what a cut took is sent again
        let begin = writing.offset() as usize;
        writing.write(Bytes::copy_from_slice(&whole[begin..end])).await.unwrap();
        match pause {
            Pause::None => continue,
            Pause::Request => assert_eq!(writing.pause().await.unwrap(), end as u64),
            Pause::Process => {
                writing.pause().await.unwrap();
                store = place.open().await;
            }
            Pause::Cut => drop(writing),
        }
        writing = loop {
            match store.resume(key, Algorithm::Sha256).await {
                Ok(writing) => break writing,
                // the dropped writer's last batch is still on its way
                Err(ResumeError::Busy) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
    }
    let begin = writing.offset() as usize;
    writing.write(Bytes::copy_from_slice(&whole[begin..])).await.unwrap();
    assert_eq!(writing.finish(digest).await.unwrap(), whole.len() as u64);
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_split_and_any_interruption_make_the_same_blob(chunks in chunks(), long in any::<bool>()) {
        let whole: Vec<u8> = chunks.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let digest = if long { sha512_of(&whole) } else { digest_of(&whole) };
        run(async {
            let place = Place::Directory(TempDir::new().unwrap());
            let store = upload(&place, &chunks, &digest).await;
            assert!(content(store.as_ref(), &digest).await == Some(whole));
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_split_and_any_interruption_make_the_same_blob_in_a_bucket(chunks in chunks(), long in any::<bool>()) {
        let whole: Vec<u8> = chunks.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let digest = if long { sha512_of(&whole) } else { digest_of(&whole) };
        run(async {
            let place = Place::Bucket(bucket::Place::new().await);
            let store = upload(&place, &chunks, &digest).await;
            assert!(content(store.as_ref(), &digest).await == Some(whole));
        });
    }
}

/// More than two parts of a multipart upload, with an interruption in the middle of each.
#[test]
fn a_large_blob_goes_through_parts_and_processes() {
    with_each(async |place| {
        let whole: Vec<u8> = (0..40_000_000_u32).map(|n| (n ^ (n >> 11)) as u8).collect();
        let key = begun(place.open().await.as_ref()).await;
        for chunk in whole.chunks(9_000_000) {
            append(place.open().await.as_ref(), key, chunk).await;
        }
        let store = place.open().await;
        let writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        assert_eq!(writing.offset(), whole.len() as u64);
        writing.finish(&digest_of(&whole)).await.unwrap();
        assert!(content(store.as_ref(), &digest_of(&whole)).await.as_ref() == Some(&whole));
        let middle: Vec<Bytes> =
            store.read(&digest_of(&whole), 16_000_000..20_000_000).await.unwrap().try_collect().await.unwrap();
        assert!(middle.concat() == whole[16_000_000..20_000_000]);
        assert_eq!(store.remove_strays(long_after(), true).await.unwrap(), 0, "nothing is left over");
    });
}

#[test]
fn a_bucket_checks_who_writes() {
    run(async {
        let place = bucket::Place::new().await;
        let key = UploadKey { artifact: ArtifactId(Uuid::from_u128(1)), id: Uuid::new_v4() };
        assert!(place.open_as("wrong").begin(key).await.is_err());
        assert!(place.open().begin(key).await.is_ok());
    });
}

#[test]
fn what_is_stored_is_listed_and_removed_by_age() {
    with_each(async |place| {
        let store = place.open().await;
        let digest = digest_of(b"blob");
        store.put(&digest, Bytes::from_static(b"blob")).await.unwrap();
        let upload = begun(store.as_ref()).await;
        append(store.as_ref(), upload, b"half").await;
        let blobs: Vec<_> = store.blobs().try_collect().await.unwrap();
        assert_eq!(blobs.iter().map(|blob| (&blob.digest, blob.size)).collect::<Vec<_>>(), [(&digest, 4)]);
        let uploads: Vec<_> = store.uploads().try_collect().await.unwrap();
        assert_eq!(uploads.iter().map(|upload| upload.key).collect::<Vec<_>>(), [upload]);

        assert!(!store.remove(&digest, DateTime::UNIX_EPOCH).await.unwrap(), "it is younger");
        assert!(store.remove(&digest, long_after()).await.unwrap());
        assert!(!store.remove(&digest, long_after()).await.unwrap());
        assert_eq!(content(store.as_ref(), &digest).await, None);
        assert!(store.cancel(upload).await.unwrap());
        assert_eq!(store.uploads().try_collect::<Vec<_>>().await.unwrap(), []);
        assert_eq!(store.remove_strays(long_after(), false).await.unwrap(), 0, "nothing is left over");
    });
}

#[test]
fn a_damaged_blob_that_is_set_aside_can_be_stored_again() {
    with_each(async |place| {
        let store = place.open().await;
        let digest = digest_of(b"blob");
        store.put(&digest, Bytes::from_static(b"blob")).await.unwrap();
        store.set_aside(&digest).await.unwrap();
        assert_eq!(store.size(&digest).await.unwrap(), None);
        assert_eq!(store.remove_strays(long_after(), true).await.unwrap(), 0, "its bytes are kept");
        store.put(&digest, Bytes::from_static(b"blob")).await.unwrap();
        assert_eq!(content(place.open().await.as_ref(), &digest).await.as_deref(), Some(&b"blob"[..]));
    });
}

#[test]
fn a_store_has_one_owner_until_another_takes_it_over() {
    with_each(async |place| {
        let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
        let claims = futures_util::future::join_all([first, second].map(async |owner| {
            let store = place.open().await;
            store.claim(owner).await.unwrap()
        }));
        let claimed = claims.await;
        assert_eq!(claimed[0], claimed[1], "of two who claim it at the same time, both are told of one");
        let store = place.open().await;
        assert_eq!(store.owner().await.unwrap(), Some(claimed[0]));
        let other = if claimed[0] == first { second } else { first };
        store.take_over(other).await.unwrap();
        assert_eq!(place.open().await.claim(first).await.unwrap(), other);
        assert_eq!(store.remove_strays(long_after(), false).await.unwrap(), 0);
        assert_eq!(store.owner().await.unwrap(), Some(other));
    });
}

fn long_after() -> DateTime<Utc> {
    distr_tests::clock::now() + chrono::TimeDelta::days(1)
}

#[test]
fn bytes_of_another_digest_never_become_readable() {
    with_each(async |place| {
        let store = place.open().await;
        let store = store.as_ref();
        let key = begun(store).await;
        let mut writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        writing.write(Bytes::from_static(b"evil")).await.unwrap();
        let finished = writing.finish(&digest_of(b"good")).await;
        assert!(matches!(finished, Err(FinishError::WrongDigest { actual }) if actual == digest_of(b"evil")));
        assert_eq!(content(store, &digest_of(b"good")).await, None);
        assert_eq!(content(store, &digest_of(b"evil")).await, None);
        assert_eq!(store.offset(key).await.unwrap(), None);
    });
}

/// Two hubs finish one upload at the same time, as when a client is sent to another hub and tries again; the bytes are those
/// that both have, or each has its own.
#[test]
fn whoever_finishes_an_upload_twice_keeps_its_blob() {
    run(async {
        for (length, digests) in [(100, 1), (100, 2), (17 << 20, 1), (17 << 20, 2)] {
            let place = bucket::Place::new().await;
            let hubs = [place.open(), place.open()];
            let key = begun(&hubs[0]).await;
            let whole = vec![7; length];
            append(&hubs[0], key, &whole).await;
            let last: [&[u8]; 2] = if digests == 1 { [b"last", b"last"] } else { [b"one", b"another"] };
            let expected = last.map(|last| [&whole[..], last].concat());
            let first = hubs[0].resume(key, Algorithm::Sha256).await.unwrap();
            let second = hubs[1].resume(key, Algorithm::Sha256).await.unwrap();
            let finish = async |n: usize, mut writing: Box<dyn Writing>| {
                writing.write(Bytes::from_static(last[n])).await.unwrap();
                writing.finish(&digest_of(&expected[n])).await
            };
            let finished: [_; 2] = tokio::join!(finish(0, first), finish(1, second)).into();
            // two that put other parts into one upload may spoil it for each other
            let none = length > 100 && digests == 2;
            assert!(none || finished.iter().any(Result::is_ok), "{length}, {digests}: {finished:?}");
            for (n, finished) in finished.into_iter().enumerate().filter(|(_, finished)| finished.is_ok()) {
                let found = content(&place.open(), &digest_of(&expected[n])).await;
                assert!(found.as_ref() == Some(&expected[n]), "{length}, {digests}: {n} {finished:?}");
            }
        }
    });
}

/// One writer has begun parts, and ends the upload, while the other, on another hub, has not sent one yet.
#[test]
fn bytes_that_have_a_name_are_never_overwritten() {
    run(async {
        let place = bucket::Place::new().await;
        let hubs = [place.open(), place.open()];
        let key = begun(&hubs[0]).await;
        let mut slow = hubs[1].resume(key, Algorithm::Sha256).await.unwrap();
        let [good, evil] = [vec![1; 20 << 20], vec![2; 18 << 20]];
        slow.write(Bytes::copy_from_slice(&evil[..1 << 20])).await.unwrap();
        let mut quick = hubs[0].resume(key, Algorithm::Sha256).await.unwrap();
        quick.write(Bytes::copy_from_slice(&good)).await.unwrap();
        quick.finish(&digest_of(&good)).await.unwrap();
        slow.write(Bytes::copy_from_slice(&evil[1 << 20..])).await.unwrap();
        let _ = slow.finish(&digest_of(&evil)).await;
        for bytes in [&good, &evil] {
            let found = content(&place.open(), &digest_of(bytes)).await;
            assert!(found.is_none() || found.as_ref() == Some(bytes));
        }
        assert!(content(&place.open(), &digest_of(&good)).await.is_some(), "it was acknowledged");
    });
}

/// As after a collection that met a push, or a bucket that lost something.
#[test]
fn a_name_without_its_bytes_is_no_blob_and_is_mended_by_the_next_push() {
    run(async {
        let place = bucket::Place::new().await;
        let store = place.open();
        let digest = digest_of(b"blob");
        store.put(&digest, Bytes::from_static(b"blob")).await.unwrap();
        place.lose_data().await;
        let other = place.open();
        assert_eq!(other.size_of_whole(&digest).await.unwrap(), None);
        other.put(&digest, Bytes::from_static(b"blob")).await.unwrap();
        assert_eq!(other.size_of_whole(&digest).await.unwrap(), Some(4));
        assert_eq!(content(&other, &digest).await, Some(b"blob".to_vec()));
    });
}

#[test]
fn an_upload_has_one_writer() {
    with_each(async |place| {
        let store = place.open().await;
        let store = store.as_ref();
        let key = begun(store).await;
        let writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        assert!(matches!(store.resume(key, Algorithm::Sha256).await, Err(ResumeError::Busy)));
        writing.pause().await.unwrap();
        assert!(store.resume(key, Algorithm::Sha256).await.is_ok());
    });
}

#[test]
fn an_upload_belongs_to_its_repository() {
    with_each(async |place| {
        let store = place.open().await;
        let store = store.as_ref();
        let key = begun(store).await;
        let elsewhere = UploadKey { artifact: ArtifactId(Uuid::from_u128(2)), ..key };
        assert!(matches!(store.resume(elsewhere, Algorithm::Sha256).await, Err(ResumeError::Unknown)));
        assert_eq!(store.offset(elsewhere).await.unwrap(), None);
    });
}

#[test]
fn what_was_cancelled_cannot_be_finished() {
    with_each(async |place| {
        let store = place.open().await;
        let store = store.as_ref();
        let key = begun(store).await;
        append(store, key, b"gone").await;
        let writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        assert!(store.cancel(key).await.unwrap());
        assert!(!store.cancel(key).await.unwrap());
        assert!(matches!(writing.finish(&digest_of(b"gone")).await, Err(FinishError::Unknown)));
        assert_eq!(content(store, &digest_of(b"gone")).await, None);
    });
}

#[test]
fn a_blob_may_be_stored_again() {
    with_each(async |place| {
        let store = place.open().await;
        let store = store.as_ref();
        let digest = digest_of(b"twice");
        for _ in 0..2 {
            store.put(&digest, Bytes::from_static(b"twice")).await.unwrap();
        }
        let key = begun(store).await;
        append(store, key, b"tw").await;
        append(store, key, b"ice").await;
        store.resume(key, Algorithm::Sha256).await.unwrap().finish(&digest).await.unwrap();
        assert_eq!(content(store, &digest).await.unwrap(), b"twice");
    });
}
