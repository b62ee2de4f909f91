//! The program that measured daemons run as script: it notes when it was started and leaves.

use std::{
    env,
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, anyhow};
use evervip_lab::Node;

/// Where measured nodes find it.
pub(crate) const PROGRAM: &str = "/usr/local/bin/stamp";

/// Where it writes, a line for each start.
const STAMPS: &str = "/run/stamps";

/// A start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Its words.
    pub(crate) words: String,
    pub(crate) at: SystemTime,
}

/// Whether this process was called by the name of the script; then it has done its work.
pub(crate) fn was_called() -> bool {
    let at = SystemTime::now();
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    if Path::new(&name).file_name() != Some(OsStr::new("stamp")) {
        return false;
    }
    let words: Vec<_> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    // Who measures sees that a line is missing.
    let _ = note(at, &words.join(" "));
    true
}

fn note(at: SystemTime, words: &str) -> io::Result<()> {
    let nanoseconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut file: File = OpenOptions::new().append(true).create(true).open(STAMPS)?;
    // One system call: lines of others cannot come between.
    file.write_all(format!("{nanoseconds} {words}\n").as_bytes())
}

/// What has been noted in a node so far.
pub(crate) fn read(node: &Node) -> Vec<Stamp> {
    let text = node.read_file(STAMPS).unwrap_or_default();
    text.lines().filter_map(parse).collect()
}

/// Forgets what has been noted.
pub(crate) fn clear(node: &Node) -> Result<()> {
    let cleared = node.write_file(STAMPS, "", 0o600);
    cleared.map_err(|e| anyhow!("{e}"))
}

fn parse(line: &str) -> Option<Stamp> {
    let (nanoseconds, words) = line.split_once(' ')?;
    let at = UNIX_EPOCH + Duration::from_nanos(nanoseconds.parse().ok()?);
    let words = words.to_owned();
    Some(Stamp { words, at })
}
