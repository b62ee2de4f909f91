//! Tokens: comments, words, script words (spec config-language 2 and 3).
//!
//! nom recognises the pieces; plain loops put them together, because a piece that is wrong must not
//! spoil the rest of the line.

use std::borrow::Cow;
use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_till, take_till1, take_while, take_while1};
use nom::combinator::{rest, value};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use crate::source::Span;
use crate::text::{Builder, Text};

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word without quotes, invalid UTF-8 replaced.
    pub text: String,
    /// The word without quotes, byte for byte, when that is not valid UTF-8.
    raw: Option<Box<[u8]>>,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Token {
    /// A word that stands at, or for, a place.
    pub(crate) fn new(bytes: &[u8], span: Span) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let raw = matches!(text, Cow::Owned(_)).then(|| Box::from(bytes));
        Self {
            text: text.into_owned(),
            raw,
            span,
        }
    }

    /// The word without quotes, byte for byte.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }
}

/// What [`strip_comment`] leaves of a line.
pub(crate) struct Stripped {
    pub(crate) text: Text,
    /// The number of quotes is odd.
    pub(crate) open_quote: bool,
    /// Invisible characters were left out.
    pub(crate) invisible: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Plain,
    /// Backslash and the character behind it.
    Escaped,
    Quote,
    Comment,
    /// A zero-width character.
    Invisible,
    /// A no-break space.
    Blank,
}

/// Removes comment and blanks at both ends; `\#` and `\!` outside quotes lose their backslash.
pub(crate) fn strip_comment(line: &Text) -> Stripped {
    let line = line.trimmed();
    let mut edit = Edit::new(&line);
    let (mut quoted, mut invisible, mut at) = (false, None, 0);
    while at < line.len() {
        // `piece` takes at least one byte of a text that is not empty; the guard bounds the loop.
        let Ok((left, piece)) = piece(&line.bytes()[at..]) else {
            break;
        };
        let end = (line.len() - left.len()).max(at + 1);
        match piece {
            Piece::Comment if !quoted => break,
            Piece::Escaped if !quoted && matches!(line.bytes().get(at + 1), Some(b'#' | b'!')) => {
                edit.replace(at..at + 1, b"");
            }
            Piece::Invisible if !quoted => {
                invisible = Some(line.span(at..end));
                edit.replace(at..end, b"");
            }
            Piece::Blank if !quoted => {
                invisible = Some(line.span(at..end));
                edit.replace(at..end, b" ");
            }
            Piece::Quote => quoted = !quoted,
            _ => {}
        }
        at = end;
    }
    Stripped {
        text: joined_backslash(edit.finish(at).trimmed()),
        open_quote: quoted,
        invisible,
    }
}

/// A line with replacements; one without any stays as it is and costs nothing.
struct Edit<'a> {
    line: &'a Text,
    made: Option<Builder>,
    /// Up to here the line has been copied.
    copied: usize,
}

impl<'a> Edit<'a> {
    const fn new(line: &'a Text) -> Self {
        Self {
            line,
            made: None,
            copied: 0,
        }
    }

    fn replace(&mut self, range: Range<usize>, by: &[u8]) {
        let line = self.line;
        let made = self.made.get_or_insert_with(|| Builder::in_place_of(line));
        made.push(line, self.copied..range.start);
        self.copied = range.end;
        made.push_for(by, line, range);
    }

    /// The line up to `end`.
    fn finish(self, end: usize) -> Text {
        match self.made {
            None => self.line.slice(0..end),
            Some(mut made) => {
                made.push(self.line, self.copied..end);
                made.finish()
            }
        }
    }
}

/// A backslash at the very end loses the blanks before it.
fn joined_backslash(text: Text) -> Text {
    let Some(before) = text.bytes().strip_suffix(b"\\") else {
        return text;
    };
    let (kept, end) = (before.trim_ascii_end().len(), before.len());
    if kept == end {
        return text;
    }
    let mut edit = Edit::new(&text);
    edit.replace(kept..end, b"");
    edit.finish(end + 1)
}

fn piece(input: &[u8]) -> IResult<&[u8], Piece> {
    alt((
        value(Piece::Escaped, preceded(tag(&b"\\"[..]), take(1_usize))),
        value(Piece::Quote, tag(&b"\""[..])),
        value(Piece::Comment, alt((tag(&b"#"[..]), tag(&b"!"[..])))),
        value(Piece::Blank, tag(&b"\xc2\xa0"[..])),
        value(Piece::Invisible, invisible),
        value(Piece::Plain, take_till1(is_special)),
        value(Piece::Plain, take(1_usize)),
    ))
    .parse(input)
}

