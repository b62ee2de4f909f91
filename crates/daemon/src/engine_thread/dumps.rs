//! Snapshots for the files that signals ask for.

use std::path::Path;
use std::sync::mpsc::SyncSender;

use evervip_dump::{Host, LinkFacts, Scene};
use evervip_os::netlink::Link;
use evervip_os::signal::{real_time, real_time_from_top};
use nix::sys::signal::Signal;
use tokio::sync::oneshot;

use super::EngineThread;
use crate::archive::state_file;
use crate::dump::{Job, Wanted, clock};

/// What was asked for, and whether the writer has something to do.
pub(super) struct Dumps {
    jobs: SyncSender<Job>,
    busy: bool,
    wanted: Wanted,
    /// Reloads so far.
    reloads: u32,
    /// Who waits for what is wanted.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Dumps {
    pub(super) fn new(jobs: SyncSender<Job>) -> Self {
        Self {
            jobs,
            busy: false,
            wanted: Wanted::default(),
            reloads: 0,
            waiting: Vec::new(),
        }
    }
}

/// The signals that ask for a file, by number.
pub(super) fn signals() -> [i32; 4] {
    [
        Signal::SIGUSR1 as i32,
        Signal::SIGUSR2 as i32,
        real_time(2),
        real_time_from_top(1),
    ]
}

/// What a signal asks for; nothing for any other.
fn wanted_by(signal: i32) -> Wanted {
    let [state, statistics, json, clear] = signals();
    Wanted {
        state: signal == state,
        statistics: signal == statistics || signal == clear,
        clear: signal == clear,
        json: signal == json,
        signalled: true,
    }
}

impl EngineThread {
    /// A signal that may ask for a file.
    pub(super) fn dump_on(&mut self, signal: i32) {
        self.dumps.wanted.add(wanted_by(signal));
        self.take_snapshot();
    }

    /// A caller asks for files; `done` is told when they have been written.
    #[cfg(feature = "dbus")]
    pub(super) fn dump_for(&mut self, wanted: Wanted, done: oneshot::Sender<()>) {
        self.dumps.wanted.add(wanted);
        self.dumps.waiting.push(done);
        self.take_snapshot();
    }

    /// The writer has written the last one.
    pub(super) fn dump_written(&mut self) {
        self.dumps.busy = false;
        self.take_snapshot();
    }

    /// Gives the writer a snapshot, unless it still has one.
    fn take_snapshot(&mut self) {
        if self.dumps.busy || self.dumps.wanted.is_empty() {
            return;
        }
        let wanted = std::mem::take(&mut self.dumps.wanted);
        let job = Job {
            wanted,
            scene: self.scene(),
            archive: None,
            logged: false,
            waiting: std::mem::take(&mut self.dumps.waiting),
        };
        if wanted.clear {
            self.engine.clear_statistics();
        }
        self.dumps.busy = self.dumps.jobs.try_send(job).is_ok();
    }

    /// A reload begins.
    pub(super) fn count_reload(&mut self) {
        self.dumps.reloads = self.dumps.reloads.wrapping_add(1);
    }

    /// Has the state before (`pre`) or after (`post`) a reload kept, if there is a directory for it.
    pub(super) fn keep_state(&mut self, directory: Option<&Path>, when: &str) {
        let Some(directory) = directory else { return };
        let path = state_file(directory, self.dumps.reloads, when);
        let job = Job {
            wanted: Wanted::default(),
            scene: self.scene(),
            archive: Some(path.clone()),
            logged: false,
            waiting: Vec::new(),
        };
        if self.dumps.jobs.try_send(job).is_err() {
            tracing::warn!("{} is not written: the disk is too slow", path.display());
        }
    }

    /// Has what was found at the start written to the log (`-d`).
    pub(super) fn log_start(&mut self) {
        let job = Job {
            wanted: Wanted::default(),
            scene: Scene {
                at_start: true,
                ..self.scene()
            },
            archive: None,
            logged: true,
            waiting: Vec::new(),
        };
        // Nothing else can have been asked for yet.
        let _ = self.dumps.jobs.try_send(job);
    }

    /// All that is known now.
    pub(super) fn scene(&mut self) -> Scene {
        let now = self.now();
        Scene {
            snapshot: self.engine.snapshot(now),
            host: self.host(),
            clock: clock(now),
            at_start: false,
        }
    }

    fn host(&self) -> Host {
        Host {
            sockets: self.sockets.facts(),
            links: self.kernel.links.values().map(link).collect(),
        }
    }
}

fn link(link: &Link) -> LinkFacts {
    LinkFacts {
        index: link.index,
        flags: link.flags,
        mtu: link.mtu,
        hardware_type: link.hardware_type,
        address: link.hardware_address.as_bytes().to_vec(),
        broadcast: link.broadcast_address.as_bytes().to_vec(),
    }
}
