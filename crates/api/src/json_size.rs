//! How long something is as JSON, without writing it.

use std::io::{self, Write};

use serde::Serialize;

/// In bytes; of what cannot be written, nothing or a part.
pub(crate) fn json_size(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
