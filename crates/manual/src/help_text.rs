//! Options out of a help text: `  -f, --use-file=FILE   configuration file`.

/// An option with its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `-f, --use-file=FILE`.
    pub(crate) option: String,
    pub(crate) text: String,
}

/// The options of a help text. Names and text are two or more blanks apart, or on lines of their own;
/// a further line of the text is indented more than the names.
pub(crate) fn options(help: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in help.lines() {
        let words = line.trim();
        if line.starts_with(' ') && words.starts_with('-') {
            let (option, text) = words.split_once("  ").unwrap_or((words, ""));
            entries.push(Entry {
                option: option.to_owned(),
                text: text.trim().to_owned(),
            });
        } else if let (true, Some(last)) = (line.starts_with("      "), entries.last_mut()) {
            if !last.text.is_empty() {
                last.text.push(' ');
            }
            last.text.push_str(words);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_their_lines_are_found() {
        let help = "Usage: x [OPTION...]\n\n  -f, --use-file=FILE  the file\n                       \
                    or two\n      --all\n           everything\n\nSome words.\n";
        let expect = [
            ("-f, --use-file=FILE", "the file or two"),
            ("--all", "everything"),
        ];
        let expect: Vec<_> = expect
            .into_iter()
            .map(|(option, text)| Entry {
                option: option.to_owned(),
                text: text.to_owned(),
            })
            .collect();
        assert_eq!(options(help), expect);
    }
}
