//! Keywords outside all blocks.

use super::{Block, Keyword, Need, Shape, block, flag, values, word};

pub(super) const TOP: &[Keyword] = &[
    word(
        "net_namespace",
        "NAME",
        "Run inside the network namespace NAME.",
    )
    .lenient()
    .yes(),
    word(
        "net_namespace_ipvs",
        "[NAME]",
        "Network namespace for IPVS.",
    )
    .optional()
    .since("2.1.0")
    .lvs(),
    flag(
        "namespace_with_ipsets",
        "Allow ipsets inside a network namespace on old kernels. Not needed here.",
    )
    .accepted(),
    word(
        "instance",
        "NAME",
        "Name of this daemon: suffix of pid files and of the log ident.",
    )
    .lenient()
    .yes(),
    flag(
        "use_pid_dir",
        "Keep pid files in the run directory of the daemon.",
    )
    .yes(),
    flag(
        "linkbeat_use_polling",
        "Poll the link state of all interfaces.",
    )
    .yes(),
    word(
        "child_wait_time",
        "SECONDS",
        "Time that the children have to end at a stop.",
    )
    .default("5")
    .since("2.0.0")
    .yes(),
    block(
        "global_defs",
        Block::Global,
        "Settings of the daemon and defaults for instances.",
    )
    .yes(),
    values(
        "static_ipaddress",
        "{ address entries }",
        "Addresses held as long as the daemon runs.",
    )
    .yes(),
    values(
        "static_routes",
        "{ route entries }",
        "Routes held as long as the daemon runs.",
    )
    .yes(),
    values(
        "static_rules",
        "{ rule entries }",
        "Rules held as long as the daemon runs.",
    )
    .yes(),
    block(
        "track_group",
        Block::TrackGroup,
        "Instances whose interfaces guard static entries.",
    )
    .args("NAME")
    .lenient()
    .since("2.0.3")
    .yes(),
    values(
        "linkbeat_interfaces",
        "{ IFNAME [MII|ETHTOOL|IOCTL] }",
        "Interfaces whose link state is polled.",
    )
    .yes(),
    values(
        "interface_up_down_delays",
        "{ IFNAME DOWN [UP] } seconds, 0 to 255",
        "Time that an interface must stay down or up to count.",
    )
    .since("2.2.3")
    .yes(),
    block(
        "garp_group",
        Block::GarpGroup,
        "Interfaces that share a least gap between gratuitous ARPs.",
    )
    .since("1.2.21")
    .yes(),
    block(
        "vrrp_script",
        Block::Script,
        "A check that instances may track.",
    )
    .args("NAME")
    .yes(),
    block(
        "vrrp_track_process",
        Block::TrackProcess,
        "A process that instances may track.",
    )
    .args("NAME")
    .fatal()
    .since("2.0.11")
    .yes(),
    block(
        "track_file",
        Block::TrackFile,
        "A file whose number instances may track.",
    )
    .args("NAME")
    .fatal()
    .since("2.0.0")
    .yes(),
    block(
        "vrrp_track_file",
        Block::TrackFile,
        "Old spelling of track_file.",
    )
    .args("NAME")
    .fatal()
    .since("2.0.0")
    .yes(),
    block(
        "vrrp_sync_group",
        Block::SyncGroup,
        "Instances that change state together.",
    )
    .args("NAME")
    .yes(),
    block("vrrp_instance", Block::Instance, "A virtual router.")
        .args("NAME")
        .yes(),
    block(
        "bfd_instance",
        Block::Bfd,
        "A BFD session that instances may track.",
    )
    .args("NAME")
    .since("2.0.0")
    .yes(),
    values(
        "virtual_server_group",
        "NAME { ADDRESS[-END] [PORT] | fwmark N }",
        "Group of virtual services.",
    )
    .fatal()
    .lvs(),
    block(
        "virtual_server",
        Block::VirtualServer,
        "A load-balanced service.",
    )
    .args("IP [PORT] | fwmark N | group NAME")
    .fatal()
    .lvs(),
    block("SSL", Block::Ssl, "Certificates of the SSL_GET checker.").lvs(),
    include(
        "include",
        "Reads further files here; relative to the file it stands in.",
    )
    .yes(),
    include(
        "includer",
        "As include; a file that cannot be read ends the start.",
    )
    .since("2.2.0")
    .yes(),
    include(
        "includem",
        "As includer; so does a name that does not exist.",
    )
    .since("2.2.0")
    .yes(),
    include(
        "includew",
        "As includem; so does a wildcard that matches nothing.",
    )
    .since("2.2.0")
    .yes(),
    include(
        "includeb",
        "As includer; so does a brace alternative that does not exist.",
    )
    .since("2.2.0")
    .yes(),
    include("includea", "All of the above.")
        .since("2.2.0")
        .yes(),
];

pub(super) const EVERVIP: &[Keyword] = &[
    word(
        "unrunnable_scripts",
        "succeed | fail",
        "Whether a check that cannot be executed counts as success, as it does for keepalived, or as failure.",
    )
    .default("succeed")
    .yes(),
    word(
        "reinstate_addresses",
        "on | off",
        "Whether an address removed behind our back is put back at once.",
    )
    .default("on")
    .yes(),
    word(
        "notify_order",
        "parallel | serial",
        "Whether the notify commands of an instance or group wait for each other.",
    )
    .default("parallel")
    .yes(),
    word(
        "notify_timeout",
        "1 to 4294 s",
        "Longest run of a notify command; 60 with notify_order serial, else without end.",
    )
    .yes(),
    word(
        "notify_retries",
        "0 to 100",
        "How often a notify command that fails is run again, with notify_order serial.",
    )
    .default("0")
    .yes(),
];

/// The reader acts on these; one that is left has no pattern, which is an unknown keyword.
const fn include(name: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Words, Need::Optional, help).args("PATTERN")
}