/// Zero-width space, joiners, word joiner, byte-order mark.
fn invisible(input: &[u8]) -> IResult<&[u8], &[u8]> {
    alt((
        tag(&b"\xe2\x80\x8b"[..]),
        tag(&b"\xe2\x80\x8c"[..]),
        tag(&b"\xe2\x80\x8d"[..]),
        tag(&b"\xe2\x81\xa0"[..]),
        tag(&b"\xef\xbb\xbf"[..]),
    ))
    .parse(input)
}

fn is_special(b: u8) -> bool {
    matches!(b, b'\\' | b'"' | b'#' | b'!' | 0xc2 | 0xe2 | 0xef)
}

/// Position of the first brace outside double quotes.
pub(crate) fn first_brace(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    text.iter().position(|b| {
        quoted ^= *b == b'"';
        !quoted && matches!(b, b'{' | b'}')
    })
}

/// Words of an ordinary line.
pub(crate) struct Words {
    pub(crate) tokens: Vec<Token>,
    /// A quote was not closed; what follows it is lost.
    pub(crate) unmatched: Option<Span>,
}

enum Word<'a> {
    Whole(&'a [u8]),
    Unclosed,
}

/// Splits a line into words.
pub(crate) fn words(line: &Text) -> Words {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let left = &line.bytes()[at..];
        let Ok((left, _)) = blanks(left) else { break };
        let start = line.len() - left.len();
        let Ok((left, word)) = word(left) else { break };
        let end = (line.len() - left.len()).max(start + 1);
        let span = line.span(start..end);
        match word {
            Word::Whole(bytes) => tokens.push(Token::new(bytes, span)),
            Word::Unclosed => {
                return Words {
                    tokens,
                    unmatched: Some(span),
                };
            }
        }
        at = end;
    }
    Words {
        tokens,
        unmatched: None,
    }
}

fn blanks(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(is_blank).parse(input)
}

fn word(input: &[u8]) -> IResult<&[u8], Word<'_>> {
    let quote = || tag(&b"\""[..]);
    alt((
        delimited(quote(), take_till(|b| b == b'"'), quote()).map(Word::Whole),
        preceded(quote(), rest).map(|_| Word::Unclosed),
        take_till1(|b| is_blank(b) || b == b'"').map(Word::Whole),
    ))
    .parse(input)
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Why a script line cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScriptError {
    /// This quote is not closed.
    Unterminated(char),
    /// A backslash is the last character.
    LoneEscape,
}

/// Splits text by the shell-like rules of script lines: both quotes, joined words, escapes.
pub(crate) fn script_words(text: &[u8]) -> Result<Vec<Vec<u8>>, ScriptError> {
    let mut words = Vec::new();
    let mut current: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut left = text;
    while let Some((&b, behind)) = left.split_first() {
        left = behind;
        match b {
            b'\\' => {
                let Ok((behind, byte)) = escape(left) else {
                    return Err(ScriptError::LoneEscape);
                };
                current.get_or_insert_default().push(byte);
                left = behind;
            }
            _ if quote == Some(b) => quote = None,
            b'"' | b'\'' if quote.is_none() => {
                quote = Some(b);
                current.get_or_insert_default();
            }
            _ if quote.is_none() && is_blank(b) => words.extend(current.take()),
            _ => current.get_or_insert_default().push(b),
        }
    }
    words.extend(current);
    match quote {
        Some(q) => Err(ScriptError::Unterminated(char::from(q))),
        None => Ok(words),
    }
}

/// What stands behind a backslash.
fn escape(input: &[u8]) -> IResult<&[u8], u8> {
    alt((
        preceded(tag(&b"x"[..]), take_while1(|b: u8| b.is_ascii_hexdigit())).map(hex_value),
        octal,
        preceded(tag(&b"c"[..]), take(1_usize)).map(|b: &[u8]| b[0].to_ascii_uppercase() & 0x1f),
        take(1_usize).map(|b: &[u8]| named_escape(b[0])),
    ))
    .parse(input)
}

fn hex_value(digits: &[u8]) -> u8 {
    digits.iter().fold(0_u8, |v, d| {
        (v << 4) | u8::try_from(char::from(*d).to_digit(16).unwrap_or(0)).unwrap_or(0)
    })
}

