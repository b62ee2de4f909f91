//! `evervip convert`: a configuration of failover as a keepalived.conf.

use std::io::{self, Write};
use std::path::Path;

/// Prints it; the exit code is 2 when the file cannot be read or converted.
pub(crate) fn convert(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let converted = std::fs::read_to_string(file)
        .map_err(|error| error.to_string())
        .and_then(|json| evervip_convert::convert(&json).map_err(|error| error.to_string()));
    match converted {
        Ok(text) => {
            out.write_all(text.as_bytes())?;
            Ok(0)
        }
        Err(problem) => {
            writeln!(err, "{}: {problem}", file.display())?;
            Ok(2)
        }
    }
}
