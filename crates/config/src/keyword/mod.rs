//! The keyword table: everything that keepalived's configuration language has a word for.
//!
//! Parsing, "did you mean", the not-supported warnings and `docs/keywords.md` all come from here.
//! Help texts are ours; names, ranges and defaults are facts of the language (spec vrrp-keywords,
//! config-language 10 and 11).

mod entry;
mod global;
mod instance;
mod lvs;
mod markdown;
mod object;
mod top;

pub use markdown::markdown;

/// Where a keyword stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Block {
    /// Outside all blocks.
    Top,
    /// `global_defs`.
    Global,
    /// `vrrp_instance`.
    Instance,
    /// `authentication` of an instance.
    Authentication,
    /// `auth_hmac` of an instance.
    AuthHmac,
    /// `vrrp_sync_group`.
    SyncGroup,
    /// `vrrp_script`.
    Script,
    /// `track_file` at top level.
    TrackFile,
    /// `vrrp_track_process`.
    TrackProcess,
    /// `bfd_instance`.
    Bfd,
    /// `garp_group`.
    GarpGroup,
    /// `track_group`.
    TrackGroup,
    /// Words of an address entry.
    AddressEntry,
    /// Words of a route entry.
    RouteEntry,
    /// Words of a rule entry.
    RuleEntry,
    /// Words of a `unicast_peer` entry.
    PeerEntry,
    /// Words of an entry of the `track_*` blocks.
    TrackEntry,
    /// Words of a `linkbeat_interfaces` entry.
    LinkbeatEntry,
    /// `virtual_server`.
    VirtualServer,
    /// `real_server`.
    RealServer,
    /// `TCP_CHECK`, `PING_CHECK`, `host of SMTP_CHECK`.
    TcpCheck,
    /// `HTTP_GET`, `SSL_GET`.
    HttpCheck,
    /// `url`.
    Url,
    /// `SMTP_CHECK`.
    SmtpCheck,
    /// `DNS_CHECK`.
    DnsCheck,
    /// `MISC_CHECK`.
    MiscCheck,
    /// `BFD_CHECK`.
    BfdCheck,
    /// `UDP_CHECK`.
    UdpCheck,
    /// `FILE_CHECK`.
    FileCheck,
    /// `SSL`.
    Ssl,
    /// Lines beginning with `@evervip`.
    Evervip,
    /// Lines beginning with `@evervip` inside a `vrrp_instance`.
    EvervipInstance,
}

/// What follows a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing; what follows is ignored.
    Flag,
    /// `on`/`true`/`yes`, `off`/`false`/`no`, or nothing, which means true.
    Bool,
    /// Words.
    Words,
    /// A command line, split by the rules of script lines, then user and group.
    Script,
    /// `{ … }` with one entry per line.
    Values,
    /// `{ … }` with keywords of this block.
    Keywords(Block),
}

/// What happens when the argument is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// None is needed.
    Optional,
    /// The original stops with exit code 2.
    Fatal,
    /// A complaint; the line is ignored.
    Complain,
}

/// What this version does with a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does what it says.
    Honoured,
    /// It is read and changes nothing that matters (the original's effect is only cosmetic, or the
    /// program always behaves that way).
    Accepted,
    /// It is known; a warning says that it has no effect.
    NotSupported,
    /// It belongs to LVS, which this build does not run.
    Lvs,
}

impl Status {
    /// The word in the documentation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Honoured => "yes",
            Self::Accepted => "accepted",
            Self::NotSupported => "not yet",
            Self::Lvs => "LVS",
        }
    }
}

/// One keyword.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// The word.
    pub name: &'static str,
    /// What follows it.
    pub shape: Shape,
    /// Whether an argument must follow.
    pub need: Need,
    /// Arguments with unit, range and choices.
    pub arguments: &'static str,
    /// Default, empty when there is none.
    pub default: &'static str,
    /// First release, empty for all that came before 2.0.
    pub since: &'static str,
    /// What this version does with it.
    pub status: Status,
    /// One line of help.
    pub help: &'static str,
}

