//! Checks on received packets (spec vrrp-runtime 5, same order). A packet that fails one moves no
//! timer and changes no state: it is counted and, once for each kind of failure, logged.

use std::net::Ipv4Addr;
use std::time::Duration;

use evervip_model::{Authentication, Delivery, Family, State, Version};
use evervip_wire::{AuthType, Datagram, Sequence, TRAILER_LEN};

use crate::checksum::{self, ChecksumKind};
use crate::complaint::{PacketComplaint, ProofComplaint};
use crate::election::Accepted;
use crate::header::{check_header, header_key};
use crate::router::{Router, advertised, interval_centiseconds, interval_seconds};
use crate::signature::{check_signature, skewed_clock};
use crate::{AuthenticationLine, Engine, LogLine, RouterId, SocketKey, Timestamp, trap};

/// Which kinds of complaints have been logged since the last change of state or master: a flood of
/// bad packets must not flood the log.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Complained {
    logged: u32,
    /// Those about the packet in hand: it may itself be what changes state or master, and is not
    /// to be complained of once more after that.
    fresh: u32,
}

/// Bit for "equal priority from our own address".
pub(crate) const OWN_ADDRESS: u32 = 31;

impl Complained {
    pub(crate) fn clear(&mut self) {
        self.logged = self.fresh;
    }

    /// The packet in hand has been dealt with.
    fn packet_done(&mut self) {
        self.fresh = 0;
    }

    /// Whether this kind occurs for the first time.
    pub(crate) fn first(&mut self, kind: u32) -> bool {
        let bit = 1 << kind;
        let first = self.logged & bit == 0;
        self.logged |= bit;
        if first {
            self.fresh |= bit;
        }
        first
    }
}

/// A packet that is to be dropped.
struct Drop(PacketComplaint);

impl Engine {
    pub(crate) fn packet_received(&mut self, now: Timestamp, socket: SocketKey, bytes: &[u8]) {
        let Ok(datagram) = Datagram::parse(bytes) else {
            self.malformed += 1;
            return;
        };
        let Some(id) = self.recipient(socket, &datagram) else {
            self.unknown_vrid += 1;
            if self.globals.log_unknown_vrids {
                let interface = self.interfaces.name_of(socket.interface);
                self.log(LogLine::UnknownVrid {
                    vrid: datagram.advert.vrid(),
                    interface,
                    from: datagram.source,
                });
            }
            return;
        };
        if matches!(self.routers[id].state, State::Backup | State::Master) {
            self.check_advert(now, id, &datagram);
            self.routers[id].complained.packet_done();
        }
    }

    fn check_advert(&mut self, now: Timestamp, id: RouterId, datagram: &Datagram<'_>) {
        let clock = self.wall_clock.sequence();
        let group = self.globals.vrrp.multicast_group4;
        let router = &mut self.routers[id];
        match check_packet(router, datagram, clock, group) {
            Err(Drop(complaint)) => {
                self.complain(id, datagram, complaint);
                return;
            }
            Ok(ChecksumKind::Usual) => {}
            Ok(ChecksumKind::Old) => self.old_checksum_heard(id),
        }
        let router = &mut self.routers[id];
        router.statistics.advert_rcvd += 1;
        for complaint in remarks(router, datagram, clock) {
            self.complain(id, datagram, complaint);
        }
        let router = &mut self.routers[id];
        if let Err(Drop(complaint)) = check_peer(router, datagram) {
            self.complain(id, datagram, complaint);
            return;
        }
        if datagram.advert.priority() == 0 {
            self.routers[id].statistics.pri_zero_rcvd += 1;
        }
        let interval = (datagram.advert.version() == 3).then(|| {
            Duration::from_millis(u64::from(datagram.advert.interval_centiseconds()) * 10)
        });
        let advert = Accepted {
            from: datagram.source,
            priority: datagram.advert.priority(),
            interval,
        };
        self.advert_accepted(now, id, advert);
    }

    /// A unicast peer has the checksum of old: from now on our adverts have it, too, or the peer
    /// would not hear us.
    fn old_checksum_heard(&mut self, id: RouterId) {
        if self.routers[id].old_checksum_heard {
            return;
        }
        let revision = self.new_revision();
        let router = &mut self.routers[id];
        router.old_checksum_heard = true;
        router.revision = revision;
        let name = router.name();
        self.log(LogLine::Authentication(
            AuthenticationLine::OldChecksumHeard { name },
        ));
    }

    /// The router a packet is for. Where several share VRID and local address, the one that has the
    /// sender among its peers.
    fn recipient(&self, socket: SocketKey, datagram: &Datagram<'_>) -> Option<RouterId> {
        match self.lookup.of(socket, datagram.advert.vrid()) {
            [(.., only)] => Some(*only),
            several => several.iter().map(|(.., id)| *id).find(|id| {
                matches!(&self.routers[*id].spec.delivery, Delivery::Unicast { peers, .. }
                    if peers.iter().any(|peer| peer.address == datagram.source))
            }),
        }
    }

