//! `~SEQ` and `~LST` (spec config-language 6.4).

use crate::text::Text;

/// Names and values of one round.
pub(crate) type Round = Vec<(String, String)>;

/// A loop over the rest of its line.
pub(crate) struct Repeat {
    pub(crate) rounds: Vec<Round>,
    /// What is repeated.
    pub(crate) body: Text,
}

/// The pieces of a line that begins with `~`: keyword, text between the parentheses, body.
pub(crate) fn split(text: &Text) -> Option<(&'static str, String, Text)> {
    let line = text.bytes();
    let word = ["~SEQx", "~SEQ", "~LST"]
        .into_iter()
        .find(|w| line.starts_with(w.as_bytes()))?;
    let open = word.len() + line[word.len()..].iter().position(|b| !is_blank(*b))?;
    if line[open] != b'(' {
        return None;
    }
    let close = open + line[open..].iter().position(|b| *b == b')')?;
    let inner = String::from_utf8_lossy(&line[open + 1..close]).into_owned();
    Some((word, inner, text.slice(close + 1..text.len()).trimmed()))
}

/// The rounds of a loop.
///
/// # Errors
/// The complaint, without the line.
pub(crate) fn rounds(word: &str, inner: &str) -> Result<Vec<Round>, &'static str> {
    if word == "~LST" {
        list(inner)
    } else {
        sequence(inner, word == "~SEQx")
    }
}

fn sequence(inner: &str, hex: bool) -> Result<Vec<Round>, &'static str> {
    let parts: Vec<_> = inner.split(',').map(str::trim).collect();
    let (name, numbers) = parts.split_first().ok_or("Invalid ~SEQ definition")?;
    let numbers: Option<Vec<i64>> = numbers.iter().map(|n| number(n)).collect();
    let numbers = numbers.ok_or("Invalid ~SEQ definition")?;
    let direction = |from: i64, to: i64| if to < from { -1 } else { 1 };
    let (start, step, end) = match numbers[..] {
        [end] => {
            let start = if end < 0 { -1 } else { 1 };
            (start, direction(start, end), end)
        }
        [start, end] => (start, direction(start, end), end),
        [start, step, end] => (start, step, end),
        _ => return Err("Invalid ~SEQ definition"),
    };
    if name.is_empty() || step == 0 || (step > 0 && end < start) || (step < 0 && end > start) {
        return Err("Invalid ~SEQ values");
    }
    if hex && (start < 0 || end < 0) {
        return Err("~SEQx is only valid for positive numbers");
    }
    let mut rounds = Vec::new();
    let mut value = start;
    while if step > 0 { value <= end } else { value >= end } {
        if rounds.len() == MOST_ROUNDS {
            return Err("too many values for ~SEQ");
        }
        let text = if hex {
            format!("{value:x}")
        } else {
            value.to_string()
        };
        rounds.push(vec![((*name).to_owned(), text)]);
        let Some(next) = value.checked_add(step) else {
            break;
        };
        value = next;
    }
    Ok(rounds)
}

fn list(inner: &str) -> Result<Vec<Round>, &'static str> {
    let mut items = items(inner)
        .ok_or("Invalid ~LST specification")?
        .into_iter();
    let names = items.next().ok_or("Invalid ~LST specification")?;
    items
        .map(|values| {
            if values.len() > names.len() {
                return Err("~LST specification has too many values");
            }
            let values = values.into_iter().chain(std::iter::repeat(String::new()));
            Ok(names.iter().cloned().zip(values).collect())
        })
        .collect()
}

/// Items separated by commas; one in braces has several words.
fn items(inner: &str) -> Option<Vec<Vec<String>>> {
    let words =
        |text: &str| -> Vec<String> { text.split(',').map(|w| w.trim().to_owned()).collect() };
    let mut items = Vec::new();
    let mut left = inner.trim();
    while !left.is_empty() {
        let rest = if let Some(group) = left.strip_prefix('{') {
            let (inside, rest) = group.split_once('}')?;
            items.push(words(inside));
            rest.trim_start()
        } else {
            let end = left.find(',').unwrap_or(left.len());
            items.push(vec![left[..end].trim().to_owned()]);
            &left[end..]
        };
        left = match rest.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(items)
}

/// Decimal, `0x` hexadecimal, leading-zero octal; negative too.
fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    }
    .ok()?;
    Some(if negative { -value } else { value })
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// Rounds of one loop.
const MOST_ROUNDS: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn values(word: &str, inner: &str, expect: &[&str]) {
        let rounds = rounds(word, inner).unwrap();
        let got: Vec<_> = rounds
            .iter()
            .map(|r| {
                r.iter()
                    .map(|(n, v)| format!("{n}={v}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(got, expect, "{inner}");
    }

    #[test]
    fn sequences_count_in_both_directions() {
        values("~SEQ", "K, 3", &["K=1", "K=2", "K=3"]);
        values("~SEQ", "K, -2", &["K=-1", "K=-2"]);
        values("~SEQ", " K , 5 , 3 ", &["K=5", "K=4", "K=3"]);
        values("~SEQ", "K, 10, -4, 1", &["K=10", "K=6", "K=2"]);
        values(
            "~SEQx",
            "K, 0xe, 010",
            &["K=e", "K=d", "K=c", "K=b", "K=a", "K=9", "K=8"],
        );
    }

    #[test]
    fn lists_set_several_names() {
        values("~LST", "V, a, b", &["V=a", "V=b"]);
        values("~LST", "{V, W}, {a,b}, {c}", &["V=a W=b", "V=c W="]);
    }

    #[test]
    fn mistakes_are_refused() {
        for inner in [
            "K",
            "K, x",
            "K, 1, 0, 5",
            "K, 1, -1, 5",
            "K, 0, 1, 999999999999",
        ] {
            assert!(rounds("~SEQ", inner).is_err(), "{inner}");
        }
        assert!(rounds("~SEQx", "K, -1").is_err());
        assert!(rounds("~LST", "V, {a,b}").is_err());
        assert!(rounds("~LST", "V, {a").is_err());
    }
}
