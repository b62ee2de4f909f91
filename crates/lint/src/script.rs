//! `vrrp_script` blocks: when they run and what they do.

use evervip_config::{Code, Diagnostic};

use crate::command;
use crate::merge::finding;
use crate::section::Section;
use crate::subject::Subject;

/// Lints of every check.
pub(crate) fn checks(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let scripts = subject.scripts.clone();
    let one = |script| [timeout(script), starts_service(script)];
    scripts.into_iter().flat_map(one).flatten().collect()
}

/// keepalived 2.2.7 then starts a second copy beside the first.
fn timeout(script: Section<'_>) -> Option<Diagnostic> {
    let word = script.argument("timeout")?;
    let timeout: f64 = word.text.parse().ok()?;
    let interval = match script.argument("interval") {
        Some(word) => word.text.parse().ok()?,
        None => 1.0,
    };
    if timeout <= interval {
        return None;
    }
    let text = format!("the check may run for {timeout} s and is due every {interval} s");
    let finding = finding(Code::TimeoutExceedsInterval, word.span, text)
        .note("keepalived 2.2.7 starts another one while the first still runs; evervip waits for the next multiple of the interval")
        .help("make the timeout as short as the interval, or the interval longer");
    Some(match script.argument("interval") {
        Some(word) => finding.label(word.span, "the interval"),
        None => finding.note("without 'interval' a check is due every second"),
    })
}

/// A check that repairs what it checks never fails, or fails on both nodes at once.
fn starts_service(script: Section<'_>) -> Option<Diagnostic> {
    let line = script.line("script")?;
    let words = command::split(line)?;
    let command: Vec<&str> = words.get(1)?.split_whitespace().collect();
    let manages = command.iter().any(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(name, "systemctl" | "service" | "rc-service") || word.starts_with("/etc/init.d/")
    });
    let verb = command
        .iter()
        .find(|word| matches!(**word, "start" | "restart" | "reload-or-restart"))?;
    if !manages {
        return None;
    }
    let at = line.args().first().map_or(line.span(), |word| word.span);
    let text = format!("the check does '{verb}' instead of looking");
    Some(
        finding(Code::CheckStartsService, at, text)
            .note("it runs at every interval on every node, and succeeds as long as the start does")
            .help("let the check only look, for example 'systemctl is-active', and leave starting to the service manager"),
    )
}
