//! How many fields a header block of HTTP/2 holds (RFC 7541 §6), counted by their first bytes and before anybody decodes them:
//! one byte may stand for a field of 4 KiB.

/// What comes of the block, piece by piece.
#[derive(Default)]
pub(super) struct Fields {
    count: u32,
    /// texts that are still to come of the field, its name and its value
    texts: u8,
    next: Next,
}

#[derive(Default, Clone, Copy)]
enum Next {
    /// the first byte of a field, or of a text if one is to come
    #[default]
    First,
    /// more of the number of a known name
    Index,
    /// more of a text's length, and by how much it is shifted
    Length(u32, u32),
    Text(u32),
}

/// A text that is longer than any block, as its length is sent.
const LONG_SHIFT: u32 = 21;

impl Fields {
    /// So many have begun. Changes of the table's size count, too.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while let [first, rest @ ..] = bytes {
            bytes = match self.next {
                Next::Text(left) if left as usize >= bytes.len() => {
                    self.next = Next::Text(left - bytes.len() as u32);
                    return;
                }
                Next::Text(left) => {
                    self.next = Next::First;
                    &bytes[left as usize..]
                }
                _ => {
                    self.next = self.after(*first);
                    rest
                }
            };
        }
    }

    fn after(&mut self, byte: u8) -> Next {
        match self.next {
            Next::First if self.texts == 0 => {
                self.count += 1;
                self.field(byte)
            }
            Next::First => {
                self.texts -= 1;
                match byte & 0x7f {
                    0x7f => Next::Length(0x7f, 0),
                    length => Next::Text(length.into()),
                }
            }
            Next::Index if byte & 0x80 != 0 => Next::Index,
            Next::Index | Next::Text(_) => Next::First,
            Next::Length(length, shift) => {
                let length = length.saturating_add(u32::from(byte & 0x7f) << shift.min(LONG_SHIFT));
                match byte & 0x80 {
                    0 => Next::Text(length),
                    _ => Next::Length(length, shift + 7),
                }
            }
        }
    }

    /// By its first byte: whether its name is a number, and whether that has more bytes.
    fn field(&mut self, byte: u8) -> Next {
        let (mask, is_literal) = match byte {
            0x80.. => (0x7f, false),
            0x40.. => (0x3f, true),
            0x20.. => (0x1f, false),
            _ => (0x0f, true),
        };
        self.texts = match (is_literal, byte & mask) {
            (false, _) => 0,
            (true, 0) => 2,
            (true, _) => 1,
        };
        if byte & mask == mask { Next::Index } else { Next::First }
    }
}
