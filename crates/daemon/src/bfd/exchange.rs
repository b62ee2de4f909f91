//! What the BFD process and the VRRP process tell each other.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use evervip_bfd::Report;
use evervip_os::report_channel::{MESSAGE, ReportChannel};

/// Asks for a report of every session.
const QUESTION: &[u8] = b"?";

/// A report as VRRP gets it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SessionReport {
    /// Name of the session.
    pub(crate) session: String,
    /// Whether it is up.
    pub(crate) up: bool,
    /// When it was sent, in nanoseconds of the monotonic clock.
    pub(crate) sent_at: u64,
}

/// VRRP's end.
#[derive(Debug)]
pub(crate) struct BfdReports(ReportChannel);

/// The end of BFD.
#[derive(Debug)]
pub(crate) struct BfdReporter(ReportChannel);

/// Both ends. The guardian keeps them, so that each process can be started anew.
#[derive(Debug)]
pub(crate) struct Exchange {
    vrrp: ReportChannel,
    bfd: ReportChannel,
}

impl Exchange {
    pub(crate) fn new() -> io::Result<Self> {
        let (vrrp, bfd) = ReportChannel::pair()?;
        Ok(Self { vrrp, bfd })
    }

    pub(crate) fn for_vrrp(&self) -> io::Result<BfdReports> {
        self.vrrp.try_clone().map(BfdReports)
    }

    pub(crate) fn for_bfd(&self) -> io::Result<BfdReporter> {
        self.bfd.try_clone().map(BfdReporter)
    }
}

impl BfdReports {
    /// Asks for a report of every session. When nobody is there to answer, who comes reports anyhow.
    pub(crate) fn ask(&self) {
        // No room means that a question waits already.
        let _ = self.0.send(QUESTION);
    }

    /// The next report, if one waits.
    pub(crate) fn next(&self) -> Option<SessionReport> {
        let mut buffer = [0; MESSAGE];
        loop {
            if let Some(report) = decode(self.0.receive(&mut buffer)?) {
                return Some(report);
            }
        }
    }
}

impl BfdReporter {
    /// Tells VRRP; false when it has not read for so long that there is no room.
    pub(crate) fn tell(&self, report: &Report, now: u64) -> bool {
        self.0.send(&encode(report, now))
    }

    /// Whether VRRP has asked since the last call.
    pub(crate) fn was_asked(&self) -> bool {
        let mut buffer = [0; MESSAGE];
        let mut asked = false;
        while self.0.receive(&mut buffer).is_some() {
            asked = true;
        }
        asked
    }
}

/// State, time, name: of at most 31 bytes.
fn encode(report: &Report, now: u64) -> Vec<u8> {
    let mut message = vec![u8::from(report.up)];
    message.extend(now.to_ne_bytes());
    message.extend(report.name.as_bytes());
    message
}

fn decode(message: &[u8]) -> Option<SessionReport> {
    let (up, rest) = message.split_first()?;
    let (sent_at, name) = rest.split_first_chunk()?;
    Some(SessionReport {
        session: String::from_utf8_lossy(name).into_owned(),
        up: *up != 0,
        sent_at: u64::from_ne_bytes(*sent_at),
    })
}

impl AsFd for BfdReports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for BfdReporter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_questions_arrive() {
        let exchange = Exchange::new().unwrap();
        let (vrrp, bfd) = (exchange.for_vrrp().unwrap(), exchange.for_bfd().unwrap());
        assert!(!bfd.was_asked());
        vrrp.ask();
        vrrp.ask();
        assert!(bfd.was_asked() && !bfd.was_asked());
        let name = "a-name-of-thirty-one-characters";
        for up in [true, false] {
            let name = name.into();
            assert!(bfd.tell(&Report { name, up }, 77));
        }
        for up in [true, false] {
            let expected = SessionReport {
                session: name.to_owned(),
                up,
                sent_at: 77,
            };
            assert_eq!(vrrp.next(), Some(expected));
        }
        assert_eq!(vrrp.next(), None);
    }

    #[test]
    fn what_is_no_report_is_passed_over() {
        assert_eq!(decode(b""), None);
        assert_eq!(decode(b"?"), None);
        assert_eq!(decode(&[1, 2, 3]), None);
    }
}
