//! Definitions: `$NAME=value`, their use, and the predefined names
//! (spec config-language 6.1 to 6.3).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::machine::Host;
use crate::text::{Builder, Text};

/// What a name stands for.
#[derive(Debug, Clone)]
enum Value {
    Line(Vec<u8>),
    Lines(Vec<Vec<u8>>),
}

/// All definitions made so far.
pub(crate) struct Definitions<'a> {
    values: BTreeMap<String, Value>,
    host: &'a dyn Host,
    random: Random,
    /// References that may still be replaced.
    budget: usize,
}

/// What a line becomes.
pub(crate) enum Expanded {
    /// One line; whether anything was replaced.
    Line(Text, bool),
    /// The name and the lines of a multi-line definition.
    Lines(String, Vec<Text>),
}

/// Why a line cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A definition leads back to itself: the names from the first to itself again.
    Cycle(Vec<String>),
    /// The line would grow beyond all measure.
    TooLong,
    /// Definitions bring ever new ones.
    Endless,
}

impl<'a> Definitions<'a> {
    pub(crate) fn new(host: &'a dyn Host) -> Self {
        Self {
            values: BTreeMap::new(),
            host,
            random: Random::new(host.random_seed()),
            budget: MOST_REPLACED,
        }
    }

    /// Defines a name of one line, or replaces it.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        self.values
            .insert(name.to_owned(), Value::Line(value.to_vec()));
    }

    /// Defines a name of several lines.
    pub(crate) fn set_lines(&mut self, name: &str, lines: Vec<Vec<u8>>) {
        self.values.insert(name.to_owned(), Value::Lines(lines));
    }

    /// `random_seed`: from here on the numbers of `${_RANDOM}` are always the same.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Replaces the references of a line until none is left that has a value.
    pub(crate) fn expand(&mut self, text: &Text) -> Result<Expanded, Refused> {
        let mut line = text.clone();
        for pass in 0..MOST_PASSES {
            if let Some(lines) = self.trailing_lines(&line) {
                return Ok(lines);
            }
            match self.pass(&line)? {
                Some(next) => line = next,
                None => return Ok(Expanded::Line(line, pass > 0)),
            }
        }
        Err(Refused::Endless)
    }

    /// Replaces the references that a line has; `None` when it has none.
    fn pass(&mut self, text: &Text) -> Result<Option<Text>, Refused> {
        let mut out = Builder::in_place_of(text);
        let mut from = 0;
        for reference in references(text.bytes()) {
            let Some(value) = self.value(&reference, &mut Vec::new())? else {
                continue;
            };
            out.push(text, from..reference.range.start);
            let value = protected(value, out.bytes());
            out.push_for(&value, text, reference.range.clone());
            if out.bytes().len() > LONGEST_LINE {
                return Err(Refused::TooLong);
            }
            from = reference.range.end;
        }
        if from == 0 {
            return Ok(None);
        }
        out.push(text, from..text.len());
        Ok(Some(out.finish()))
    }

    /// The multi-line definition that the line ends with; the first of its lines gets what stands
    /// before the reference.
    fn trailing_lines(&self, text: &Text) -> Option<Expanded> {
        let last = references(text.bytes()).pop()?;
        let Value::Lines(lines) = self.values.get(last.name)? else {
            return None;
        };
        if last.range.end != text.len() {
            return None;
        }
        let made = lines.iter().enumerate().map(|(i, line)| {
            let mut made = Builder::in_place_of(text);
            if i == 0 {
                made.push(text, 0..last.range.start);
            }
            made.push_for(line, text, last.range.clone());
            made.finish()
        });
        Some(Expanded::Lines(last.name.to_owned(), made.collect()))
    }

    /// The value of a name with all references in it replaced; `None` when it has none.
    fn value(
        &mut self,
        reference: &Reference<'_>,
        stack: &mut Vec<String>,
    ) -> Result<Option<Vec<u8>>, Refused> {
        self.budget = self.budget.checked_sub(1).ok_or(Refused::Endless)?;
        let name = reference.name;
        let value = match self.values.get(name) {
            Some(Value::Line(value)) => value.clone(),
            Some(Value::Lines(_)) => return Ok(None),
            None => return Ok(self.predefined(reference)),
        };
        if let Some(first) = stack.iter().position(|n| n == name) {
            let mut chain = stack.split_off(first);
            chain.push(name.to_owned());
            return Err(Refused::Cycle(chain));
        }
        if stack.len() == DEEPEST {
            return Err(Refused::Endless);
        }
        stack.push(name.to_owned());
        let (mut out, mut from) = (Vec::new(), 0);
        for reference in references(&value) {
            let Some(inner) = self.value(&reference, stack)? else {
                continue;
            };
            out.extend_from_slice(&value[from..reference.range.start]);
            out.extend(inner);
            if out.len() > LONGEST_LINE {
                return Err(Refused::TooLong);
            }
            from = reference.range.end;
        }
        out.extend_from_slice(&value[from..]);
        stack.pop();
        Ok(Some(out))
    }

    /// Names that are neither the user's nor the current directory or configuration id.
    fn predefined(&mut self, reference: &Reference<'_>) -> Option<Vec<u8>> {
        match reference.name {
            "_HASH" => Some(b"#".to_vec()),
            "_BANG" => Some(b"!".to_vec()),
            "_RANDOM" => {
                let mut numbers = reference.words.split_whitespace().map(str::parse::<u64>);
                // What is wrong with a number is that it is too large.
                let mut number = |default| match numbers.next() {
                    None => default,
                    Some(number) => number.unwrap_or(u64::MAX),
                };
                let (min, max) = (number(0), number(LARGEST_RANDOM));
                Some(self.random.between(min, max).to_string().into_bytes())
            }
            "_ENV" => {
                let name = reference.words.trim();
                let value = (!name.is_empty()).then(|| self.host.environment(name));
                Some(value?.unwrap_or_default())
            }
            _ => None,
        }
    }
}

