//! The set-ups that are compared: which files the two nodes get.

/// Files of one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files {
    /// ExaBGP's configuration.
    pub(crate) exabgp: &'static str,
    /// The daemon's; the original has none.
    pub(crate) keepalived: Option<&'static str>,
}

/// One way to run the pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    /// Head of its column.
    pub(crate) name: &'static str,
    pub(crate) primary: Files,
    pub(crate) secondary: Files,
}

impl Variant {
    /// Whether a daemon decides who announces.
    pub(crate) fn has_daemon(&self) -> bool {
        self.primary.keepalived.is_some()
    }
}

/// Both nodes announce all the time; the loss of a session moves the traffic.
pub(crate) const ORIGINAL: Variant = Variant {
    name: "original",
    primary: Files {
        exabgp: include_str!("../original/primary.ini"),
        keepalived: None,
    },
    secondary: Files {
        exabgp: include_str!("../original/secondary.ini"),
        keepalived: None,
    },
};

/// The daemon decides; instances without address.
pub(crate) const EVERVIP: Variant = Variant {
    name: "evervip",
    primary: Files {
        exabgp: include_str!("../exabgp-primary.conf"),
        keepalived: Some(include_str!("../keepalived-primary.conf")),
    },
    secondary: Files {
        exabgp: include_str!("../exabgp-secondary.conf"),
        keepalived: Some(include_str!("../keepalived-secondary.conf")),
    },
};

/// The same with four adverts a second.
pub(crate) const FAST: Variant = Variant {
    name: "fast",
    primary: Files {
        exabgp: EVERVIP.primary.exabgp,
        keepalived: Some(include_str!("../fast/keepalived-primary.conf")),
    },
    secondary: Files {
        exabgp: EVERVIP.secondary.exabgp,
        keepalived: Some(include_str!("../fast/keepalived-secondary.conf")),
    },
};
