//! `include`: recognising it, expanding its pattern, opening what it names
//! (spec config-language 4).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::lex::Token;
use crate::machine::{FileKind, Files};
use crate::text::Text;

/// Which include faults end a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checks(u8);

impl Checks {
    pub(crate) const NONE: Self = Self(0);
    /// A match that cannot be read.
    pub(crate) const READ: Self = Self(1);
    /// A name without wildcard that matches nothing.
    pub(crate) const MATCH: Self = Self(2);
    /// A wildcard that matches nothing.
    pub(crate) const WILDCARD: Self = Self(4);
    /// A brace alternative that does not exist.
    pub(crate) const BRACE: Self = Self(8);
    pub(crate) const ALL: Self = Self(15);

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What `include_check WORDS` makes of it; unknown words change nothing.
    pub(crate) fn changed_by(self, words: &[Token]) -> Self {
        if words.is_empty() {
            return Self::ALL;
        }
        let mut checks = self;
        for (i, word) in words.iter().enumerate() {
            let (sign, name) = match word.text.as_bytes().first() {
                Some(b'+') => (Some(true), &word.text[1..]),
                Some(b'-') => (Some(false), &word.text[1..]),
                _ => (None, word.text.as_str()),
            };
            let bit = Self::named(name).unwrap_or(Self::NONE);
            checks = match sign {
                // Even a word that means nothing replaces what was set.
                None if i == 0 => bit.union(Self::READ),
                Some(true) => checks.union(bit),
                // A word without sign behind the first is ignored.
                None => checks,
                Some(false) => Self(checks.0 & !bit.0),
            };
        }
        checks
    }

    /// The check of an `include_check` word without sign.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "read" => Self::READ,
            "match" => Self::MATCH,
            "wildcard_match" => Self::WILDCARD,
            "brace_match" => Self::BRACE,
            _ => return None,
        })
    }
}

/// The checks and the pattern of an include line.
pub(crate) fn recognise(text: &Text) -> Option<(Checks, Text)> {
    let end = text
        .bytes()
        .iter()
        .position(|b| *b == b' ' || *b == b'\t')?;
    let checks = match &text.bytes()[..end] {
        b"include" => Checks::NONE,
        b"includer" => Checks::READ,
        b"includem" => Checks::READ.union(Checks::MATCH),
        b"includew" => Checks::READ.union(Checks::MATCH).union(Checks::WILDCARD),
        b"includeb" => Checks::READ.union(Checks::BRACE),
        b"includea" => Checks::ALL,
        _ => return None,
    };
    Some((checks, text.slice(end..text.len()).trimmed()))
}

/// What a pattern matched.
pub(crate) struct Expansion {
    pub(crate) paths: Vec<PathBuf>,
    /// What is missing, and which check makes it fatal.
    pub(crate) complaint: Option<(String, Checks)>,
}

/// Expands braces, then wildcards.
pub(crate) fn expand(files: &dyn Files, directory: &Path, pattern: &str) -> Expansion {
    let alternatives = braces(pattern);
    let wildcard = |p: &str| p.contains(['*', '?', '[']);
    let mut paths = Vec::new();
    let mut missing = false;
    for alternative in &alternatives {
        let found = files.glob(directory, alternative);
        missing |= found.is_empty();
        paths.extend(found);
    }
    let complaint = if !missing {
        None
    } else if !paths.is_empty() {
        Some((
            format!("Some config files missing: \"{pattern}\"."),
            Checks::BRACE,
        ))
    } else if alternatives.iter().any(|p| wildcard(p)) {
        Some((
            format!("No config files matched '{pattern}'."),
            Checks::WILDCARD,
        ))
    } else {
        Some((format!("Config files missing '{pattern}'."), Checks::MATCH))
    };
    Expansion { paths, complaint }
}

/// Expands `{a,b}` as csh does, outermost first, keeping the order.
fn braces(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut todo = vec![pattern.to_owned()];
    while let Some(next) = todo.pop() {
        let Some((before, alternatives, after)) = first_group(&next) else {
            done.push(next);
            continue;
        };
        if done.len() + todo.len() + alternatives.len() > MAX_ALTERNATIVES {
            done.push(next);
            continue;
        }
        // The last pushed is taken first.
        for alternative in alternatives.iter().rev() {
            todo.push(format!("{before}{alternative}{after}"));
        }
    }
    done
}

/// The text before the first brace group, its alternatives, and the text behind it.
fn first_group(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let inner = &pattern[open + 1..];
    let (mut depth, mut from, mut alternatives) = (0_usize, 0, Vec::new());
    for (i, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                alternatives.push(&inner[from..i]);
                from = i + 1;
            }
            '}' if depth == 0 => {
                alternatives.push(&inner[from..i]);
                return Some((&pattern[..open], alternatives, &inner[i + 1..]));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Reads a configuration file, or says in the words of the original why it is none. A path that was
/// found and leads to nothing is a link.
pub(crate) fn open(files: &dyn Files, path: &Path, shown: &str) -> Result<Vec<u8>, String> {
    let problem = |e: std::io::Error| {
        format!(
            "Configuration file '{shown}' open problem ({}) - skipping",
            reason(&e)
        )
    };
    let kind = match files.kind(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => FileKind::Other,
        kind => kind.map_err(problem)?,
    };
    match kind {
        FileKind::Regular { executable: false } => files.read(path).map_err(problem),
        FileKind::Directory => Err(format!(
            "Configuration file '{shown}/' is a directory - skipping"
        )),
        FileKind::Regular { executable: true } | FileKind::Other => Err(format!(
            "Configuration file '{shown}' is not a regular non-executable file - skipping"
        )),
    }
}

/// The system's text without Rust's "(os error N)".
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Paths that one pattern may stand for before its wildcards are looked at.
const MAX_ALTERNATIVES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::braces;

    #[test]
    fn braces_expand_in_source_order_and_nest() {
        assert_eq!(braces("a.conf"), ["a.conf"]);
        assert_eq!(braces("{b,a}.conf"), ["b.conf", "a.conf"]);
        assert_eq!(
            braces("x{a,b{1,2}}y{,z}"),
            ["xay", "xayz", "xb1y", "xb1yz", "xb2y", "xb2yz"]
        );
        assert_eq!(braces("open{a"), ["open{a"]);
    }

    #[test]
    fn many_groups_do_not_explode() {
        assert!(braces(&"{a,b}".repeat(40)).len() <= 2000);
    }
}
