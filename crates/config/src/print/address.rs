//! Address entries.

use std::fmt::Write;

use evervip_model::{AddressLifetime, VirtualAddress};

use super::writer::word as quoted;

/// A line of `virtual_ipaddress`.
pub(super) fn entry(address: &VirtualAddress) -> String {
    let VirtualAddress {
        address: ip,
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
    } = address;
    let mut line = match peer {
        // With a peer the prefix is the peer's, and whole.
        Some(peer) => format!("{ip} peer {peer}"),
        None => format!("{ip}/{prefix}"),
    };
    let mut word = |keyword: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a `String` cannot fail.
            let _ = write!(line, " {keyword} {value}");
        }
    };
    word("brd", broadcast.map(|a| a.to_string()));
    word("dev", dev.as_deref().map(str::to_owned));
    word("scope", (*scope != 0).then(|| scope.to_string()));
    word("label", label.as_deref().map(quoted));
    word(
        "preferred_lft",
        match preferred_lifetime {
            AddressLifetime::Default => None,
            AddressLifetime::Seconds(u32::MAX) => Some("forever".to_owned()),
            AddressLifetime::Seconds(n) => Some(n.to_string()),
        },
    );
    let flags = [
        ("home", *home),
        ("mngtmpaddr", *mngtmpaddr),
        ("noprefixroute", *noprefixroute),
        ("autojoin", *autojoin),
        ("-nodad", *dad),
        ("no_track", *no_track),
        ("use_vmac", *use_vmac),
    ];
    for (flag, _) in flags.iter().filter(|(_, applies)| *applies) {
        let _ = write!(line, " {flag}");
    }
    line
}
