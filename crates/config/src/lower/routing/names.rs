//! Numbers that have names in the files of iproute2 (spec vrrp-keywords 2.4).

use std::collections::HashMap;

use crate::lower::Lower;
use crate::machine::IprouteFile;

/// The names of the machine, each file read once.
#[derive(Default)]
pub(in crate::lower) struct Names(HashMap<IprouteFile, HashMap<String, u32>>);

impl Lower<'_> {
    /// A number (decimal, hexadecimal, octal) or a name. As in the original a number that is too
    /// large for 32 bits loses its upper part.
    pub(super) fn named_number(&mut self, file: IprouteFile, word: &str) -> Option<u32> {
        if let Some(number) = any_base(word) {
            return Some(u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX));
        }
        let built_in = built_in(file).iter().find(|(name, _)| *name == word);
        if let Some((_, number)) = built_in {
            return Some(*number);
        }
        let settings = &self.globals.model.vrrp;
        let (etc, usr) = (&settings.iproute_etc_dir, &settings.iproute_usr_dir);
        let host = self.host;
        let names = self.iproute_names.0.entry(file).or_insert_with(|| {
            host.iproute_names(file, etc.as_deref(), usr.as_deref())
                .into_iter()
                .collect()
        });
        names.get(word).copied()
    }

    /// The same, for numbers of one byte.
    pub(super) fn named_byte(&mut self, file: IprouteFile, word: &str) -> Option<u8> {
        match any_base(word) {
            Some(number) => u8::try_from(number).ok(),
            None => self
                .named_number(file, word)
                .and_then(|n| u8::try_from(n).ok()),
        }
    }

    /// `REALM[/REALM]`: the first is the source's when there are two.
    pub(super) fn realms(&mut self, word: &str) -> Option<u32> {
        let (from, to) = match word.split_once('/') {
            Some((from, to)) => (Some(from), to),
            None => (None, word),
        };
        let to = self.named_byte(IprouteFile::Realms, to)?;
        let from = match from {
            Some(from) => self.named_byte(IprouteFile::Realms, from)?,
            None => 0,
        };
        Some(u32::from(from) << 16 | u32::from(to))
    }
}

/// A number as C's `strtoul` reads it with base 0.
pub(in crate::lower) fn any_base(word: &str) -> Option<u64> {
    let hexadecimal = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let (digits, base) = match hexadecimal {
        Some(digits) => (digits, 16),
        None if word.len() > 1 && word.starts_with('0') => (&word[1..], 8),
        None => (word, 10),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// Names that are known without any file.
fn built_in(file: IprouteFile) -> &'static [(&'static str, u32)] {
    match file {
        IprouteFile::Scopes => &[
            ("global", 0),
            ("site", 200),
            ("link", 253),
            ("host", 254),
            ("nowhere", 255),
        ],
        IprouteFile::Tables => &[("default", 253), ("main", 254), ("local", 255)],
        IprouteFile::Protocols => &[
            ("none", 0),
            ("redirect", 1),
            ("kernel", 2),
            ("boot", 3),
            ("static", 4),
            ("gated", 8),
            ("ra", 9),
            ("mrt", 10),
            ("zebra", 11),
            ("bird", 12),
            ("dnrouted", 13),
            ("xorp", 14),
            ("ntk", 15),
            ("dhcp", 16),
            ("keepalived", 18),
            ("babel", 42),
        ],
        IprouteFile::Realms | IprouteFile::Dsfields | IprouteFile::Groups => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::any_base;

    #[test]
    fn numbers_of_three_bases() {
        assert_eq!(any_base("10"), Some(10));
        assert_eq!(any_base("010"), Some(8));
        assert_eq!(any_base("0x10"), Some(16));
        assert_eq!(any_base("0"), Some(0));
        for word in ["", "x", "-1", "+1", "08", "0x", "5x"] {
            assert_eq!(any_base(word), None, "{word}");
        }
    }
}
