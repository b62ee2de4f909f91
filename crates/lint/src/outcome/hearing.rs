//! Which instances take each other's adverts (spec vrrp-runtime 5).

use std::fmt;
use std::net::IpAddr;

use evervip_model::{Delivery, Instance, Version};

/// Why an instance does not take the adverts of another one. Passwords are compared, never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deafness {
    /// Another VRID.
    Vrid,
    /// IPv4 on one side, IPv6 on the other.
    Family,
    /// Another protocol version.
    Version,
    /// Another kind of authentication, or another password.
    Authentication,
    /// Another interval, which version 2 does not forgive.
    Interval,
    /// Multicast on one side, unicast on the other, or another multicast group.
    Delivery,
    /// The sender does not send to the listener.
    NotAddressed,
    /// The listener takes adverts only from its peers, and the sender is none.
    NotAPeer,
}

impl fmt::Display for Deafness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vrid => "the VRIDs differ",
            Self::Family => "the address families differ",
            Self::Version => "the protocol versions differ",
            Self::Authentication => "the authentication differs",
            Self::Interval => "the advert intervals differ",
            Self::Delivery => "they do not send where the other listens",
            Self::NotAddressed => "the sender does not name it as peer",
            Self::NotAPeer => "the sender is not among its peers",
        })
    }
}

/// An instance and where its packets come from, as far as that is known.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) source: Option<IpAddr>,
}

/// Why `listener` does not take what `sender` sends; `None` when it does. What is not known is
/// taken to fit.
pub(crate) fn deafness(listener: Speaker<'_>, sender: Speaker<'_>) -> Option<Deafness> {
    let (ours, theirs) = (listener.instance, sender.instance);
    if ours.vrid != theirs.vrid {
        return Some(Deafness::Vrid);
    }
    if ours.family != theirs.family {
        return Some(Deafness::Family);
    }
    if let Some(why) = undelivered(listener, sender) {
        return Some(why);
    }
    if ours.version != theirs.version {
        return Some(Deafness::Version);
    }
    if ours.version == Version::V2 {
        if ours.authentication != theirs.authentication {
            return Some(Deafness::Authentication);
        }
        if ours.advert_interval != theirs.advert_interval {
            return Some(Deafness::Interval);
        }
    }
    None
}

fn undelivered(listener: Speaker<'_>, sender: Speaker<'_>) -> Option<Deafness> {
    match (&listener.instance.delivery, &sender.instance.delivery) {
        (Delivery::Multicast { group: ours }, Delivery::Multicast { group: theirs }) => {
            (ours != theirs).then_some(Deafness::Delivery)
        }
        (
            Delivery::Unicast {
                peers: ours,
                check_source,
                ..
            },
            Delivery::Unicast { peers: theirs, .. },
        ) => {
            let names = |peers: &[evervip_model::UnicastPeer], source: Option<IpAddr>| {
                source.is_none_or(|source| peers.iter().any(|peer| peer.address == source))
            };
            if !names(theirs, listener.source) {
                Some(Deafness::NotAddressed)
            } else if *check_source && !names(ours, sender.source) {
                Some(Deafness::NotAPeer)
            } else {
                None
            }
        }
        _ => Some(Deafness::Delivery),
    }
}
