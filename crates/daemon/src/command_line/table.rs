//! The options of the original, by both of their names.

/// Whether an option has an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    None,
    Required,
    Optional,
}

/// What an option is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    UseFile,
    AllConfig,
    ConfigId,
    ConfigTest,
    DontFork,
    DumpConf,
    LogConsole,
    LogDetail,
    LogFacility,
    LogFile,
    FlushLogFile,
    NoSyslog,
    ParentPid,
    VrrpPid,
    BfdPid,
    NoVrrp,
    NoBfd,
    All,
    DontRespawn,
    ReleaseAll,
    KeepAll,
    AddressMonitoring,
    Namespace,
    Umask,
    SignalNumber,
    Snmp,
    SnmpSocket,
    CoreDump,
    CorePattern,
    Version,
    Help,
    /// It turns off, or names a file of, something that does not exist here.
    Nothing,
    /// Running without it would not be what is wanted.
    Refused(&'static str),
}

/// An option of the original.
pub(crate) struct Row {
    pub(crate) short: Option<char>,
    pub(crate) long: &'static str,
    pub(crate) argument: Argument,
    pub(crate) effect: Effect,
}

const fn row(short: Option<char>, long: &'static str, argument: Argument, effect: Effect) -> Row {
    Row {
        short,
        long,
        argument,
        effect,
    }
}

pub(crate) const TABLE: &[Row] = &[
    row(Some('f'), "use-file", Argument::Required, Effect::UseFile),
    row(Some('P'), "vrrp", Argument::None, Effect::Nothing),
    row(Some('C'), "check", Argument::None, Effect::NoVrrp),
    row(Some('B'), "no_bfd", Argument::None, Effect::NoBfd),
    row(None, "all", Argument::None, Effect::All),
    row(Some('n'), "dont-fork", Argument::None, Effect::DontFork),
    row(Some('l'), "log-console", Argument::None, Effect::LogConsole),
    row(Some('D'), "log-detail", Argument::None, Effect::LogDetail),
    row(
        Some('S'),
        "log-facility",
        Argument::Required,
        Effect::LogFacility,
    ),
    row(Some('g'), "log-file", Argument::Optional, Effect::LogFile),
    row(None, "flush-log-file", Argument::None, Effect::FlushLogFile),
    row(Some('G'), "no-syslog", Argument::None, Effect::NoSyslog),
    row(Some('d'), "dump-conf", Argument::None, Effect::DumpConf),
    row(Some('p'), "pid", Argument::Required, Effect::ParentPid),
    row(Some('r'), "vrrp_pid", Argument::Required, Effect::VrrpPid),
    row(
        Some('c'),
        "checkers_pid",
        Argument::Required,
        Effect::Nothing,
    ),
    row(Some('b'), "bfd_pid", Argument::Required, Effect::BfdPid),
    row(
        Some('R'),
        "dont-respawn",
        Argument::None,
        Effect::DontRespawn,
    ),
    row(
        Some('X'),
        "release-vips",
        Argument::None,
        Effect::ReleaseAll,
    ),
    row(
        Some('V'),
        "dont-release-vrrp",
        Argument::None,
        Effect::KeepAll,
    ),
    row(
        Some('I'),
        "dont-release-ipvs",
        Argument::None,
        Effect::Nothing,
    ),
    row(
        Some('a'),
        "address-monitoring",
        Argument::None,
        Effect::AddressMonitoring,
    ),
    row(Some('u'), "umask", Argument::Required, Effect::Umask),
    row(
        Some('t'),
        "config-test",
        Argument::Optional,
        Effect::ConfigTest,
    ),
    row(Some('e'), "all-config", Argument::None, Effect::AllConfig),
    row(Some('i'), "config-id", Argument::Required, Effect::ConfigId),
    row(None, "signum", Argument::Required, Effect::SignalNumber),
    row(Some('v'), "version", Argument::None, Effect::Version),
    row(Some('h'), "help", Argument::None, Effect::Help),
    row(Some('x'), "snmp", Argument::None, Effect::Snmp),
    row(
        Some('A'),
        "snmp-agent-socket",
        Argument::Required,
        Effect::SnmpSocket,
    ),
    row(Some('m'), "core-dump", Argument::None, Effect::CoreDump),
    row(
        Some('M'),
        "core-dump-pattern",
        Argument::Optional,
        Effect::CorePattern,
    ),
    row(
        Some('s'),
        "namespace",
        Argument::Required,
        Effect::Namespace,
    ),
    row(
        None,
        "config-fd",
        Argument::Required,
        Effect::Refused("is internal to keepalived"),
    ),
    row(
        Some('T'),
        "genhash",
        Argument::None,
        Effect::Refused("belongs to LVS, which is not part of evervip"),
    ),
];

/// A long name, or an abbreviation of exactly one.
pub(super) fn find_long(name: &str) -> Option<&'static Row> {
    if let Some(exact) = TABLE.iter().find(|row| row.long == name) {
        return Some(exact);
    }
    let mut matching = TABLE.iter().filter(|row| row.long.starts_with(name));
    matching.next().filter(|_| matching.next().is_none())
}
