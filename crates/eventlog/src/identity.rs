//! Which log it is. Positions of one log say nothing of another, and a log that goes on from a copy of another one, as after a
//! restore, shares with it what was there by then and nothing that came later.

use uuid::Uuid;

use crate::Position;

/// A log's name for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub Uuid);

/// The name of a log, and of those that it is a copy of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIdentity {
    pub id: LogId,
    /// The logs that it parted from, the oldest first, each with the last position that both have.
    pub parted_from: Vec<(LogId, Position)>,
}

impl LogIdentity {
    /// Of a log that is no copy.
    pub const fn new(id: LogId) -> Self {
        Self { id, parted_from: Vec::new() }
    }

    /// From the names that a log had, each with the position behind which it had it; nothing if it had none.
    pub fn of_names(names: &[(LogId, Position)]) -> Option<Self> {
        let (&(id, _), _) = names.split_last()?;
        let parted = names.windows(2).map(|pair| (pair[0].0, pair[1].1));
        Some(Self { id, parted_from: parted.collect() })
    }

    /// Up to where the log of that name has the entries of this one; nothing if it is a stranger.
    pub fn shared_with(&self, other: LogId) -> Option<Position> {
        if other == self.id {
            return Some(Position::MAX);
        }
        let index = self.parted_from.iter().position(|(id, _)| *id == other)?;
        self.parted_from[index..].iter().map(|(_, at)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_what_was_there_when_they_parted() {
        let [a, b, c, other] = [1, 2, 3, 4].map(|number| LogId(Uuid::from_u128(number)));
        let at = Position::of_number;
        let log = LogIdentity::of_names(&[(a, at(0)), (b, at(100)), (c, at(150))]).unwrap();
        assert_eq!(log.id, c);
        assert_eq!(
            [a, b, c, other].map(|id| log.shared_with(id)),
            [Some(at(100)), Some(at(150)), Some(Position::MAX), None]
        );
        // a copy that was made of what had parted, before it had anything of its own
        let log = LogIdentity::of_names(&[(a, at(0)), (b, at(100)), (c, at(100))]).unwrap();
        assert_eq!(log.shared_with(a), Some(at(100)));
        assert_eq!(LogIdentity::of_names(&[(a, at(0))]), Some(LogIdentity::new(a)));
        assert_eq!(LogIdentity::of_names(&[]), None);
    }
}
