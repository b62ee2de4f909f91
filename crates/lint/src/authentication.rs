//! `authentication` blocks.

use evervip_config::{Code, Diagnostic, Node};

use crate::merge::finding;
use crate::section::Section;
use crate::subject::Subject;

/// Passwords that are never used.
pub(crate) fn passwords(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let instances = subject.instances.iter().copied();
    instances.filter_map(without_type).collect()
}

fn without_type(instance: Section<'_>) -> Option<Diagnostic> {
    let lines = || instance.lines("authentication").flat_map(Node::nodes);
    let named = |keyword: &'static str| lines().find(move |line| line.keyword().text == keyword);
    let password = named("auth_pass")?;
    if named("auth_type").is_some() {
        return None;
    }
    Some(
        finding(Code::PasswordWithoutType, password.span(), "auth_pass without auth_type")
            .note("keepalived then sends adverts without authentication, and drops those of members that use it")
            .help("add auth_type PASS, or remove the block on all members"),
    )
}