/// Numbers that look random: xorshift64*.
#[derive(Debug, Clone, Copy)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Zero would stay zero; neighbouring seeds must not give neighbouring numbers.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number in a range, both ends included; the lower one when they are exchanged.
    fn between(&mut self, min: u64, max: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        let count = max.saturating_sub(min).saturating_add(1);
        min.saturating_add(number % count)
    }
}

/// The name and the value of a definition line.
pub(crate) fn definition(text: &[u8]) -> Option<(&str, Range<usize>)> {
    let rest = text.strip_prefix(b"$")?;
    let name = name_at(rest)?;
    if rest.get(name.len()) != Some(&b'=') {
        return None;
    }
    Some((name, name.len() + 2..text.len()))
}

/// `#` and `!` from `${_HASH}` and `${_BANG}` are meant: outside quotes they start no comment.
fn protected(value: Vec<u8>, before: &[u8]) -> Vec<u8> {
    let &[c @ (b'#' | b'!')] = value.as_slice() else {
        return value;
    };
    let quoted = before.iter().filter(|b| **b == b'"').count() % 2 == 1;
    if quoted { value } else { vec![b'\\', c] }
}

/// A reference in a line.
struct Reference<'a> {
    name: &'a str,
    /// What stands between the name and the closing brace, blanks first.
    words: &'a str,
    range: Range<usize>,
}

/// `${NAME}` anywhere (with words behind the name, which only `_RANDOM` and `_ENV` have), and `$NAME`
/// before a blank, `,`, `)` or the end.
fn references(text: &[u8]) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].iter().position(|b| *b == b'$').map(|i| at + i) {
        at = dollar + 1;
        let braced = text.get(at) == Some(&b'{');
        let start = at + usize::from(braced);
        let Some(name) = name_at(&text[start..]) else {
            continue;
        };
        let end = start + name.len();
        let (words, end) = if braced {
            match words_at(name, &text[end..]) {
                Some(words) => (words, end + words.len() + 1),
                None => continue,
            }
        } else if matches!(text.get(end), None | Some(b' ' | b'\t' | b',' | b')')) {
            ("", end)
        } else {
            continue;
        };
        found.push(Reference {
            name,
            words,
            range: dollar..end,
        });
        at = end;
    }
    found
}

