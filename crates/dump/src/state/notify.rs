//! Hooks.

use evervip_model::NotifyCommands;

use crate::command::with_owner;
use crate::text::Text;

/// The scripts of an instance or a group.
pub(super) fn write(text: &mut Text, notify: &NotifyCommands) {
    let all = [
        ("Backup", &notify.backup),
        ("Master", &notify.master),
        ("Fault", &notify.fault),
        ("Stop", &notify.stop),
        ("Deleted", &notify.deleted),
        ("Generic", &notify.any),
        ("Master rx lower pri", &notify.master_rx_lower_pri),
    ];
    for (title, command) in all {
        if let Some(command) = command {
            let words = with_owner(command);
            text.line(format_args!("   {title} state transition script = {words}"));
        }
    }
}
