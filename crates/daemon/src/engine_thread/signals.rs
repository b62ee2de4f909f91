//! Signals that the engine thread listens to, and the end that some of them ask for.

use std::time::Instant;

use evervip_os::signal::{SignalQueue, without_use};
use evervip_vrrp::Event;
use nix::sys::signal::Signal;

use super::{EngineThread, dumps};

/// Signals that are taken in a turn: adverts do not wait for the end of a storm of them.
const SIGNALS_AT_ONCE: usize = 8;

/// Receives what the thread listens to.
pub(super) fn queue() -> std::io::Result<SignalQueue> {
    let named = [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGXCPU,
    ];
    let mut signals = named.map(|signal| signal as i32).to_vec();
    signals.extend(dumps::signals());
    signals.extend(without_use());
    SignalQueue::open(&signals)
}

impl EngineThread {
    pub(super) fn read_signals(&mut self) -> anyhow::Result<()> {
        for _ in 0..SIGNALS_AT_ONCE {
            let Some(signal) = self.signals.read()? else {
                break;
            };
            match Signal::try_from(signal.number) {
                Ok(Signal::SIGTERM | Signal::SIGINT) => self.end(),
                Ok(Signal::SIGXCPU) => tracing::warn!(
                    "VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased"
                ),
                Ok(Signal::SIGHUP) => {
                    // One that waits already will read what is there then.
                    let _ = self.reload.try_send(());
                }
                _ => self.dump_on(signal.number),
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.handle(Event::StopRequested);
        self.fifos.close();
        self.hooks.drain();
        self.mailer.finish();
        self.bus.finish();
        self.ending = Some(Instant::now());
    }
}
