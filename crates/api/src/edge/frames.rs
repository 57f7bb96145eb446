//! The frames that a client sends over HTTP/2 (RFC 9113 §4), as far as headers go: a header block may be so long, in so many
//! frames, and hold so many fields. What else is wrong with a frame is found by who reads it after this.

use super::fields::Fields;

/// Bytes of a header block as they are sent.
const MOST_BYTES: u32 = 64 * 1024;
/// Fields of a header block, those of the request line among them. HTTP/1 has at most 96 without those.
const MOST_FIELDS: u32 = 128;
/// Frames of a header block. A client fills them: 16 KiB each.
const MOST_FRAMES: u32 = 16;

/// What a client sends before the first frame.
const PREFACE: u32 = 24;
const HEAD: usize = 9;
/// A length of padding, a stream, a weight: what a HEADERS frame may have before the fields.
const MOST_PREFIX: usize = 6;

const HEADERS: u8 = 1;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// Why a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("a header block has more than {MOST_BYTES} bytes")]
    Bytes,
    #[error("a header block has more than {MOST_FIELDS} fields")]
    Fields,
    #[error("a header block has more than {MOST_FRAMES} frames")]
    Frames,
    #[error("the frames of a header block do not follow each other")]
    Order,
    #[error("a frame of headers is shorter than it says")]
    Short,
    #[error("a client pushes")]
    Push,
}

/// How far the bytes of a connection were read.
pub(super) struct Frames {
    next: Next,
    /// the header block that has begun and not ended
    block: Option<Block>,
}

#[derive(Clone, Copy)]
enum Next {
    /// bytes that are of no interest
    Skip(u32),
    /// a frame's head, of which so many bytes have come
    Head(Head, usize),
    Fields {
        left: u32,
        padding: u32,
        is_last: bool,
    },
}

/// The head of a frame, and what is before its fields.
#[derive(Default, Clone, Copy)]
struct Head([u8; HEAD + MOST_PREFIX]);

#[derive(Default)]
struct Block {
    bytes: u32,
    frames: u32,
    fields: Fields,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { next: Next::Skip(PREFACE), block: None }
    }

    /// Whether a header block has begun and not ended.
    pub(super) fn is_within_headers(&self) -> bool {
        self.block.is_some()
    }

    /// Reads on; the bytes may end anywhere. After an error there is nothing more to read.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Unfit> {
        while !bytes.is_empty() {
            let read = self.step(bytes)?;
            bytes = &bytes[read..];
        }
        Ok(())
    }

    /// How many of the bytes were read.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Unfit> {
        match self.next {
            Next::Skip(left) => {
                let read = bytes.len().min(left as usize);
                self.next = skip(left - read as u32);
                Ok(read)
            }
            Next::Head(mut head, have) => {
                let read = bytes.len().min(head.wanted(have) - have);
                let have_now = have + read;
                head.0[have..have_now].copy_from_slice(&bytes[..read]);
                self.next =
                    if have_now < head.wanted(have_now) { Next::Head(head, have_now) } else { self.begin(head)? };
                Ok(read)
            }
            Next::Fields { left, padding, is_last } => {
                let read = bytes.len().min(left as usize);
                self.block.as_mut().ok_or(Unfit::Order)?.read(&bytes[..read])?;
                self.next = self.within(left - read as u32, padding, is_last);
                Ok(read)
            }
        }
    }

    fn begin(&mut self, head: Head) -> Result<Next, Unfit> {
        match (head.kind(), self.block.is_some()) {
            (HEADERS, false) | (CONTINUATION, true) => {}
            (PUSH_PROMISE, _) => return Err(Unfit::Push),
            (CONTINUATION, false) | (_, true) => return Err(Unfit::Order),
            (_, false) => return Ok(skip(head.length())),
        }
        self.block.get_or_insert_default().begin_frame(head.length())?;
        let before = head.prefix() as u32 + head.padding();
        let left = head.length().checked_sub(before).ok_or(Unfit::Short)?;
        Ok(self.within(left, head.padding(), head.flags() & END_HEADERS != 0))
    }

    fn within(&mut self, left: u32, padding: u32, is_last: bool) -> Next {
        if left > 0 {
            return Next::Fields { left, padding, is_last };
        }
        if is_last {
            self.block = None;
        }
        skip(padding)
    }
}

fn skip(left: u32) -> Next {
    if left == 0 { Next::Head(Head::default(), 0) } else { Next::Skip(left) }
}

impl Block {
    fn begin_frame(&mut self, length: u32) -> Result<(), Unfit> {
        self.bytes += length;
        self.frames += 1;
        match self {
            Self { bytes, .. } if *bytes > MOST_BYTES => Err(Unfit::Bytes),
            Self { frames, .. } if *frames > MOST_FRAMES => Err(Unfit::Frames),
            _ => Ok(()),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        self.fields.read(bytes);
        if self.fields.count() > MOST_FIELDS { Err(Unfit::Fields) } else { Ok(()) }
    }
}

impl Head {
    /// How many bytes of it there are, as far as the first `have` tell.
    fn wanted(&self, have: usize) -> usize {
        if have < HEAD { HEAD } else { HEAD + self.prefix() }
    }

