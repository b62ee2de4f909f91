//! Log lines to syslog and, with `-n -l`, to standard error (spec cli-and-process 6).
//!
//! Nobody who logs ever waits. The guardian, which has one thread, writes at once and drops a line
//! that would block; the child hands lines to a thread of its own through a bounded queue. Lines
//! that find no room are counted, and each reader is told how many it has missed when it listens again.

mod console;
mod destination;
mod facility;
mod file;
mod journal;
mod line;
mod queue;
mod syslog;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use destination::Destination;
pub(crate) use facility::{Facility, UnknownFacility};
use journal::Fields;
use line::Line;
use queue::Queue;

/// Where lines go and how many of them there are.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Also write to standard error.
    pub(crate) console: bool,
    /// Also write detail lines.
    pub(crate) detail: bool,
    /// Write to the system log, and how.
    pub(crate) syslog: SystemLog,
    /// Facility of those lines.
    pub(crate) facility: Facility,
    /// Write to this file, too; the VRRP child has one of its own beside it.
    pub(crate) file: Option<PathBuf>,
}

/// How lines reach the system log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemLog {
    /// Not at all (`-G`).
    Off,
    /// By the socket of syslog daemons.
    Syslog,
    /// By the journal's own socket, with fields.
    Journal,
}

impl SystemLog {
    /// The way on this machine: lines arrive where the socket of syslog daemons leads.
    pub(crate) fn of_machine() -> Self {
        if journal::receives(Path::new(destination::SYSLOG)) {
            Self::Journal
        } else {
            Self::Syslog
        }
    }
}

/// A process as the log names it.
#[derive(Debug, Clone, Copy)]
struct Role {
    /// In the system log.
    ident: &'static str,
    /// Added to the name of the log file.
    suffix: &'static str,
}

const PARENT: Role = Role {
    ident: "Keepalived",
    suffix: "",
};
const VRRP_CHILD: Role = Role {
    ident: "Keepalived_vrrp",
    suffix: "_vrrp",
};

const BFD_CHILD: Role = Role {
    ident: "Keepalived_bfd",
    suffix: "_bfd",
};

#[derive(Debug)]
enum Sink {
    Direct(Destination),
    Queued(Queue),
    Closed,
}

/// The log of this process.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    sink: Arc<Mutex<Sink>>,
    settings: Settings,
    /// `_NAMESPACE_INSTANCE` of one among several daemons, or nothing.
    instance: Arc<OnceLock<String>>,
}

impl Log {
    /// Makes this the log of the whole process, written to directly.
    pub(crate) fn install(settings: Settings) -> Self {
        let sink = Sink::Direct(Destination::new(PARENT, "", &settings));
        let log = Self {
            sink: Arc::new(Mutex::new(sink)),
            instance: Arc::default(),
            settings,
        };
        let subscriber = tracing_subscriber::registry().with(log.clone());
        // Fails only when a log is installed already, which then goes on.
        let _ = tracing::subscriber::set_global_default(subscriber);
        log
    }

    /// From now on the names of the processes end with these, such as that of the instance.
    pub(crate) fn name_daemon(&self, names: &[&str]) {
        let suffix = self
            .instance
            .get_or_init(|| format!("_{}", names.join("_")));
        tracing::info!("Changing syslog ident to {}{suffix}", PARENT.ident);
        *self.lock() = Sink::Direct(Destination::new(PARENT, suffix, &self.settings));
    }

    fn instance(&self) -> &str {
        self.instance.get().map_or("", String::as_str)
    }

    /// Goes on with a thread that writes, under the VRRP child's name. Call it after the fork.
    pub(crate) fn start_thread(&self) {
        self.start_thread_as(VRRP_CHILD);
    }

    /// As [`Self::start_thread`] under the BFD child's name.
    pub(crate) fn start_bfd_thread(&self) {
        self.start_thread_as(BFD_CHILD);
    }

    fn start_thread_as(&self, role: Role) {
        let destination = Destination::new(role, self.instance(), &self.settings);
        *self.lock() = Sink::Queued(Queue::start(destination));
    }

    /// Writes what waits, for a short time at most, and stops.
    pub(crate) fn finish(&self) {
        let sink = std::mem::replace(&mut *self.lock(), Sink::Closed);
        if let Sink::Queued(queue) = sink {
            queue.finish();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sink> {
        // A panic while the lock is held leaves the sink as it was.
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let most = if self.settings.detail {
            Level::DEBUG
        } else {
            Level::INFO
        };
        *metadata.level() <= most && metadata.target().starts_with("evervip")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if self.settings.detail {
            LevelFilter::DEBUG
        } else {
            LevelFilter::INFO
        })
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut contents = Contents::default();
        event.record(&mut contents);
        let fields = match self.settings.syslog {
            SystemLog::Journal => contents.fields.boxed(),
            SystemLog::Syslog | SystemLog::Off => None,
        };
        let line = Line {
            at: SystemTime::now(),
            level: *event.metadata().level(),
            text: contents.text,
            fields,
        };
        match &mut *self.lock() {
            Sink::Direct(destination) => destination.write_patiently(&line),
            Sink::Queued(queue) => queue.put(line),
            Sink::Closed => {}
        }
    }
}

/// Collects the message of an event and the fields of the journal; others follow the message.
#[derive(Default)]
struct Contents {
    text: String,
    fields: Fields,
}

impl Visit for Contents {
    fn record_str(&mut self, field: &Field, value: &str) {
        match self.fields.named(field.name()) {
            Some(place) => *place = Some(value.to_owned()),
            None => self.record_debug(field, &value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.text, "{value:?}")
        } else {
            write!(self.text, " {}={value:?}", field.name())
        };
    }
}
