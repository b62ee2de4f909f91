//! Files to logical lines: physical lines, includes, braces (spec config-language 2 and 4).

use std::path::{Path, PathBuf};

use crate::define::Definitions;
use crate::diagnostic::{Class, Code, Diagnostic, Diagnostics};
use crate::include::{self, Checks};
use crate::lex::{first_brace, words};
use crate::load::{Options, Refusal};
use crate::machine::{Files, Host};
use crate::source::{SourceMap, Span};
use crate::text::Text;
use crate::tree::{Line, Logical};

/// Everything that reading needs and gives.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    pub(crate) config_id: String,
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
    pub(crate) exhausted: bool,
    pub(crate) definitions: Definitions<'a>,
    /// A multi-line definition that is being read.
    pub(crate) collecting: Option<(String, Vec<Vec<u8>>)>,
    /// Names of the multi-line definitions, and loops, that the line being read stands in.
    pub(crate) nesting: Vec<String>,
    /// Bytes that definitions and loops have brought.
    pub(crate) expanded_bytes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, host: &'a dyn Host, options: &Options) -> Self {
        let config_id = options.config_id.clone().unwrap_or_else(|| {
            let node = host.node_name();
            node.split('.').next().unwrap_or_default().to_owned()
        });
        let mut definitions = Definitions::new(host);
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
            nesting: Vec::new(),
            expanded_bytes: 0,
        }
    }

    /// Reads the main file, or all that its name stands for as a pattern.
    pub(crate) fn read_main(&mut self, path: &Path) {
        let shown = path.display().to_string();
        let files = if self.files.kind(path).is_ok() {
            vec![path.to_owned()]
        } else {
            let found = include::expand(self.files, Path::new(""), &shown);
            match found.complaint {
                Some((message, _)) if found.paths.is_empty() => return self.unreadable(message),
                Some((message, _)) => self.main_notice(Class::Notice, message),
                None => {}
            }
            found.paths
        };
        if let [first, _, ..] = files.as_slice() {
            let text = format!(
                "WARNING, multiple configuration file matches of {shown}, starting with {}",
                first.display()
            );
            self.main_notice(Class::MultipleFiles, text);
        }
        self.read_main_files(&files);
        if path == Path::new(NOTHING) {
            self.refusal = Some(Refusal::Nothing);
        }
    }

    /// What cannot be read is left out, unless it is all there is.
    fn read_main_files(&mut self, files: &[PathBuf]) {
        let mut problems = Vec::new();
        for path in files {
            let shown = path.display().to_string();
            match include::open(self.files, path, &shown) {
                Ok(json) if evervip_convert::is_json(&json) => self.read_json(&shown, path, &json),
                Ok(bytes) => self.read_bytes(&shown, path, bytes),
                Err(problem) => problems.push(problem),
            }
            if self.exhausted {
                return;
            }
        }
        let none = problems.len() == files.len();
        for problem in problems {
            if none {
                self.unreadable(problem);
            } else {
                self.main_notice(Class::Notice, problem);
            }
        }
    }

    fn main_notice(&mut self, class: Class, text: String) {
        self.diagnostics.push(
            Diagnostic::new(Code::Include, class, text)
                .help("name one file with -f and let it include the others"),
        );
    }

    /// A configuration of failover is read as the text that it is converted to, and messages speak of
    /// the lines of that.
    fn read_json(&mut self, shown: &str, path: &Path, json: &[u8]) {
        match evervip_convert::convert(&String::from_utf8_lossy(json)) {
            Ok(text) => self.read_bytes(&format!("{shown} (converted)"), path, text.into()),
            Err(problem) => {
                self.refusal = Some(Refusal::Unreadable);
                let message = format!("Configuration file '{shown}' (JSON), {problem}");
                self.diagnostics.push(
                    Diagnostic::new(Code::UnreadableFile, Class::FileNotFound, message)
                        .error()
                        .help("`evervip convert FILE` shows the keepalived.conf that such a file stands for"),
                );
            }
        }
    }

    fn unreadable(&mut self, problem: String) {
        self.refusal = Some(Refusal::Unreadable);
        self.diagnostics.push(
            Diagnostic::new(Code::UnreadableFile, Class::FileNotFound, problem)
                .error()
                .help("name the configuration with -f FILE: a regular file that is not executable"),
        );
    }

    fn read_bytes(&mut self, shown: &str, path: &Path, bytes: Vec<u8>) {
        self.bytes_read = self.bytes_read.saturating_add(bytes.len());
        if self.bytes_read > MAX_BYTES || self.sources.len() >= MAX_FILES {
            self.give_up(&format!("configuration too large at file {shown}"), None);
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
    pub(crate) fn give_up(&mut self, what: &str, at: Option<Span>) {
        if !self.exhausted {
            self.exhausted = true;
            self.refusal = Some(Refusal::Fatal);
            let said = Diagnostic::new(Code::Limit, Class::General, what.to_owned())
                .error()
                .help("make it smaller; the rest of the configuration is not read");
            self.diagnostics.push(match at {
                Some(span) => said.at(span),
                None => said,
            });
        }
    }

    fn physical(&mut self, raw: &Text) {
        let line = self.before_nul(raw);
        let text = self.stripped(&line);
        if self.collect(&text) || text.is_empty() {
            return;
        }
        if raw.len() > LONGEST_FOR_KEEPALIVED {
            let message = format!("line of {} bytes, read whole", raw.len());
            self.diagnostics.push(
                Diagnostic::new(Code::Suspicious, Class::Log, message)
                    .at(text.span(0..1))
                    .help("keepalived 2.2.7 cuts lines after 1022 bytes"),
            );
        }
        self.line(text);
    }

    /// The line up to its first NUL, where the original's ends.
    fn before_nul(&mut self, raw: &Text) -> Text {
        let Some(nul) = raw.bytes().iter().position(|b| *b == 0) else {
            return raw.clone();
        };
        self.diagnostics.push(
            Diagnostic::new(
                Code::Suspicious,
                Class::Log,
                "NUL character: the line ends here",
            )
            .at(raw.span(nul..nul + 1))
            .help("remove it; a file in UTF-16 has to be converted to UTF-8"),
        );
        raw.slice(0..nul)
    }

    pub(crate) fn logical(&mut self, text: Text) {
        if let Some((checks, pattern)) = include::recognise(&text) {
            self.include(checks, &pattern);
            return;
        }
        let mut left = text;
        while let Some(at) = first_brace(left.bytes()) {
            self.words(left.slice(0..at).trimmed());
            let span = left.span(at..at + 1);
            self.lines.push(if left.bytes()[at] == b'{' {
                Logical::Open(span)
            } else {
                Logical::Close(span)
            });
            left = left.slice(at + 1..left.len()).trimmed();
        }
        self.words(left);
        if self.lines.len() > MAX_LINES {
            self.give_up("configuration has too many lines", None);
        }
    }

    fn words(&mut self, text: Text) {
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
        // So does the start of `${_RANDOM}`.
        if text.bytes().starts_with(b"random_seed") {
            if let [word, number, ..] = words(&text).tokens.as_slice() {
                let seed = number.text.parse().ok();
                if let Some(seed) = seed.filter(|_| word.text == "random_seed") {
                    self.definitions.seed(seed);
                }
            }
        }
        self.lines.push(Logical::Words(text));
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
            match include::open(self.files, &full, &shown) {
                Ok(bytes) => self.read_bytes(&shown, &full, bytes),
                Err(problem) => self.include_problem(at, problem, checks.contains(Checks::READ)),
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

/// The file that people name when they mean none.
const NOTHING: &str = "/dev/null";
/// Bytes of all files together.
const MAX_BYTES: usize = 32 << 20;
const MAX_FILES: usize = 10_000;
const MAX_LINES: usize = 1_000_000;
/// Files that include one another.
const MAX_DEPTH: usize = 100;
/// Bytes that the original reads as one line.
const LONGEST_FOR_KEEPALIVED: usize = 1022;
