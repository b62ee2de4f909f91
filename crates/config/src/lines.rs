//! Files to logical lines: comments, includes, conditional lines, braces
//! (spec config-language 2, 4 and 5).

use std::path::{Path, PathBuf};

use crate::define::{Definitions, Expanded, Refused, definition};
use crate::diagnostic::{Class, Code, Diagnostic, Diagnostics};
use crate::include::{self, Checks};
use crate::lex::{first_brace, strip_comment, words};
use crate::load::{Options, Refusal};
use crate::machine::{Files, Host};
use crate::sequence::{self, Repeat};
use crate::source::{SourceMap, Span};
use crate::text::Text;
use crate::tree::{Line, Logical};

/// Everything that reading needs and gives.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    config_id: String,
    pub(crate) sources: SourceMap,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) lines: Vec<Logical>,
    /// `@evervip` lines without that word.
    pub(crate) directives: Vec<Line>,
    pub(crate) refusal: Option<Refusal>,
    checks: Checks,
    /// Files being read, outermost first.
    chain: Vec<PathBuf>,
    bytes_read: usize,
    exhausted: bool,
    definitions: Definitions,
    /// A multi-line definition that is being read.
    collecting: Option<(String, Vec<Vec<u8>>)>,
    expansions: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, host: &dyn Host, options: &Options) -> Self {
        let config_id = options.config_id.clone().unwrap_or_else(|| {
            let node = host.node_name();
            node.split('.').next().unwrap_or_default().to_owned()
        });
        let mut definitions = Definitions::default();
        definitions.set("_INSTANCE", config_id.as_bytes());
        Self {
            files,
            config_id,
            sources: SourceMap::default(),
            diagnostics: Diagnostics::default(),
            lines: Vec::new(),
            directives: Vec::new(),
            refusal: None,
            checks: if options.all_includes_required {
                Checks::ALL
            } else {
                Checks::NONE
            },
            chain: Vec::new(),
            bytes_read: 0,
            exhausted: false,
            definitions,
            collecting: None,
            expansions: 0,
        }
    }

    /// Reads the main file.
    pub(crate) fn read_main(&mut self, path: &Path) {
        let shown = path.display().to_string();
        match include::open(self.files, path) {
            Ok(bytes) => self.read_bytes(&shown, path, bytes),
            Err(problem) => {
                self.refusal = Some(Refusal::Unreadable);
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::UnreadableFile,
                        Class::FileNotFound,
                        format!("Unable to read configuration file {shown}: {problem}"),
                    )
                    .error()
                    .help("name the configuration with -f FILE, or create it"),
                );
            }
        }
    }

    fn read_bytes(&mut self, shown: &str, path: &Path, bytes: Vec<u8>) {
        self.bytes_read = self.bytes_read.saturating_add(bytes.len());
        if self.bytes_read > MAX_BYTES || self.sources.len() >= MAX_FILES {
            self.give_up(&format!("configuration too large at file {shown}"));
            return;
        }
        let checks = self.checks;
        self.chain.push(path.to_owned());
        self.define_directory();
        let (_, text) = self.sources.add(shown, bytes);
        let mut start = 0;
        for physical in text.bytes().split_inclusive(|b| *b == b'\n') {
            let end = physical
                .iter()
                .rposition(|b| !matches!(b, b'\n' | b'\r'))
                .map_or(0, |e| e + 1);
            self.physical(&text.slice(start..start + end));
            start += physical.len();
            if self.exhausted {
                break;
            }
        }
        self.end_collecting();
        self.chain.pop();
        self.checks = checks;
        self.define_directory();
    }

    /// `${_PWD}` is the directory of the file being read; `${_INSTANCE}` the configuration id.
    fn define_directory(&mut self) {
        let directory = self.chain.last().and_then(|p| p.parent());
        let directory = directory.map(|d| d.as_os_str().as_encoded_bytes().to_vec());
        self.definitions.set("_PWD", &directory.unwrap_or_default());
    }

    /// Ends the reading: a limit that no sane file comes near has been reached.
    fn give_up(&mut self, what: &str) {
        if !self.exhausted {
            self.exhausted = true;
            self.refusal = Some(Refusal::Fatal);
            self.diagnostics.push(
                Diagnostic::new(Code::Limit, Class::General, what.to_owned())
                    .error()
                    .help("make it smaller"),
            );
        }
    }

    fn physical(&mut self, raw: &Text) {
        let stripped = strip_comment(raw);
        if let Some(span) = stripped.invisible {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::Suspicious,
                    Class::UnknownKeyword,
                    "invisible character in the line: read as if it were not there",
                )
                .at(span)
                .help("remove it (zero-width or no-break space, byte-order mark); keepalived does not know the word"),
            );
        }
        let text = stripped.text;
        if self.collect(&text) || text.is_empty() {
            return;
        }
        if raw.bytes().contains(&0) {
            self.diagnostics.push(
                Diagnostic::new(Code::Suspicious, Class::Log, "NUL character in the line")
                    .at(text.whole())
                    .help("remove it"),
            );
        }
        if raw.len() > LONGEST_FOR_KEEPALIVED {
            let message = format!("line of {} bytes, read whole", raw.len());
            self.diagnostics.push(
                Diagnostic::new(Code::Suspicious, Class::Log, message)
                    .at(text.span(0..1))
                    .help("keepalived 2.2.7 cuts lines after 1022 bytes"),
            );
        }
        self.line(text, stripped.open_quote, 0);
    }

    /// A line of a multi-line definition; an empty one ends it.
    fn collect(&mut self, text: &Text) -> bool {
        let Some((_, lines)) = &mut self.collecting else {
            return false;
        };
        let bytes = text.bytes();
        let goes_on = bytes.strip_suffix(b"\\");
        if let Some(more) = goes_on {
            lines.push(more.trim_ascii_end().to_vec());
        } else {
            if !bytes.is_empty() {
                lines.push(bytes.to_vec());
            }
            self.end_collecting();
        }
        true
    }

    fn end_collecting(&mut self) {
        if let Some((name, lines)) = self.collecting.take() {
            self.definitions.set_lines(&name, lines);
        }
    }

    /// A line without comment: condition, definition, loop, substitution, then its meaning.
    fn line(&mut self, mut text: Text, open_quote: bool, depth: usize) {
        if depth > MAX_NESTED || self.expansions > MAX_EXPANSIONS {
            self.give_up("definitions expand without end");
            return;
        }
        if text.bytes().first() == Some(&b'@') {
            match self.condition(&text) {
                Some(rest) => text = rest,
                None => return,
            }
        }
        if let Some((name, value)) = definition(text.bytes()) {
            let value = text.bytes()[value].trim_ascii().to_vec();
            let name = name.to_owned();
            match value.strip_suffix(b"\\") {
                Some(first) => {
                    let first = first.trim_ascii_end();
                    let lines = if first.is_empty() {
                        vec![]
                    } else {
                        vec![first.to_vec()]
                    };
                    self.collecting = Some((name, lines));
                }
                None => self.definitions.set(&name, &value),
            }
            return;
        }
        if text.bytes().starts_with(b"~SEQ") || text.bytes().starts_with(b"~LST") {
            self.repeat(&text, open_quote, depth);
            return;
        }
        match self.definitions.expand(&text) {
            Ok(Expanded::Line(text, false)) => self.logical(text, open_quote),
            Ok(Expanded::Line(text, true)) => {
                self.expansions += 1;
                let stripped = strip_comment(&text);
                match stripped.text.bytes().first() {
                    None => {}
                    // A value may bring a condition or a loop with it.
                    Some(b'@' | b'~') => self.line(stripped.text, stripped.open_quote, depth + 1),
                    Some(_) => self.logical(stripped.text, stripped.open_quote),
                }
            }
            Ok(Expanded::Lines(lines)) => {
                for line in lines {
                    self.expansions += 1;
                    let stripped = strip_comment(&line);
                    if !stripped.text.is_empty() {
                        self.line(stripped.text, stripped.open_quote, depth + 1);
                    }
                    if self.exhausted {
                        return;
                    }
                }
            }
            Err(refused) => self.refused(&text, refused),
        }
    }

    fn refused(&mut self, text: &Text, refused: Refused) {
        let at = text.whole();
        let diagnostic = match refused {
            Refused::Cycle(names) => {
                let chain: Vec<_> = names.iter().map(|n| format!("${n}")).collect();
                let text = format!("definition refers to itself: {}", chain.join(" -> "));
                Diagnostic::new(Code::Limit, Class::General, text).help("break the chain")
            }
            Refused::TooLong => Diagnostic::new(
                Code::Limit,
                Class::General,
                format!(
                    "Parameter substitution on line '{}' would exceed maximum line length",
                    text.lossy()
                ),
            )
            .help("make the definitions shorter"),
            Refused::NotSupported(name) => Diagnostic::new(
                Code::NotSupported,
                Class::Log,
                format!("${{{name}}} is not supported by this version"),
            )
            .help("write the value itself; the line is left out"),
        };
        let is_error = diagnostic.code == Code::Limit;
        let diagnostic = diagnostic.at(at);
        if is_error {
            self.refusal = self.refusal.or(Some(Refusal::Fatal));
            self.diagnostics.push(diagnostic.error());
        } else {
            self.diagnostics.push(diagnostic);
        }
    }

    /// `~SEQ` and `~LST`.
    fn repeat(&mut self, text: &Text, open_quote: bool, depth: usize) {
        let made = self.repetition(text);
        let repeat = match made {
            Ok(repeat) => repeat,
            Err(problem) => {
                let word = if text.bytes().starts_with(b"~LST") {
                    "~LST"
                } else {
                    "~SEQ"
                };
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::InvalidValue,
                        Class::General,
                        format!("Invalid {word} specification '{}'", text.lossy()),
                    )
                    .at(text.whole())
                    .help(problem),
                );
                return;
            }
        };
        for round in repeat.rounds {
            self.expansions += 1;
            for (name, value) in round {
                self.definitions.set(&name, value.as_bytes());
            }
            self.line(repeat.body.clone(), open_quote, depth + 1);
            if self.exhausted {
                return;
            }
        }
    }

    fn repetition(&self, text: &Text) -> Result<Repeat, &'static str> {
        let (word, inner, body) = sequence::split(text).ok_or("missing terminating ')'")?;
        if body.is_empty() {
            return Err("there is nothing to repeat");
        }
        let inner = Text::standing_for(text.whole(), inner.as_bytes());
        let inner = match self.definitions.expand(&inner) {
            Ok(Expanded::Line(inner, _)) => inner.lossy(),
            Ok(Expanded::Lines(_)) | Err(_) => return Err("its values cannot be used here"),
        };
        let rounds = sequence::rounds(word, &inner)?;
        Ok(Repeat { rounds, body })
    }

    /// The rest of a conditional line that applies.
    fn condition(&mut self, text: &Text) -> Option<Text> {
        let blank = |b: &u8| *b == b' ' || *b == b'\t';
        let end = text.bytes().iter().position(blank)?;
        let rest = text.slice(end..text.len()).trimmed();
        let id = &text.bytes()[1..end];
        if id == b"evervip" {
            let rest = match self.definitions.expand(&rest) {
                Ok(Expanded::Line(line, _)) => line,
                Ok(Expanded::Lines(_)) | Err(_) => rest,
            };
            let words = words(&rest);
            if !words.tokens.is_empty() {
                self.directives.push(Line {
                    text: rest,
                    tokens: words.tokens,
                });
            }
            return None;
        }
        let applies = match id.strip_prefix(b"^") {
            Some(id) => id != self.config_id.as_bytes(),
            None => id == self.config_id.as_bytes(),
        };
        applies.then_some(rest)
    }

    fn logical(&mut self, text: Text, open_quote: bool) {
        if let Some((checks, pattern)) = include::recognise(&text) {
            self.include(checks, &pattern);
            return;
        }
        let mut left = text;
        while let Some(at) = first_brace(left.bytes()) {
            self.words(left.slice(0..at).trimmed(), open_quote);
            let span = left.span(at..at + 1);
            self.lines.push(if left.bytes()[at] == b'{' {
                Logical::Open(span)
            } else {
                Logical::Close(span)
            });
            left = left.slice(at + 1..left.len()).trimmed();
        }
        self.words(left, open_quote);
        if self.lines.len() > MAX_LINES {
            self.give_up("configuration has too many lines");
        }
    }

    fn words(&mut self, text: Text, open_quote: bool) {
        if text.is_empty() {
            return;
        }
        // The reader sets the checks as it goes, because they hold for what follows.
        if text.bytes().starts_with(b"include_check") {
            let words = words(&text).tokens;
            if words.first().is_some_and(|w| w.text == "include_check") {
                self.checks = self.checks.changed_by(&words[1..]);
            }
        }
        self.lines.push(Logical::Words { text, open_quote });
    }

    fn include(&mut self, checks: Checks, pattern: &Text) {
        let checks = checks.union(self.checks);
        let at = pattern.whole();
        if self.chain.len() >= MAX_DEPTH {
            self.include_error(at, "include nests too deeply".to_owned());
            return;
        }
        let directory = self
            .chain
            .last()
            .and_then(|p| p.parent())
            .map(Path::to_owned)
            .unwrap_or_default();
        let found = include::expand(self.files, &directory, &pattern.lossy());
        // A wildcard that matches nothing is nobody's mistake unless a check says so.
        let complaint = found
            .complaint
            .filter(|(_, bit)| *bit != Checks::WILDCARD || checks.contains(*bit));
        if let Some((message, bit)) = complaint {
            self.include_problem(at, message, checks.contains(bit));
        }
        for path in found.paths {
            let full = directory.join(&path);
            if let Some(first) = self.chain.iter().position(|p| *p == full) {
                let chain: Vec<_> = self.chain[first..]
                    .iter()
                    .chain(std::iter::once(&full))
                    .map(|p| p.display().to_string())
                    .collect();
                self.include_error(at, format!("include loop: {}", chain.join(" -> ")));
                continue;
            }
            let shown = path.display().to_string();
            match include::open(self.files, &full) {
                Ok(bytes) => self.read_bytes(&shown, &full, bytes),
                Err(problem) => self.include_problem(
                    at,
                    {
                        let slash = if problem == include::IS_DIRECTORY {
                            "/"
                        } else {
                            ""
                        };
                        format!("Configuration file '{shown}{slash}' {problem} - skipping")
                    },
                    checks.contains(Checks::READ),
                ),
            }
            if self.exhausted {
                return;
            }
        }
    }

    fn include_problem(&mut self, at: Span, message: String, fatal: bool) {
        let mut diagnostic = Diagnostic::new(Code::Include, Class::Notice, message)
            .at(at)
            .help("a relative name counts from the directory of the file with the include");
        if fatal {
            self.refusal = self.refusal.or(Some(Refusal::Include));
            diagnostic = diagnostic.error();
        }
        self.diagnostics.push(diagnostic);
    }

    fn include_error(&mut self, at: Span, message: String) {
        self.refusal = self.refusal.or(Some(Refusal::Include));
        self.diagnostics.push(
            Diagnostic::new(Code::Include, Class::General, message)
                .error()
                .at(at)
                .help("take this include out"),
        );
    }
}

/// Bytes of all files together.
const MAX_BYTES: usize = 32 << 20;
const MAX_FILES: usize = 10_000;
const MAX_LINES: usize = 1_000_000;
/// Files that include one another.
const MAX_DEPTH: usize = 100;
/// Expansions of the whole configuration.
const MAX_EXPANSIONS: usize = 1_000_000;
/// Definitions that use definitions.
const MAX_NESTED: usize = 50;
/// Bytes that the original reads as one line.
const LONGEST_FOR_KEEPALIVED: usize = 1022;
