//! A short run of what `script/torture` does for minutes: hubs, Postgres, agents and connections are killed while many write,
//! and all books are compared.

use std::time::Duration;

use distr_tests::torture::{Limit, Plan, run};

/// One round with one hub, one with two.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_different_after_a_short_torture() {
    let seed = rand::random_range(0..1_000_000);
    let plan =
        Plan { seed, limit: Limit::Rounds(2), writers: 4, simulated: 6, machines: 1, round: Duration::from_secs(4) };
    let again = format!("script/torture --seed {seed} goes on with the same dice");
    let (summary, dir) = run(&plan).await.unwrap_or_else(|error| panic!("{error:#}\n{again}"));
    println!("{summary}");
    assert!(summary.findings.none(), "{summary}\nlogs and data are in {}\n{again}", dir.display());
}
