//! A pattern means the same to publishing, which asks the domain, as to pulls and lists, which ask the database.

use distr_domain::pattern::Pattern;
use rand::seq::IndexedRandom;

use crate::harness::database;

const TEXTS: usize = 2_000;

/// Of few letters, so that many match.
fn text(letters: &[&str]) -> String {
    let mut dice = rand::rng();
    (0..rand::random_range(1..7)).map(|_| *letters.choose(&mut dice).expect("letters")).collect()
}

#[tokio::test]
async fn a_pattern_means_the_same_to_the_domain_and_to_the_database() {
    let (_postgres, database) = database().await;
    let client = database.connect().await.unwrap();
    client.batch_execute("SET search_path TO read").await.unwrap();
    let statement = client
        .prepare("SELECT matches_pattern(name, pattern) FROM unnest($1::text[], $2::text[]) AS t (name, pattern)")
        .await
        .unwrap();
    let names: Vec<String> = (0..TEXTS).map(|_| text(&["a", "b", "_", ".", "-", "/"])).collect();
    let patterns: Vec<String> = (0..TEXTS).map(|_| text(&["a", "b", "_", ".", "*", "*"])).collect();
    let rows = client.query(&statement, &[&names, &patterns]).await.unwrap();
    let mut matching = 0;
    for ((name, pattern), row) in names.iter().zip(&patterns).zip(rows) {
        let matches = pattern.parse::<Pattern>().unwrap().matches(name);
        assert_eq!(row.get::<_, bool>(0), matches, "{name:?} and {pattern:?}");
        matching += usize::from(matches);
    }
    assert!(matching > TEXTS / 100 && matching < TEXTS, "{matching} of {TEXTS}");
}
