//! The JSON configuration of `failover` (crate `failover_vr`) as a keepalived.conf (spec seeds 2).
//!
//! Pure: text in, text out. What the JSON leaves out gets failover's default, not keepalived's; a
//! comment in the text says so.

mod entry;
mod router;
mod text;

use serde_json::value::RawValue;

pub use router::Problem;

use router::Router;

/// Why a file cannot be converted. Lines and columns count from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// It is not JSON, or an entry has a field that is missing or of the wrong kind.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A virtual router that cannot be.
    #[error("entry {entry}, which begins on line {line}: {problem}")]
    Entry {
        /// Number of the virtual router in the file, from 1.
        entry: usize,
        /// Line of its opening brace.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// Whether this looks like JSON. A keepalived.conf begins with a word or a comment; one with stray
/// braces at its beginning is still read as such.
#[must_use]
pub fn is_json(content: &[u8]) -> bool {
    let mut seen = content.iter().filter(|byte| !byte.is_ascii_whitespace());
    matches!(
        (seen.next(), seen.next()),
        (Some(b'{'), Some(b'"')) | (Some(b'['), Some(b'{' | b']'))
    )
}

/// The keepalived.conf that does what failover does with this file: one object or an array of them.
///
/// # Errors
/// See [`ConvertError`]; the first one is given.
pub fn convert(json: &str) -> Result<String, ConvertError> {
    let mut routers = Vec::new();
    for (index, raw) in entries(json)?.into_iter().enumerate() {
        let start = offset_in(json, raw.get());
        let entry = entry::parse(json, start, raw.get())?;
        let problem = |problem| ConvertError::Entry {
            entry: index + 1,
            line: line_of(json, start),
            problem,
        };
        let mut new = Router::new(entry).map_err(problem)?;
        // The name was made up here, not by the user.
        if new.name_assumed && name_in_common(&routers, &new).is_some() {
            new.name = format!("{}_{}", new.name, new.interface);
        }
        if let Some(found) = clash(&routers, &new) {
            return Err(problem(found));
        }
        routers.push(new);
    }
    Ok(text::of(&routers))
}

/// The objects of the file.
fn entries(json: &str) -> Result<Vec<&RawValue>, ConvertError> {
    let parsed = if json.trim_start().starts_with('[') {
        serde_json::from_str(json)
    } else {
        serde_json::from_str(json).map(|only| vec![only])
    };
    parsed.map_err(|error| entry::json_error(json, 0, &error))
}

/// Names are unique, and a VRID is used once on an interface: the daemon could not tell two apart.
fn clash(routers: &[Router], new: &Router) -> Option<Problem> {
    if let Some(name) = name_in_common(routers, new) {
        return Some(Problem::SameName(name));
    }
    let same = |old: &&Router| old.vrid == new.vrid && old.interface == new.interface;
    routers.iter().find(same).map(|old| Problem::SameVrid {
        vrid: new.vrid,
        other: old.name.clone(),
    })
}

/// The first name of an instance that another router's instance has, too.
fn name_in_common(routers: &[Router], new: &Router) -> Option<String> {
    let taken = |name: &str| {
        let mut others = routers.iter().flat_map(Router::instances);
        others.any(|(other, _)| other == name)
    };
    let mut names = new.instances().into_iter().map(|(name, _)| name);
    names.find(|name| taken(name))
}

/// Where a part of a text begins.
fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