    fn complain(&mut self, id: RouterId, datagram: &Datagram<'_>, complaint: PacketComplaint) {
        let router = &mut self.routers[id];
        if router.complained.first(complaint.kind()) {
            let name = router.name();
            let errors = trap::errors(&complaint);
            self.log(LogLine::PacketDropped {
                name,
                from: datagram.source,
                complaint,
            });
            self.trap_of_complaint(id, datagram.source, errors);
        }
    }
}

impl PacketComplaint {
    /// A small number for each kind, below [`OWN_ADDRESS`].
    const fn kind(&self) -> u32 {
        match self {
            Self::Length { .. } => 0,
            Self::Ttl(_) => 1,
            Self::Version { .. } => 2,
            Self::InvalidAuthType(_) => 3,
            Self::AuthType { .. } => 4,
            Self::Password => 5,
            Self::IntervalSeconds { .. } => 6,
            Self::IntervalCentiseconds { .. } => 7,
            Self::Kind(_) => 8,
            Self::TotalLength { .. } => 9,
            Self::Checksum { .. } => 10,
            Self::Multicast => 11,
            Self::Unicast => 12,
            Self::Addresses { .. } => 13,
            Self::NotAPeer => 14,
            Self::PeerTtl { .. } => 15,
            Self::Owner => 16,
            Self::Proof(complaint) => complaint.kind(),
        }
    }
}

/// Rows 2 to 16 of the table: everything that makes a packet invalid, or of no interest.
fn check_packet(
    router: &mut Router,
    datagram: &Datagram<'_>,
    clock: Sequence,
    group: Ipv4Addr,
) -> Result<ChecksumKind, Drop> {
    let advert = &datagram.advert;
    let multicast = matches!(router.spec.delivery, Delivery::Multicast { .. });
    check_shape(router, datagram)?;
    if multicast && datagram.ttl != 255 {
        router.statistics.errors().ip_ttl_err += 1;
        return Err(Drop(PacketComplaint::Ttl(datagram.ttl)));
    }
    if advert.version() != router.spec.version.number() {
        router.statistics.errors().vers_err += 1;
        let expected = router.spec.version.number();
        return Err(Drop(PacketComplaint::Version {
            received: advert.version(),
            expected,
        }));
    }
    check_signature(
        &router.spec,
        &mut router.signatures,
        &mut router.statistics,
        datagram,
        clock,
    )
    .map_err(Drop)?;
    if router.spec.version == Version::V2 {
        check_version_2(router, datagram)?;
    }
    if advert.kind() != 1 {
        router.statistics.errors().invalid_type_rcvd += 1;
        return Err(Drop(PacketComplaint::Kind(advert.kind())));
    }
    if datagram.total_len != datagram.received_len {
        router.statistics.errors().packet_len_err += 1;
        let claimed = datagram.total_len;
        return Err(Drop(PacketComplaint::TotalLength {
            claimed,
            received: datagram.received_len,
        }));
    }
    let Some(kind) = checksum::accepted(&router.spec, group, datagram) else {
        router.statistics.errors().chk_err += 1;
        return Err(Drop(PacketComplaint::Checksum {
            version: advert.version(),
        }));
    };
    check_delivery(router, datagram)?;
    Ok(kind)
}

/// Rows 15 and 16: sent the way that was agreed on, to somebody who listens.
fn check_delivery(router: &mut Router, datagram: &Datagram<'_>) -> Result<(), Drop> {
    let multicast = matches!(router.spec.delivery, Delivery::Multicast { .. });
    let complaint = match (multicast, datagram.destination.is_multicast()) {
        (true, false) => PacketComplaint::Unicast,
        (false, true) => PacketComplaint::Multicast,
        _ if router.spec.owner_ignore_adverts && router.is_owner() => {
            return Err(Drop(PacketComplaint::Owner));
        }
        _ => return Ok(()),
    };
    router.statistics.errors().addr_list_err += 1;
    Err(Drop(complaint))
}

/// Rows 2 and 3: the headers that have to be there, and the length. Only where adverts are signed
/// may a signature follow.
fn check_shape(router: &mut Router, datagram: &Datagram<'_>) -> Result<(), Drop> {
    let wanted = header_key(&router.spec).is_some();
    if datagram.authentication.is_some() != wanted {
        router.statistics.errors().authtype_mismatch += 1;
        let complaint = if wanted {
            ProofComplaint::HeaderMissing
        } else {
            ProofComplaint::HeaderReceived
        };
        return Err(Drop(PacketComplaint::Proof(complaint)));
    }
    let expected = datagram.header_len + datagram.advert.expected_len();
    let received = datagram.received_len;
    let signed = router.spec.hmac.is_some() && received == expected + TRAILER_LEN;
    if received != expected && !signed {
        router.statistics.errors().packet_len_err += 1;
        return Err(Drop(PacketComplaint::Length { received, expected }));
    }
    Ok(())
}

