//! What the values of LVS keywords may be, and what the original says to others.

use crate::keyword::Block;
use crate::read::Number;

/// How the first word behind a keyword is read; `{}` in a text stands for it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Number(Number, &'static str),
    /// One of these words.
    Choice(&'static [&'static str], &'static str),
    /// On or off; nothing means on.
    Switch(&'static str),
    /// An IP address.
    Address(&'static str),
    /// There must be a word.
    Present(&'static str),
    /// There must be one word, not more.
    Single(&'static str),
}

use Rule::{Address, Choice, Present, Single, Switch};

pub(super) const SCHEDULERS: &[&str] = &[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos",
];
pub(super) const FORWARDING: &[&str] = &["NAT", "DR", "TUN"];
pub(super) const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP", "tcp", "udp", "sctp"];
const RECORDS: &[&str] = &[
    "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "SRV", "PTR", "ANY",
];

const U32_MAX: i64 = u32::MAX as i64;
const I32_MAX: i64 = i32::MAX as i64;
/// More than any file says.
const ANY_SECONDS: Number = Number::micros(0, i64::MAX).lenient();
/// The same without zero.
const SOME_SECONDS: Number = Number::micros(1, i64::MAX).lenient();
const TIMEOUT: Number = Number::micros(1, 4_294_967_295).lenient();
const PORT: Number = Number::whole(1, 65535);

const fn number(min: i64, max: i64, text: &'static str) -> Rule {
    Rule::Number(Number::whole(min, max), text)
}

/// The rule of a keyword; none for those that take anything.
pub(super) fn rule(block: Block, name: &str) -> Option<Rule> {
    match block {
        Block::VirtualServer => service(name),
        Block::RealServer => server(name),
        Block::Url => url(name),
        Block::Ssl => match name {
            "password" => Some(Present("SSL password missing")),
            "ca" => Some(Present("SSL cafile missing")),
            "certificate" => Some(Present("SSL certfile missing")),
            "key" => Some(Present("SSL keyfile missing")),
            _ => None,
        },
        Block::FileCheck if name == "weight" => Some(number(
            -I32_MAX,
            I32_MAX,
            "weight for track file must be in [-2147483647..2147483647] inclusive. Ignoring...",
        )),
        Block::HttpCheck if name == "virtualhost" => {
            Some(Present("HTTP_GET virtualhost name missing"))
        }
        _ => checker(name),
    }
}

fn service(name: &str) -> Option<Rule> {
    Some(match name {
        "delay_loop" => Rule::Number(
            SOME_SECONDS,
            "virtual server delay loop '{}' invalid - ignoring",
        ),
        "lb_algo" | "lvs_sched" => Choice(SCHEDULERS, "Invalid lvs_scheduler '{}' - ignoring"),
        "lb_kind" | "lvs_method" => Choice(
            FORWARDING,
            "PARSER : unknown [{}] routing method for virtual server.",
        ),
        "sorry_server_lvs_method" => Choice(
            FORWARDING,
            "PARSER : unknown [{}] routing method for sorry server.",
        ),
        "persistence_timeout" => number(1, 2_678_400, "persistence_timeout invalid"),
        "protocol" => Choice(PROTOCOLS, "Unknown protocol {} - ignoring"),
        "smtp_alert" => Switch("Invalid virtual_server smtp_alert parameter {}"),
        "virtualhost" => Present("virtual server virtualhost missing"),
        "snmp_name" => Single("virtual server snmp_name missing or extra parameters"),
        "hysteresis" => number(
            0,
            U32_MAX,
            "Hysteresis {} must be in [0, 4294967295] - ignoring",
        ),
        "quorum" => number(
            1,
            U32_MAX,
            "Quorum {} must be in [1, 4294967295]. Setting to 1.",
        ),
        "retry" => number(1, U32_MAX, "retry value invalid - {}"),
        "delay_before_retry" => Rule::Number(
            ANY_SECONDS,
            "virtual server delay before retry '{}' invalid - ignoring",
        ),
        "warmup" => Rule::Number(ANY_SECONDS, "virtual server warmup '{}' invalid - ignoring"),
        "weight" => number(
            1,
            I32_MAX,
            "Virtual server weight {} is outside range 1-2147483647",
        ),
        "connect_timeout" => Rule::Number(
            TIMEOUT,
            "virtual server connect_timeout {} invalid - ignoring",
        ),
        "ip_family" => Choice(&["inet", "inet6"], "unknown address family {}"),
        _ => return None,
    })
}

fn server(name: &str) -> Option<Rule> {
    Some(match name {
        "weight" => number(
            0,
            I32_MAX,
            "Real server weight {} is outside range 0-2147483647",
        ),
        "lvs_method" => Choice(
            FORWARDING,
            "PARSER : unknown [{}] routing method for real server.",
        ),
        "uthreshold" => number(0, U32_MAX, "Invalid real_server uthreshold '{}' - ignoring"),
        "lthreshold" => number(0, U32_MAX, "Invalid real_server lthreshold '{}' - ignoring"),
        "inhibit_on_failure" => Switch("Invalid inhibit_on_failure parameter {}"),
        "smtp_alert" => Switch("Invalid real_server smtp_alert parameter {}"),
        "alpha" => Switch("Invalid alpha parameter {}"),
        "virtualhost" => Present("real server virtualhost missing"),
        "snmp_name" => Single("real server snmp_name missing or extra parameters"),
        "retry" => number(1, U32_MAX, "retry value invalid - {}"),
        "delay_before_retry" => Rule::Number(
            ANY_SECONDS,
            "real server delay_before_retry '{}' invalid - ignoring",
        ),
        "warmup" => Rule::Number(ANY_SECONDS, "real server warmup '{}' invalid - ignoring"),
        "delay_loop" => Rule::Number(
            SOME_SECONDS,
            "real server delay_loop '{}' invalid - ignoring",
        ),
        "connect_timeout" => {
            Rule::Number(TIMEOUT, "real server connect_timeout {} invalid - ignoring")
        }
        _ => return None,
    })
}

fn checker(name: &str) -> Option<Rule> {
    Some(match name {
        "connect_ip" => Address("Invalid connect_ip address {} - ignoring"),
        "bindto" => Address("Invalid bindto address {} - ignoring"),
        "connect_port" => Rule::Number(PORT, "Invalid checker connect_port '{}'"),
        "bind_port" => Rule::Number(PORT, "Invalid checker bind_port '{}'"),
        "connect_timeout" => Rule::Number(TIMEOUT, "connect_timeout {} invalid - ignoring"),
        "fwmark" => number(0, U32_MAX, "Invalid fwmark connection value '{}'"),
        "retry" => number(0, U32_MAX, "Invalid retry connection value '{}'"),
        "nb_get_retry" => number(0, U32_MAX, "Invalid nb_get_retry value '{}'"),
        "delay_before_retry" => Rule::Number(
            ANY_SECONDS,
            "Invalid delay_before_retry connection value '{}'",
        ),
        "warmup" => Rule::Number(ANY_SECONDS, "Invalid warmup connection value '{}'"),
        "delay_loop" => Rule::Number(SOME_SECONDS, "delay_loop '{}' is invalid - ignoring"),
        "alpha" => Switch("Invalid alpha parameter {}"),
        "log_all_failures" => Switch("Invalid log_all_failures parameter {}"),
        "enable_sni" => Switch("Invalid enable_sni parameter {}"),
        "fast_recovery" => Switch("Invalid fast_recovery parameter {}"),
        "http_protocol" => Choice(
            &["1.0", "1.1", "1.0c", "1.0C"],
            "Invalid http_protocol version {}",
        ),
        "helo_name" => Present("SMTP_CHECK helo name missing"),
        "type" => Choice(RECORDS, "Unknown DNS check type {} - ignoring"),
        "misc_timeout" => number(0, U32_MAX, "Invalid misc_timeout value '{}'"),
        "min_reply_length" => number(
            0,
            65535,
            "UDP_CHECK min length {} not valid - must be between 0 & 65535",
        ),
        "max_reply_length" => number(
            0,
            65535,
            "UDP_CHECK max length {} not valid - must be between 0 & 65535",
        ),
        _ => return None,
    })
}

fn url(name: &str) -> Option<Rule> {
    (name == "virtualhost").then_some(Present("Missing HTTP_GET virtualhost name"))
}
