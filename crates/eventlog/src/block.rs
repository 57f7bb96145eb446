//! The form of a telemetry batch in a store: records one after another, each with its length before it, then
//! compressed. All numbers are little-endian.
//!
//! | bytes | of a record |
//! |---|---|
//! | 4 | the length of what follows |
//! | 16, 16, 16 | id, organization, subject |
//! | 2 | the kind's number |
//! | 8 | recorded-at, microseconds since 1970 |
//! | rest | payload |

use std::cell::RefCell;

use bytes::{Buf, BufMut, Bytes};
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use uuid::Uuid;
use zstd::bulk::Decompressor;

use crate::{TelemetryKind, TelemetryRecord};

/// The first way that blocks are written: as above, zstd.
pub const FORMAT: i16 = 1;

/// zstd's quickest: most of the gain for a fifth of the time.
const LEVEL: i32 = 1;

/// A record without its payload and its length.
const FIXED: usize = 3 * 16 + 2 + 8;

thread_local! {
    /// To make one costs more than to read a small block.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A batch, ready to be stored.
#[derive(Debug)]
pub struct Block {
    /// Follows from the records, so that the same batch written again is known.
    pub id: Uuid,
    pub count: u64,
    pub newest_at: DateTime<Utc>,
    pub raw_size: i32,
    pub body: Vec<u8>,
}

/// Why the bytes of a block mean nothing.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    #[error("blocks of format {0} are unknown to this version")]
    Format(i16),
    #[error("the block could not be compressed or decompressed")]
    Compression(#[from] std::io::Error),
    #[error("the block ends within a record, or a record is too short")]
    Length,
    #[error("records of kind {0} are unknown to this version")]
    Kind(u16),
    #[error("a record's time is out of range")]
    Time,
    #[error("a block of {0} bytes is too large")]
    Size(usize),
}

/// None if there are no records.
pub fn pack<'a>(records: impl Iterator<Item = &'a TelemetryRecord> + Clone) -> Result<Option<Block>, BlockError> {
    let Some(newest_at) = records.clone().map(|record| record.recorded_at).max() else {
        return Ok(None);
    };
    let mut raw = Vec::new();
    let mut ids = Vec::new();
    for record in records {
        put(&mut raw, record)?;
        ids.extend_from_slice(record.id.as_bytes());
    }
    Ok(Some(Block {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &ids),
        count: (ids.len() / 16) as u64,
        newest_at,
        raw_size: raw.len().try_into().map_err(|_| BlockError::Size(raw.len()))?,
        body: zstd::bulk::compress(&raw, LEVEL)?,
    }))
}

pub fn unpack(format: i16, raw_size: i32, body: &[u8]) -> Result<Vec<TelemetryRecord>, BlockError> {
    if format != FORMAT {
        return Err(BlockError::Format(format));
    }
    let raw_size = usize::try_from(raw_size).map_err(|_| BlockError::Length)?;
    let mut raw = Bytes::from(DECOMPRESSOR.with_borrow_mut(|decompressor| match decompressor {
        Some(decompressor) => decompressor.decompress(body, raw_size),
        none => none.insert(Decompressor::new()?).decompress(body, raw_size),
    })?);
    let mut records = Vec::new();
    while raw.has_remaining() {
        records.push(take(&mut raw)?);
    }
    Ok(records)
}

fn put(raw: &mut Vec<u8>, record: &TelemetryRecord) -> Result<(), BlockError> {
    let length = FIXED + record.payload.len();
    raw.put_u32_le(length.try_into().map_err(|_| BlockError::Size(length))?);
    raw.put_slice(record.id.as_bytes());
    raw.put_slice(record.organization.0.as_bytes());
    raw.put_slice(record.subject.as_bytes());
    raw.put_u16_le(record.kind.number());
    raw.put_i64_le(record.recorded_at.timestamp_micros());
    raw.put_slice(&record.payload);
    Ok(())
}

fn take(raw: &mut Bytes) -> Result<TelemetryRecord, BlockError> {
    let length = raw.try_get_u32_le().map_err(|_| BlockError::Length)? as usize;
    if length < FIXED || length > raw.remaining() {
        return Err(BlockError::Length);
    }
    let mut record = raw.split_to(length);
    let id = take_uuid(&mut record);
    let organization = OrganizationId(take_uuid(&mut record));
    let subject = take_uuid(&mut record);
    let number = record.get_u16_le();
    let kind = TelemetryKind::of_number(number).ok_or(BlockError::Kind(number))?;
    let recorded_at = DateTime::from_timestamp_micros(record.get_i64_le()).ok_or(BlockError::Time)?;
    Ok(TelemetryRecord { id, organization, subject, kind, recorded_at, payload: record })
}

fn take_uuid(record: &mut Bytes) -> Uuid {
    let mut bytes = [0; 16];
    record.copy_to_slice(&mut bytes);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn record() -> impl Strategy<Value = TelemetryRecord> {
        let kind = prop_oneof![Just(TelemetryKind::Heartbeat), Just(TelemetryKind::Access)];
        let micros = DateTime::<Utc>::MIN_UTC.timestamp_micros()..DateTime::<Utc>::MAX_UTC.timestamp_micros();
        (any::<[u128; 3]>(), kind, micros, vec(any::<u8>(), 0..200)).prop_map(|(ids, kind, micros, payload)| {
            TelemetryRecord {
                id: Uuid::from_u128(ids[0]),
                organization: OrganizationId(Uuid::from_u128(ids[1])),
                subject: Uuid::from_u128(ids[2]),
                kind,
                recorded_at: DateTime::from_timestamp_micros(micros).unwrap(),
                payload: payload.into(),
            }
        })
    }

    proptest! {
        #[test]
        fn a_block_gives_back_its_records(records in vec(record(), 1..50)) {
            let block = pack(records.iter()).unwrap().unwrap();
            prop_assert_eq!(block.count as usize, records.len());
            prop_assert_eq!(Some(block.newest_at), records.iter().map(|record| record.recorded_at).max());
            prop_assert_eq!(unpack(FORMAT, block.raw_size, &block.body).unwrap(), records);
        }

        #[test]
        fn broken_bytes_are_an_error_and_no_panic(raw in vec(any::<u8>(), 1..300)) {
            let body = zstd::bulk::compress(&raw, LEVEL).unwrap();
            // by chance a block: only that it returns counts
            let _ = unpack(FORMAT, raw.len() as i32, &body);
            prop_assert!(unpack(FORMAT, raw.len() as i32, &body[..body.len() - 1]).is_err());
        }
    }

    #[test]
    fn a_cut_record_is_an_error() {
        for raw in [&[9, 0, 0][..], &[9, 0, 0, 0, 1], &[58, 0, 0, 0]] {
            let body = zstd::bulk::compress(raw, LEVEL).unwrap();
            assert!(matches!(unpack(FORMAT, raw.len() as i32, &body), Err(BlockError::Length)));
        }
        assert!(matches!(unpack(2, 0, &[]), Err(BlockError::Format(2))));
    }
}
