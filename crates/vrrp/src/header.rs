//! The authentication header: its sequence number, and which received ones are believed (spec
//! wire 3).

use evervip_model::{Authentication, Delivery, Instance};
use evervip_wire::{Datagram, HeaderKey};

use crate::complaint::ProofComplaint;

/// The last number sent or received: there is one counter for both, so that whoever becomes MASTER
/// goes on where the last one ended. A reload keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct HeaderSequence(u32);

impl HeaderSequence {
    /// The number of the next advert. At its end the counter stands still, and nobody believes the
    /// sender until another one becomes MASTER.
    pub(crate) fn advance(&mut self) -> u32 {
        if self.0 <= LAST {
            self.0 += 1;
        }
        self.0
    }

    /// A counter at its end starts again with a new MASTER.
    pub(crate) fn became_master(&mut self) {
        if self.0 > LAST {
            self.0 = 0;
        }
    }

    /// Takes the number of a received advert, which has to be a higher one.
    fn take(&mut self, received: u32) -> Result<(), ProofComplaint> {
        if received > self.0 {
            self.0 = received;
            Ok(())
        } else {
            let ours = self.0;
            Err(ProofComplaint::HeaderSequence { received, ours })
        }
    }
}

/// Where the counter stops.
const LAST: u32 = 0xffff_fffd;

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
    fn the_counter_stops_at_its_end_until_there_is_a_new_master() {
        let mut sequence = HeaderSequence(0xffff_fffc);
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
