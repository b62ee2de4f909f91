//! The thread that is on the bus as long as the configuration wants it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{mpsc, watch};

use super::path::Settings;
use super::session::{self, Link};
use super::{Guardian, News, Wish};
use crate::inbox::{Message, Outlet};

/// What the thread is given.
pub(super) struct Parts {
    pub(super) wishes: watch::Receiver<Wish>,
    pub(super) news: mpsc::Receiver<News>,
    /// News that found no room.
    pub(super) lost: Arc<AtomicU64>,
    pub(super) outlet: Outlet,
    pub(super) guardian: Guardian,
}

/// Starts the thread.
///
/// # Errors
/// When it cannot be made.
pub(super) fn start(parts: Parts) -> std::io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("dbus".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let outlet = parts.outlet.clone();
            runtime.block_on(Service::new(parts).run());
            outlet.send(Message::BusLeft);
        })?;
    Ok(())
}

struct Service {
    wishes: watch::Receiver<Wish>,
    link: Link,
    patience: Patience,
}

impl Service {
    fn new(parts: Parts) -> Self {
        Self {
            wishes: parts.wishes,
            link: Link {
                news: parts.news,
                lost: parts.lost,
                outlet: parts.outlet,
                guardian: parts.guardian,
            },
            patience: Patience::default(),
        }
    }

    async fn run(mut self) {
        loop {
            let wish = self.wishes.borrow_and_update().clone();
            match wish {
                Wish::End => return,
                Wish::Off => self.idle(None).await,
                Wish::On(settings) => self.serve(&settings).await,
            }
        }
    }

    /// Until another wish is there, or the connection is gone and it is time for the next one.
    async fn serve(&mut self, settings: &Settings) {
        let connected = tokio::select! {
            biased;
            _ = self.wishes.changed() => {
                self.wishes.mark_changed();
                return;
            }
            connected = session::connect() => connected,
        };
        let error = match connected {
            Ok(connection) => {
                tracing::info!("Acquired DBus bus {}", settings.name);
                self.patience = Patience::default();
                let wishes = &mut self.wishes;
                match session::run(connection, settings, wishes, &mut self.link).await {
                    Ok(()) => {
                        self.wishes.mark_changed();
                        tracing::info!("Released DBus");
                        return;
                    }
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        if self.patience.is_fresh() {
            let name = &settings.name;
            tracing::warn!("Lost the name {name} on the session bus: {error} - trying again");
        }
        let wait = self.patience.next();
        self.idle(Some(wait)).await;
    }

    /// Lets news pass until another wish is there or the time has come.
    async fn idle(&mut self, at_most: Option<Duration>) {
        let end = tokio::time::sleep(at_most.unwrap_or(Duration::MAX));
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                // Without the engine thread there is nobody to serve: it says so before it goes.
                changed = self.wishes.changed() => {
                    if changed.is_ok() {
                        self.wishes.mark_changed();
                    }
                    return;
                }
                () = &mut end => return,
                Some(_) = self.link.news.recv() => {}
            }
        }
    }
}

/// How long to wait before the bus is tried again.
#[derive(Debug, Default)]
struct Patience(u32);

impl Patience {
    /// Whether it has not been tried in vain since it was there.
    const fn is_fresh(&self) -> bool {
        self.0 == 0
    }

    fn next(&mut self) -> Duration {
        let wait = FIRST_WAIT * 2_u32.pow(self.0);
        self.0 = (self.0 + 1).min(DOUBLINGS);
        wait
    }
}

const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Up to a minute.
const DOUBLINGS: u32 = 6;
/// Bytes of stack, of which most is for setting up a connection.
const STACK: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_that_is_gone_is_tried_less_and_less() {
        let mut patience = Patience::default();
        assert!(patience.is_fresh());
        let waits: Vec<u64> = (0..9).map(|_| patience.next().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert!(!patience.is_fresh());
    }
}
