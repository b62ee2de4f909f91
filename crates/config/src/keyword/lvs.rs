//! Virtual servers and their checkers: read and checked for shape, not run.

use super::{Block, Keyword, Need, Shape, block, boolean, flag, word};

/// A keyword whose arguments the original splits on its own.
const fn words(name: &'static str, arguments: &'static str, help: &'static str) -> Keyword {
    word(name, arguments, help).optional().lvs()
}

const fn needed(name: &'static str, arguments: &'static str, help: &'static str) -> Keyword {
    word(name, arguments, help).lvs()
}

const fn switch(name: &'static str, help: &'static str) -> Keyword {
    boolean(name, help).lvs()
}

const fn mark(name: &'static str, help: &'static str) -> Keyword {
    flag(name, help).lvs()
}

const fn command(name: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Script, Need::Fatal, help)
        .args("SCRIPT [USER [GROUP]]")
        .lvs()
}

const fn inner(name: &'static str, keywords: Block, help: &'static str) -> Keyword {
    block(name, keywords, help).lvs()
}

const RETRY: Keyword = needed("retry", "NUMBER", "Failures in a row that count.");
const DELAY_BEFORE_RETRY: Keyword =
    needed("delay_before_retry", "SECONDS", "Pause after a failure.");
const WARMUP: Keyword = needed(
    "warmup",
    "SECONDS",
    "Longest random delay of the first check.",
);
const DELAY_LOOP: Keyword = needed("delay_loop", "SECONDS", "Time between two checks.");
const ALPHA: Keyword = switch("alpha", "Down until checked.");
const CONNECT_TIMEOUT: Keyword =
    needed("connect_timeout", "SECONDS", "Longest wait for an answer.");
const LOG_ALL_FAILURES: Keyword = switch("log_all_failures", "Log every failed check.");
const CONNECT_IP: Keyword = needed("connect_ip", "ADDRESS", "Where to connect to.");
const CONNECT_PORT: Keyword = needed("connect_port", "1 to 65535", "Port to connect to.");
const BINDTO: Keyword = needed("bindto", "ADDRESS", "Where to connect from.");
const BIND_PORT: Keyword = needed("bind_port", "1 to 65535", "Port to connect from.");
const BIND_IF: Keyword = needed("bind_if", "IFNAME", "Interface to connect through.");
const FWMARK: Keyword = needed("fwmark", "NUMBER", "Mark of the packets of the check.");
const VIRTUALHOST: Keyword = words("virtualhost", "NAME", "Host name in HTTP requests.");
const WEIGHT: Keyword = needed("weight", "NUMBER", "Share of the load.");
const SMTP_ALERT: Keyword = switch("smtp_alert", "Send mail at changes.");
const SNMP_NAME: Keyword = words("snmp_name", "NAME", "Name in the MIB.");
const INHIBIT: Keyword = switch("inhibit_on_failure", "Weight 0 instead of removal.");

pub(super) const VIRTUAL_SERVER: &[Keyword] = &[
    inner(
        "real_server",
        Block::RealServer,
        "A server behind the service.",
    )
    .args("ADDRESS [PORT]")
    .fatal(),
    DELAY_LOOP,
    mark("inhibit_on_failure", "Weight 0 instead of removal."),
    needed("lb_algo", ALGORITHMS, "How servers are chosen."),
    needed("lvs_sched", ALGORITHMS, "The same as lb_algo."),
    needed("lb_kind", "NAT | DR | TUN", "How packets are forwarded."),
    needed("lvs_method", "NAT | DR | TUN", "The same as lb_kind."),
    needed("persistence_engine", "NAME", "Engine of persistence."),
    words(
        "persistence_timeout",
        "[SECONDS]",
        "A client stays with its server.",
    ),
    needed(
        "persistence_granularity",
        "NETMASK",
        "Clients that count as one.",
    ),
    needed("protocol", "TCP | UDP | SCTP", "Protocol of the service."),
    mark("ha_suspend", "No checks while the address is elsewhere."),
    SMTP_ALERT,
    VIRTUALHOST,
    needed("sorry_server", "ADDRESS [PORT]", "Server of last resort."),
    mark(
        "sorry_server_inhibit",
        "Checks of the sorry server set its weight.",
    ),
    needed(
        "sorry_server_lvs_method",
        "NAT | DR | TUN",
        "Forwarding to the sorry server.",
    ),
    mark("alpha", "Servers are down until checked."),
    mark("omega", "Run the scripts at a stop."),
    needed("hysteresis", "NUMBER", "Slack of the quorum."),
    needed("quorum", "NUMBER", "Weight that must be up."),
    command("quorum_up", "Run when the quorum is gained."),
    command("quorum_down", "Run when the quorum is lost."),
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    CONNECT_TIMEOUT,
    WEIGHT,
    mark("ops", "Each packet is scheduled on its own."),
    mark("flag-1", "First flag of the scheduler."),
    mark("flag-2", "Second flag of the scheduler."),
    mark("flag-3", "Third flag of the scheduler."),
    mark("sh-port", "The port counts for sh."),
    mark("sh-fallback", "Another server for sh."),
    mark("mh-port", "The port counts for mh."),
    mark("mh-fallback", "Another server for mh."),
    mark("hashed", "Flag of the sh scheduler."),
    needed("ip_family", "inet | inet6", "Family of a fwmark."),
    SNMP_NAME,
];

const ALGORITHMS: &str = "rr | wrr | lc | wlc | lblc | lblcr | sh | mh | dh | fo | ovf | sed | nq";

