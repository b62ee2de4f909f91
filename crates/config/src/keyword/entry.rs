//! Words inside the entries of value blocks.

use super::{Keyword, flag, word};

pub(super) const PEER: &[Keyword] = &[
    word(
        "min_ttl",
        "0 to 255",
        "Adverts that come with less are dropped.",
    )
    .default("0")
    .yes(),
    word(
        "max_ttl",
        "0 to 255",
        "Adverts that come with more are dropped.",
    )
    .default("255")
    .yes(),
];

pub(super) const TRACK: &[Keyword] = &[
    word(
        "weight",
        "-253 to 253",
        "Added to the priority; 0: failure is a fault.",
    )
    .yes(),
    flag("reverse", "The contribution changes its sign.").yes(),
    flag("noreverse", "Undoes reverse of the tracked object.").yes(),
];

pub(super) const LINKBEAT: &[Keyword] = &[
    flag("MII", "Ask the transceiver registers.").yes(),
    flag("ETHTOOL", "Ask the driver.").yes(),
    flag("IOCTL", "Ask for the interface flags.").yes(),
];

pub(super) const ADDRESS: &[Keyword] = &[
    word("dev", "IFNAME", "Interface of the address.")
        .default("the instance's")
        .yes(),
    word("scope", "NAME or 0 to 255", "Route scope. IPv4 only.")
        .default("global")
        .yes(),
    word("brd", "ADDRESS | + | -", "Broadcast address. IPv4 only.").yes(),
    word("broadcast", "ADDRESS | + | -", "The same as brd.").yes(),
    word("label", "TEXT, at most 15 bytes", "Label. IPv4 only.").yes(),
    word("peer", "ADDRESS", "Other end of a point-to-point link.").yes(),
    flag("home", "Kernel flag of that name.").yes(),
    flag("mngtmpaddr", "Kernel flag of that name.").yes(),
    flag("noprefixroute", "Kernel flag of that name.").yes(),
    flag("autojoin", "Kernel flag of that name.").yes(),
    flag("-nodad", "Do duplicate address detection. IPv6 only.").yes(),
    word(
        "preferred_lft",
        "SECONDS | forever",
        "How long the address stays preferred. IPv6 only.",
    )
    .yes(),
    flag(
        "no_track",
        "Its removal by others does not concern the instance.",
    )
    .yes(),
    flag("use_vmac", "Put it on a virtual MAC interface.").yes(),
    word("track_group", "NAME", "Static addresses only.").yes(),
];

pub(super) const ROUTE: &[Keyword] = &[
    word("to", "DESTINATION", "Where the route leads.").yes(),
    flag("default", "All IPv4 destinations.").yes(),
    flag("any", "The same as default.").yes(),
    flag("all", "The same as default.").yes(),
    flag("default6", "All IPv6 destinations.").yes(),
    flag("inet", "It is an IPv4 route.").yes(),
    flag("inet6", "It is an IPv6 route.").yes(),
    word("via", "ADDRESS", "Gateway.").yes(),
    word("gw", "ADDRESS", "Old spelling of via.").yes(),
    word("src", "ADDRESS", "Preferred source address.").yes(),
    word("from", "ADDRESS", "Source selector. IPv6 only.").yes(),
    word("dev", "IFNAME", "Interface.").yes(),
    word("oif", "IFNAME", "The same as dev.").yes(),
    word("scope", "NAME or 0 to 255", "Scope.").yes(),
    word("table", "NAME or NUMBER", "Table.")
        .default("main")
        .yes(),
    word("vrf", "IFNAME", "VRF; sets the table.").yes(),
    word("protocol", "NAME or 0 to 255", "Who made the route.")
        .default("18")
        .yes(),
    word("metric", "NUMBER", "Metric.").yes(),
    word("priority", "NUMBER", "The same as metric.").yes(),
    word("preference", "NUMBER", "The same as metric.").yes(),
    word("tos", "NAME or 0 to 255", "Type of service.").yes(),
    word("dsfield", "NAME or 0 to 255", "The same as tos.").yes(),
    flag(
        "onlink",
        "The gateway is on the link, whatever the addresses say.",
    )
    .yes(),
    word("mtu", "[lock] BYTES", "MTU.").yes(),
    word("advmss", "[lock] BYTES", "Segment size that is announced.").yes(),
    word(
        "reordering",
        "[lock] NUMBER",
        "Reordering that is tolerated.",
    )
    .yes(),
    word("cwnd", "[lock] NUMBER", "Congestion window clamp.").yes(),
    word("ssthresh", "[lock] NUMBER", "Slow start threshold.").yes(),
    word("rtt", "[lock] TIME", "Round trip time.").yes(),
    word("rttvar", "[lock] TIME", "Its variance.").yes(),
    word("rto_min", "[lock] TIME", "Least retransmission time.").yes(),
    word("window", "NUMBER", "Window clamp.").yes(),
    word("initcwnd", "NUMBER", "First congestion window.").yes(),
    word("initrwnd", "NUMBER", "First receive window.").yes(),
    word("hoplimit", "0 to 255", "Hop limit.").yes(),
    word("realms", "REALM[/REALM]", "Realms. IPv4 only.").yes(),
    word("features", "ecn", "Protocol features.").yes(),
    word("quickack", "0 or 1", "Acknowledge at once.").yes(),
    word("fastopen_no_cookie", "0 or 1", "Fast open without cookie.").yes(),
    word("congctl", "[lock] NAME", "Congestion control.").yes(),
    word(
        "pref",
        "low | medium | high | NUMBER",
        "Router preference. IPv6 only.",
    )
    .yes(),
    word("expires", "SECONDS", "Lifetime. IPv6 only.").yes(),
    word(
        "ttl-propagate",
        "enabled | disabled",
        "MPLS TTL propagation.",
    )
    .yes(),
    word("encap", "ip | ip6 | mpls | ila …", "Encapsulation.").yes(),
    flag("add", "Insert only if there is none.").yes(),
    flag("prepend", "Insert before others. The default.").yes(),
    flag("append", "Insert behind others.").yes(),
    word("as", "[to] ADDRESS", "Ignored.").accepted(),
    word("or", "ADDRESS", "Second gateway. Deprecated.").yes(),
    flag(
        "no_track",
        "Its removal by others does not concern the instance.",
    )
    .yes(),
    word("track_group", "NAME", "Static routes only.").yes(),
    word(
        "nexthop",
        "via ADDRESS [dev IFNAME] [weight N] …",
        "One of several gateways.",
    )
    .yes(),
    word("weight", "1 to 256", "Share of a gateway.").yes(),
];

