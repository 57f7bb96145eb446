//! How large the programs are that a vendor and its customers install.

use anyhow::Result;

use crate::row::Row;
use crate::site::binary;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(super) fn run() -> Result<Vec<Row>> {
    let programs = [("size.hub", "distr-hub"), ("size.agent", "distr-agent"), ("size.cli", "distr")];
    let row = |(name, program)| {
        let bytes = binary(program)?.metadata()?.len();
        Ok(Row::new(name, bytes as f64 / MEBIBYTE, "MiB"))
    };
    programs.into_iter().map(row).collect()
}
