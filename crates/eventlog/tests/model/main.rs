//! The event log against a model: random writers, readers, subscribers and crashes, on each adapter. What was acknowledged
//! is stored once; streams and positions have no gap; what has an unknown outcome happened once or not at all, and is
//! settled by asking again; a conflict is only told when there is one; whoever reads sees exactly the log, in order.
//!
//! `PROPTEST_CASES` sets how many stories are played, `PROPTEST_RNG_SEED` which ones.

mod check;
mod memory;
mod postgres;
mod readers;
mod stage;
mod story;
mod told;

#[allow(dead_code, reason = "shared with the contract suite")]
#[path = "../contract/server.rs"]
mod server;

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the whole")]
#[path = "../../../../tests/src/proxy.rs"]
mod proxy;

use std::sync::Arc;

use distr_eventlog::EventLog;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use story::Step;

/// An adapter, as the stories need it: a log that several processes have opened.
trait Adapter {
    /// The log, as one of its processes has it.
    fn log(&self, process: usize) -> Arc<dyn EventLog>;
    /// The next commit of any process ends its connection: before it arrives, or after it and before the answer.
    fn cut(&self, after: bool);
    /// The process ends as by `kill -9`, with all that it has begun, and starts again.
    async fn crash(&mut self, process: usize);
    /// The process is told to stop, answers what it has taken, and starts again.
    async fn restart(&mut self, process: usize);
}

/// Plays so many stories, or as many as the environment says.
fn play(cases: u32, play: impl Fn(&[Step]) -> Result<(), TestCaseError>) {
    let mut config = Config { max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(uuid::Uuid::new_v4().as_u64_pair().0);
    }
    let RngSeed::Fixed(seed) = config.rng_seed else { unreachable!("it is fixed above") };
    let outcome = TestRunner::new(config).run(&story::story(), |story| play(&story));
    if let Err(error) = outcome {
        panic!("PROPTEST_RNG_SEED={seed}: {error}");
    }
}
