//! Watching what is tracked beside the network, each sort in a thread of its own: files may be slow,
//! processes many, and the engine must not wait for either.
//!
//! News are left on a [`Noticeboard`], the latest of each object alone, so that no flood of changes
//! can fill a queue.

mod census;
mod files;
mod links;
mod orders;
mod processes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evervip_model::ProcessPattern;

use crate::inbox::{Message, Outlet};

pub(crate) use files::{FileWatcher, initialise, read_file};
pub(crate) use links::{ask_links, start_polling};
pub(crate) use orders::{OrderGiver, Orders, orders};
pub(crate) use processes::{ProcessWatcher, count_processes};

/// What is new since the last look.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The texts of files by their configured paths.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// How many processes there are of each pattern.
    pub(crate) processes: BTreeMap<ProcessPattern, u32>,
    /// The states of links that are asked for.
    pub(crate) links: BTreeMap<String, bool>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.processes.is_empty() && self.links.is_empty()
    }
}

/// Where the watchers leave their news for the engine thread.
#[derive(Debug, Clone)]
pub(crate) struct Noticeboard {
    news: Arc<Mutex<News>>,
    outlet: Outlet,
}

impl Noticeboard {
    pub(crate) fn new(outlet: Outlet) -> Self {
        Self {
            news: Arc::default(),
            outlet,
        }
    }

    /// Leaves news; the engine thread is called for the first of them alone.
    fn post(&self, write: impl FnOnce(&mut News)) {
        let mut news = self.lock();
        let first = news.is_empty();
        write(&mut news);
        drop(news);
        if first {
            self.outlet.send(Message::Observed);
        }
    }

    /// Takes all news.
    pub(crate) fn take(&self) -> News {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        // Nothing that is done under the lock leaves it half done.
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::inbox;

    #[test]
    fn of_many_news_the_latest_is_told_once() {
        let (outlet, inbox) = inbox().unwrap();
        let board = Noticeboard::new(outlet);
        for text in ["1", "2", "3"] {
            board.post(|news| {
                news.files.insert("/f".into(), text.into());
            });
        }
        assert!(matches!(inbox.next(), Some(Message::Observed)));
        assert!(inbox.next().is_none());
        assert_eq!(board.take().files[&PathBuf::from("/f")], b"3");
        board.post(|news| {
            news.files.insert("/f".into(), b"4".to_vec());
        });
        assert!(matches!(inbox.next(), Some(Message::Observed)));
    }
}
