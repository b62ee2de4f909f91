//! The way in: [`load()`].

use std::path::Path;

use evervip_model::Config;

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lines::Reader;
use crate::lower;
use crate::machine::{Files, Host};
use crate::source::SourceMap;
use crate::tree::{Node, Tree};

/// Why the configuration is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// To run it: `5s` reads as 5 where the original is lenient.
    Start,
    /// `-t`: every number is read strictly, host names are resolved.
    Test,
}

/// Command line settings that change what the text means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// `-i`: configuration id for `@ID` lines; the node name up to the first `.` when `None`.
    pub config_id: Option<String>,
    /// `-e`: every `include` that finds nothing is an error.
    pub all_includes_required: bool,
    /// `-A`: it goes before `snmp_socket`, which is complained about then.
    pub snmp_socket: Option<String>,
}

/// Why there is no [`Loaded::config`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// The main file cannot be read.
    Unreadable,
    /// The main file is `/dev/null`: there is nothing to complain about, and nothing to run.
    Nothing,
    /// An `include` that must work does not.
    Include,
    /// A keyword lacks its parameter.
    MissingParameter,
    /// A check of the spec marks it fatal.
    Fatal,
}

/// What came of reading a configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration; `None` exactly when the daemon must not run it.
    pub config: Option<Config>,
    /// Everything there is to say, each thing once, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The files read, to turn spans into lines.
    pub sources: SourceMap,
    /// Whether there is anything for the VRRP process to do (an instance or a static entry).
    pub has_vrrp: bool,
    /// Whether there are LVS blocks, which this build does not run.
    pub has_lvs: bool,
    pub(crate) refusal: Option<Refusal>,
}

impl Loaded {
    /// Exit code of `keepalived -t` (spec config-language 9.2, decisions 12 to 14).
    #[must_use]
    pub fn test_exit_code(&self) -> u8 {
        match self.refusal {
            Some(Refusal::Unreadable) => 4,
            Some(Refusal::Nothing) => 0,
            Some(Refusal::Include) => 6,
            Some(Refusal::MissingParameter) => 2,
            Some(Refusal::Fatal) | None => self
                .diagnostics
                .iter()
                .map(|d| d.class)
                .max()
                .map_or(0, Class::test_exit_code),
        }
    }

    /// Exit code of a start that this configuration makes impossible; `None` means run.
    #[must_use]
    pub fn start_failure(&self) -> Option<u8> {
        self.refusal.map(|r| match r {
            Refusal::Unreadable | Refusal::Nothing | Refusal::Include => 6,
            Refusal::MissingParameter | Refusal::Fatal => 2,
        })
    }

    /// The lines that `-t` writes to stderr: the original's complaints as it words them, each with
    /// our remedy in an indented line below; also what this version does not honour although the
    /// original would, which does not count.
    pub fn test_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.diagnostics
            .iter()
            .filter(|d| d.class > Class::Log || d.code == Code::NotSupported)
            .flat_map(|d| {
                let remedy = d.remedy(&self.sources).map(|text| format!("    {text}"));
                std::iter::once(d.original_line(&self.sources)).chain(remedy)
            })
    }

    /// The lines that a start or a reload logs: all of them.
    pub fn log_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.diagnostics.iter().map(|d| d.one_line(&self.sources))
    }
}

/// Reads a configuration with the default [`Options`].
///
/// Never fails: what is wrong stands in [`Loaded::diagnostics`].
#[must_use]
pub fn load(path: &Path, files: &dyn Files, host: &dyn Host, mode: Mode) -> Loaded {
    load_with(path, files, host, mode, &Options::default())
}

/// Reads a configuration.
///
/// Never fails: what is wrong stands in [`Loaded::diagnostics`].
#[must_use]
pub fn load_with(
    path: &Path,
    files: &dyn Files,
    host: &dyn Host,
    mode: Mode,
    options: &Options,
) -> Loaded {
    read(path, files, host, mode, options, &mut drop)
}

/// Reads a configuration and keeps its lines, for lints.
#[must_use]
pub fn load_with_tree(
    path: &Path,
    files: &dyn Files,
    host: &dyn Host,
    mode: Mode,
    options: &Options,
) -> (Loaded, Tree) {
    let mut nodes = Vec::new();
    let loaded = read(path, files, host, mode, options, &mut |node| {
        nodes.push(node);
    });
    (loaded, Tree::new(nodes))
}

fn read(
    path: &Path,
    files: &dyn Files,
    host: &dyn Host,
    mode: Mode,
    options: &Options,
    visit: &mut dyn FnMut(Node),
) -> Loaded {
    let mut reader = Reader::new(files, host, options);
    reader.read_main(path);
    let Reader {
        sources,
        mut diagnostics,
        lines,
        directives,
        refusal,
        ..
    } = reader;
    let lowered = lower::lower(
        lines,
        &directives,
        files,
        host,
        (mode, options),
        &mut diagnostics,
        visit,
    );
    let refusal = refusal.or(lowered.refusal);
    Loaded {
        config: lowered.config.filter(|_| refusal.is_none()),
        diagnostics: diagnostics.finish(),
        sources,
        has_vrrp: lowered.has_vrrp,
        has_lvs: lowered.has_lvs,
        refusal,
    }
}
