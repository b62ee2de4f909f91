//! What reaches the engine thread from the other threads.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use evervip_model::{Config, ProcessPattern};
use evervip_script::Report;
use nix::sys::eventfd::{EfdFlags, EventFd};

/// A message to the engine thread.
#[derive(Debug)]
pub(crate) enum Message {
    /// A configuration that passed every check.
    Reload(Box<Reload>),
    /// News are on the noticeboard.
    Observed,
    /// The last mail has been sent or given up.
    MailFinished,
    /// The last snapshot has been written down.
    DumpWritten,
    /// A caller on D-Bus wants something.
    #[cfg(feature = "dbus")]
    Bus(crate::dbus::Request),
    /// The bus has been left.
    #[cfg(feature = "dbus")]
    BusLeft,
    /// The SNMP subagent wants a snapshot.
    #[cfg_attr(
        not(feature = "snmp"),
        expect(dead_code, reason = "there is no subagent that asks")
    )]
    SceneWanted,
    /// An operator wants something.
    Control(crate::control::Order),
}

/// A new configuration, and what its new objects have been found to be.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) config: Config,
    /// The texts of the tracked files.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    /// How many tracked processes there are.
    pub(crate) processes: Vec<(ProcessPattern, u32)>,
    /// The states of links that are asked for.
    pub(crate) links: Vec<(String, bool)>,
}

/// The sending half. Messages are bounded by what the senders have under way: a report for each
/// running command, one reload at a time, one call to the noticeboard, one snapshot for a file and one
/// for SNMP, the end of the mails, one request from D-Bus and one for all instances, the end of the
/// bus, one order of an operator.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    messages: Sender<Message>,
    reports: Sender<Report>,
    wake: Arc<EventFd>,
}

impl Outlet {
    /// Hands a message over and wakes the engine thread. When that is gone nobody wants it.
    pub(crate) fn send(&self, message: Message) {
        if self.messages.send(message).is_ok() {
            let _ = self.wake.write(1);
        }
    }

    /// Hands over what the script runner tells. What is no news waits until the engine thread wakes
    /// for something else: with many scripts each waking would cost more than all that is then done.
    pub(crate) fn report(&self, report: Report) {
        let is_news = !matches!(report, Report::CheckEnded { is_news: false, .. });
        if self.reports.send(report).is_ok() && is_news {
            let _ = self.wake.write(1);
        }
    }
}

/// The receiving half; readable when something waits that is news.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: Receiver<Message>,
    reports: Receiver<Report>,
    wake: Arc<EventFd>,
}

impl Inbox {
    /// The next message, if one waits.
    pub(crate) fn next(&self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    /// The next report of the script runner. To be asked for before a deadline is seen to.
    pub(crate) fn next_report(&self) -> Option<Report> {
        self.reports.try_recv().ok()
    }

    /// Takes note of the wake-up. Call it before [`Inbox::next`] and [`Inbox::next_report`], so that no message is missed.
    pub(crate) fn acknowledge(&self) {
        let _ = self.wake.read();
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

/// Makes both halves.
///
/// # Errors
/// When no descriptor is left.
pub(crate) fn inbox() -> std::io::Result<(Outlet, Inbox)> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let wake = Arc::new(EventFd::from_value_and_flags(0, flags)?);
    let (sender, messages) = channel();
    let (report_sender, reports) = channel();
    Ok((
        Outlet {
            messages: sender,
            reports: report_sender,
            wake: Arc::clone(&wake),
        },
        Inbox {
            messages,
            reports,
            wake,
        },
    ))
}
