//! What can go wrong with netlink.

use std::io;

use nix::errno::Errno;

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// The socket could not be opened or used.
    #[error("{operation}")]
    Socket {
        /// What was attempted.
        operation: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The kernel refused the request. The text is what keepalived logs behind
    /// `Netlink: error: ` (spec vrrp-runtime 12).
    #[error("{}({errno}), type={name}({kind}), seq={sequence}, pid={port}", text(*errno))]
    Rejected {
        /// Error number.
        errno: i32,
        /// Name of the request, such as `RTM_NEWADDR`.
        name: &'static str,
        /// Its number.
        kind: u16,
        /// Sequence number of the request.
        sequence: u32,
        /// Netlink port it came from; mostly the process id.
        port: u32,
        /// The kernel's own words, when it has any.
        detail: Option<String>,
    },
    /// No answer came in time, or the answer was lost. Whether the request was fulfilled is unknown.
    #[error("no answer from the kernel")]
    NoAnswer,
    /// The tables changed again and again while they were being read.
    #[error("the kernel's tables change too fast to be read")]
    Unstable,
    /// A message could not be built; the address is unusable, for example by an overlong label.
    #[error("cannot build the request: {0}")]
    Encoding(String),
}

impl NetlinkError {
    /// The error number, when the kernel gave one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Rejected { errno, .. } => Some(*errno),
            Self::Socket { source, .. } => source.raw_os_error(),
            Self::NoAnswer | Self::Unstable | Self::Encoding(_) => None,
        }
    }
}

pub(super) fn socket(operation: &'static str) -> impl FnOnce(io::Error) -> NetlinkError {
    move |source| NetlinkError::Socket { operation, source }
}

fn text(errno: i32) -> &'static str {
    Errno::from_raw(errno).desc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_in_keepalived() {
        let error = NetlinkError::Rejected {
            errno: libc::ENODEV,
            name: "RTM_NEWADDR",
            kind: 20,
            sequence: 7,
            port: 4711,
            detail: None,
        };
        assert_eq!(
            error.to_string(),
            "No such device(19), type=RTM_NEWADDR(20), seq=7, pid=4711"
        );
        assert_eq!(error.errno(), Some(19));
    }
}
