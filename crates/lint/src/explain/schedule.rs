//! What runs when: checks and hooks.

use evervip_config::print::Names;
use evervip_model::{Command, NotifyCommands, VrrpScript};

use super::Section;
use super::phrase::{milliseconds, seconds};

/// First word that is appended to `notify` of an instance.
pub(super) const INSTANCE: &str = "INSTANCE";
/// The same for a sync group.
pub(super) const GROUP: &str = "GROUP";

/// A check script.
pub(super) fn check(script: &VrrpScript, names: &dyn Names) -> Section {
    let mut section = Section::new(format!("check {}", script.name));
    let mut runs = vec![command(&script.command, names)];
    let mut often = format!("every {}", seconds(script.interval));
    if script.timeout != script.interval {
        often = format!("{often}, at most {} long", seconds(script.timeout));
    }
    runs.push(often);
    if let Some(reason) = &script.unusable {
        runs.push(format!(
            "cannot be run: {reason}; that counts as success, with a warning"
        ));
    }
    section.add("runs", runs);
    let times = |count: u32, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s in a row"),
    };
    let [found, healed] = [script.fall, script.rise]
        .map(|count| milliseconds(script.interval.saturating_mul(count.max(1))));
    let mut judged = vec![
        format!(
            "bad after {}: {found} at most, and {} when it hangs",
            times(script.fall, "failure"),
            milliseconds(script.interval.saturating_mul(script.fall.max(1)) + script.timeout)
        ),
        format!(
            "good after {}: {healed} at most",
            times(script.rise, "success").replace("successs", "successes")
        ),
    ];
    judged.push(if script.init_fail {
        "bad from the start until then".to_owned()
    } else {
        "the very first result decides alone".to_owned()
    });
    section.add("judged", judged);
    section
}

/// The hooks of an instance or a group with their arguments (spec vrrp-runtime 9.2).
pub(super) fn hooks(
    notify: &NotifyCommands,
    kind: &str,
    name: &str,
    names: &dyn Names,
) -> Vec<String> {
    let NotifyCommands {
        master,
        backup,
        fault,
        stop,
        any,
        master_rx_lower_pri,
        deleted,
    } = notify;
    let single = [
        ("becomes MASTER", master),
        ("becomes BACKUP", backup),
        ("goes into FAULT", fault),
        ("the daemon ends", stop),
        ("is removed by a reload", deleted),
        ("is MASTER and hears a lower priority", master_rx_lower_pri),
    ];
    let mut lines: Vec<String> = single
        .into_iter()
        .filter_map(|(when, hook)| Some(format!("{when}: {}", command(hook.as_ref()?, names))))
        .collect();
    if let Some(hook) = any {
        // Groups have no priority.
        let priority = if kind == GROUP { "0" } else { "PRIORITY" };
        let command = command(hook, names);
        lines.push(format!(
            "every change: {command} with {kind} {name} STATE {priority} behind"
        ));
    }
    lines
}

/// A command with its words and its user.
pub(super) fn command(command: &Command, names: &dyn Names) -> String {
    let words: Vec<String> = command
        .argv
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .map(|word| {
            if word.is_empty() || word.contains(char::is_whitespace) {
                format!("'{word}'")
            } else {
                word
            }
        })
        .collect();
    let uid = command.credentials.uid;
    let user = names.user(uid).unwrap_or_else(|| format!("user {uid}"));
    format!("{} as {user}", words.join(" "))
}
