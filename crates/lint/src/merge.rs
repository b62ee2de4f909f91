//! The loader's diagnostics and those of lints as one list.

use std::collections::HashMap;

use evervip_config::{Class, Code, Diagnostic, Severity, Span};

/// A finding: as a diagnostic that keepalived would not make.
pub(crate) fn finding(code: Code, at: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, Class::Log, message).at(at)
}

/// Both lists in one: each matter once, sorted by place.
pub(crate) fn merged(mut said: Vec<Diagnostic>, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let better: Vec<_> = found
        .iter()
        .filter(|lint| known_as(lint.code).is_some())
        .collect();
    said.retain(|d| !better.iter().any(|lint| replaces(lint, d)));
    said.extend(found);
    let mut all = folded(said);
    for diagnostic in &mut all {
        if is_error_when_checked(diagnostic.code) {
            diagnostic.severity = Severity::Error;
        }
    }
    all.sort_by_key(|d| {
        d.place()
            .map_or((1, None), |s| (0, Some((s.file, s.start))))
    });
    all
}

/// What the loader calls a matter that a lint knows better.
const fn known_as(lint: Code) -> Option<Code> {
    Some(match lint {
        Code::TrackerDefinedLater => Code::UnknownName,
        Code::DuplicateAddress | Code::RepeatedKeyword => Code::Duplicate,
        Code::UnquotedArguments => Code::UnknownUser,
        _ => return None,
    })
}

/// Whether a lint speaks of what the loader reports, at the same place.
fn replaces(lint: &Diagnostic, said: &Diagnostic) -> bool {
    let same_place = match (lint.primary, said.primary) {
        (Some(whole), Some(part)) => {
            whole.file == part.file && whole.start <= part.start && part.end <= whole.end
        }
        _ => false,
    };
    known_as(lint.code) == Some(said.code) && same_place
}

/// The original often says one thing in two lines (the number, then the keyword): the second
/// becomes a note of the first. Checks after the whole file have no line, and stay apart.
fn folded(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut first: HashMap<(Code, Span), usize> = HashMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for diagnostic in all {
        let key = diagnostic.place().map(|place| (diagnostic.code, place));
        let known = key.and_then(|key| first.get(&key)).copied();
        match known.and_then(|index| kept.get_mut(index)) {
            Some(earlier) => fold(earlier, diagnostic),
            None => {
                if let Some(key) = key.filter(|_| diagnostic.primary.is_some()) {
                    first.insert(key, kept.len());
                }
                kept.push(diagnostic);
            }
        }
    }
    kept
}

fn fold(earlier: &mut Diagnostic, later: Diagnostic) {
    earlier.severity = earlier.severity.max(later.severity);
    earlier.primary = earlier.primary.or(later.primary);
    if later.message != earlier.message && !earlier.notes.contains(&later.message) {
        earlier.notes.push(later.message);
    }
    earlier.notes.extend(later.notes);
    match (&earlier.help, later.help) {
        (None, help) => earlier.help = help,
        (Some(known), Some(help)) if *known != help => earlier.notes.push(help),
        (Some(_), _) => {}
    }
}

/// The daemon runs on without such a script, and a node without its check never fails over: who
/// asks for a check wants to be stopped.
const fn is_error_when_checked(code: Code) -> bool {
    matches!(code, Code::UnusableScript | Code::UnknownUser)
}