impl Keyword {
    const fn new(name: &'static str, shape: Shape, need: Need, help: &'static str) -> Self {
        Self {
            name,
            shape,
            need,
            arguments: "",
            default: "",
            since: "",
            status: Status::NotSupported,
            help,
        }
    }

    const fn args(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    const fn since(mut self, since: &'static str) -> Self {
        self.since = since;
        self
    }

    /// A missing argument is the end.
    const fn fatal(mut self) -> Self {
        self.need = Need::Fatal;
        self
    }

    /// A missing argument is a complaint, not the end.
    const fn lenient(mut self) -> Self {
        self.need = Need::Complain;
        self
    }

    /// The argument may be missing.
    const fn optional(mut self) -> Self {
        self.need = Need::Optional;
        self
    }

    const fn yes(mut self) -> Self {
        self.status = Status::Honoured;
        self
    }

    const fn accepted(mut self) -> Self {
        self.status = Status::Accepted;
        self
    }

    const fn lvs(mut self) -> Self {
        self.status = Status::Lvs;
        self
    }

    /// Whether keepalived 2.2.7 does not have it: its verdict on it is "unknown keyword".
    #[must_use]
    pub fn is_newer_than_reference(&self) -> bool {
        matches!(
            self.since,
            "2.2.8" | "2.3.0" | "2.3.2" | "2.3.3" | "2.4.0" | "after 2.4.3"
        )
    }
}

const fn flag(name: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Flag, Need::Optional, help)
}

const fn boolean(name: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Bool, Need::Optional, help)
}

const fn word(name: &'static str, arguments: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Words, Need::Fatal, help).args(arguments)
}

const fn script(name: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Script, Need::Fatal, help).args("SCRIPT [USER [GROUP]]")
}

const fn values(name: &'static str, arguments: &'static str, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Values, Need::Optional, help).args(arguments)
}

const fn block(name: &'static str, inner: Block, help: &'static str) -> Keyword {
    Keyword::new(name, Shape::Keywords(inner), Need::Optional, help)
}

/// All blocks, in the order of the documentation.
pub const BLOCKS: &[(Block, &str)] = &[
    (Block::Top, "Top level"),
    (Block::Global, "global_defs"),
    (Block::Script, "vrrp_script"),
    (Block::Instance, "vrrp_instance"),
    (Block::Authentication, "authentication"),
    (Block::AuthHmac, "auth_hmac"),
    (Block::PeerEntry, "Words of a unicast_peer entry"),
    (Block::AddressEntry, "Words of an address entry"),
    (Block::RouteEntry, "Words of a route entry"),
    (Block::RuleEntry, "Words of a rule entry"),
    (Block::TrackEntry, "Words of an entry of track_* blocks"),
    (Block::SyncGroup, "vrrp_sync_group"),
    (Block::TrackFile, "track_file"),
    (Block::TrackProcess, "vrrp_track_process"),
    (Block::Bfd, "bfd_instance"),
    (Block::GarpGroup, "garp_group"),
    (Block::TrackGroup, "track_group"),
    (Block::LinkbeatEntry, "Words of a linkbeat_interfaces entry"),
    (Block::VirtualServer, "virtual_server"),
    (Block::RealServer, "real_server"),
    (Block::TcpCheck, "TCP_CHECK, PING_CHECK, host of SMTP_CHECK"),
    (Block::HttpCheck, "HTTP_GET, SSL_GET"),
    (Block::Url, "url"),
    (Block::SmtpCheck, "SMTP_CHECK"),
    (Block::DnsCheck, "DNS_CHECK"),
    (Block::MiscCheck, "MISC_CHECK"),
    (Block::BfdCheck, "BFD_CHECK"),
    (Block::UdpCheck, "UDP_CHECK"),
    (Block::FileCheck, "FILE_CHECK"),
    (Block::Ssl, "SSL"),
    (Block::Evervip, "Our own, written `@evervip KEYWORD`"),
    (
        Block::EvervipInstance,
        "Our own inside a vrrp_instance, written `@evervip KEYWORD`",
    ),
];

