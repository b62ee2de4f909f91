//! Reloads at a time that a file names (`reload_time_file`, `reload_repeat`; spec cli-and-process 4).

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Local};
use evervip_model::Reload;
use evervip_os::directory_watch::{DirectoryEvent, DirectoryWatches, EntryChange};

use super::reload_time::{self, ReloadTime};
use crate::observe::read_file;

/// Longest wait that is relied on: the clock may be set meanwhile.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(60);

/// The file that is watched, and what it says.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    file: Option<Watched>,
    repeat: bool,
    time: Option<ReloadTime>,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    watches: DirectoryWatches,
}

impl Schedule {
    /// Watches what the configuration names, from now on. What the file says already counts.
    pub(super) fn configure(&mut self, reload: &Reload) {
        self.repeat = reload.repeat;
        if self.file.as_ref().map(|file| &file.path) != reload.time_file.as_ref() {
            self.file = reload.time_file.as_deref().and_then(watch);
            self.time = None;
        }
        self.read();
    }

    /// Readable when something has happened to the file.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_ref()?.watches.as_fd())
    }

    /// How long to wait until [`Self::is_due`] is to be asked.
    pub(super) fn wait(&self) -> Option<Duration> {
        let wait = (self.time?.at - Local::now()).to_std().unwrap_or_default();
        Some(wait.min(LOOK_AT_CLOCK))
    }

    /// Looks what has happened to the file.
    pub(super) fn look(&mut self) {
        let Some(Watched { path, watches }) = &self.file else {
            return;
        };
        let (mut written, mut gone) = (false, false);
        for event in watches.read().unwrap_or_default() {
            match event {
                DirectoryEvent::Entry { name, change, .. } if Some(&*name) == path.file_name() => {
                    gone = change == EntryChange::Gone;
                    written = !gone;
                }
                DirectoryEvent::Entry { .. } => {}
                DirectoryEvent::Overrun => written = true,
                DirectoryEvent::DirectoryGone(_) => {
                    tracing::info!(
                        "Directory of reload timer file has disappeared. Monitoring stopped."
                    );
                    self.file = None;
                    self.cancel();
                    return;
                }
            }
        }
        if gone {
            self.cancel();
        } else if written {
            self.read();
        }
    }

    /// Whether the time has come. Then the file is removed, unless it stands for every day: the next
    /// day's reload comes whatever becomes of this one.
    pub(super) fn is_due(&mut self) -> bool {
        let Some(time) = self.time.filter(|time| time.at <= Local::now()) else {
            return false;
        };
        self.time = None;
        if self.repeat && time.daily {
            self.read();
        } else if let Some(file) = &self.file {
            // Somebody else may have removed it.
            let _ = std::fs::remove_file(&file.path);
        }
        true
    }

    fn read(&mut self) {
        let Some(file) = &self.file else { return };
        let text = read_file(&file.path);
        let text = String::from_utf8_lossy(&text);
        match reload_time::read(&text, Local::now()) {
            None => {}
            Some(Ok(time)) => self.set(time),
            Some(Err(why)) => {
                tracing::info!("{why}");
                let line = text.lines().next().unwrap_or_default();
                tracing::info!("Invalid reload time '{line}' specified - ignoring");
                self.cancel();
            }
        }
    }

    fn set(&mut self, time: ReloadTime) {
        match self.time.replace(time) {
            Some(old) if old.at == time.at => {}
            Some(old) => tracing::info!(
                "Reload time updated from {} to {}",
                shown(old.at),
                shown(time.at)
            ),
            None => tracing::info!("Scheduling reload for {}", shown(time.at)),
        }
    }

    fn cancel(&mut self) {
        if let Some(time) = self.time.take() {
            tracing::info!("Cancelling reload scheduled for {}", shown(time.at));
        }
    }
}

fn watch(path: &Path) -> Option<Watched> {
    let directory = path.parent().filter(|parent| parent.is_absolute());
    let watched = directory.and_then(|directory| {
        let watches = DirectoryWatches::open().ok()?;
        watches.watch(directory).ok()?;
        Some(Watched {
            path: path.to_owned(),
            watches,
        })
    });
    if watched.is_none() {
        let directory = path.parent().map_or(OsStr::new(""), Path::as_os_str);
        tracing::warn!(
            "Unable to monitor reload timer file directory {}- ignoring",
            directory.to_string_lossy()
        );
    }
    watched
}

fn shown(at: DateTime<Local>) -> String {
    at.format("%F %T").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_daily_reload_comes_again_also_after_one_that_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("time");
        let past = Local::now() - TimeDelta::seconds(1);
        std::fs::write(&path, past.format("%T\n").to_string()).unwrap();
        let mut schedule = Schedule::default();
        schedule.configure(&Reload {
            time_file: Some(path.clone()),
            repeat: true,
            ..Reload::default()
        });
        schedule.time = Some(ReloadTime {
            at: past,
            daily: true,
        });
        // No new configuration is taken now.
        assert!(schedule.is_due());
        assert!(schedule.time.is_some_and(|next| next.at > past));
        assert!(!schedule.is_due());
        assert!(path.exists());
    }
}
