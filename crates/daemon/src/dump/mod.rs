//! Files that are written when a signal asks for them (spec vrrp-runtime 19 and 20, clients 3).
//!
//! The engine thread takes a snapshot and goes on; text is made of it, and written, in a thread of
//! its own. One snapshot is under way at a time, however many signals come and however slow the disk
//! is: what is asked for meanwhile waits for the next one.

mod calendar;
mod file;
mod name;
mod names;

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use evervip_dump::Scene;
use evervip_model::Globals;
use evervip_os::host_name::canonical_host_name;
use evervip_vrrp::Timestamp;
use tokio::sync::oneshot;

use crate::inbox::{Message, Outlet};
pub(crate) use file::replace;
use name::Files;
pub(crate) use names::at_once as named_at_once;

/// What is wanted of one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// `keepalived.data`.
    pub(crate) state: bool,
    /// `keepalived.stats`.
    pub(crate) statistics: bool,
    /// The counters are set to 0 afterwards.
    pub(crate) clear: bool,
    /// `keepalived.json`.
    pub(crate) json: bool,
    /// A signal asked for it, which is logged; other callers log for themselves.
    pub(crate) signalled: bool,
}

impl Wanted {
    /// Adds what another asks for.
    pub(crate) const fn add(&mut self, other: Self) {
        self.state |= other.state;
        self.statistics |= other.statistics;
        self.clear |= other.clear;
        self.json |= other.json;
        self.signalled |= other.signalled;
    }

    /// Whether there is nothing to do.
    pub(crate) const fn is_empty(self) -> bool {
        !(self.state || self.statistics || self.json)
    }
}

/// A snapshot and what is to be written of it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) wanted: Wanted,
    pub(crate) scene: Scene,
    /// A file that gets the state besides (`config_save_dir`).
    pub(crate) archive: Option<PathBuf>,
    /// The state goes to the log.
    pub(crate) logged: bool,
    /// Who waits for the end of it.
    pub(crate) waiting: Vec<oneshot::Sender<()>>,
}

/// Starts the thread that writes. It says so each time it has written what a signal asked for.
///
/// # Errors
/// When the thread cannot be made.
pub(crate) fn start(jobs: Receiver<Job>, outlet: Outlet) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("dump".to_owned())
        .spawn(move || {
            let mut host_name = None;
            while let Ok(mut job) = jobs.recv() {
                // Asks the name service, once and only here.
                let host_name = host_name.get_or_insert_with(canonical_host_name);
                names::fill_in(&mut job.scene.snapshot.globals, host_name);
                write(&job);
                let is_asked_for = !job.wanted.is_empty();
                for done in job.waiting {
                    // Who asked may be gone.
                    let _ = done.send(());
                }
                drop(job.scene);
                if is_asked_for {
                    outlet.send(Message::DumpWritten);
                }
            }
        })?;
    Ok(())
}

/// How the engine's time goes with the calendar.
pub(crate) fn clock(now: Timestamp) -> evervip_dump::Clock {
    let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    evervip_dump::Clock {
        at: now,
        unix_micros: unix.map_or(0, |unix| {
            u64::try_from(unix.as_micros()).unwrap_or(u64::MAX)
        }),
        local: calendar::local,
    }
}

fn write(job: &Job) {
    let Job {
        wanted,
        scene,
        archive,
        ..
    } = job;
    if let Some(path) = archive {
        put(path, &evervip_dump::state(scene));
    }
    if job.logged {
        log(&evervip_dump::state(scene));
    }
    let files = Files::of(&scene.snapshot.globals);
    if wanted.state {
        say(wanted, "Printing VRRP data");
        put(&files.state(""), &evervip_dump::state(scene));
    }
    if wanted.statistics {
        let clearing = if wanted.clear { " and clearing" } else { "" };
        say(wanted, &format!("Printing{clearing} VRRP stats"));
        put(&files.statistics(), &evervip_dump::statistics(scene));
    }
    if wanted.json {
        say(wanted, "Printing VRRP as json");
        if let Some(json) = evervip_dump::json(scene) {
            put(&files.json(), &json);
        }
    }
}

/// Puts a text into the log, no faster than that may be expected to be written.
fn log(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for some in lines.chunks(LINES_AT_ONCE) {
        for line in some {
            tracing::info!("{line}");
        }
        std::thread::sleep(BETWEEN_LINES);
    }
}

/// A small part of what has room in the log's queue.
const LINES_AT_ONCE: usize = 512;
/// Time to write so many.
const BETWEEN_LINES: Duration = Duration::from_millis(20);

fn say(wanted: &Wanted, what: &str) {
    if wanted.signalled {
        let process = std::process::id();
        tracing::info!("{what} for process({process}) on signal");
    }
}

/// Writes what the guardian knows: its process waits for nothing but signals.
pub(crate) fn write_configuration(globals: &Globals) {
    let process = std::process::id();
    tracing::info!("Printing parent data for process({process}) on signal");
    let text = evervip_dump::configuration(&names::at_once(globals));
    put(&Files::of(globals).state("_parent"), &text);
}

/// Writes what the BFD process knows.
pub(crate) fn write_bfd(globals: &Globals, text: &str) {
    let process = std::process::id();
    tracing::info!("Printing BFD data for process({process}) on signal");
    put(&Files::of(globals).state("_bfd"), text);
}

fn put(path: &Path, text: &str) {
    if let Err(error) = replace(path, text.as_bytes()) {
        tracing::error!("Can't write dump file {}: {error}", path.display());
    }
}
