//! The few requests of man(7) that our pages need.

/// A page under construction. All text is escaped; nothing of it is taken for a request.
#[derive(Debug)]
pub(crate) struct Page(String);

impl Page {
    /// A page with its head line and the section NAME.
    pub(crate) fn new(name: &str, section: u8, summary: &str) -> Self {
        let title = format!(
            ".TH {} {section} \"\" \"evervip {}\"\n",
            escaped(&name.to_uppercase()),
            crate::VERSION
        );
        let mut page = Self(title);
        page.section("NAME");
        page.0
            .push_str(&format!("{} \\- {}\n", escaped(name), escaped(summary)));
        page
    }

    pub(crate) fn section(&mut self, title: &str) {
        self.request("SH", &title.to_uppercase());
    }

    pub(crate) fn subsection(&mut self, title: &str) {
        self.request("SS", title);
    }

    /// A paragraph of its own.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.0.push_str(".PP\n");
        self.text(text);
    }

    /// A bold term, what belongs to it in plain letters, and a text.
    pub(crate) fn term(&mut self, term: &str, rest: &str, text: &str) {
        self.0.push_str(".TP\n");
        self.0.push_str(&format!("\\fB{}\\fR", escaped(term)));
        if !rest.is_empty() {
            self.0.push_str(&format!(" {}", escaped(rest)));
        }
        self.0.push('\n');
        self.text(text);
    }

    /// A bold program and its arguments, on a line of its own.
    pub(crate) fn synopsis(&mut self, program: &str, arguments: &str) {
        self.0.push_str(&format!(
            ".PP\n\\fB{}\\fR {}\n",
            escaped(program),
            escaped(arguments)
        ));
    }

    /// Lines as they are.
    pub(crate) fn example(&mut self, lines: &str) {
        self.0.push_str(".PP\n.nf\n.RS\n");
        for line in lines.lines() {
            self.text(line);
        }
        self.0.push_str(".RE\n.fi\n");
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn request(&mut self, name: &str, argument: &str) {
        let argument = escaped(argument).replace('"', "\\(dq");
        self.0.push_str(&format!(".{name} \"{argument}\"\n"));
    }

    /// A line of text, which must not be taken for a request.
    fn text(&mut self, text: &str) {
        let text = escaped(text);
        if text.starts_with(['.', '\'', ' ']) {
            self.0.push_str("\\&");
        }
        self.0.push_str(&text);
        self.0.push('\n');
    }
}

/// Plain text with all that roff would take for its own, in ASCII.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '`' => out.push_str("\\(ga"),
            '\'' => out.push_str("\\(aq"),
            '\u{2026}' => out.push_str("..."),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_request() {
        let mut page = Page::new("a-b", 1, "does 'it'");
        page.paragraph(".SH no section");
        page.term("-x", "FILE", "'quoted'");
        let text = page.finish();
        assert!(text.starts_with(".TH A\\-B 1 "), "{text}");
        assert!(text.contains("\na\\-b \\- does \\(aqit\\(aq\n"), "{text}");
        assert!(text.contains("\n\\&.SH no section\n"), "{text}");
        assert!(
            text.contains("\n\\fB\\-x\\fR FILE\n\\(aqquoted\\(aq\n"),
            "{text}"
        );
    }

    #[test]
    fn what_roff_would_change_is_escaped() {
        assert_eq!(escaped("a\\b^~`\u{2026}"), "a\\eb\\(ha\\(ti\\(ga...");
    }
}
