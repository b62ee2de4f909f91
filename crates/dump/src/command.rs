//! Commands.

use evervip_model::Command;

/// The words of a command in quotes; the first is the path that is executed. `</path`, which tests
/// whether a file can be read, is as written.
#[must_use]
pub fn words(command: &Command) -> String {
    if let [shell, _, line] = command.argv.as_slice() {
        let line = line.to_string_lossy();
        if line.starts_with("</") && shell == "/bin/sh" {
            return line.into_owned();
        }
    }
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
