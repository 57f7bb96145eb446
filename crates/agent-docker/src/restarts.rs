//! How often the engine restarted a container of late. A program that crashes a little after each start runs whenever one looks;
//! what tells is that its restarts are more each time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::containers::{Container, State};

/// So many restarts within so long are no accident.
const AGAIN_AND_AGAIN: u64 = 3;
const OF_LATE: Duration = Duration::from_secs(600);

/// The containers as they were seen since the agent started.
#[derive(Debug, Default)]
pub struct Restarts {
    seen: BTreeMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    /// how many restarts there were from when on, oldest first; the first is what there was before `OF_LATE`
    counts: VecDeque<(Instant, u64)>,
    /// of its last end, if that was seen
    exit_code: Option<i64>,
}

impl Restarts {
    /// Marks the containers that the engine restarts again and again; one that runs at this moment gets the exit code of its last end.
    pub(crate) fn mark(&mut self, containers: &mut [Container], now: Instant) {
        self.seen.retain(|id, _| containers.iter().any(|container| &container.id == id));
        for container in containers {
            let first = (now, container.restarts);
            let new = || Seen { counts: [first].into(), exit_code: None };
            let seen = self.seen.entry(container.id.clone()).or_insert_with(new);
            if matches!(container.state, State::Restarting | State::Exited) {
                seen.exit_code = container.exit_code;
            }
            if seen.of_late(container.restarts, now) >= AGAIN_AND_AGAIN {
                container.is_looping = true;
                container.exit_code = seen.exit_code;
            }
        }
    }
}

impl Seen {
    fn of_late(&mut self, count: u64, now: Instant) -> u64 {
        match self.counts.back() {
            Some((_, last)) if *last == count => {}
            // counted from zero again: somebody started it by hand
            Some((_, last)) if *last > count => self.counts = [(now, count)].into(),
            _ => self.counts.push_back((now, count)),
        }
        // what stood longer than that is where counting begins
        while self.counts.get(1).is_some_and(|(since, _)| now.duration_since(*since) > OF_LATE) {
            self.counts.pop_front();
        }
        count.saturating_sub(self.counts.front().map_or(count, |(_, first)| *first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::container;

    /// What is said of a container that has been restarted so often, after so many seconds.
    fn said(looks: &[(u64, u64)]) -> Vec<bool> {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        let mut look = |&(seconds, count): &(u64, u64)| {
            let mut containers = [Container { restarts: count, ..container("web", 4) }];
            restarts.mark(&mut containers, start + Duration::from_secs(seconds));
            containers[0].is_looping
        };
        looks.iter().map(&mut look).collect()
    }

    #[test]
    fn three_restarts_within_ten_minutes_are_a_loop() {
        assert_eq!(said(&[(0, 0), (60, 1), (120, 2), (180, 3), (190, 3)]), [false, false, false, true, true]);
        assert_eq!(said(&[(0, 0), (15, 5)]), [false, true]);
    }

    #[test]
    fn restarts_now_and_then_are_none_and_a_loop_ends_ten_minutes_later() {
        assert_eq!(said(&[(0, 7), (3600, 8), (7200, 9), (10800, 10)]), [false; 4]);
        assert_eq!(said(&[(0, 0), (60, 3), (600, 3), (661, 3)]), [false, true, true, false]);
    }

    #[test]
    fn restarts_before_the_agent_began_to_look_do_not_count() {
        assert_eq!(said(&[(0, 900), (5, 900), (10, 901)]), [false; 3]);
    }

    #[test]
    fn the_exit_code_of_the_last_end_is_kept_while_it_runs() {
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let mut look = |state, count, exit_code| {
            let mut one = [Container { state, restarts: count, exit_code: Some(exit_code), ..container("web", 4) }];
            restarts.mark(&mut one, now);
            (one[0].is_looping, one[0].exit_code)
        };
        look(State::Running, 0, 0);
        assert_eq!(look(State::Running, 3, 0), (true, None), "nobody looked when it ended");
        assert_eq!(look(State::Restarting, 4, 3), (true, Some(3)));
        assert_eq!(look(State::Running, 5, 0), (true, Some(3)));
    }
}
