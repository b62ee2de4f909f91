//! Mails that nobody will get (spec vrrp-runtime 10).

use evervip_config::{Code, Diagnostic, Node};

use crate::merge::finding;
use crate::section::{Section, is_on};
use crate::subject::Subject;

/// Alerts that are switched on where there is no relay, or nobody to write to; said once, at the first
/// line that switches them on.
pub(crate) fn alerts(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let is_set = |keyword: &str, fits: fn(&Node) -> bool| {
        let mut lines = subject.globals();
        lines.any(|line| line.keyword().text == keyword && fits(line))
    };
    let missing: Vec<&str> = [
        (
            "smtp_server",
            (|line| !line.args().is_empty()) as fn(&Node) -> bool,
        ),
        ("notification_email", |line| !line.nodes().is_empty()),
    ]
    .into_iter()
    .filter_map(|(keyword, fits)| (!is_set(keyword, fits)).then_some(keyword))
    .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let first = switches(subject)
        .filter(|line| is_on(line))
        .min_by_key(|line| line.span());
    first.map(|line| lost(line, &missing)).into_iter().collect()
}

/// The lines that switch alerts of routers on or off.
fn switches<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = &'a Node> {
    let globals = subject.globals();
    let globals = globals.filter(|line| {
        matches!(
            line.keyword().text.as_str(),
            "smtp_alert" | "smtp_alert_vrrp"
        )
    });
    let groups = subject.input.blocks("vrrp_sync_group");
    let groups = groups.filter_map(Section::named);
    let blocks = subject.instances.iter().copied().chain(groups);
    globals.chain(blocks.filter_map(|block| block.line("smtp_alert")))
}

fn lost(line: &Node, missing: &[&str]) -> Diagnostic {
    let text = format!(
        "no mail will be sent: there is no {}",
        missing.join(" and no ")
    );
    finding(Code::AlertWithoutRelay, line.span(), text)
        .note("keepalived needs a relay and at least one recipient in global_defs, and is silent otherwise")
        .help(format!("write {} into global_defs, or remove the line", missing.join(" and ")))
}
