//! Positions. An event of the log has an offset, and a block of telemetry is one event with many records: a position is both, so
//! that each leads back to the offset from which the server reads.

use distr_eventlog::Position;

/// Bits of the record's number in its block.
const BITS: u32 = 10;

/// Records of one block.
pub(crate) const RECORDS: usize = 1 << BITS;

/// Of the record with that number in the event at this offset; a fact is its event's first.
pub(crate) const fn position(offset: u64, record: u64) -> Position {
    Position::of_number((offset << BITS) | record)
}

pub(crate) const fn offset(position: Position) -> u64 {
    position.number() >> BITS
}

/// The number of the record in its event.
pub(crate) const fn record(position: Position) -> u64 {
    position.number() & (RECORDS as u64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_leads_back_to_its_event() {
        for (at, of) in [(1024, 0), (1024, 1023), (1_u64 << 52, 7)] {
            let position = position(at, of);
            assert_eq!((offset(position), record(position)), (at, of));
            assert!(position < super::position(at + 1, 0), "the next event is behind all its records");
            assert!(position <= Position::MAX);
        }
        assert!(position(1, 0) > Position::START);
    }
}
