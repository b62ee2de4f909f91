//! Stable names of what there is to say. Each has a section in `docs/diagnostics.md`.

use std::fmt;

/// Declares the codes once, with all that must never differ between them.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Stable name of a kind of diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, those of the loader first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as users see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    // Said by the loader.
    /// The file, or an included one, cannot be read.
    UnreadableFile = "unreadable-file",
    /// An `include` fails, loops or nests too deeply.
    Include = "include",
    /// A keyword that its block does not have.
    UnknownKeyword = "unknown-keyword",
    /// Braces do not match.
    Brace = "brace",
    /// A quote is not closed.
    UnmatchedQuote = "unmatched-quote",
    /// A keyword lacks its argument: keepalived stops here.
    MissingParameter = "missing-parameter",
    /// A word that is no number, or a number outside its range.
    OutOfRange = "out-of-range",
    /// A word that the keyword does not take.
    InvalidValue = "invalid-value",
    /// A name that is defined twice.
    Duplicate = "duplicate",
    /// A name that nothing defines (script, instance, group).
    UnknownName = "unknown-name",
    /// An interface that the machine does not have.
    MissingInterface = "missing-interface",
    /// Settings that exclude each other.
    Conflict = "conflict",
    /// An old spelling or usage.
    Deprecated = "deprecated",
    /// Scripts run without `enable_script_security`, or from an unsafe place.
    InsecureScript = "insecure-script",
    /// A file with keys that others than its owner may read or write.
    InsecureKey = "insecure-key",
    /// A script that cannot be found or run.
    UnusableScript = "unusable-script",
    /// A user or a group that the machine does not have.
    UnknownUser = "unknown-user",
    /// A keyword that this version knows but does not honour.
    NotSupported = "not-supported",
    /// The file works, but hardly as its writer expects.
    Suspicious = "suspicious",
    /// A limit of the loader was reached.
    Limit = "limit",
    /// A `state` other than MASTER and BACKUP: keepalived takes BACKUP.
    UnknownState = "unknown-state",
    /// `nopreempt` with `state MASTER` or as address owner: keepalived drops it.
    NopreemptMaster = "nopreempt-master",
    /// `auth_pass` of more than eight bytes: the rest does not count.
    AuthPassTooLong = "auth-pass-too-long",
    /// An `advert_int` that version 2 cannot announce.
    AdvertIntRounded = "advert-int-rounded",
    /// A command that is searched in `PATH`.
    CommandWithoutPath = "command-without-path",
    /// No user is named for scripts, and `keepalived_script` does not exist.
    DefaultScriptUser = "default-script-user",
    /// `accept no` and its like: the word is ignored and the keyword acts.
    OffMeansOn = "off-means-on",

    // Said by lints.
    /// Several keywords on one line: only the first is read.
    OneLineBlock = "one-line-block",
    /// Words that a keyword ignores.
    SurplusWords = "surplus-words",
    /// `//` begins no comment.
    SlashComment = "slash-comment",
    /// Quotes that group no words: single and typographic ones.
    WrongQuotes = "wrong-quotes",
    /// A keyword that stands twice in a block: the last one wins.
    RepeatedKeyword = "repeated-keyword",
    /// A tracked object that is defined further down, which is too late.
    TrackerDefinedLater = "tracker-defined-later",
    /// A `vrrp_script` that nothing tracks.
    UnusedScript = "unused-script",
    /// Arguments of a command that stand outside its quotes.
    UnquotedArguments = "unquoted-arguments",
    /// Shell syntax in a command that no shell reads.
    ShellSyntax = "shell-syntax",
    /// A check that may run longer than its interval.
    TimeoutExceedsInterval = "timeout-exceeds-interval",
    /// A check that starts what it checks.
    CheckStartsService = "check-starts-service",
    /// `auth_pass` without `auth_type`: there is no authentication.
    PasswordWithoutType = "password-without-type",
    /// `state MASTER` without priority: an address owner.
    MasterWithoutPriority = "master-without-priority",
    /// Weights that `nopreempt` keeps from moving the addresses.
    NopreemptWithWeights = "nopreempt-with-weights",
    /// A weight that never changes the priority.
    WeightWithoutEffect = "weight-without-effect",
    /// A sum of priority and weights above 254.
    WeightClamped = "weight-clamped",
    /// An address of this machine among the unicast peers.
    OwnAddressAsPeer = "own-address-as-peer",
    /// A virtual address among the unicast peers.
    VirtualAddressAsPeer = "virtual-address-as-peer",
    /// Adverts that shall come from a virtual address.
    VirtualAddressAsSource = "virtual-address-as-source",
    /// `mcast_src_ip` in an instance that sends unicast.
    McastSrcIpWithUnicast = "mcast-src-ip-with-unicast",
    /// An address that stands in two places.
    DuplicateAddress = "duplicate-address",
    /// An address without prefix length beside others that have one.
    AddressWithoutPrefix = "address-without-prefix",
    /// Two instances with one VRID on one interface.
    VridReused = "vrid-reused",
    /// Strict mode makes the virtual addresses unreachable.
    StrictBlocksAddresses = "strict-blocks-addresses",
    /// Strict mode with unicast peers: newer keepalived refuses to start.
    StrictWithUnicast = "strict-with-unicast",
    /// Alerts by mail without a relay, or without anybody to write to.
    AlertWithoutRelay = "alert-without-relay",

    // Said about the nodes of a group.
    /// The VRID of a virtual router is not the same on all nodes.
    DifferingVrid = "differing-vrid",
    /// The protocol version differs.
    DifferingVersion = "differing-version",
    /// The kind of authentication or the password differs.
    DifferingAuthentication = "differing-authentication",
    /// The advert interval differs.
    DifferingAdvertInt = "differing-advert-int",
    /// Multicast on one node, unicast or another group on the other.
    DifferingDelivery = "differing-delivery",
    /// An address is not on all nodes.
    DifferingAddresses = "differing-addresses",
    /// An address has another prefix length, label or interface.
    DifferingAddressDetails = "differing-address-details",
    /// A virtual MAC on some nodes only.
    DifferingVmac = "differing-vmac",
    /// The preempt delay differs.
    DifferingPreemptDelay = "differing-preempt-delay",
    /// Sync groups tie other instances together.
    DifferingSyncGroups = "differing-sync-groups",
    /// An instance that not all nodes have.
    MissingInstance = "missing-instance",
    /// A node does not name another one as peer.
    MissingPeer = "missing-peer",
    /// A peer that is none of the nodes.
    UnknownPeer = "unknown-peer",
    /// The highest priority on several nodes.
    EqualPriorities = "equal-priorities",
    /// Priority 255 on several nodes.
    TwoOwners = "two-owners",
    /// `state MASTER` where another node has the higher priority, or on several nodes.
    MisleadingState = "misleading-state",
    /// A check whose failure on the MASTER moves no address.
    NoHandover = "no-handover",
    /// `nopreempt` that does not keep the addresses from moving back.
    NopreemptWithoutEffect = "nopreempt-without-effect",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            let allowed = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(name.chars().all(allowed), "{name}");
        }
    }
}
