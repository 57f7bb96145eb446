//! Frames of HTTP/2, as far as headers go.

#[rustfmt::skip]
#[path = "../../crates/api/src/edge/fields.rs"]
mod fields;
#[rustfmt::skip]
#[path = "../../crates/api/src/edge/frames.rs"]
mod frames;

use frames::Frames;

/// The first byte is the size of the pieces in which the others come.
pub fn http2_headers(bytes: &[u8]) {
    let [size, bytes @ ..] = bytes else { return };
    let (mut whole, mut in_pieces) = (Frames::new(), Frames::new());
    let read = whole.read(bytes);
    let read_in_pieces = bytes.chunks(usize::from(*size).max(1)).try_for_each(|piece| in_pieces.read(piece));
    assert_eq!(read, read_in_pieces);
    if read.is_ok() {
        assert_eq!(whole.is_within_headers(), in_pieces.is_within_headers());
    }
}
