//! Stories, played on an adapter.

use std::sync::Arc;

use distr_eventlog::EventLog;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::story::{self, Step};

/// An adapter, as the stories need it: a log that several processes have opened.
pub(crate) trait Adapter {
    /// The log, as one of its processes has it.
    fn log(&self, process: usize) -> Arc<dyn EventLog>;
    /// The next commit of any process ends its connection: before it arrives, or after it and before the answer.
    fn cut(&self, after: bool);
    /// The process ends as by `kill -9`, with all that it has begun, and starts again.
    async fn crash(&mut self, process: usize);
    /// Whether an id is known within its stream alone.
    fn ids_of_streams(&self) -> bool {
        false
    }
    /// The process is told to stop, answers what it has taken, and starts again.
    async fn restart(&mut self, process: usize);
}

/// Plays so many stories, or as many as the environment says.
pub(crate) fn play(cases: u32, play: impl Fn(&[Step]) -> Result<(), TestCaseError>) {
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