    fn length(&self) -> u32 {
        u32::from_be_bytes([0, self.0[0], self.0[1], self.0[2]])
    }

    fn kind(&self) -> u8 {
        self.0[3]
    }

    fn flags(&self) -> u8 {
        self.0[4]
    }

    fn prefix(&self) -> usize {
        let has = |flag| self.kind() == HEADERS && self.flags() & flag != 0;
        usize::from(has(PADDED)) + if has(PRIORITY) { 5 } else { 0 }
    }

    fn padding(&self) -> u32 {
        let is_padded = self.kind() == HEADERS && self.flags() & PADDED != 0;
        if is_padded { self.0[HEAD].into() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// The same however the bytes come.
    fn read(frames: &[Vec<u8>]) -> Result<bool, Unfit> {
        let bytes = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frames.concat()].concat();
        let mut results = [1, 7, bytes.len()].map(|size| {
            let mut frames = Frames::new();
            bytes.chunks(size).try_for_each(|piece| frames.read(piece))?;
            Ok(frames.is_within_headers())
        });
        assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
        std::mem::replace(&mut results[0], Ok(false))
    }

    /// `name: value`, with the value's length in one byte.
    fn field(value: &str) -> Vec<u8> {
        [&[0, 4][..], b"name", &[value.len() as u8], value.as_bytes()].concat()
    }

    #[test]
    fn what_clients_send_is_read_on_and_on() {
        let headers = [vec![0x82, 0x87, 0x84], field("\u{1}\u{2}"), vec![0x41, 1, b'h']].concat();
        let padded = [&[3, 0, 0, 0, 0, 16][..], &headers, &[0xff; 3]].concat();
        let (first, second) = headers.split_at(5);
        let request = [
            frame(4, 0, &[0; 6]),
            frame(HEADERS, END_HEADERS, &headers),
            frame(0, 1, &[0xff; 16384]),
            frame(HEADERS, END_HEADERS | PADDED | PRIORITY, &padded),
            frame(HEADERS, 0, first),
            frame(CONTINUATION, 0, &[]),
            frame(CONTINUATION, END_HEADERS, second),
            frame(HEADERS, END_HEADERS, &[]),
        ]
        .concat();
        assert_eq!(read(&vec![request; 50]), Ok(false));
        assert_eq!(read(&[frame(HEADERS, 0, first)]), Ok(true), "nothing more comes");
    }

    #[test]
    fn fields_are_counted_across_frames_before_they_are_decoded() {
        let block = |fields: usize| {
            let fields = vec![0xa0; fields];
            let (first, second) = fields.split_at(60);
            [frame(HEADERS, 0, first), frame(CONTINUATION, END_HEADERS, second)]
        };
        assert_eq!(read(&block(128)), Ok(false));
        assert_eq!(read(&block(129)), Err(Unfit::Fields));
        let distinct: Vec<u8> = (0..200).flat_map(|n| field(&n.to_string())).collect();
        assert_eq!(read(&[frame(HEADERS, 0, &distinct)]), Err(Unfit::Fields), "though the block is unfinished");
    }

    #[test]
    fn a_block_is_so_long_and_in_so_many_frames() {
        let text = |length: usize| vec![0; length];
        // one field, whose value is longer than it all
        let first = [vec![0, 1, b'n', 0x7f, 0xff, 0xff, 0xff, 0x7f], text(16376)].concat();
        let mut frames = vec![frame(HEADERS, 0, &first)];
        frames.extend((0..3).map(|_| frame(CONTINUATION, 0, &text(16384))));
        assert_eq!(read(&frames), Ok(true));
        let begun = frame(CONTINUATION, 0, &text(1))[..9].to_vec();
        assert_eq!(read(&[frames, vec![begun]].concat()), Err(Unfit::Bytes), "by what the frame says");
        let empty =
            |frames: usize| [vec![frame(HEADERS, 0, &[0x82])], vec![frame(CONTINUATION, 0, &[]); frames]].concat();
        assert_eq!(read(&empty(15)), Ok(true));
        assert_eq!(read(&empty(16)), Err(Unfit::Frames));
    }

    #[test]
    fn frames_out_of_order_end_the_reading() {
        assert_eq!(read(&[frame(CONTINUATION, END_HEADERS, &[])]), Err(Unfit::Order));
        assert_eq!(read(&[frame(HEADERS, 0, &[0x82]), frame(6, 0, &[0; 8])]), Err(Unfit::Order));
        assert_eq!(read(&[frame(HEADERS, 0, &[0x82]), frame(HEADERS, END_HEADERS, &[0x82])]), Err(Unfit::Order));
        assert_eq!(read(&[frame(PUSH_PROMISE, END_HEADERS, &[0, 0, 0, 2, 0x82])]), Err(Unfit::Push));
        assert_eq!(read(&[frame(HEADERS, PADDED, &[9, 0x82])]), Err(Unfit::Short));
    }
}
