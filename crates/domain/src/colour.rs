//! A colour that people choose, as red, green and blue of sRGB. It is parsed once, and never text in a stylesheet.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::InvalidName;

/// `#1f5fbf`; `#15b` is read as `#1155bb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

impl FromStr for Colour {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName::new("colour", text, "use # and six hexadecimal digits, as #1f5fbf");
        let digits = text.strip_prefix('#').ok_or_else(invalid)?;
        let digits: Option<Vec<u8>> = digits.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
        match digits.ok_or_else(invalid)?[..] {
            [red, green, blue] => Ok(Self { red: red * 17, green: green * 17, blue: blue * 17 }),
            [a, b, c, d, e, f] => Ok(Self { red: a * 16 + b, green: c * 16 + d, blue: e * 16 + f }),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl TryFrom<String> for Colour {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_hexadecimal_and_nothing_else() {
        for (text, same) in [("#1f5fbf", "#1f5fbf"), ("#FFF", "#ffffff"), ("#15b", "#1155bb"), ("#FfFf00", "#ffff00")] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), same);
        }
        for bad in ["", "#", "red", "1f5fbf", "#1f5fb", "#1f5fbf00", "#12345g", "#1f5fbf;}", "#１１１"] {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
    }
}
