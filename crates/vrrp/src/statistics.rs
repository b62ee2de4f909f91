//! Counters of an instance.

use crate::rare::Rare;

/// What has been counted since the instance was created (spec vrrp-runtime 5 and 19). Names are
/// those of keepalived's statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Adverts that passed every check.
    pub advert_rcvd: u64,
    /// Logical adverts sent: one for all peers, priority 0 included.
    pub advert_sent: u64,
    /// Transitions to MASTER.
    pub become_master: u64,
    /// Transitions from MASTER.
    pub release_master: u64,
    /// Adverts of priority 0 received.
    pub pri_zero_rcvd: u64,
    /// Resignations announced.
    pub pri_zero_sent: u64,
    /// Packets that were dropped.
    pub errors: PacketErrors,
}

/// Received packets that failed a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PacketErrors {
    /// Wrong length.
    pub packet_len_err: u64,
    /// Version 2 interval other than ours.
    pub advert_interval_err: u64,
    /// Wrong TTL.
    pub ip_ttl_err: u64,
    /// Not an advertisement.
    pub invalid_type_rcvd: u64,
    /// Address list other than ours, or multicast where unicast is expected and the reverse.
    pub addr_list_err: u64,
    /// Authentication type that does not exist.
    pub invalid_authtype: u64,
    /// Authentication type other than the configured one.
    pub authtype_mismatch: u64,
    /// Wrong password or authentication header.
    pub auth_failure: u64,
    /// Not signed where a signature is demanded.
    pub auth_ext_missing: u64,
    /// Signature of an unknown type.
    pub auth_ext_malformed: u64,
    /// Signed with a key that is not configured.
    pub auth_ext_unknown_key: u64,
    /// Wrong signature.
    pub auth_ext_invalid_hmac: u64,
    /// Signed at a time too far from ours.
    pub auth_ext_stale: u64,
    /// Signed before what was heard already.
    pub auth_ext_replay: u64,
    /// Wrong version.
    pub vers_err: u64,
    /// Wrong checksum.
    pub chk_err: u64,
    /// Unicast source that is not a peer.
    pub not_a_peer: u64,
}

/// The counters as a router keeps them: those of errors take no room while there are none.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) advert_rcvd: u64,
    pub(crate) advert_sent: u64,
    pub(crate) become_master: u64,
    pub(crate) release_master: u64,
    pub(crate) pri_zero_rcvd: u64,
    pub(crate) pri_zero_sent: u64,
    errors: Rare<PacketErrors>,
}

impl Counters {
    /// To count a packet that failed a check.
    pub(crate) fn errors(&mut self) -> &mut PacketErrors {
        self.errors.make()
    }

    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            advert_rcvd: self.advert_rcvd,
            advert_sent: self.advert_sent,
            become_master: self.become_master,
            release_master: self.release_master,
            pri_zero_rcvd: self.pri_zero_rcvd,
            pri_zero_sent: self.pri_zero_sent,
            errors: self.errors.get().copied().unwrap_or_default(),
        }
    }
}
