//! The authentication header: its sequence number, and which received ones are believed (spec
//! wire 3).

use evervip_model::{Authentication, Delivery, Instance};
use evervip_wire::{Datagram, HeaderKey};

use crate::complaint::ProofComplaint;

/// The last number sent or received: there is one counter for both, so that whoever becomes MASTER
/// goes on where the last one ended. A reload keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct HeaderSequence {
    last: u32,
    /// How many of those up to it were left to others since a number was sent or received.
    skipped: u8,
}

impl HeaderSequence {
    /// The number of the next advert. At its end the counter stands still, and nobody believes the
    /// sender until another one becomes MASTER.
    pub(crate) fn advance(&mut self) -> u32 {
        self.skipped = 0;
        if self.last <= LAST {
            self.last += 1;
        }
        self.last
    }

    /// Two masters that became so at the same moment number their adverts alike, each believes none
    /// of the other's, and that would go on for ever. The better one leaves a number out, and is
    /// believed from then on. So it does for each worse one of its own number: of several masters the
    /// best one leaves out most, and a single interval later all numbers differ.
    pub(crate) fn leave_out(&mut self, received: u32) {
        let own = self.last - u32::from(self.skipped);
        if received == own && self.skipped < MOST_SKIPPED && self.last <= LAST {
            self.last += 1;
            self.skipped += 1;
        }
    }

    /// A counter at its end starts again with a new MASTER.
    pub(crate) fn became_master(&mut self) {
        if self.last > LAST {
            *self = Self::default();
        }
    }

    /// Takes the number of a received advert, which has to be a higher one.
    fn take(&mut self, received: u32) -> Result<(), ProofComplaint> {
        if received > self.last {
            self.last = received;
            self.skipped = 0;
            Ok(())
        } else {
            let ours = self.last;
            Err(ProofComplaint::HeaderSequence { received, ours })
        }
    }
}

/// Where the counter stops.
const LAST: u32 = 0xffff_fffd;
/// Numbers that are left out at most for one advert: as many rivals as hardly ever begin together. Who
/// repeats an advert of ours or theirs must not drive the counter to its end.
const MOST_SKIPPED: u8 = 32;

/// The key of an instance with `auth_type AH`.
pub(crate) fn header_key(spec: &Instance) -> Option<HeaderKey> {
    match spec.authentication {
        Authentication::Header(password) => Some(HeaderKey {
            password,
            routed: matches!(spec.delivery, Delivery::Unicast { .. }),
        }),
        Authentication::None | Authentication::Pass(_) => None,
    }
}

/// Check value, then index, then number (row 9 of spec vrrp-runtime 5). A packet that passes uses up
/// its number, even if something else turns out to be wrong with it.
pub(crate) fn check_header(
    key: &HeaderKey,
    sequence: &mut HeaderSequence,
    datagram: &Datagram<'_>,
) -> Result<(), ProofComplaint> {
    let header = datagram
        .authentication
        .filter(|_| datagram.is_sealed_by(key))
        .ok_or(ProofComplaint::HeaderCode)?;
    if datagram.source != header.spi {
        return Err(ProofComplaint::HeaderIndex(header.spi));
    }
    sequence.take(header.sequence)
}

#[cfg(test)]
mod tests {
    use super::HeaderSequence;

    #[test]
    fn numbers_are_used_once() {
        let mut sequence = HeaderSequence::default();
        assert_eq!(sequence.advance(), 1);
        assert!(sequence.take(1).is_err());
        assert!(sequence.take(7).is_ok());
        assert!(sequence.take(7).is_err());
        assert_eq!(sequence.advance(), 8);
    }

    #[test]
    fn numbers_are_left_to_those_that_have_sent_the_same_one() {
        let mut sequence = HeaderSequence::default();
        assert_eq!(sequence.advance(), 1);
        sequence.leave_out(1);
        sequence.leave_out(1);
        assert!(sequence.take(3).is_err());
        assert_eq!(sequence.advance(), 4);
        sequence.leave_out(1);
        sequence.leave_out(3);
        assert_eq!(sequence.advance(), 5);
        for _ in 0..1000 {
            sequence.leave_out(5);
        }
        assert_eq!(sequence.advance(), 38);
        let mut sequence = HeaderSequence::default();
        assert!(sequence.take(u32::MAX).is_ok());
        sequence.leave_out(u32::MAX);
        assert_eq!(sequence.advance(), u32::MAX);
    }

    #[test]
    fn the_counter_stops_at_its_end_until_there_is_a_new_master() {
        let mut sequence = HeaderSequence {
            last: 0xffff_fffc,
            skipped: 0,
        };
        sequence.became_master();
        assert_eq!(sequence.advance(), 0xffff_fffd);
        assert_eq!(sequence.advance(), 0xffff_fffe);
        assert_eq!(sequence.advance(), 0xffff_fffe);
        sequence.became_master();
        assert_eq!(sequence.advance(), 1);
        assert!(sequence.take(u32::MAX).is_ok());
        assert_eq!(sequence.advance(), u32::MAX);
    }
}
