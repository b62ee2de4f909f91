//! Lines, blocks and indentation.

use std::fmt::{Display, Write};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use evervip_model::{Command, Credentials};

use super::{Names, identity, runner};

/// Collects the text.
pub(super) struct Writer<'a> {
    text: String,
    depth: usize,
    names: &'a dyn Names,
}

impl<'a> Writer<'a> {
    pub(super) fn new(names: &'a dyn Names) -> Self {
        Self {
            text: String::new(),
            depth: 0,
            names,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// `USER GROUP`.
    pub(super) fn identity(&self, credentials: Credentials) -> String {
        identity(self.names, credentials)
    }

    /// A line.
    pub(super) fn line(&mut self, text: impl Display) {
        let indent = INDENT.repeat(self.depth);
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{indent}{text}");
    }

    /// A keyword that stands alone, when it applies.
    pub(super) fn flag(&mut self, keyword: &str, applies: bool) {
        if applies {
            self.line(keyword);
        }
    }

    /// A keyword with its value, unless that is the default.
    pub(super) fn value<T: Display + PartialEq>(&mut self, keyword: &str, value: &T, default: &T) {
        if value != default {
            self.line(format_args!("{keyword} {value}"));
        }
    }

    /// A keyword with its value when there is one.
    pub(super) fn option(&mut self, keyword: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(format_args!("{keyword} {value}"));
        }
    }

    /// A keyword with a time, unless that is the default.
    pub(super) fn time(&mut self, keyword: &str, time: Duration, default: Duration) {
        if time != default {
            self.line(format_args!("{keyword} {}", seconds(time)));
        }
    }

    /// A block.
    pub(super) fn block(&mut self, head: impl Display, body: impl FnOnce(&mut Self)) {
        self.line(format_args!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
        if self.depth == 0 {
            self.text.push('\n');
        }
    }

    /// A block of values, unless there are none.
    pub(super) fn values(&mut self, keyword: &str, entries: impl IntoIterator<Item = String>) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_some() {
            self.block(keyword, |out| entries.for_each(|entry| out.line(entry)));
        }
    }

    /// A hook with its user and group.
    pub(super) fn hook(&mut self, keyword: &str, command: Option<&Command>) {
        if let Some(command) = command {
            let who = runner(self.names, command);
            self.line(format_args!("{keyword} {} {who}", quoted(command)));
        }
    }

    /// A command and, as a line of its own, who runs it.
    pub(super) fn command(&mut self, keyword: &str, command: &Command) {
        self.line(format_args!("{keyword} {}", quoted(command)));
        let who = runner(self.names, command);
        self.line(format_args!("user {who}"));
    }
}

/// Seconds with as many decimals as needed, at most six.
pub(super) fn seconds(time: Duration) -> String {
    let micros = time.subsec_micros();
    if micros == 0 {
        return time.as_secs().to_string();
    }
    let text = format!("{}.{micros:06}", time.as_secs());
    text.trim_end_matches('0').to_owned()
}

/// The words of a command as one word of a script line: double quotes around the whole, single
/// quotes around each word.
fn quoted(command: &Command) -> String {
    let words: Vec<String> = command
        .argv
        .iter()
        .map(|word| {
            let text = String::from_utf8_lossy(word.as_bytes()).into_owned();
            if text.bytes().all(is_plain) && !text.is_empty() {
                text
            } else {
                format!("'{}'", text.chars().map(escaped).collect::<String>())
            }
        })
        .collect();
    format!("\"{}\"", words.join(" "))
}

const fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'=' | b':' | b',' | b'+')
}

/// A character that survives two rounds of quotes and escapes.
fn escaped(c: char) -> String {
    match c {
        '\'' => r"\\\'".to_owned(),
        '"' => r#"\\\""#.to_owned(),
        '\\' => r"\\\\".to_owned(),
        c => c.to_string(),
    }
}

const INDENT: &str = "    ";

/// A word, in quotes where it needs them. A double quote inside has no spelling in the language.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| is_plain(b) || b == b'@' || b >= 0x80;
    if !text.is_empty() && text.bytes().all(plain) && !text.starts_with(['@', '~']) {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}
