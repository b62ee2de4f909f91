//! Which network namespace a configuration wants, found before anything asks for interfaces: those
//! of the namespace are meant in all of it.

use std::path::Path;

use crate::lex::words;
use crate::lines::Reader;
use crate::load::Options;
use crate::machine::{Files, Host};
use crate::tree::Logical;

/// The first `net_namespace` of the file and what it includes (spec config-language 10); `None`
/// without one. What is wrong with the file is found by [`crate::load_with`].
#[must_use]
pub fn network_namespace(
    path: &Path,
    files: &dyn Files,
    host: &dyn Host,
    options: &Options,
) -> Option<String> {
    let mut reader = Reader::new(files, host, options);
    reader.read_main(path);
    let mut depth = 0_usize;
    for line in &reader.lines {
        match line {
            Logical::Open(_) => depth += 1,
            Logical::Close(_) => depth = depth.saturating_sub(1),
            Logical::Words(text) if depth == 0 && text.bytes().starts_with(KEYWORD) => {
                if let [keyword, name, ..] = words(text).tokens.as_slice() {
                    if keyword.text.as_bytes() == KEYWORD {
                        return Some(name.text.clone());
                    }
                }
            }
            Logical::Words(_) | Logical::Own(_) => {}
        }
    }
    None
}

const KEYWORD: &[u8] = b"net_namespace";
