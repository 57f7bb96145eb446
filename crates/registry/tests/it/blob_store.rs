//! The file store by itself: what is readable is whole, however it came in.

use bytes::Bytes;
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use distr_registry::{BlobStore, FileBlobs, FinishError, ResumeError, UploadKey};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::server::run;
use crate::vendor::digest_of;

fn key() -> UploadKey {
    UploadKey { artifact: ArtifactId(Uuid::from_u128(1)), id: Uuid::new_v4() }
}

fn sha512_of(bytes: &[u8]) -> Digest {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes);
    format!("sha512:{}", hex::encode(hash)).parse().unwrap()
}

async fn begun(store: &FileBlobs) -> UploadKey {
    let key = key();
    store.begin(key).await.unwrap();
    key
}

async fn append(store: &FileBlobs, key: UploadKey, bytes: &[u8]) -> u64 {
    let mut writing = store.resume(key, Algorithm::Sha256).await.unwrap();
    writing.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    writing.pause().await.unwrap()
}

async fn content(store: &FileBlobs, digest: &Digest) -> Option<Vec<u8>> {
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

async fn upload(directory: &TempDir, chunks: &[(Vec<u8>, Pause)], digest: &Digest) -> FileBlobs {
    let mut store = FileBlobs::open(directory.path()).await.unwrap();
    let key = begun(&store).await;
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
                store = FileBlobs::open(directory.path()).await.unwrap();
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
            let directory = TempDir::new().unwrap();
            let store = upload(&directory, &chunks, &digest).await;
            assert!(content(&store, &digest).await == Some(whole));
        });
    }
}

#[test]
fn bytes_of_another_digest_never_become_readable() {
    run(async {
        let directory = TempDir::new().unwrap();
        let store = FileBlobs::open(directory.path()).await.unwrap();
        let key = begun(&store).await;
        let mut writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        writing.write(Bytes::from_static(b"evil")).await.unwrap();
        let finished = writing.finish(&digest_of(b"good")).await;
        assert!(matches!(finished, Err(FinishError::WrongDigest { actual }) if actual == digest_of(b"evil")));
        assert_eq!(content(&store, &digest_of(b"good")).await, None);
        assert_eq!(content(&store, &digest_of(b"evil")).await, None);
        assert_eq!(store.offset(key).await.unwrap(), None);
    });
}

#[test]
fn an_upload_has_one_writer() {
    run(async {
        let directory = TempDir::new().unwrap();
        let store = FileBlobs::open(directory.path()).await.unwrap();
        let key = begun(&store).await;
        let writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        assert!(matches!(store.resume(key, Algorithm::Sha256).await, Err(ResumeError::Busy)));
        writing.pause().await.unwrap();
        assert!(store.resume(key, Algorithm::Sha256).await.is_ok());
    });
}

#[test]
fn an_upload_belongs_to_its_repository() {
    run(async {
        let directory = TempDir::new().unwrap();
        let store = FileBlobs::open(directory.path()).await.unwrap();
        let key = begun(&store).await;
        let elsewhere = UploadKey { artifact: ArtifactId(Uuid::from_u128(2)), ..key };
        assert!(matches!(store.resume(elsewhere, Algorithm::Sha256).await, Err(ResumeError::Unknown)));
        assert_eq!(store.offset(elsewhere).await.unwrap(), None);
    });
}

#[test]
fn what_was_cancelled_cannot_be_finished() {
    run(async {
        let directory = TempDir::new().unwrap();
        let store = FileBlobs::open(directory.path()).await.unwrap();
        let key = begun(&store).await;
        append(&store, key, b"gone").await;
        let writing = store.resume(key, Algorithm::Sha256).await.unwrap();
        assert!(store.cancel(key).await.unwrap());
        assert!(!store.cancel(key).await.unwrap());
        assert!(matches!(writing.finish(&digest_of(b"gone")).await, Err(FinishError::Unknown)));
        assert_eq!(content(&store, &digest_of(b"gone")).await, None);
    });
}

#[test]
fn a_blob_may_be_stored_again() {
    run(async {
        let directory = TempDir::new().unwrap();
        let store = FileBlobs::open(directory.path()).await.unwrap();
        let digest = digest_of(b"twice");
        for _ in 0..2 {
            store.put(&digest, Bytes::from_static(b"twice")).await.unwrap();
        }
        let key = begun(&store).await;
        append(&store, key, b"tw").await;
        append(&store, key, b"ice").await;
        store.resume(key, Algorithm::Sha256).await.unwrap().finish(&digest).await.unwrap();
        assert_eq!(content(&store, &digest).await.unwrap(), b"twice");
    });
}
