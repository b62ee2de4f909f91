//! Asking for link states where the kernel's reports are not to be trusted (`linkbeat_interfaces`,
//! spec vrrp-runtime 7.2).

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use evervip_model::Linkbeat;
use evervip_os::link_beat::LinkBeat;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Noticeboard, Orders};

/// How often the links are asked, as by the original.
const PERIOD: Duration = Duration::from_secs(1);

/// The states of links, here and now. One that cannot be asked, or is not there, is down.
pub(crate) fn ask_links(links: &[Linkbeat]) -> Vec<(String, bool)> {
    if links.is_empty() {
        return Vec::new();
    }
    let Ok(beat) = LinkBeat::open() else {
        return Vec::new();
    };
    let states = links.iter().map(|link| {
        let up = beat.is_up(&link.interface, link.method).unwrap_or(false);
        (link.interface.clone(), up)
    });
    states.collect()
}

/// Starts a thread that asks for the links it is ordered to.
///
/// # Errors
/// When the thread cannot be made.
pub(crate) fn start_polling(board: Noticeboard, orders: Orders<Vec<Linkbeat>>) -> io::Result<()> {
    tracing::info!("Using MII-BMSR/ETHTOOL NIC polling thread(s)...");
    std::thread::Builder::new()
        .name("linkbeat".to_owned())
        .spawn(move || {
            let mut links = Vec::new();
            let mut told = BTreeMap::new();
            let mut next = Instant::now();
            loop {
                wait(&orders, &links, next);
                if let Some(order) = orders.take() {
                    links = order;
                    told.clear();
                    next = Instant::now();
                }
                if next <= Instant::now() {
                    next += PERIOD;
                    // After a long sleep once is enough.
                    next = next.max(Instant::now());
                    for (name, up) in ask_links(&links) {
                        if told.insert(name.clone(), up) != Some(up) {
                            board.post(|news| {
                                news.links.insert(name, up);
                            });
                        }
                    }
                }
            }
        })?;
    Ok(())
}

fn wait(orders: &Orders<Vec<Linkbeat>>, links: &[Linkbeat], next: Instant) {
    let patience = if links.is_empty() {
        PollTimeout::NONE
    } else {
        let wait = next.saturating_duration_since(Instant::now());
        PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
    };
    let mut descriptor = [PollFd::new(orders.as_fd(), PollFlags::POLLIN)];
    // After an error, an interruption included, the turn finds nothing to do.
    let _ = poll(&mut descriptor, patience);
}