pub(super) const RULE: &[Keyword] = &[
    word("from", "ADDRESS", "Source selector.").yes(),
    word("to", "ADDRESS", "Destination selector.").yes(),
    word("table", "NAME or NUMBER", "Table to look up.").yes(),
    word("lookup", "NAME or NUMBER", "The same as table.").yes(),
    word("priority", "NUMBER", "Place among the rules.").yes(),
    word("preference", "NUMBER", "The same as priority.").yes(),
    word("order", "NUMBER", "The same as priority.").yes(),
    flag("not", "Inverts the selector.").yes(),
    flag("inet", "It is an IPv4 rule.").yes(),
    flag("inet6", "It is an IPv6 rule.").yes(),
    word("iif", "IFNAME", "Incoming interface.").yes(),
    word("dev", "IFNAME", "The same as iif.").yes(),
    word("oif", "IFNAME", "Outgoing interface.").yes(),
    word("fwmark", "MARK[/MASK]", "Firewall mark.").yes(),
    word("tos", "NAME or 0 to 255", "Type of service.").yes(),
    word("dsfield", "NAME or 0 to 255", "The same as tos.").yes(),
    word("realms", "REALM[/REALM]", "Realms. IPv4 only.").yes(),
    word(
        "suppress_prefixlength",
        "NUMBER",
        "Ignore routes with shorter prefixes.",
    )
    .yes(),
    word("sup_pl", "NUMBER", "The same as suppress_prefixlength.").yes(),
    word(
        "suppress_ifgroup",
        "NAME or NUMBER",
        "Ignore routes of that interface group.",
    )
    .yes(),
    word(
        "sup_group",
        "NAME or NUMBER",
        "The same as suppress_ifgroup.",
    )
    .yes(),
    word("tunnel-id", "NUMBER", "Tunnel.").yes(),
    word("uidrange", "FIRST-LAST", "Users.").yes(),
    flag("l3mdev", "Table of the VRF.").yes(),
    word("protocol", "0 to 255", "Who made the rule.")
        .default("18")
        .yes(),
    word("ipproto", "NAME or NUMBER", "IP protocol.").yes(),
    word("sport", "FIRST-LAST", "Source ports.").yes(),
    word("dport", "FIRST-LAST", "Destination ports.").yes(),
    flag("blackhole", "Drop.").yes(),
    flag("unreachable", "Refuse.").yes(),
    flag("prohibit", "Refuse, with another message.").yes(),
    flag("nop", "Do nothing.").yes(),
    word("goto", "NUMBER", "Go on at another rule.").yes(),
    word("type", "ACTION", "May stand before an action.").yes(),
    flag(
        "no_track",
        "Its removal by others does not concern the instance.",
    )
    .yes(),
    word("track_group", "NAME", "Static rules only.").yes(),
];
