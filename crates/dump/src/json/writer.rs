//! JSON on one line, with `/` written as `\/`, in the order in which members are given.

use std::fmt::{Display, Write as _};

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// Something precedes in the object or array in hand.
    follows: bool,
}

impl Writer {
    pub(super) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.nested('{', '}', members);
    }

    pub(super) fn array<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.nested('[', ']', |json| {
            for one in items {
                json.separate();
                item(json, one);
                json.follows = true;
            }
        });
    }

    pub(super) fn member(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.separate();
        self.string(name);
        self.text.push(':');
        value(self);
        self.follows = true;
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.member(name, |json| json.string(value));
    }

    /// A number or a truth value.
    pub(super) fn number(&mut self, name: &str, value: impl Display) {
        self.member(name, |json| {
            // Writing into memory does not fail.
            let _ = write!(json.text, "{value}");
        });
    }

    /// An array of texts; nothing at all when it would be empty.
    pub(super) fn texts<T>(&mut self, name: &str, items: &[T], text: impl Fn(&T) -> String) {
        if !items.is_empty() {
            self.member(name, |json| {
                json.array(items, |json, item| json.string(&text(item)));
            });
        }
    }

    /// The text with a newline behind it.
    pub(super) fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }

    fn nested(&mut self, open: char, close: char, content: impl FnOnce(&mut Self)) {
        self.text.push(open);
        self.follows = false;
        content(self);
        self.text.push(close);
        self.follows = true;
    }

    fn separate(&mut self) {
        if std::mem::take(&mut self.follows) {
            self.text.push(',');
        }
    }

    fn string(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' | '\\' | '/' => {
                    self.text.push('\\');
                    self.text.push(character);
                }
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                control if u32::from(control) < 0x20 => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(control));
                }
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn nested_members_are_separated_and_texts_escaped() {
        let mut json = Writer::default();
        json.array(&[1, 2], |json, number| {
            json.object(|json| {
                json.text("a/b", "\"\\\n\u{1}é");
                json.number("n", *number);
                json.texts("none", &[] as &[u8], |_| String::new());
                json.texts("some", &[7, 8], |n| format!("/{n}"));
                json.member("o", |json| json.object(|_| {}));
                json.number("t", true);
            });
        });
        let one = |n: u8| {
            format!(r#"{{"a\/b":"\"\\\n\u0001é","n":{n},"some":["\/7","\/8"],"o":{{}},"t":true}}"#)
        };
        assert_eq!(json.finish(), format!("[{},{}]\n", one(1), one(2)));
    }
}
