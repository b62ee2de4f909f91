//! Definitions: `$NAME=value`, their use, and the predefined names
//! (spec config-language 6.1 to 6.3).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::text::{Builder, Text};

/// What a name stands for.
#[derive(Debug, Clone)]
enum Value {
    Line(Vec<u8>),
    Lines(Vec<Vec<u8>>),
}

/// All definitions made so far.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    values: BTreeMap<String, Value>,
}

/// What a line becomes.
pub(crate) enum Expanded {
    /// One line; whether anything was replaced.
    Line(Text, bool),
    /// The lines of a multi-line definition.
    Lines(Vec<Text>),
}

/// Why a line cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A definition leads back to itself: the names from the first to itself again.
    Cycle(Vec<String>),
    /// The line would grow beyond all measure.
    TooLong,
    /// A predefined name that this version does not have.
    NotSupported(&'static str),
}

/// A reference in a line.
struct Reference<'a> {
    name: &'a str,
    range: Range<usize>,
}

impl Definitions {
    /// Defines a name of one line, or replaces it.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        self.values
            .insert(name.to_owned(), Value::Line(value.to_vec()));
    }

    /// Defines a name of several lines.
    pub(crate) fn set_lines(&mut self, name: &str, lines: Vec<Vec<u8>>) {
        self.values.insert(name.to_owned(), Value::Lines(lines));
    }

    /// Replaces the references of a line.
    pub(crate) fn expand(&self, text: &Text) -> Result<Expanded, Refused> {
        if !text.bytes().contains(&b'$') {
            return Ok(Expanded::Line(text.clone(), false));
        }
        if let Some((lines, at)) = self.trailing_lines(text) {
            let whole = at..text.len();
            let made = lines.iter().enumerate().map(|(i, line)| {
                let mut made = Builder::in_place_of(text);
                if i == 0 {
                    made.push(text, 0..at);
                }
                made.push_for(line, text, whole.clone());
                made.finish()
            });
            return Ok(Expanded::Lines(made.collect()));
        }
        let mut out = Builder::in_place_of(text);
        let mut replaced = false;
        let mut from = 0;
        for reference in references(text.bytes()) {
            let mut stack = Vec::new();
            let Some(value) = self.value(reference.name, &mut stack)? else {
                continue;
            };
            out.push(text, from..reference.range.start);
            let value = protected(value, out.bytes());
            out.push_for(&value, text, reference.range.clone());
            if out.bytes().len() > LONGEST_LINE {
                return Err(Refused::TooLong);
            }
            from = reference.range.end;
            replaced = true;
        }
        if !replaced {
            return Ok(Expanded::Line(text.clone(), false));
        }
        out.push(text, from..text.len());
        Ok(Expanded::Line(out.finish(), true))
    }

    /// The multi-line definition that the line ends with, and where the reference starts.
    fn trailing_lines(&self, text: &Text) -> Option<(&[Vec<u8>], usize)> {
        let last = references(text.bytes()).pop()?;
        if last.range.end != text.len() {
            return None;
        }
        match self.values.get(last.name)? {
            Value::Lines(lines) => Some((lines, last.range.start)),
            Value::Line(_) => None,
        }
    }

    /// The value of a name with all references in it replaced; `None` when it has none.
    fn value(&self, name: &str, stack: &mut Vec<String>) -> Result<Option<Vec<u8>>, Refused> {
        let value = match self.values.get(name) {
            Some(Value::Line(value)) => value,
            Some(Value::Lines(_)) => return Ok(None),
            None => return predefined(name),
        };
        if let Some(first) = stack.iter().position(|n| n == name) {
            let mut chain = stack.split_off(first);
            chain.push(name.to_owned());
            return Err(Refused::Cycle(chain));
        }
        stack.push(name.to_owned());
        let (mut out, mut from) = (Vec::new(), 0);
        for reference in references(value) {
            let Some(inner) = self.value(reference.name, stack)? else {
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

/// Names that are neither the user's nor the current directory or configuration id.
fn predefined(name: &str) -> Result<Option<Vec<u8>>, Refused> {
    match name {
        "_HASH" => Ok(Some(b"#".to_vec())),
        "_BANG" => Ok(Some(b"!".to_vec())),
        "_RANDOM" => Err(Refused::NotSupported("_RANDOM")),
        _ => Ok(None),
    }
}

/// `#` and `!` from `${_HASH}` and `${_BANG}` are meant: outside quotes they start no comment.
fn protected(value: Vec<u8>, before: &[u8]) -> Vec<u8> {
    let quoted = before.iter().filter(|b| **b == b'"').count() % 2 == 1;
    match value.as_slice() {
        [c @ (b'#' | b'!')] if !quoted => vec![b'\\', *c],
        _ => value,
    }
}

/// `${NAME}` anywhere (with words behind the name, which only `_RANDOM` has), and `$NAME` before a
/// blank, `,`, `)` or the end.
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
        let end = if braced {
            match text[end..].iter().position(|b| *b == b'}') {
                Some(0) => end + 1,
                Some(close) if name == "_RANDOM" => end + close + 1,
                _ => continue,
            }
        } else if matches!(text.get(end), None | Some(b' ' | b'\t' | b',' | b')')) {
            end
        } else {
            continue;
        };
        found.push(Reference {
            name,
            range: dollar..end,
        });
        at = end;
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn text(s: &str) -> Text {
        SourceMap::default().add("f", s.as_bytes().to_vec()).1
    }

    fn names() -> Definitions {
        let mut names = Definitions::default();
        for (name, value) in [
            ("A", "1"),
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
    }

    #[test]
    fn a_multi_line_value_stands_at_the_end() {
        let Ok(Expanded::Lines(lines)) = names().expand(&text("pre $M")) else {
            panic!();
        };
        let lines: Vec<_> = lines.iter().map(Text::lossy).collect();
        assert_eq!(lines, ["pre one", "two"]);
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
        let mut names = Definitions::default();
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
