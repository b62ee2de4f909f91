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
    word("track_group", "NAME", "Static addresses only."),
];

pub(super) const ROUTE: &[Keyword] = &[
    word("to", "DESTINATION", "Where the route leads."),
    flag("default", "All IPv4 destinations."),
    flag("any", "The same as default."),
    flag("all", "The same as default."),
    flag("default6", "All IPv6 destinations."),
    flag("inet", "It is an IPv4 route."),
    flag("inet6", "It is an IPv6 route."),
    word("via", "ADDRESS", "Gateway."),
    word("gw", "ADDRESS", "Old spelling of via."),
    word("src", "ADDRESS", "Preferred source address."),
    word("from", "ADDRESS", "Source selector. IPv6 only."),
    word("dev", "IFNAME", "Interface."),
    word("oif", "IFNAME", "The same as dev."),
    word("scope", "NAME or 0 to 255", "Scope."),
    word("table", "NAME or NUMBER", "Table.").default("main"),
    word("vrf", "IFNAME", "VRF; sets the table."),
    word("protocol", "NAME or 0 to 255", "Who made the route.").default("18"),
    word("metric", "NUMBER", "Metric."),
    word("priority", "NUMBER", "The same as metric."),
    word("preference", "NUMBER", "The same as metric."),
    word("tos", "NAME or 0 to 255", "Type of service."),
    word("dsfield", "NAME or 0 to 255", "The same as tos."),
    flag(
        "onlink",
        "The gateway is on the link, whatever the addresses say.",
    ),
    word("mtu", "[lock] BYTES", "MTU."),
    word("advmss", "[lock] BYTES", "Segment size that is announced."),
    word(
        "reordering",
        "[lock] NUMBER",
        "Reordering that is tolerated.",
    ),
    word("cwnd", "[lock] NUMBER", "Congestion window clamp."),
    word("ssthresh", "[lock] NUMBER", "Slow start threshold."),
    word("rtt", "[lock] TIME", "Round trip time."),
    word("rttvar", "[lock] TIME", "Its variance."),
    word("rto_min", "[lock] TIME", "Least retransmission time."),
    word("window", "NUMBER", "Window clamp."),
    word("initcwnd", "NUMBER", "First congestion window."),
    word("initrwnd", "NUMBER", "First receive window."),
    word("hoplimit", "0 to 255", "Hop limit."),
    word("realms", "REALM[/REALM]", "Realms. IPv4 only."),
    word("features", "ecn", "Protocol features."),
    word("quickack", "0 or 1", "Acknowledge at once."),
    word("fastopen_no_cookie", "0 or 1", "Fast open without cookie."),
    word("congctl", "[lock] NAME", "Congestion control."),
    word(
        "pref",
        "low | medium | high | NUMBER",
        "Router preference. IPv6 only.",
    ),
    word("expires", "SECONDS", "Lifetime. IPv6 only."),
    word(
        "ttl-propagate",
        "enabled | disabled",
        "MPLS TTL propagation.",
    ),
    word("encap", "ip | ip6 | mpls | ila …", "Encapsulation."),
    flag("add", "Insert only if there is none."),
    flag("prepend", "Insert before others. The default."),
    flag("append", "Insert behind others."),
    word("as", "[to] ADDRESS", "Ignored."),
    word("or", "ADDRESS", "Second gateway. Deprecated."),
    flag(
        "no_track",
        "Its removal by others does not concern the instance.",
    ),
    word("track_group", "NAME", "Static routes only."),
    word(
        "nexthop",
        "via ADDRESS [dev IFNAME] [weight N] …",
        "One of several gateways.",
    ),
    word("weight", "1 to 256", "Share of a gateway."),
];

pub(super) const RULE: &[Keyword] = &[
    word("from", "ADDRESS", "Source selector."),
    word("to", "ADDRESS", "Destination selector."),
    word("table", "NAME or NUMBER", "Table to look up."),
    word("lookup", "NAME or NUMBER", "The same as table."),
    word("priority", "NUMBER", "Place among the rules."),
    word("preference", "NUMBER", "The same as priority."),
    word("order", "NUMBER", "The same as priority."),
    flag("not", "Inverts the selector."),
    flag("inet", "It is an IPv4 rule."),
    flag("inet6", "It is an IPv6 rule."),
    word("iif", "IFNAME", "Incoming interface."),
    word("dev", "IFNAME", "The same as iif."),
    word("oif", "IFNAME", "Outgoing interface."),
    word("fwmark", "MARK[/MASK]", "Firewall mark."),
    word("tos", "NAME or 0 to 255", "Type of service."),
    word("dsfield", "NAME or 0 to 255", "The same as tos."),
    word("realms", "REALM[/REALM]", "Realms. IPv4 only."),
    word(
        "suppress_prefixlength",
        "NUMBER",
        "Ignore routes with shorter prefixes.",
    ),
    word("sup_pl", "NUMBER", "The same as suppress_prefixlength."),
    word(
        "suppress_ifgroup",
        "NAME or NUMBER",
        "Ignore routes of that interface group.",
    ),
    word(
        "sup_group",
        "NAME or NUMBER",
        "The same as suppress_ifgroup.",
    ),
    word("tunnel-id", "NUMBER", "Tunnel."),
    word("uidrange", "FIRST-LAST", "Users."),
    flag("l3mdev", "Table of the VRF."),
    word("protocol", "0 to 255", "Who made the rule.").default("18"),
    word("ipproto", "NAME or NUMBER", "IP protocol."),
    word("sport", "FIRST-LAST", "Source ports."),
    word("dport", "FIRST-LAST", "Destination ports."),
    flag("blackhole", "Drop."),
    flag("unreachable", "Refuse."),
    flag("prohibit", "Refuse, with another message."),
    flag("nop", "Do nothing."),
    word("goto", "NUMBER", "Go on at another rule."),
    word("type", "ACTION", "May stand before an action."),
    flag(
        "no_track",
        "Its removal by others does not concern the instance.",
    ),
    word("track_group", "NAME", "Static rules only."),
];
