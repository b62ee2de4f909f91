//! Signed adverts: which sequence is sent, and which received ones are believed (spec wire 5).

use std::net::IpAddr;

use evervip_model::{AntiReplay, Delivery, HmacAuthentication, HmacMode, Instance};
use evervip_wire::{Datagram, Proof, Sequence, SigningKey, TrailerView, is_signed_by};

use crate::complaint::{PacketComplaint, ProofComplaint};
use crate::header::header_key;
use crate::rare::Rare;
use crate::statistics::Counters;

/// Senders remembered by a multicast instance.
const SENDERS: usize = 4;

/// What was sent and heard. A reload keeps it, so that a change of keys opens no gap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Signatures {
    sent: Option<Sequence>,
    /// The last one heard first.
    heard: Vec<Mark>,
}

/// The highest sequence that a sender has used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    sender: IpAddr,
    sequence: Sequence,
}

impl Signatures {
    /// The sequence of the next advert: the clock's, or the next after the last when the clock has
    /// not moved on.
    pub(crate) fn advance(&mut self, clock: Sequence, hmac: &HmacAuthentication) -> Sequence {
        let next = match self.sent {
            Some(last) if !clock.is_after(last) => {
                let restart = hmac.anti_replay == AntiReplay::Time && !within(hmac, last, clock);
                if restart { clock } else { last.next() }
            }
            _ => clock,
        };
        self.sent = Some(next);
        next
    }

    /// Takes the sequence of an advert with a right signature; `false` when it is a repeated one.
    fn take(
        &mut self,
        sender: IpAddr,
        sequence: Sequence,
        clock: Sequence,
        hmac: &HmacAuthentication,
        room: usize,
    ) -> bool {
        let place = self.heard.iter().position(|mark| mark.sender == sender);
        if let Some(place) = place {
            let mark = self.heard[place].sequence;
            let forgotten = hmac.anti_replay == AntiReplay::Time && !within(hmac, mark, clock);
            if !forgotten && !sequence.is_after(mark) {
                return false;
            }
            self.heard.remove(place);
        }
        self.heard.insert(0, Mark { sender, sequence });
        self.heard.truncate(room);
        true
    }

    /// Forgets senders that are no peers any more.
    pub(crate) fn keep_peers(&mut self, spec: &Instance) {
        if let Delivery::Unicast { peers, .. } = &spec.delivery {
            self.heard
                .retain(|mark| peers.iter().any(|peer| peer.address == mark.sender));
        }
    }
}

/// Whether two points in time are at most a window apart.
fn within(hmac: &HmacAuthentication, one: Sequence, other: Sequence) -> bool {
    u64::from(one.seconds_apart(other)) <= hmac.time_window.as_secs()
}

/// What an instance proves its adverts with.
#[must_use]
pub fn proof(spec: &Instance) -> Proof {
    let signing = spec.hmac.as_ref().filter(|hmac| signs(hmac));
    if let Some(key) = signing.and_then(|hmac| key(hmac, hmac.active_key)) {
        return Proof::Signature(key);
    }
    header_key(spec).map_or(Proof::None, Proof::Header)
}

/// Whether adverts are signed.
pub(crate) fn signs(hmac: &HmacAuthentication) -> bool {
    hmac.mode != HmacMode::ReceiveOnly
}

fn key(hmac: &HmacAuthentication, id: u8) -> Option<SigningKey> {
    let key = hmac.keys.iter().find(|key| key.id == id)?;
    Some(SigningKey {
        id,
        secret: key.secret.clone(),
    })
}

/// Row 6 of spec vrrp-runtime 5, in the order of spec wire 5.4. A packet that passes uses up its
/// sequence, even if something else turns out to be wrong with it.
pub(crate) fn check_signature(
    spec: &Instance,
    signatures: &mut Rare<Signatures>,
    statistics: &mut Counters,
    datagram: &Datagram<'_>,
    clock: Sequence,
) -> Result<(), PacketComplaint> {
    let Some(hmac) = &spec.hmac else {
        return Ok(());
    };
    let Some(trailer) = datagram.advert.trailer() else {
        if hmac.mode == HmacMode::Enforce {
            statistics.errors().auth_ext_missing += 1;
            return Err(PacketComplaint::Proof(ProofComplaint::SignatureMissing));
        }
        return Ok(());
    };
    let Some(room) = room_for(spec, datagram.source) else {
        statistics.errors().not_a_peer += 1;
        return Err(PacketComplaint::NotAPeer);
    };
    let Ok(trailer) = TrailerView::new(trailer) else {
        statistics.errors().auth_ext_malformed += 1;
        return Err(PacketComplaint::Proof(ProofComplaint::SignatureMalformed));
    };
    let sequence = trailer.sequence();
    if hmac.anti_replay == AntiReplay::Time && !within(hmac, sequence, clock) {
        statistics.errors().auth_ext_stale += 1;
        return Err(PacketComplaint::Proof(ProofComplaint::SignatureStale {
            seconds: sequence.seconds_apart(clock),
            late: clock.is_after(sequence),
            window: hmac.time_window,
        }));
    }
    check_code(hmac, statistics, datagram, &trailer).map_err(PacketComplaint::Proof)?;
    if !signatures
        .make()
        .take(datagram.source, sequence, clock, hmac, room)
    {
        statistics.errors().auth_ext_replay += 1;
        return Err(PacketComplaint::Proof(ProofComplaint::SignatureReplayed));
    }
    Ok(())
}

/// How many senders are remembered; `None` when this one is a stranger.
fn room_for(spec: &Instance, sender: IpAddr) -> Option<usize> {
    match &spec.delivery {
        Delivery::Unicast { peers, .. } => {
            let known = peers.iter().any(|peer| peer.address == sender);
            known.then_some(peers.len())
        }
        Delivery::Multicast { .. } | Delivery::NoPeer => Some(SENDERS),
    }
}

/// The key, and the signature by it.
fn check_code(
    hmac: &HmacAuthentication,
    statistics: &mut Counters,
    datagram: &Datagram<'_>,
    trailer: &TrailerView<'_>,
) -> Result<(), ProofComplaint> {
    let id = trailer.key_id();
    let Some(key) = hmac.keys.iter().find(|key| key.id == id) else {
        statistics.errors().auth_ext_unknown_key += 1;
        return Err(ProofComplaint::SignatureKeyUnknown(id));
    };
    let signed = datagram.advert.without_trailer();
    if !is_signed_by(&key.secret, datagram.source, signed, trailer) {
        statistics.errors().auth_ext_invalid_hmac += 1;
        return Err(ProofComplaint::SignatureWrong(id));
    }
    Ok(())
}

/// A sender whose clock differs from ours by more than half of what is allowed.
pub(crate) fn skewed_clock(
    spec: &Instance,
    datagram: &Datagram<'_>,
    clock: Sequence,
) -> Option<ProofComplaint> {
    let hmac = spec.hmac.as_ref()?;
    if hmac.anti_replay != AntiReplay::Time {
        return None;
    }
    let trailer = TrailerView::new(datagram.advert.trailer()?).ok()?;
    let seconds = trailer.sequence().seconds_apart(clock);
    (u64::from(seconds) * 2 > hmac.time_window.as_secs()).then_some(ProofComplaint::ClockSkew {
        seconds,
        window: hmac.time_window,
    })
}
