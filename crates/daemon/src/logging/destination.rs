//! The places that lines are written to, and the gaps in what they got.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

use tracing::Level;

use super::console::Console;
use super::facility::Facility;
use super::file::LogFile;
use super::journal;
use super::line::Line;
use super::syslog::Syslog;
use super::{Role, Settings, SystemLog};

pub(super) const SYSLOG: &str = "/dev/log";
/// How long a reader is waited for before it loses lines: a syslog daemon that is busy for a moment may
/// have room for ten of them, fewer than a start has. The guardian, which has no thread for its log, has
/// that time, too.
const PATIENCE: Duration = Duration::from_millis(100);

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Taken,
    /// Its reader is too slow.
    Lost,
    /// Nobody is there who would read it.
    Unwanted,
}

#[derive(Debug)]
enum Reader {
    Console(Console),
    Syslog {
        ident: String,
        facility: Facility,
        socket: Syslog,
    },
    Journal {
        ident: String,
        facility: Facility,
        socket: Syslog,
    },
    File(LogFile),
}

/// A reader and what it has missed.
#[derive(Debug)]
struct Outlet {
    reader: Reader,
    missed: u64,
    /// It did not take the last line: it is not waited for again until it takes one.
    stuck: bool,
}

impl Outlet {
    fn write(&mut self, line: &Line, patience: Duration) {
        if self.report_gap(patience) && self.offer(line, patience) != Fate::Lost {
            return;
        }
        self.missed += 1;
    }

    /// Tells the reader how much it has missed, if anything; `false` when it does not listen.
    fn report_gap(&mut self, patience: Duration) -> bool {
        if self.missed == 0 {
            return true;
        }
        let report = Line {
            at: SystemTime::now(),
            level: Level::WARN,
            text: format!(
                "{} log lines dropped because their reader is too slow",
                self.missed
            ),
            fields: None,
        };
        let heard = self.offer(&report, patience) != Fate::Lost;
        if heard {
            self.missed = 0;
        }
        heard
    }

    fn offer(&mut self, line: &Line, patience: Duration) -> Fate {
        let patience = if self.stuck { Duration::ZERO } else { patience };
        let fate = match &mut self.reader {
            Reader::Console(console) => console.write(&line.for_console(), patience),
            Reader::Syslog {
                ident,
                facility,
                socket,
            } => socket.send(line.for_syslog(ident, *facility).as_bytes(), patience),
            Reader::Journal {
                ident,
                facility,
                socket,
            } => socket.send(&journal::message(line, ident, *facility), patience),
            Reader::File(file) => file.write(&line.for_file()),
        };
        self.stuck = fate == Fate::Lost;
        fate
    }
}

/// All readers: syslog, the console, a file.
#[derive(Debug)]
pub(super) struct Destination(Vec<Outlet>);

impl Destination {
    /// `instance` is added to the names of the process.
    pub(super) fn new(role: Role, instance: &str, settings: &Settings) -> Self {
        let console = settings
            .console
            .then(|| Console::on(io::stderr().as_fd()))
            .flatten()
            .map(Reader::Console);
        let file = settings.file.as_deref();
        let file = file
            .map(|path| Reader::File(LogFile::new(path, &format!("{}{instance}", role.suffix))));
        let facility = settings.facility;
        let ident = format!("{}{instance}", role.ident);
        let syslog = match settings.syslog {
            SystemLog::Off => None,
            SystemLog::Syslog => Some(Reader::Syslog {
                ident,
                facility,
                socket: Syslog::new(SYSLOG.into()),
            }),
            SystemLog::Journal => Some(Reader::Journal {
                ident,
                facility,
                socket: Syslog::new(journal::SOCKET.into()),
            }),
        };
        Self::of(console.into_iter().chain(file).chain(syslog))
    }

    fn of(readers: impl IntoIterator<Item = Reader>) -> Self {
        let outlet = |reader| Outlet {
            reader,
            missed: 0,
            stuck: false,
        };
        Self(readers.into_iter().map(outlet).collect())
    }

    /// Writes, waiting a little for slow readers.
    pub(super) fn write_patiently(&mut self, line: &Line) {
        for outlet in &mut self.0 {
            outlet.write(line, PATIENCE);
        }
    }

    /// Takes note of lines that did not even come here.
    pub(super) fn missed(&mut self, lines: u64) {
        for outlet in &mut self.0 {
            outlet.missed += lines;
        }
    }

    /// Tells readers what they have missed; `false` when one of them does not listen.
    pub(super) fn report_gaps(&mut self) -> bool {
        let mut heard = true;
        for outlet in &mut self.0 {
            heard &= outlet.report_gap(Duration::ZERO);
        }
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;
    use std::time::Instant;

    fn pipe() -> (File, OwnedFd) {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        (File::from(reader), writer)
    }

    fn line(text: &str) -> Line {
        Line {
            at: SystemTime::now(),
            level: Level::INFO,
            text: text.to_owned(),
            fields: None,
        }
    }

    #[test]
    fn a_stuck_reader_neither_delays_nor_thins_out_the_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let _nobody_reads = UnixDatagram::bind(&path).unwrap();
        let (mut reader, writer) = pipe();
        let mut destination = Destination::of([
            Reader::Console(Console::on(writer.as_fd()).unwrap()),
            Reader::Syslog {
                ident: "test".to_owned(),
                facility: Facility::default(),
                socket: Syslog::new(path),
            },
        ]);
        // More than the kernel keeps for a syslog daemon, less than a pipe takes.
        let start = Instant::now();
        for number in 0..1000 {
            destination.write_patiently(&line(&format!("{number}")));
        }
        assert!(start.elapsed() < PATIENCE * 20, "{:?}", start.elapsed());
        drop((destination, writer));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 1000);
        assert!(!text.contains("dropped"), "the console has missed nothing");
    }

    #[test]
    fn a_start_says_everything_to_a_reader_that_is_busy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let reader = UnixDatagram::bind(&path).unwrap();
        let busy = std::thread::spawn(move || {
            let mut buffer = [0; 256];
            (0..30).for_each(|_| {
                if reader.recv(&mut buffer).is_ok() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        });
        let mut destination = Destination::of([Reader::Syslog {
            ident: "test".to_owned(),
            facility: Facility::default(),
            socket: Syslog::new(path),
        }]);
        for number in 0..30 {
            destination.write_patiently(&line(&format!("{number}")));
        }
        assert_eq!(destination.0[0].missed, 0);
        busy.join().unwrap();
    }

    #[test]
    fn a_gap_is_told_to_who_has_it_when_the_reader_listens_again() {
        let (mut reader, writer) = pipe();
        let console = Console::on(writer.as_fd()).unwrap();
        let mut destination = Destination::of([Reader::Console(console)]);
        let long = "x".repeat(4000);
        let mut taken = 0;
        while destination.0.iter().all(|outlet| outlet.missed == 0) {
            destination.write_patiently(&line(&long));
            taken += 1;
        }
        destination.missed(6);
        assert!(!destination.report_gaps(), "nobody reads");
        let mut all = vec![0; taken * 4000];
        let read = reader.read(&mut all).unwrap();
        assert!(read > 0);
        destination.write_patiently(&line("after"));
        drop((destination, writer));
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let told: Vec<&str> = text.lines().rev().take(2).collect();
        assert!(told[0].ends_with(": after"), "{told:?}");
        assert!(
            told[1].ends_with(": 7 log lines dropped because their reader is too slow"),
            "{told:?}"
        );
    }
}
