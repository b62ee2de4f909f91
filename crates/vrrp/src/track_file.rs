//! Tracked files: what their text means and what it does to a router (spec vrrp-runtime 6 and 7.3).
//!
//! The driver watches the files and hands over their text; numbers, weights and faults are decided
//! here. Values are kept by path, because several `track_file` blocks may name one file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evervip_model::{TrackFile, TrackedFile, Weight};

use crate::log::TrackLine;
use crate::router::Router;
use crate::track::PriorityNews;
use crate::{Engine, LogLine, RouterId, Timestamp};

/// How many bytes of a file count; what stands behind them is not looked at.
pub const FILE_TEXT: usize = 127;

/// What a file amounts to for one track of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileStatus {
    /// Added to the priority, -253 to 253.
    Adds(i32),
    Fault,
}

/// Number × weight, within -254 to 253; -254 is a fault. Without weight every number but 0 is a
/// fault, and with `reverse` only 0.
pub(crate) fn file_status(value: i32, weight: Weight, reverse: bool) -> FileStatus {
    if weight == 0 {
        return if (value == 0) == reverse {
            FileStatus::Fault
        } else {
            FileStatus::Adds(0)
        };
    }
    let signed = if reverse { -1 } else { 1 };
    let product = i64::from(value) * i64::from(weight) * signed;
    match i32::try_from(product.clamp(-254, 253)) {
        Ok(status @ -253..) => FileStatus::Adds(status),
        _ => FileStatus::Fault,
    }
}

/// A number that does not fit 32 bits, as far as 64 bits can tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidNumber(i64);

/// The number at the beginning of a text, as C reads it: white space, a sign, then decimal, `0x`
/// hexadecimal or `0` octal digits. A text that begins with no number is 0.
pub(crate) fn leading_number(text: &[u8]) -> Result<i32, InvalidNumber> {
    let text = text.get(..FILE_TEXT).unwrap_or(text);
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !blank(byte));
    let text = start.map_or(&[][..], |start| &text[start..]);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            (16, rest)
        }
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let number = digits
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(base))
        .fold(0_i64, |number, digit| {
            number
                .saturating_mul(i64::from(base))
                .saturating_add(i64::from(digit))
        });
    let number = match (negative, number) {
        (true, i64::MAX) => i64::MIN,
        (true, number) => -number,
        (false, number) => number,
    };
    i32::try_from(number).map_err(|_| InvalidNumber(number))
}

/// The `track_file` blocks and the numbers of their files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    specs: Vec<TrackFile>,
    /// A file that is not listed is missing or empty: 0.
    values: BTreeMap<PathBuf, i32>,
}

impl Files {
    /// Takes the blocks of a configuration; numbers of files that it names are kept.
    pub(crate) fn configure(&mut self, specs: Vec<TrackFile>) {
        let named: BTreeSet<&Path> = specs.iter().map(|spec| spec.path.as_path()).collect();
        self.values.retain(|path, _| named.contains(path.as_path()));
        self.specs = specs;
    }

    /// Every block with the number of its file.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&TrackFile, i32)> {
        self.specs.iter().map(|spec| (spec, self.value(&spec.path)))
    }

    fn value(&self, path: &Path) -> i32 {
        self.values.get(path).copied().unwrap_or(0)
    }

    fn spec(&self, track: &TrackedFile) -> Option<&TrackFile> {
        self.specs.get(track.file.0)
    }

    pub(crate) fn status(&self, track: &TrackedFile) -> FileStatus {
        let value = self.spec(track).map_or(0, |spec| self.value(&spec.path));
        file_status(value, track.weight, track.reverse)
    }

    pub(crate) fn name(&self, track: &TrackedFile) -> Arc<str> {
        self.spec(track)
            .map_or_else(|| Arc::from(""), |spec| Arc::clone(&spec.name))
    }

    /// Sets the number of a file; gives the one before.
    fn set(&mut self, path: &Path, value: i32) -> i32 {
        let before = self.value(path);
        if value != before {
            self.values.insert(path.to_owned(), value);
        }
        before
    }
}

impl Engine {
    /// A file was read before the start, or before a reload that will name it.
    pub(crate) fn note_file(&mut self, path: &Path, text: &[u8]) -> Option<(i32, i32)> {
        match leading_number(text) {
            Ok(value) => Some((self.files.set(path, value), value)),
            Err(InvalidNumber(number)) => {
                self.log(LogLine::Track(TrackLine::InvalidNumber {
                    number,
                    path: path.to_owned(),
                }));
                None
            }
        }
    }

