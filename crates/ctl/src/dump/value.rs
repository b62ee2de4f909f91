//! Values that occur in several places.

use std::time::Duration;

use evervip_model::{AddressLifetime, Command, Credentials, NotifyCommands, VirtualAddress};
use serde_json::{Map, Value, json};

/// Seconds with the fraction that they have.
pub(super) fn seconds(time: Duration) -> Value {
    if time.subsec_nanos() == 0 {
        json!(time.as_secs())
    } else {
        json!(time.as_secs_f64())
    }
}

/// A command with the identity it runs under.
pub(super) fn command(command: &Command) -> Value {
    let Command {
        path,
        argv,
        credentials: Credentials { uid, gid },
        supplementary_groups,
    } = command;
    let argv: Vec<_> = argv.iter().map(|word| word.to_string_lossy()).collect();
    json!({
        "path": path.to_string_lossy(),
        "argv": argv,
        "uid": uid,
        "gid": gid,
        "supplementary_groups": supplementary_groups,
    })
}

/// The hooks that are configured, by keyword.
pub(super) fn notify(commands: &NotifyCommands) -> Value {
    let NotifyCommands {
        master,
        backup,
        fault,
        stop,
        any,
        master_rx_lower_pri,
        deleted,
    } = commands;
    let all = [
        ("notify_master", master),
        ("notify_backup", backup),
        ("notify_fault", fault),
        ("notify_stop", stop),
        ("notify", any),
        ("notify_master_rx_lower_pri", master_rx_lower_pri),
        ("notify_deleted", deleted),
    ];
    let given = all
        .into_iter()
        .filter_map(|(keyword, hook)| Some((keyword.to_owned(), command(hook.as_ref()?))));
    Value::Object(given.collect())
}

/// A virtual address.
pub(super) fn address(entry: &VirtualAddress) -> Value {
    let VirtualAddress {
        address,
        prefix,
        dev,
        scope,
        broadcast,
        label,
        peer,
        home,
        mngtmpaddr,
        noprefixroute,
        autojoin,
        dad,
        preferred_lifetime,
        no_track,
        use_vmac,
    } = entry;
    let lifetime = match preferred_lifetime {
        AddressLifetime::Default => Value::Null,
        AddressLifetime::Seconds(u32::MAX) => json!("forever"),
        AddressLifetime::Seconds(n) => json!(n),
    };
    json!({
        "address": address.to_string(),
        "prefix": prefix,
        "dev": dev,
        "scope": scope,
        "brd": broadcast.map(|a| a.to_string()),
        "label": label,
        "peer": peer.map(|a| a.to_string()),
        "home": home,
        "mngtmpaddr": mngtmpaddr,
        "noprefixroute": noprefixroute,
        "autojoin": autojoin,
        "-nodad": dad,
        "preferred_lft": lifetime,
        "no_track": no_track,
        "use_vmac": use_vmac,
    })
}

/// One object with the members of all, in order.
pub(super) fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let members = parts.into_iter().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect::<Map<_, _>>())
}