/// The keywords of a block.
#[must_use]
pub fn keywords(block: Block) -> &'static [Keyword] {
    match block {
        Block::Top => top::TOP,
        Block::Global => global::GLOBAL,
        Block::Instance => instance::INSTANCE,
        Block::Authentication => instance::AUTHENTICATION,
        Block::AuthHmac => instance::AUTH_HMAC,
        Block::SyncGroup => object::SYNC_GROUP,
        Block::Script => object::SCRIPT,
        Block::TrackFile => object::TRACK_FILE,
        Block::TrackProcess => object::TRACK_PROCESS,
        Block::Bfd => object::BFD,
        Block::GarpGroup => object::GARP_GROUP,
        Block::TrackGroup => object::TRACK_GROUP,
        Block::AddressEntry => entry::ADDRESS,
        Block::RouteEntry => entry::ROUTE,
        Block::RuleEntry => entry::RULE,
        Block::PeerEntry => entry::PEER,
        Block::TrackEntry => entry::TRACK,
        Block::LinkbeatEntry => entry::LINKBEAT,
        Block::VirtualServer => lvs::VIRTUAL_SERVER,
        Block::RealServer => lvs::REAL_SERVER,
        Block::TcpCheck => lvs::TCP_CHECK,
        Block::HttpCheck => lvs::HTTP_CHECK,
        Block::Url => lvs::URL,
        Block::SmtpCheck => lvs::SMTP_CHECK,
        Block::DnsCheck => lvs::DNS_CHECK,
        Block::MiscCheck => lvs::MISC_CHECK,
        Block::BfdCheck => lvs::BFD_CHECK,
        Block::UdpCheck => lvs::UDP_CHECK,
        Block::FileCheck => lvs::FILE_CHECK,
        Block::Ssl => lvs::SSL,
        Block::Evervip => top::EVERVIP,
        Block::EvervipInstance => instance::EVERVIP,
    }
}

/// Looks a keyword up; exact and case-sensitive, as the original.
#[must_use]
pub fn find(block: Block, name: &str) -> Option<&'static Keyword> {
    keywords(block).iter().find(|k| k.name == name)
}

/// The keyword of the block that a misspelled word most probably means.
#[must_use]
pub fn suggest(block: Block, name: &str) -> Option<&'static str> {
    let renamed = RENAMED.iter().find(|(old, _)| *old == name);
    match renamed.and_then(|(_, new)| find(block, new)) {
        Some(keyword) => Some(keyword.name),
        None => closest(name, keywords(block).iter().map(|k| k.name)),
    }
}

/// The one keyword of the block that a word is the beginning or the end of: `script_security`.
pub(crate) fn longer(block: Block, name: &str) -> Option<&'static str> {
    let mut longer = keywords(block).iter().map(|k| k.name).filter(|keyword| {
        let before = keyword.strip_suffix(name).is_some_and(|b| b.ends_with('_'));
        before
            || keyword
                .strip_prefix(name)
                .is_some_and(|a| a.starts_with('_'))
    });
    longer.next().filter(|_| longer.next().is_none())
}

/// Names that old releases had and new ones do not know.
const RENAMED: &[(&str, &str)] = &[("lvs_id", "router_id")];

/// The candidate nearest to a word, when it is near enough to be meant.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word is a path or a password that stands in the wrong place, not a slip.
    if word.len() > LONGEST_SUGGESTION {
        return None;
    }
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|c| (distance(&lower, c), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

const LONGEST_SUGGESTION: usize = 40;

/// Edits (insert, delete, replace, swap neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut table = vec![0_usize; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let at = |i: usize, j: usize| i * width + j;
            table[at(i, j)] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[at(i - 1, j - 1)] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced
                    .min(table[at(i - 1, j)] + 1)
                    .min(table[at(i, j - 1)] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[at(i - 2, j - 2)] + 1);
                }
                best
            };
        }
    }
    table.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
