//! Commands.

use evervip_model::Command;

/// The words of a command in quotes; the first is the path that is executed.
#[must_use]
pub fn words(command: &Command) -> String {
    let mut text = format!("'{}'", command.path.display());
    for word in command.argv.iter().skip(1) {
        text.push_str(" '");
        text.push_str(&word.to_string_lossy());
        text.push('\'');
    }
    text
}

/// The words, and who runs it.
pub(crate) fn with_owner(command: &Command) -> String {
    let who = command.credentials;
    format!("{}, uid:gid {}:{}", words(command), who.uid, who.gid)
}