/// What stands before the closing brace of a reference, when that may stand there.
fn words_at<'t>(name: &str, text: &'t [u8]) -> Option<&'t str> {
    let close = text.iter().take(LONGEST_WORDS).position(|b| *b == b'}')?;
    let words = std::str::from_utf8(&text[..close]).ok()?;
    let blank = |c: char| c == ' ' || c == '\t';
    let fits = match name {
        "_RANDOM" => {
            words.chars().all(|c| c.is_ascii_digit() || blank(c)) && !words.ends_with(blank)
        }
        "_ENV" => words.starts_with(blank),
        _ => false,
    };
    (words.is_empty() || fits).then_some(words)
}

fn name_at(text: &[u8]) -> Option<&str> {
    let length = text
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')
        .unwrap_or(text.len());
    let name = std::str::from_utf8(&text[..length]).ok()?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well.then_some(name)
}

/// Bytes of a line after expansion.
const LONGEST_LINE: usize = 64 << 10;
/// Bytes between the name and the closing brace of a reference.
const LONGEST_WORDS: usize = 256;
/// Definitions that use definitions.
const DEEPEST: usize = 100;
/// Times that a line is looked at anew because a replacement has made another reference.
const MOST_PASSES: usize = 100;
/// References of a whole configuration.
const MOST_REPLACED: usize = 4_000_000;
/// `RAND_MAX` as the documentation of `${_RANDOM}` has it.
const LARGEST_RANDOM: u64 = 32_767;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::NoMachine;
    use crate::source::SourceMap;

    fn text(s: &str) -> Text {
        SourceMap::default().add("f", s.as_bytes().to_vec()).1
    }

    fn names() -> Definitions<'static> {
        let mut names = Definitions::new(&NoMachine);
        for (name, value) in [
            ("A", "1"),
            ("D", "$"),
            ("E", ""),
            ("B", "10.1.${C}"),
            ("C", "2"),
            ("S", "$S"),
            ("X", "${Y}"),
            ("Y", "a ${X}"),
        ] {
            names.set(name, value.as_bytes());
        }
        names.set_lines("M", vec![b"one".to_vec(), b"two".to_vec()]);
        names
    }

    #[track_caller]
    fn row(line: &str, expect: &str) {
        let Ok(Expanded::Line(got, _)) = names().expand(&text(line)) else {
            panic!("{line}");
        };
        assert_eq!(got.lossy(), expect);
    }

    #[test]
    fn references_are_replaced_late_and_recursively() {
        row("p ${A}", "p 1");
        row("p $A", "p 1");
        row("10.0.0.2$A, $A)", "10.0.0.21, 1)");
        row("$A/32 $A.$C", "$A/32 $A.2");
        row("${B}/24", "10.1.2/24");
        row("\"${A}\" '$A'", "\"1\" '$A'");
        row("${UNKNOWN} $UNKNOWN $1 $", "${UNKNOWN} $UNKNOWN $1 $");
        row("a${_HASH}b \"${_BANG}\"", r#"a\#b "!""#);
        row("${M} x", "${M} x");
        row("x$A$B", "x$A10.1.2");
        row("x${E}$A", "x1");
        row("x$A${E}", "x1");
        row("${D}A ${D}{A}", "1 1");
    }

    #[test]
    fn a_multi_line_value_stands_at_the_end() {
        let Ok(Expanded::Lines(_, lines)) = names().expand(&text("pre $M")) else {
            panic!();
        };
        let lines: Vec<_> = lines.iter().map(Text::lossy).collect();
        assert_eq!(lines, ["pre one", "two"]);
    }

    #[test]
    fn the_environment_is_asked() {
        row("${_ENV HOME}/x", "/root/x");
        row("${_ENV   HOME }", "/root");
        row("x${_ENV NOTHING}y", "xy");
        row("${_ENV}", "${_ENV}");
    }

    #[test]
    fn random_numbers_lie_in_their_range() {
        let mut names = Definitions::new(&NoMachine);
        let mut number = |line: &str| -> u64 {
            let Ok(Expanded::Line(got, true)) = names.expand(&text(line)) else {
                panic!("{line}");
            };
            got.lossy().parse().unwrap()
        };
        let many: Vec<_> = (0..200).map(|_| number("${_RANDOM 3 5}")).collect();
        assert!((3..=5).all(|n| many.contains(&n)));
        assert!(many.iter().all(|n| (3..=5).contains(n)));
        assert!(number("${_RANDOM}") <= 32_767);
        assert_eq!(number("${_RANDOM 3  3}"), 3);
        // Exchanged, surplus and too large numbers.
        assert_eq!(number("${_RANDOM 9 3}"), 9);
        assert_eq!(number("${_RANDOM 4 4 7}"), 4);
        assert_eq!(number("${_RANDOM 99999999999999999999 1}"), u64::MAX);
        row("${_RANDOM x}", "${_RANDOM x}");
        row("${_RANDOM -1 3}", "${_RANDOM -1 3}");
        row("${_RANDOM 1 }", "${_RANDOM 1 }");
    }

    #[test]
    fn a_seed_makes_them_the_same() {
        let numbers = |seed| {
            let mut names = Definitions::new(&NoMachine);
            names.seed(seed);
            let line = text("${_RANDOM} ${_RANDOM} ${_RANDOM}");
            names.expand(&line).ok().map(|e| match e {
                Expanded::Line(line, _) => line.lossy(),
                Expanded::Lines(name, _) => name,
            })
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn work_is_bounded() {
        let refused = |names: &mut Definitions<'_>, line: &str| names.expand(&text(line)).err();
        // Values that double, and are empty in the end.
        let mut names = Definitions::new(&NoMachine);
        names.set("A0", b"");
        for i in 1..60 {
            let value = format!("${{A{0}}}${{A{0}}}", i - 1);
            names.set(&format!("A{i}"), value.as_bytes());
        }
        assert_eq!(refused(&mut names, "$A59"), Some(Refused::Endless));
        // A long chain.
        let mut names = Definitions::new(&NoMachine);
        for i in 0..100_000 {
            names.set(&format!("A{i}"), format!("${{A{}}}", i + 1).as_bytes());
        }
        assert_eq!(refused(&mut names, "$A0"), Some(Refused::Endless));
        // A reference that comes together again and again.
        let mut names = Definitions::new(&NoMachine);
        names.set("D", b"$");
        names.set("X", b"${D}X");
        assert_eq!(refused(&mut names, "$X"), Some(Refused::Endless));
    }

    #[test]
    fn a_cycle_is_refused_with_its_chain() {
        let chain = |line: &str| names().expand(&text(line)).err();
        let names = |n: &[&str]| Some(Refused::Cycle(n.iter().map(|s| (*s).to_owned()).collect()));
        assert_eq!(chain("$S"), names(&["S", "S"]));
        assert_eq!(chain("a $X"), names(&["X", "Y", "X"]));
    }

    #[test]
    fn growth_is_bounded() {
        let mut names = Definitions::new(&NoMachine);
        names.set("A0", b"xxxxxxxx");
        for i in 1..40 {
            names.set(
                &format!("A{i}"),
                format!("${{A{0}}}${{A{0}}}", i - 1).as_bytes(),
            );
        }
        assert!(matches!(names.expand(&text("$A39")), Err(Refused::TooLong)));
    }

    #[test]
    fn definitions_are_recognised() {
        assert_eq!(definition(b"$A=x y"), Some(("A", 3..6)));
        assert_eq!(definition(b"$A ="), None);
        assert_eq!(definition(b"$9x=1"), None);
        assert_eq!(definition(b"A=1"), None);
    }
}