    /// A file has, or may have, a new text.
    pub(crate) fn file_read(&mut self, now: Timestamp, path: &Path, text: &[u8]) {
        let Some((before, value)) = self.note_file(path, text) else {
            return;
        };
        if before == value {
            return;
        }
        for id in self.routers.ids() {
            for change in self.file_changes(&self.routers[id], path, before, value) {
                self.file_changed(now, id, change);
            }
        }
    }

    /// The tracks of a router for which the new number means something else than the old one.
    fn file_changes(
        &self,
        router: &Router,
        path: &Path,
        before: i32,
        value: i32,
    ) -> Vec<FileChange> {
        let tracks = router.spec.track_files.iter();
        tracks
            .filter_map(|track| {
                let spec = self.files.spec(track).filter(|spec| spec.path == path)?;
                let of = |value| file_status(value, track.weight, track.reverse);
                let (from, to) = (of(before), of(value));
                (from != to).then(|| FileChange {
                    file: Arc::clone(&spec.name),
                    from,
                    to,
                })
            })
            .collect()
    }

    /// The original says less of the priority when a fault comes or goes with it.
    fn file_changed(&mut self, now: Timestamp, id: RouterId, change: FileChange) {
        let (name, file) = (self.routers[id].name(), change.file);
        let news = match (change.from, change.to) {
            (FileStatus::Adds(_), FileStatus::Adds(_)) => PriorityNews::Changed,
            (_, FileStatus::Fault) => {
                self.log(LogLine::Track(TrackLine::FileFault { name, file }));
                PriorityNews::Kept
            }
            (FileStatus::Fault, FileStatus::Adds(added)) => {
                self.log(LogLine::Track(TrackLine::FileRecovered { name, file }));
                if added == 0 {
                    PriorityNews::Unsaid
                } else {
                    PriorityNews::Set
                }
            }
        };
        self.reassess_with(now, id, news);
    }
}

/// What one track makes of a new number.
struct FileChange {
    file: Arc<str>,
    from: FileStatus,
    to: FileStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, number) in [
            ("", 0),
            ("5\n", 5),
            (" -7abc", -7),
            ("\n\t\x0b 9", 9),
            ("+5", 5),
            ("0x10", 16),
            ("-0X1f", -31),
            ("010", 8),
            ("08", 0),
            ("0x", 0),
            ("0xg", 0),
            ("xyz", 0),
            ("- 5", 0),
            ("--5", 0),
            ("12.9", 12),
            ("1e3", 1),
            ("000000000000000000000000000007", 7),
            ("2147483647", i32::MAX),
            ("-2147483648", i32::MIN),
        ] {
            assert_eq!(leading_number(text.as_bytes()), Ok(number), "{text:?}");
        }
    }

    #[test]
    fn numbers_beyond_32_bits_are_told_as_far_as_64_bits_can() {
        for (text, number) in [
            ("2147483648", 2_147_483_648),
            ("-2147483649", -2_147_483_649),
            ("99999999999", 99_999_999_999),
            ("99999999999999999999999", i64::MAX),
            ("-99999999999999999999999", i64::MIN),
        ] {
            let invalid = Err(InvalidNumber(number));
            assert_eq!(leading_number(text.as_bytes()), invalid, "{text:?}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_file_counts() {
        let spaces = |count: usize| format!("{:count$}3", "");
        assert_eq!(leading_number(spaces(126).as_bytes()), Ok(3));
        assert_eq!(leading_number(spaces(127).as_bytes()), Ok(0));
    }

    #[test]
    fn status_is_number_times_weight_within_bounds() {
        use FileStatus::{Adds, Fault};
        for (value, weight, reverse, status) in [
            (5, 1, false, Adds(5)),
            (5, 1, true, Adds(-5)),
            (3, 10, false, Adds(30)),
            (-4, 10, false, Adds(-40)),
            (-4, -10, false, Adds(40)),
            (1000, 1, false, Adds(253)),
            (254, 1, false, Adds(253)),
            (-253, 1, false, Adds(-253)),
            (-254, 1, false, Fault),
            (i32::MIN, 1, false, Fault),
            (i32::MIN, 254, true, Adds(253)),
            (254, 1, true, Fault),
            (0, 7, true, Adds(0)),
            (0, 0, false, Adds(0)),
            (-1, 0, false, Fault),
            (1, 0, true, Adds(0)),
            (0, 0, true, Fault),
        ] {
            assert_eq!(
                file_status(value, weight, reverse),
                status,
                "{value} weight {weight} {reverse}"
            );
        }
    }
}
