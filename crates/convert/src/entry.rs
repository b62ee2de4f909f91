//! One virtual router as the JSON has it.

use serde::Deserialize;

use crate::{ConvertError, line_of};

/// The fields; `None` is failover's default. Fields that failover does not know it ignores.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: Option<String>,
    pub(crate) vrid: u8,
    pub(crate) interface_name: String,
    pub(crate) ip_addresses: Vec<String>,
    pub(crate) priority: Option<u8>,
    /// Seconds.
    pub(crate) advert_interval: Option<u8>,
    pub(crate) preempt_mode: Option<bool>,
    pub(crate) version: Option<u8>,
    #[serde(flatten)]
    pub(crate) others: serde_json::Map<String, serde_json::Value>,
}

/// Reads an entry that stands at `start` of the file.
pub(crate) fn parse(json: &str, start: usize, text: &str) -> Result<Entry, ConvertError> {
    serde_json::from_str(text).map_err(|error| json_error(json, start, &error))
}

/// An error in a part of the file, with its place in the whole.
pub(crate) fn json_error(json: &str, start: usize, error: &serde_json::Error) -> ConvertError {
    let first = line_of(json, start);
    let before = json.get(..start).unwrap_or_default();
    let indent = before.rsplit('\n').next().unwrap_or_default().len();
    let line = error.line().max(1);
    let column = match line {
        1 => error.column() + indent,
        _ => error.column(),
    };
    // The library puts the place, as it sees it, behind its message.
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    ConvertError::Json {
        line: first + line - 1,
        column: column.max(1),
        message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
    }
}
