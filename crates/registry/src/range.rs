//! Byte ranges: what a `GET` of a blob asks for (RFC 9110 section 14), and where an upload's chunk belongs (distribution
//! specification 1.1, "pushing a blob in chunks").

use std::ops::Range;

/// What a `Range` header asks of something that has a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requested {
    /// No range, or one that a server may ignore: another unit, several ranges, no range at all by its grammar.
    Whole,
    Part(Range<u64>),
    /// Begins beyond the end, or ends before it begins: that could be ignored, too, and nobody means the whole by it.
    Unsatisfiable,
}

/// Reads `bytes=0-99`, `bytes=100-` and `bytes=-100`.
pub(crate) fn requested(header: Option<&str>, size: u64) -> Requested {
    let Some((first, last)) = header
        .and_then(|header| header.trim().split_once('='))
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"))
        .map(|(_, ranges)| ranges)
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Requested::Whole;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(_), Some(_)) => return Requested::Unsatisfiable,
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(suffix)) if first.is_empty() => match suffix {
            0 => return Requested::Unsatisfiable,
            suffix => size.saturating_sub(suffix)..size,
        },
        _ => return Requested::Whole,
    };
    match range.start < size {
        true => Requested::Part(range),
        false => Requested::Unsatisfiable,
    }
}

/// Reads the `Content-Range` of a chunk: `0-99`, or as RFC 9110 has it, `bytes 0-99/*`. `None`: it is neither.
pub(crate) fn chunk(header: &str) -> Option<Range<u64>> {
    let range = header.trim();
    let range = range.strip_prefix("bytes").map_or(range, str::trim_start);
    let range = range.split('/').next()?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && last < u64::MAX).then(|| first..last + 1)
}

/// Digits only: `parse` alone would take a sign. More than a number holds is as far as any size.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_range_is_cut_to_the_size() {
        use Requested::*;
        let cases = [
            ("bytes=0-0", Part(0..1)),
            ("bytes=2-5", Part(2..6)),
            ("bytes=5-", Part(5..10)),
            ("bytes=-3", Part(7..10)),
            ("bytes=-99", Part(0..10)),
            ("bytes=9-99", Part(9..10)),
            ("bytes=0-99999999999999999999", Part(0..10)),
            ("bytes=-99999999999999999999", Part(0..10)),
            ("bytes=99999999999999999999-", Unsatisfiable),
            ("BYTES=0-1", Part(0..2)),
            ("Bytes = 0-1", Part(0..2)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=5-2", Unsatisfiable),
            ("bytes=0-1,4-5", Whole),
            ("bytes=a-b", Whole),
            ("bytes=-", Whole),
            ("bytes=+1-2", Whole),
            ("lines=0-1", Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(requested(Some(header), 10), expected, "{header}");
        }
        assert_eq!(requested(None, 10), Whole);
        assert_eq!(requested(Some("bytes=0-"), 0), Unsatisfiable);
    }

    #[test]
    fn a_chunk_names_its_first_and_last_byte() {
        assert_eq!(chunk("0-0"), Some(0..1));
        assert_eq!(chunk("10-19"), Some(10..20));
        assert_eq!(chunk("bytes 10-19/*"), Some(10..20));
        for bad in ["", "0", "1-0", "-1", "0-", "x-y", "0-18446744073709551615", "0-1-2"] {
            assert_eq!(chunk(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_nor_beyond_the_size(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size in any::<u64>()) {
            if let Requested::Part(range) = requested(Some(&header), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }

        #[test]
        fn no_text_breaks_the_chunk_parser(header in ".*") {
            let _ = chunk(&header);
        }
    }
}