/// Rows 7 to 10: authentication and interval of version 2.
fn check_version_2(router: &mut Router, datagram: &Datagram<'_>) -> Result<(), Drop> {
    let advert = &datagram.advert;
    let received = match advert.auth_type() {
        AuthType::Invalid(kind) => {
            router.statistics.errors().invalid_authtype += 1;
            return Err(Drop(PacketComplaint::InvalidAuthType(kind)));
        }
        AuthType::None => 0,
        AuthType::Pass => 1,
        AuthType::Header => 2,
    };
    let expected = match router.spec.authentication {
        Authentication::None => 0,
        Authentication::Pass(_) => 1,
        Authentication::Header(_) => 2,
    };
    if received != expected {
        router.statistics.errors().authtype_mismatch += 1;
        return Err(Drop(PacketComplaint::AuthType { received, expected }));
    }
    // Over IPv6 there is no room for a password in the advert, which the configuration has said.
    let carried = router.spec.family == Family::Inet;
    if let (true, Authentication::Pass(password)) = (carried, router.spec.authentication) {
        if !advert
            .password()
            .is_some_and(|theirs| same_secret(theirs, password))
        {
            router.statistics.errors().auth_failure += 1;
            return Err(Drop(PacketComplaint::Password));
        }
    }
    if let Some(key) = header_key(&router.spec) {
        if let Err(complaint) = check_header(&key, &mut router.header_sequence, datagram) {
            router.statistics.errors().auth_failure += 1;
            leave_number_to(router, datagram, &complaint);
            return Err(Drop(PacketComplaint::Proof(complaint)));
        }
    }
    let (theirs, ours) = (advert.interval_seconds(), interval_seconds(&router.spec));
    if theirs != ours {
        router.statistics.errors().advert_interval_err += 1;
        return Err(Drop(PacketComplaint::IntervalSeconds {
            received: theirs,
            ours,
        }));
    }
    Ok(())
}

/// A better master leaves a number to a worse one that numbers its adverts alike.
fn leave_number_to(router: &mut Router, datagram: &Datagram<'_>, complaint: &ProofComplaint) {
    let ProofComplaint::HeaderSequence { received, .. } = complaint else {
        return;
    };
    let theirs = (datagram.advert.priority(), Some(datagram.source));
    let better = (router.effective_priority, router.source) > theirs;
    if better && router.state == State::Master {
        router.header_sequence.leave_out(*received);
    }
}

/// Compares without telling by the time taken how much was right.
fn same_secret(left: [u8; 8], right: [u8; 8]) -> bool {
    left.iter()
        .zip(right)
        .fold(0, |difference, (a, b)| difference | (a ^ b))
        == 0
}

/// Rows 13, 18 and 19: what is worth a line although the packet is accepted.
fn remarks(router: &mut Router, datagram: &Datagram<'_>, clock: Sequence) -> Vec<PacketComplaint> {
    let advert = &datagram.advert;
    let mut remarks = Vec::new();
    remarks.extend(skewed_clock(&router.spec, datagram, clock).map(PacketComplaint::Proof));
    if router.spec.version == Version::V3 {
        let (received, ours) = (
            advert.interval_centiseconds(),
            interval_centiseconds(&router.spec),
        );
        if received != ours {
            remarks.push(PacketComplaint::IntervalCentiseconds { received, ours });
        }
    }
    let repeated = router
        .master
        .is_some_and(|master| master.address == datagram.source);
    let skip = router.spec.skip_check_adv_addr && repeated && router.state == State::Backup;
    if !skip && !same_addresses(router, datagram) {
        router.statistics.errors().addr_list_err += 1;
        let received = advert.addresses().collect();
        remarks.push(PacketComplaint::Addresses {
            received,
            ours: advertised(&router.spec).collect(),
        });
    }
    remarks
}

/// The lists hold the same addresses, in whatever order.
fn same_addresses(router: &Router, datagram: &Datagram<'_>) -> bool {
    let ours = || advertised(&router.spec);
    let theirs = || datagram.advert.addresses();
    usize::from(datagram.advert.count()) == ours().count()
        && (theirs().eq(ours()) || ours().all(|own| theirs().any(|other| other == own)))
}

/// Row 20: unicast senders.
fn check_peer(router: &mut Router, datagram: &Datagram<'_>) -> Result<(), Drop> {
    let Delivery::Unicast {
        peers,
        check_source: true,
        ..
    } = &router.spec.delivery
    else {
        return Ok(());
    };
    let Some(peer) = peers.iter().find(|peer| peer.address == datagram.source) else {
        router.statistics.errors().not_a_peer += 1;
        return Err(Drop(PacketComplaint::NotAPeer));
    };
    if !(peer.min_ttl..=peer.max_ttl).contains(&datagram.ttl) {
        let complaint = PacketComplaint::PeerTtl {
            received: datagram.ttl,
            min: peer.min_ttl,
            max: peer.max_ttl,
        };
        router.statistics.errors().ip_ttl_err += 1;
        return Err(Drop(complaint));
    }
    Ok(())
}
