//! One engine under test, and the record of what it did.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use evervip_model::Config;
use evervip_vrrp::{
    Action, CheckOutcome, Engine, Event, LinkState, PacketErrors, RouterStatus, RunId, SocketKey,
    Statistics, Timestamp,
};

use crate::craft::Craft;
use crate::{render, render_deadline, sample};

/// Drives an engine and writes down each event, the ordered actions that answer it, what became of
/// states and counters, and the next deadline.
#[derive(Debug)]
pub struct Transcript {
    /// The engine; may be looked at between events.
    pub engine: Engine,
    /// Virtual time.
    pub now: Timestamp,
    text: String,
    quiet: bool,
    runs: Vec<RunId>,
}

impl Transcript {
    /// An engine on the sample host, not started.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::on(config, sample::links(), &sample::addresses(1))
    }

    /// An engine on a host of its own, not started.
    #[must_use]
    pub fn on(config: Config, links: Vec<LinkState>, addresses: &[(u32, IpAddr)]) -> Self {
        Self {
            engine: Engine::new(config, links, addresses),
            // An odd start shows up wherever somebody takes the time since start for a duration.
            now: Timestamp::from_nanos(1_000_000_000),
            text: String::new(),
            quiet: false,
            runs: Vec::new(),
        }
    }

    /// The engine, for settings that are no events.
    pub const fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Writes a heading.
    pub fn title(&mut self, title: &str) {
        let _ = writeln!(self.text, "== {title}");
    }

    /// Runs `prepare` without writing anything down.
    pub fn quietly(&mut self, prepare: impl FnOnce(&mut Self)) {
        let was = std::mem::replace(&mut self.quiet, true);
        prepare(self);
        self.quiet = was;
    }

    /// What was written so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Hands an event over; `label` describes it.
    pub fn event(&mut self, label: &str, event: Event<'_>) -> Vec<Action> {
        self.step(label, |engine, now| engine.handle(now, event))
    }

    /// The daemon's start.
    pub fn start(&mut self) -> Vec<Action> {
        self.event("started", Event::Started)
    }

    /// A new configuration.
    pub fn reload(&mut self, label: &str, config: Config) -> Vec<Action> {
        self.step(label, |engine, now| engine.reload(now, config))
    }

    /// Lets time pass, waking the engine whenever it wants to be woken.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.engine.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.wake();
        }
        self.now = end;
    }

    /// Lets time pass without waking the engine.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Goes to the next deadline and wakes the engine.
    pub fn next_deadline(&mut self) -> Vec<Action> {
        if let Some(at) = self.engine.next_deadline() {
            self.now = self.now.max(at);
        }
        self.wake()
    }

    /// Wakes the engine now.
    pub fn wake(&mut self) -> Vec<Action> {
        self.event("deadline reached", Event::DeadlineReached)
    }

    /// Shows the engine that its driver is awake.
    pub fn awake(&mut self) -> Vec<Action> {
        self.event("awake", Event::Awake)
    }

    /// Gives a packet to a socket.
    pub fn packet(&mut self, label: &str, socket: SocketKey, bytes: &[u8]) -> Vec<Action> {
        self.event(label, Event::PacketReceived { socket, bytes })
    }

    /// Gives an advert to the multicast socket of `eth0`.
    pub fn advert(&mut self, label: &str, craft: &Craft) -> Vec<Action> {
        self.packet(label, sample::multicast_socket(), &craft.bytes())
    }

    /// An interface changed.
    pub fn link(&mut self, index: u32, name: &str, up: bool) -> Vec<Action> {
        let label = format!("link {index} is {name} {}", if up { "up" } else { "down" });
        self.event(&label, Event::LinkChanged(sample::link(index, name, up)))
    }

    /// Ends every check that was started and has not ended.
    pub fn checks_end(&mut self, outcome: &CheckOutcome) {
        for run in std::mem::take(&mut self.runs) {
            let label = format!("run {} ended: {outcome:?}", run.0);
            let outcome = outcome.clone();
            self.event(&label, Event::CheckEnded { run, outcome });
        }
    }

    fn step(&mut self, label: &str, act: impl FnOnce(&mut Engine, Timestamp)) -> Vec<Action> {
        let before = self.engine.status();
        let undeliverable = self.engine.undeliverable();
        act(&mut self.engine, self.now);
        let actions: Vec<Action> = std::iter::from_fn(|| self.engine.poll_action()).collect();
        for action in &actions {
            if let Action::StartCheck { run, .. } = action {
                self.runs.push(*run);
            }
        }
        if !self.quiet {
            let _ = writeln!(self.text, "> {label}");
            for action in &actions {
                let _ = writeln!(self.text, "{}", render(&self.engine, action));
            }
            self.write_changes(&before, undeliverable);
            let _ = writeln!(self.text, "{}", render_deadline(&self.engine, self.now));
        }
        actions
    }

    fn write_changes(&mut self, before: &[RouterStatus], (malformed, unknown): (u64, u64)) {
        for status in self.engine.status() {
            let old = before.iter().find(|old| old.id == status.id);
            let state = old.map_or_else(|| "new".to_owned(), |old| old.state.to_string());
            if old.is_none_or(|old| old.state != status.state) {
                let _ = writeln!(
                    self.text,
                    "state {} {state} -> {}",
                    status.name, status.state
                );
            }
            if let Some(old) = old.filter(|old| old.priority != status.priority) {
                let (name, from, to) = (&status.name, old.priority, status.priority);
                let _ = writeln!(self.text, "priority {name} {from} -> {to}");
            }
            let zero = Statistics::default();
            let old = old.map_or(&zero, |old| &old.statistics);
            for (label, from, to) in counters(old, &status.statistics) {
                if from != to {
                    let _ = writeln!(self.text, "count {} {label} +{}", status.name, to - from);
                }
            }
        }
        let now = self.engine.undeliverable();
        for (label, from, to) in [
            ("malformed", malformed, now.0),
            ("unknown VRID", unknown, now.1),
        ] {
            if from != to {
                let _ = writeln!(self.text, "count {label} +{}", to - from);
            }
        }
    }
}

/// Every counter with its name. A counter that is added and not listed here does not compile.
fn counters(old: &Statistics, new: &Statistics) -> Vec<(&'static str, u64, u64)> {
    macro_rules! rows {
        ($old:expr, $new:expr, $kind:ident { $($field:ident),* } $($inner:ident)?) => {{
            let $kind { $($field: _,)* $($inner: _)? } = $old;
            [$((stringify!($field), $old.$field, $new.$field)),*]
        }};
    }
    let common = rows!(
        *old,
        new,
        Statistics {
            advert_rcvd,
            advert_sent,
            become_master,
            release_master,
            pri_zero_rcvd,
            pri_zero_sent
        } errors
    );
    let errors = rows!(
        old.errors,
        new.errors,
        PacketErrors {
            packet_len_err,
            advert_interval_err,
            ip_ttl_err,
            invalid_type_rcvd,
            addr_list_err,
            invalid_authtype,
            authtype_mismatch,
            auth_failure,
            auth_ext_missing,
            auth_ext_malformed,
            auth_ext_unknown_key,
            auth_ext_invalid_hmac,
            auth_ext_stale,
            auth_ext_replay,
            vers_err,
            chk_err,
            not_a_peer
        }
    );
    common.into_iter().chain(errors).collect()
}
