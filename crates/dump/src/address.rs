//! Virtual and static addresses, one a line.

use std::fmt::Write as _;
use std::net::IpAddr;

use evervip_model::{AddressLifetime, VirtualAddress};

/// An address on an interface; `set` when it was added.
pub(crate) fn address(address: &VirtualAddress, device: &str, set: bool) -> String {
    let mut text = address.address.to_string();
    let whole = whole(address.address);
    let mut say = |what: std::fmt::Arguments<'_>| {
        // Writing into memory does not fail.
        let _ = text.write_fmt(what);
    };
    if address.prefix != whole && address.peer.is_none() {
        say(format_args!("/{}", address.prefix));
    }
    if let Some(broadcast) = address.broadcast {
        say(format_args!(" brd {broadcast}"));
    }
    say(format_args!(" dev {device} scope {}", scope(address.scope)));
    if let Some(label) = &address.label {
        say(format_args!(" label {label}"));
    }
    if let Some(peer) = address.peer {
        say(format_args!(" peer {peer}/{}", address.prefix));
    }
    let flags = [
        (address.home, "home"),
        (address.dad, "-nodad"),
        (address.mngtmpaddr, "mngtmpaddr"),
        (address.noprefixroute, "noprefixroute"),
        (address.autojoin, "autojoin"),
        (address.no_track, "no_track"),
    ];
    for (_, word) in flags.iter().filter(|(on, _)| *on) {
        say(format_args!(" {word}"));
    }
    if address.address.is_ipv6() {
        match address.preferred_lifetime {
            AddressLifetime::Default if address.prefix == whole => say(format_args!(" deprecated")),
            AddressLifetime::Default | AddressLifetime::Seconds(u32::MAX) => {
                say(format_args!(" preferred_lft forever"));
            }
            AddressLifetime::Seconds(0) => say(format_args!(" deprecated")),
            AddressLifetime::Seconds(seconds) => say(format_args!(" preferred_lft {seconds}")),
        }
    }
    if set {
        say(format_args!(" set"));
    }
    text
}

const fn whole(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn scope(scope: u8) -> String {
    let name = match scope {
        0 => "global",
        200 => "site",
        253 => "link",
        254 => "host",
        255 => "nowhere",
        number => return number.to_string(),
    };
    name.to_owned()
}