fn octal(input: &[u8]) -> IResult<&[u8], u8> {
    let count = input
        .iter()
        .take(3)
        .take_while(|b| matches!(b, b'0'..=b'7'))
        .count();
    let (left, digits) = take_while1(|b| matches!(b, b'0'..=b'7')).parse(&input[..count])?;
    debug_assert!(left.is_empty());
    let byte = digits.iter().fold(0_u8, |v, d| (v << 3) | (d - b'0'));
    Ok((&input[count..], byte))
}

fn named_escape(b: u8) -> u8 {
    match b {
        b'a' => 0x07,
        b'b' => 0x08,
        b'E' => 0x1b,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn text(s: &str) -> Text {
        SourceMap::default().add("f", s.as_bytes().to_vec()).1
    }

    #[track_caller]
    fn stripped(input: &str, expect: &str) {
        assert_eq!(strip_comment(&text(input)).text.lossy(), expect);
    }

    #[test]
    fn comments_start_anywhere_outside_double_quotes() {
        stripped("  a#b ", "a");
        stripped("a ! b", "a");
        stripped("router_id \"a#b\" # c", "router_id \"a#b\"");
        stripped("a 'b # c'", "a 'b");
        stripped(r"a\#b \! \x", r"a#b ! \x");
        stripped(r#""a\#b""#, r#""a\#b""#);
        stripped(r#"a \" # c"#, r#"a \""#);
        stripped("# all", "");
        stripped("a \\", "a\\");
        stripped("a \\ # b", "a\\");
        stripped("\\", "\\");
    }

    #[test]
    fn odd_quotes_and_invisible_characters_are_noticed() {
        assert!(strip_comment(&text("a \"b")).open_quote);
        assert!(!strip_comment(&text("a \"b\"")).open_quote);
        let s = strip_comment(&text("\u{feff}state\u{a0}MASTER\u{200b}"));
        assert_eq!(s.text.lossy(), "state MASTER");
        assert!(s.invisible.is_some());
        assert_eq!(
            strip_comment(&text("\"a\u{200b}\"")).text.lossy(),
            "\"a\u{200b}\""
        );
    }

    #[track_caller]
    fn split(input: &str, expect: &[&str]) {
        let line = text(input);
        let words = words(&line);
        let got: Vec<_> = words.tokens.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(got, expect, "{input}");
    }

    #[test]
    fn words_split_at_blanks_and_quotes() {
        split("a  b\tc", &["a", "b", "c"]);
        split("router_id \"\"", &["router_id", ""]);
        split("ab\"cd ef\"gh", &["ab", "cd ef", "gh"]);
        split("'a b' c", &["'a", "b'", "c"]);
        split("a \"b c", &["a"]);
        assert!(words(&text("a \"b c")).unmatched.is_some());
    }

    #[test]
    fn spans_hold_the_quotes() {
        let words = words(&text("a \"b c\" d"));
        let spans: Vec<_> = words
            .tokens
            .iter()
            .map(|t| (t.span.start, t.span.end))
            .collect();
        assert_eq!(spans, [(0, 1), (2, 7), (8, 9)]);
    }

    #[track_caller]
    fn script(input: &str, expect: &[&str]) {
        let words = script_words(input.as_bytes()).unwrap();
        let got: Vec<_> = words.iter().map(|w| String::from_utf8_lossy(w)).collect();
        assert_eq!(got, expect, "{input}");
    }

    #[test]
    fn script_lines_quote_and_escape_as_a_shell_nearly_does() {
        script(
            "notify \"/x.sh a b\" root",
            &["notify", "/x.sh a b", "root"],
        );
        script("abcd\" efg h jkl \"mnop", &["abcd efg h jkl mnop"]);
        script("'a b'\"c\"", &["a bc"]);
        script(r"a\ b \x41 \101 \t\cA", &["a b", "A", "A", "\t\u{1}"]);
        script("x ''", &["x", ""]);
        script(r#""a\"b""#, &["a\"b"]);
        assert_eq!(script_words(b"a 'b"), Err(ScriptError::Unterminated('\'')));
        assert_eq!(script_words(b"a\\"), Err(ScriptError::LoneEscape));
    }

    #[test]
    fn braces_in_double_quotes_do_not_split() {
        assert_eq!(first_brace(b"a \"{\" {"), Some(6));
        assert_eq!(first_brace(b"awk '{'"), Some(5));
        assert_eq!(first_brace(b"\"}\""), None);
    }
}
