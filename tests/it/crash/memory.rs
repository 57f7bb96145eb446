//! The hub's memory against the size of what goes through it: a bound, far below the size, whatever keeps the bytes.

use aws_lc_rs::digest::{Context, SHA256};
use distr_tests::bucket::Bucket;
use reqwest::{Body, Method, StatusCode};

use super::Store;
use super::pushing::{Registry, uploads};

const PIECE: usize = 1 << 20;
const WARM: usize = 64;
/// in pieces
const SIZE: usize = 512;

#[tokio::test]
async fn a_large_blob_is_never_in_memory_with_files() {
    in_and_out(Store::Files).await;
}

#[tokio::test]
async fn a_large_blob_is_never_in_memory_with_a_bucket() {
    in_and_out(Store::Bucket(Box::new(Bucket::start().await))).await;
}

async fn in_and_out(store: Store) {
    let hub = store.hub().await;
    let owner = hub.sign_in("acme").await;
    let registry = Registry::of(&hub, &owner).await;
    // buffers, connections and statements that stay
    let warm = push(&registry, WARM).await;
    pull(&registry, &warm, WARM).await;
    hub.forget_peak();
    let before = hub.peak_memory();
    let digest = push(&registry, SIZE).await;
    let grown = hub.peak_memory().saturating_sub(before);
    let bound = (SIZE * PIECE / 8) as u64;
    assert!(grown < bound, "a push of {SIZE} MiB took {} MiB", grown >> 20);
    hub.forget_peak();
    let before = hub.peak_memory();
    pull(&registry, &digest, SIZE).await;
    let grown_out = hub.peak_memory().saturating_sub(before);
    assert!(grown_out < bound, "a pull of {SIZE} MiB took {} MiB", grown_out >> 20);
    println!("{SIZE} MiB: {} MiB more while it came, {} MiB more while it went", grown >> 20, grown_out >> 20);
}

/// The pieces of a blob of so many; each differs from the others.
fn piece(number: usize) -> Vec<u8> {
    (number as u64).to_le_bytes().repeat(PIECE / 8)
}

fn digest_of(pieces: usize) -> String {
    let mut context = Context::new(&SHA256);
    (0..pieces).for_each(|number| context.update(&piece(number)));
    format!("sha256:{}", hex::encode(context.finish()))
}

async fn push(registry: &Registry, pieces: usize) -> String {
    let upload = registry.begin().await.expect("a hub that runs");
    let body = futures_util::stream::iter((0..pieces).map(|number| Ok::<_, std::io::Error>(piece(number))));
    let request = registry.request(Method::PATCH, &upload).body(Body::wrap_stream(body));
    registry.send(request, StatusCode::ACCEPTED).await.expect("a chunk of all");
    let digest = digest_of(pieces);
    registry.finish(&upload, &[], &digest).await.expect("a blob");
    digest
}

async fn pull(registry: &Registry, digest: &str, pieces: usize) {
    let path = uploads().replace("uploads/", digest);
    let mut answer = registry.request(Method::GET, &path).send().await.expect("an answer");
    let (mut context, mut length) = (Context::new(&SHA256), 0);
    while let Some(part) = answer.chunk().await.expect("a whole body") {
        context.update(&part);
        length += part.len();
    }
    assert_eq!((length, format!("sha256:{}", hex::encode(context.finish()))), (pieces * PIECE, digest.to_owned()));
}
