//! `~SEQ` and `~LST` (spec config-language 6.4).

use std::ops::Range;

/// Names and values of one round.
pub(crate) type Round = Vec<(String, String)>;

/// What the original says before it calls the specification invalid; nothing at times.
pub(crate) type Problem = Option<&'static str>;

/// The pieces of a loop.
pub(crate) struct Loop {
    /// `~SEQ`, `~SEQx` or `~LST`.
    pub(crate) word: &'static str,
    /// What stands between the parentheses.
    pub(crate) inner: Range<usize>,
    /// What is repeated.
    pub(crate) body: Range<usize>,
}

/// The pieces of a line that begins with `~`.
///
/// # Errors
/// The complaint about a line that has not all of them.
pub(crate) fn split(line: &[u8]) -> Result<Loop, Problem> {
    let word = ["~SEQx", "~SEQ", "~LST"]
        .into_iter()
        .find(|w| line.starts_with(w.as_bytes()))
        .ok_or(None)?;
    let blanks = line[word.len()..].iter().take_while(|b| is_blank(**b));
    let open = word.len() + blanks.count();
    if line.get(open) != Some(&b'(') {
        return Err(None);
    }
    let Some(length) = line[open..].iter().position(|b| *b == b')') else {
        return Err(match (word, line[open..].contains(&b',')) {
            ("~LST", _) => None,
            (_, true) => Some("~SEQ parameter strings too long"),
            (_, false) => Some("Invalid ~SEQ definition"),
        });
    };
    Ok(Loop {
        word,
        inner: open + 1..open + length,
        body: open + length + 1..line.len(),
    })
}

/// The rounds of a loop.
///
/// # Errors
/// The complaint, without the line.
pub(crate) fn rounds(word: &str, inner: &str) -> Result<Vec<Round>, Problem> {
    if word == "~LST" {
        list(inner)
    } else {
        sequence(inner, word == "~SEQx")
    }
}

fn sequence(inner: &str, hex: bool) -> Result<Vec<Round>, Problem> {
    const DEFINITION: Problem = Some("Invalid ~SEQ definition");
    const VALUES: Problem = Some("Invalid ~SEQ values");
    let parts: Vec<_> = inner.split(',').map(str::trim).collect();
    let (name, numbers) = parts.split_first().ok_or(DEFINITION)?;
    let numbers: Option<Vec<i64>> = numbers.iter().map(|n| number(n)).collect();
    let numbers = numbers.ok_or(DEFINITION)?;
    let direction = |from: i64, to: i64| if to < from { -1 } else { 1 };
    let (start, step, end) = match numbers[..] {
        [end] => {
            let start = if end < 0 { -1 } else { 1 };
            (start, direction(start, end), end)
        }
        [start, end] => (start, direction(start, end), end),
        [start, step, end] => (start, step, end),
        _ => return Err(DEFINITION),
    };
    if step == 0 || (step > 0 && end < start) || (step < 0 && end > start) {
        return Err(VALUES);
    }
    if hex && (start < 0 || end < 0) {
        return Err(Some("~SEQx is only valid for positive numbers"));
    }
    let mut rounds = Vec::new();
    let mut value = start;
    while if step > 0 { value <= end } else { value >= end } {
        if rounds.len() == MOST_ROUNDS {
            return Err(Some("too many values in"));
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

fn list(inner: &str) -> Result<Vec<Round>, Problem> {
    let items = items(inner).ok_or(None)?;
    let (names, values) = items.split_first().ok_or(None)?;
    if values.is_empty() {
        return Err(None);
    }
    values
        .iter()
        .map(|values| {
            if values.len() > names.len() {
                return Err(Some("~LST specification has too many values"));
            }
            let values = values.iter().copied().chain(std::iter::repeat(""));
            let pairs = names.iter().zip(values);
            Ok(pairs
                .map(|(n, v)| ((*n).to_owned(), v.to_owned()))
                .collect())
        })
        .collect()
}

/// Items separated by commas; one in braces has several words.
fn items(inner: &str) -> Option<Vec<Vec<&str>>> {
    let mut items = Vec::new();
    let mut left = inner;
    loop {
        left = left.trim_start();
        let (item, rest) = match left.strip_prefix('{') {
            Some(group) => {
                let (inside, rest) = group.split_once('}')?;
                (inside.split(',').map(word).collect::<Option<_>>()?, rest)
            }
            None => {
                let end = left.find(',').unwrap_or(left.len());
                (vec![word(&left[..end])?], &left[end..])
            }
        };
        items.push(item);
        let rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(rest) => left = rest,
            None => return rest.is_empty().then_some(items),
        }
    }
}

/// A name or a value: no blanks and no braces in it.
fn word(text: &str) -> Option<&str> {
    let word = text.trim();
    (!word.contains([' ', '\t', '{', '}'])).then_some(word)
}

/// Decimal, `0x` hexadecimal, leading-zero octal; signs too. Nothing is zero.
fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.is_empty() {
        return Some(0);
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let value = if let Some(hex) = hex {
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
        values("~LST", "{V, W}, a, {,b}", &["V=a W=", "V= W=b"]);
        values("~LST", "V, , a, ", &["V=", "V=a", "V="]);
    }

    #[test]
    fn numbers_are_read_as_c_does() {
        values("~SEQ", "K,", &["K=1", "K=0"]);
        values("~SEQ", "K, +2", &["K=1", "K=2"]);
        values("~SEQ", "K, -0x2, 0XA, 9", &["K=-2", "K=8"]);
        values("~SEQx", "K, 0xffff, 65535", &["K=ffff"]);
    }

    #[test]
    fn the_pieces_of_a_line() {
        let piece = |line: &str| {
            split(line.as_bytes())
                .map(|l| (l.word, line[l.inner].to_owned(), line[l.body].to_owned()))
        };
        let made = |word, inner: &str, body: &str| Ok((word, inner.to_owned(), body.to_owned()));
        assert_eq!(piece("~SEQ(A,1) x (y)"), made("~SEQ", "A,1", " x (y)"));
        assert_eq!(piece("~SEQx\t( A )"), made("~SEQx", " A ", ""));
        assert_eq!(piece("~SEQy(A,1)"), Err(None));
        assert_eq!(piece("~LST(A"), Err(None));
        assert_eq!(piece("~SEQ(A"), Err(Some("Invalid ~SEQ definition")));
        assert_eq!(
            piece("~SEQ(A,1"),
            Err(Some("~SEQ parameter strings too long"))
        );
    }

    #[test]
    fn mistakes_are_refused() {
        for inner in [
            "K",
            "K, x",
            "K, 08, 9",
            "K, 1 2",
            "K, -",
            "K, 99999999999999999999",
            "K, 1, 0, 5",
            "K, 1, -1, 5",
            "K, 0, 1, 999999999999",
        ] {
            assert!(rounds("~SEQ", inner).is_err(), "{inner}");
        }
        assert!(rounds("~SEQx", "K, -1").is_err());
        assert!(rounds("~LST", "V, {a,b}").is_err());
        assert!(rounds("~LST", "V, {a").is_err());
        assert!(rounds("~LST", "V, a b").is_err());
        assert!(rounds("~LST", "V").is_err());
        assert!(rounds("~LST", "{V W}, {a}").is_err());
    }
}
