//! Keywords of the other blocks.

use super::{Keyword, boolean, flag, script, values, word};

pub(super) const SYNC_GROUP: &[Keyword] = &[
    values("group", "{ INSTANCE … }", "The members.").yes(),
    values(
        "track_interface",
        "{ IFNAME [weight N [reverse]] }",
        "Tracked by every member.",
    )
    .yes(),
    values(
        "track_script",
        "{ SCRIPT [weight N [reverse]] }",
        "Tracked by every member.",
    )
    .yes(),
    values(
        "track_file",
        "{ NAME [weight N [reverse]] }",
        "Tracked by every member.",
    )
    .since("2.0.0")
    .yes(),
    values(
        "track_process",
        "{ NAME [weight N [reverse]] }",
        "Tracked by every member.",
    )
    .since("2.0.11")
    .yes(),
    values(
        "track_bfd",
        "{ NAME [weight N [reverse]] }",
        "Tracked by every member.",
    )
    .since("2.0.0")
    .yes(),
    script("notify_master", "Run when the group is MASTER.").yes(),
    script("notify_backup", "Run when the group is BACKUP.").yes(),
    script("notify_fault", "Run when the group is FAULT.").yes(),
    script("notify_stop", "Run at a stop.").yes(),
    script(
        "notify",
        "Run at every change, with kind, name, state and 0.",
    )
    .yes(),
    boolean("smtp_alert", "Send mail at state changes.")
        .default("smtp_alert_vrrp")
        .yes(),
    boolean("notify_priority_changes", "Default for the members.")
        .since("2.0.16")
        .yes(),
    flag(
        "sync_group_tracking_weight",
        "Members may keep weighted trackers.",
    )
    .since("2.0.0")
    .yes(),
    flag(
        "global_tracking",
        "Old spelling of sync_group_tracking_weight.",
    )
    .yes(),
];

pub(super) const SCRIPT: &[Keyword] = &[
    script(
        "script",
        "The command; quotes around it when it has arguments.",
    )
    .optional()
    .args("\"PATH ARGUMENT …\"")
    .yes(),
    word(
        "interval",
        "0.001 to 4294 seconds",
        "Time between two starts.",
    )
    .default("1")
    .yes(),
    word("timeout", "0.001 to 4294 seconds", "Longest run time.")
        .default("interval")
        .yes(),
    word(
        "weight",
        "-253 to 253 [reverse]",
        "Added to the priority; 0: failure is a fault.",
    )
    .default("0")
    .yes(),
    word(
        "rise",
        "at least 1",
        "Successes in a row that make it good.",
    )
    .default("1")
    .yes(),
    word("fall", "at least 1", "Failures in a row that make it bad.")
        .default("1")
        .yes(),
    word("user", "USER [[:][GROUP]]", "Who runs it.")
        .default("script_user")
        .yes(),
    flag("init_fail", "Counts as failed until it has succeeded.").yes(),
];

pub(super) const TRACK_FILE: &[Keyword] = &[
    word("file", "PATH", "The file that holds the number.")
        .lenient()
        .since("2.0.0")
        .yes(),
    word(
        "weight",
        "-254 to 254 [reverse]",
        "What the number is multiplied by.",
    )
    .lenient()
    .default("1")
    .since("2.0.0")
    .yes(),
    word(
        "init_file",
        "[VALUE] [overwrite]",
        "Write the file at start.",
    )
    .optional()
    .since("2.0.0")
    .yes(),
];

pub(super) const TRACK_PROCESS: &[Keyword] = &[
    word("process", "PATH [ARGUMENT …]", "The process to look for.")
        .since("2.0.11")
        .yes(),
    word(
        "param_match",
        "[initial | partial]",
        "How arguments are compared.",
    )
    .optional()
    .since("2.0.11")
    .yes(),
    flag(
        "full_command",
        "Compare the command line instead of the name.",
    )
    .since("2.0.11")
    .yes(),
    word(
        "weight",
        "-254 to 254 [reverse]",
        "Added to the priority; 0: absence is a fault.",
    )
    .lenient()
    .default("0")
    .since("2.0.11")
    .yes(),
    word("quorum", "1 to 65535", "How many must run.")
        .default("1")
        .since("2.0.11")
        .yes(),
    word("quorum_max", "0 to 65535", "How many may run.")
        .since("2.0.11")
        .yes(),
    word(
        "delay",
        "0.000001 to 3600 seconds",
        "Sets both delays below.",
    )
    .since("2.0.11")
    .yes(),
    word(
        "terminate_delay",
        "0.000001 to 3600 seconds",
        "Time after an end until it counts.",
    )
    .since("2.0.11")
    .yes(),
    word(
        "fork_delay",
        "0.000001 to 3600 seconds",
        "Time after a start until it counts.",
    )
    .since("2.0.11")
    .yes(),
];

pub(super) const BFD: &[Keyword] = &[
    word("neighbor_ip", "ADDRESS", "The other end.")
        .since("2.0.0")
        .yes(),
    word("neighbour_ip", "ADDRESS", "The other end.")
        .since("2.0.0")
        .yes(),
    word("source_ip", "ADDRESS", "This end.")
        .since("2.0.0")
        .yes(),
    word(
        "min_rx",
        "1 to 4294967 ms",
        "Least gap between packets received.",
    )
    .default("10")
    .since("2.0.0")
    .yes(),
    word(
        "min_tx",
        "1 to 4294967 ms",
        "Least gap between packets sent.",
    )
    .default("10")
    .since("2.0.0")
    .yes(),
    word(
        "idle_tx",
        "1000 to 4294967 ms",
        "Gap while the session is down.",
    )
    .default("1000")
    .since("2.0.0")
    .yes(),
    word(
        "multiplier",
        "1 to 255",
        "Packets missed until the session is down.",
    )
    .default("5")
    .since("2.0.0")
    .yes(),
    flag("passive", "Wait for the other end.")
        .since("2.0.0")
        .yes(),
    word("ttl", "1 to 255", "TTL of packets.")
        .default("255, IPv6 64")
        .since("2.0.0")
        .yes(),
    word("hoplimit", "1 to 255", "The same as ttl.")
        .since("2.0.0")
        .yes(),
    word("max_hops", "-1 to 255", "Routers allowed on the way.")
        .default("0")
        .since("2.0.0")
        .yes(),
    boolean("multihop", "Use the port of multihop sessions.")
        .since("2.2.8")
        .yes(),
    word(
        "weight",
        "-253 to 253 [reverse]",
        "Added to the priority; 0: down is a fault.",
    )
    .default("0")
    .since("2.0.0")
    .yes(),
    flag("vrrp", "Events go to the VRRP process.")
        .since("2.0.0")
        .yes(),
    flag("checker", "Events go to the checker process.")
        .since("2.0.0")
        .yes(),
];

pub(super) const GARP_GROUP: &[Keyword] = &[
    word(
        "garp_interval",
        "0 to 2147.483647 seconds",
        "Least gap between gratuitous ARPs.",
    )
    .yes(),
    word(
        "gna_interval",
        "0 to 2147.483647 seconds",
        "Least gap between neighbour advertisements.",
    )
    .yes(),
    word("interface", "IFNAME", "A member.").yes(),
    values(
        "interfaces",
        "{ IFNAME … }",
        "Members that share one budget.",
    )
    .yes(),
];

pub(super) const TRACK_GROUP: &[Keyword] = &[values("group", "{ INSTANCE … }", "The members.")
    .since("2.0.3")
    .yes()];
