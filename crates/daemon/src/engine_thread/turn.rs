//! A turn of the loop: what it waits for, and in which order it sees to what has come.

use std::time::{Duration, Instant};

use evervip_os::clock::monotonic_nanos;
use evervip_os::process::release_free_memory;
use evervip_vrrp::{Event, ORDINARY_LATENESS};

use super::EngineThread;
use super::hooks::DRAIN;
use super::pace::Pace;
use super::poller::Source;

/// Batches that are taken from a socket at most after a deadline was slept through: the adverts of all
/// its routers wait in it. More than the room of a socket that nobody has enlarged holds, and read in
/// some milliseconds.
const CATCH_UP: u32 = 64;

impl EngineThread {
    pub(super) fn turn_until_finished(&mut self) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let mut pace = Pace::default();
        while !self.is_finished() {
            let deadline = self.next_deadline();
            if self.agenda.take_upheaval() {
                release_free_memory();
            }
            if let Some(watch) = self.firewall.new_watch() {
                self.poller.add(watch, Source::Firewall)?;
            }
            if ready.iter().any(Source::is_flow) {
                pace.rest(deadline);
            }
            self.timer.set(deadline)?;
            pace.waits();
            self.poller.wait(&mut ready, self.patience())?;
            self.turn(&ready)?;
            self.bulletin.turn(Instant::now(), || self.engine.census());
        }
        Ok(())
    }

    /// How long to wait when nothing happens; a deadline wakes by its own descriptor.
    fn patience(&self) -> Option<Duration> {
        let until = [
            self.ending.map(|since| {
                since
                    + if self.hooks.is_drained() {
                        DRAIN
                    } else {
                        DRAIN + self.hooks.stop_patience()
                    }
            }),
            self.sockets.retry_at(),
            self.kernel.reread_at(),
            self.virtual_interfaces.retry_at(),
            self.bulletin.due(),
        ];
        let first = until.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    /// Whether the last hooks have ended and the last mails have left, or were waited for long
    /// enough.
    fn is_finished(&self) -> bool {
        self.ending.is_some_and(|since| {
            let waited = since.elapsed();
            (self.hooks.is_drained() || waited > DRAIN + self.hooks.stop_patience())
                && (self.mailer.is_finished() && self.bus.is_finished() || waited > DRAIN)
        })
    }

    fn turn(&mut self, ready: &[Source]) -> anyhow::Result<()> {
        self.waiting_packets(ready, self.lateness());
        self.script_reports();
        if ready.contains(&Source::Deadline) {
            let late = self.lateness();
            self.timer.acknowledge()?;
            self.see_to_deadlines();
            self.scheduling.late(late);
        }
        if ready.contains(&Source::Bfd) {
            self.bfd_reports();
        }
        if ready.contains(&Source::Kernel) {
            self.kernel_reports()?;
        }
        if ready.contains(&Source::Firewall) {
            self.firewall.reports();
        }
        if ready.contains(&Source::Inbox) {
            self.messages();
        }
        if ready.contains(&Source::Signal) {
            self.read_signals()?;
        }
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= Instant::now());
        if is_due(self.sockets.retry_at()) {
            self.update_sockets();
            self.carry_out();
        }
        if is_due(self.virtual_interfaces.retry_at()) {
            self.make_virtual_interfaces();
        }
        if is_due(self.kernel.reread_at()) {
            for event in self.kernel.reread() {
                self.handle(event);
            }
        }
        Ok(())
    }

    /// How long ago the deadline was that the timer is set for.
    fn lateness(&self) -> Duration {
        let due = self.timer.deadline().unwrap_or(u64::MAX);
        Duration::from_nanos(monotonic_nanos().saturating_sub(due))
    }

    /// Takes packets from the sockets that are ready, when a deadline is so late; what is left makes
    /// a socket ready again.
    pub(super) fn waiting_packets(&mut self, ready: &[Source], late: Duration) {
        let batches = if late > ORDINARY_LATENESS {
            CATCH_UP
        } else {
            1
        };
        for source in ready {
            if let Source::Packets(token) = source {
                let mut left = batches;
                while left > 0 && self.packets(*token) {
                    left -= 1;
                }
            }
        }
    }

    /// Takes one batch of packets from a socket; false when none waited.
    fn packets(&mut self, token: u32) -> bool {
        let Some((listener, batch)) = self.sockets.receive(token) else {
            return false;
        };
        for packet in batch.packets() {
            self.handle(Event::PacketReceived {
                socket: listener.key(&packet),
                bytes: packet.bytes,
            });
        }
        self.sockets.give_back(batch);
        true
    }

    fn kernel_reports(&mut self) -> anyhow::Result<()> {
        for event in self.kernel.read()? {
            self.handle(event);
        }
        self.promotion.apply(&mut self.kernel);
        if self.kernel.take_masters_changed() {
            self.virtual_interfaces.follow_bases(&mut self.kernel);
            self.update_sockets();
            self.carry_out();
        }
        Ok(())
    }
}
