//! Tokens of a line. nom recognises the pieces; a plain loop puts them together, so that each has its
//! place.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{anychar, char, none_of};
use nom::combinator::{map, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without quotes: a keyword, a number or a name.
    Word(String),
    /// With quotes: a name.
    Quoted(String),
    /// `|`
    Bar,
    /// `<`
    Less,
}

/// A piece and its byte offsets in the file.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// The tokens of a line that begins at this offset of the file; where there is none that could be one
/// is the error.
pub(super) fn tokens(line: &str, start: usize) -> Result<Vec<Token>, Range<usize>> {
    let mut tokens = Vec::new();
    let mut left = line.trim_start();
    while !(left.is_empty() || left.starts_with('#')) {
        let begin = start + line.len() - left.len();
        let Ok((rest, kind)) = token(left) else {
            return Err(begin..start + line.trim_end().len());
        };
        let at = begin..start + line.len() - rest.len();
        tokens.push(Token { kind, at });
        left = rest.trim_start();
    }
    Ok(tokens)
}

/// Takes at least one character.
fn token(input: &str) -> IResult<&str, Kind> {
    alt((
        value(Kind::Bar, char('|')),
        value(Kind::Less, char('<')),
        map(quoted, Kind::Quoted),
        map(take_while1(is_plain), |word: &str| {
            Kind::Word(word.to_owned())
        }),
    ))
    .parse(input)
}

/// What a name without quotes consists of.
pub(super) fn is_plain(c: char) -> bool {
    !(c.is_whitespace() || c.is_control() || matches!(c, '"' | '|' | '<' | '#'))
}

/// `"..."`: a backslash takes the character behind it as it is, `\n` is the end of a line.
fn quoted(input: &str) -> IResult<&str, String> {
    let escaped = map(preceded(char('\\'), anychar), |c| match c {
        'n' => '\n',
        other => other,
    });
    let characters = many0(alt((escaped, none_of("\"\\"))));
    let text = map(characters, |characters| characters.into_iter().collect());
    delimited(char('"'), text, char('"')).parse(input)
}
