//! What people and scripts give beside arguments: text files, and secrets, which are asked for without echo or read from standard
//! input. They are never an argument, which other users of the machine could read.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::exit::Failure;

/// A file's text, or standard input's for `-`.
pub(crate) fn text(path: &Path) -> Result<String> {
    let (name, text) = match path.as_os_str() == "-" {
        true => ("standard input".to_owned(), io::read_to_string(io::stdin().lock())),
        false => (path.display().to_string(), std::fs::read_to_string(path)),
    };
    match text {
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(Failure::Usage(format!("{name} is no text in UTF-8; save it in that encoding")).into())
        }
        text => text.with_context(|| format!("reading {name}")),
    }
}

/// Asks on the terminal; without one, reads standard input.
pub(crate) fn secret(what: &str) -> Result<String> {
    asked(what, "write it to standard input")
}

fn asked(what: &str, otherwise: &str) -> Result<String> {
    let text = match io::stdin().is_terminal() {
        true => rpassword::prompt_password(format!("{what}: ")).with_context(|| format!("asking for the {what}"))?,
        false => standard_input(what)?,
    };
    match text.is_empty() {
        true => bail!("no {what} was given; {otherwise}"),
        false => Ok(text),
    }
}

/// From the environment, or else as `secret`. Standard input holds one secret alone, so that of several all but one have to
/// be in the environment.
pub(crate) fn from_environment(variable: &str, what: &str) -> Result<String> {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => asked(what, &format!("set {variable}, or write it to standard input, which holds one secret alone")),
    }
}

/// All of standard input but the line end after it: a secret may have several lines, as a key has.
fn standard_input(what: &str) -> Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).with_context(|| format!("reading the {what} from standard input"))?;
    let end = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).map_or(text.len(), str::len);
    text.truncate(end);
    Ok(text)
}

/// A line that may be seen. Asked for only where somebody can answer.
pub(crate) fn line(what: &str, flag: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!("no {what} was given; use {flag}")).into());
    }
    eprint!("{what}: ");
    io::stderr().flush()?;
    let mut text = String::new();
    io::stdin().read_line(&mut text)?;
    Ok(text.trim().to_owned())
}
