//! Characters of texts that people gave.

/// Turns what is read around it, or is not seen itself: in a name it passes one thing off as another.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Has no place in a text that others read: it is a control character, or unseen and no joiner within a word or a picture.
pub fn misleads(c: char) -> bool {
    c.is_control() || (is_unseen(c) && !matches!(c, '\u{200c}' | '\u{200d}'))
}