pub(super) const REAL_SERVER: &[Keyword] = &[
    WEIGHT,
    needed(
        "lvs_method",
        "NAT | DR | TUN [type …]",
        "Forwarding to this server.",
    ),
    needed("uthreshold", "NUMBER", "Most connections."),
    needed(
        "lthreshold",
        "NUMBER",
        "Connections from which it is used again.",
    ),
    INHIBIT,
    command("notify_up", "Run when the server is up."),
    command("notify_down", "Run when the server is down."),
    ALPHA,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    CONNECT_TIMEOUT,
    SMTP_ALERT,
    VIRTUALHOST,
    SNMP_NAME,
    inner("TCP_CHECK", Block::TcpCheck, "Connects."),
    inner("HTTP_GET", Block::HttpCheck, "Gets pages."),
    inner("SSL_GET", Block::HttpCheck, "Gets pages over TLS."),
    inner("SMTP_CHECK", Block::SmtpCheck, "Talks to a mail server."),
    inner("DNS_CHECK", Block::DnsCheck, "Asks a name server."),
    inner("MISC_CHECK", Block::MiscCheck, "Runs a script."),
    inner("BFD_CHECK", Block::BfdCheck, "Follows a BFD session."),
    inner("UDP_CHECK", Block::UdpCheck, "Sends a datagram."),
    inner("PING_CHECK", Block::TcpCheck, "Sends an echo request."),
    inner("FILE_CHECK", Block::FileCheck, "Follows a file."),
];

pub(super) const SSL: &[Keyword] = &[
    words("password", "WORD", "Password of the key."),
    words("ca", "PATH", "Certificate authority."),
    words("certificate", "PATH", "Certificate."),
    words("key", "PATH", "Key."),
];

pub(super) const TCP_CHECK: &[Keyword] = &[
    CONNECT_IP,
    CONNECT_PORT,
    BINDTO,
    BIND_PORT,
    BIND_IF,
    CONNECT_TIMEOUT,
    FWMARK,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
];

pub(super) const HTTP_CHECK: &[Keyword] = &[
    CONNECT_IP,
    CONNECT_PORT,
    BINDTO,
    BIND_PORT,
    BIND_IF,
    CONNECT_TIMEOUT,
    FWMARK,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
    VIRTUALHOST,
    needed("nb_get_retry", "NUMBER", "Old spelling of retry."),
    switch("enable_sni", "Name the host in TLS."),
    switch("fast_recovery", "Up after one success."),
    words("http_protocol", "1.0 | 1.1 | 1.0c", "Version of HTTP."),
    inner("url", Block::Url, "A page to get."),
];

pub(super) const SMTP_CHECK: &[Keyword] = &[
    CONNECT_IP,
    CONNECT_PORT,
    BINDTO,
    BIND_PORT,
    BIND_IF,
    CONNECT_TIMEOUT,
    FWMARK,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
    words("helo_name", "NAME", "How the check introduces itself."),
    inner("host", Block::TcpCheck, "A place to check."),
];

pub(super) const DNS_CHECK: &[Keyword] = &[
    CONNECT_IP,
    CONNECT_PORT,
    BINDTO,
    BIND_PORT,
    BIND_IF,
    CONNECT_TIMEOUT,
    FWMARK,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
    needed("name", "DOMAIN", "What to ask for."),
    needed("type", "RECORD", "Type of the record."),
];

pub(super) const MISC_CHECK: &[Keyword] = &[
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
    words("misc_path", "SCRIPT", "The script."),
    needed("misc_timeout", "SECONDS", "Longest run time."),
    mark("misc_dynamic", "The exit code sets the weight."),
    words("user", "USER [GROUP]", "Who runs it."),
];

pub(super) const BFD_CHECK: &[Keyword] = &[ALPHA, words("name", "NAME", "The BFD session.")];

pub(super) const UDP_CHECK: &[Keyword] = &[
    CONNECT_IP,
    CONNECT_PORT,
    BINDTO,
    BIND_PORT,
    BIND_IF,
    CONNECT_TIMEOUT,
    FWMARK,
    RETRY,
    DELAY_BEFORE_RETRY,
    WARMUP,
    DELAY_LOOP,
    ALPHA,
    LOG_ALL_FAILURES,
    words("payload", "HEX", "What to send."),
    words("require_reply", "[HEX]", "An answer is needed."),
    needed("min_reply_length", "NUMBER", "Least length of the answer."),
    needed(
        "max_reply_length",
        "NUMBER",
        "Largest length of the answer.",
    ),
];

pub(super) const FILE_CHECK: &[Keyword] = &[
    needed("track_file", "NAME", "The file."),
    words(
        "weight",
        "NUMBER [reverse]",
        "What the number is multiplied by.",
    ),
];

pub(super) const URL: &[Keyword] = &[
    needed("path", "PATH", "The page."),
    needed("digest", "MD5", "Checksum of the page."),
    words("status_code", "100 to 599 …", "Answers that are good."),
    words("virtualhost", "NAME", "Host name in the request."),
    words("regex", "PATTERN", "The page must match."),
    words("regex_no_match", "[PATTERN]", "The page must not match."),
    words("regex_options", "OPTION …", "How to match."),
    words("regex_stack", "START MAX", "Memory for matching."),
    words("regex_min_offset", "NUMBER", "Where a match may begin."),
    words(
        "regex_max_offset",
        "NUMBER",
        "Where a match must have begun.",
    ),
];
