//! Whether a log that nobody reads stops the takeover.

use std::{
    fs, io,
    os::unix::net::UnixDatagram,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};

use crate::{
    Effort, Programs,
    site::{HIGH, LOW, Routers, Site, Station},
    table::{Goal, Row, Value},
};

pub(crate) fn measure(programs: &Programs, _: Effort) -> Result<Vec<Row>> {
    let values = programs.at_once(|program| Ok(Value::Happened(takeover(program)?)))?;
    let what = "takeover although nobody reads the system log";
    Ok(vec![Row::new(what, values).goal(Goal::Is(true))])
}

fn takeover(program: &Path) -> Result<bool> {
    let site = Site::new(Routers::new(1, 3, Duration::from_millis(100)))?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    let log = system_log(&backup)?;
    master.start()?;
    let reading = AtomicBool::new(true);
    thread::scope(|scope| -> Result<()> {
        // The log works until the backup has settled.
        let reader = scope.spawn(|| read_while(&log, &reading));
        let settled = backup
            .start_with(&["-n", "-D"])
            .and_then(|()| site.wait_adverts(&master, 20).map(drop));
        reading.store(false, Ordering::Relaxed);
        reader.join().map_err(|_| anyhow!("panicked"))?;
        settled
    })?;
    fill(&backup)?;
    let mark = site.capture.mark();
    master.kill();
    let limit = site.routers.patience(LOW) + Duration::from_secs(4);
    let advert = site
        .capture
        .wait_advert(mark, limit, |advert| advert.source == backup.address);
    Ok(advert.is_ok())
}

/// A system log of this node alone.
fn system_log(station: &Station) -> Result<UnixDatagram> {
    let node = &station.node;
    // Any file makes the directory the node's own.
    node.write_file("/dev/bench", "", 0o644)
        .map_err(|e| anyhow!("/dev: {e}"))?;
    let is_link = node
        .enter(|| fs::read_link(LOG).is_ok())
        .map_err(|e| anyhow!("{e}"))?;
    if !is_link {
        // A socket of the host's, which cannot be removed here, gives way to a file that can.
        node.write_file(LOG, "", 0o644)
            .map_err(|e| anyhow!("{LOG}: {e}"))?;
    }
    let bound = node.enter(|| {
        fs::remove_file(LOG)?;
        UnixDatagram::bind(LOG)
    });
    let socket = bound.map_err(|e| anyhow!("{e}"))?.context(LOG)?;
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    Ok(socket)
}

fn read_while(log: &UnixDatagram, reading: &AtomicBool) {
    let mut buffer = [0; 2048];
    while reading.load(Ordering::Relaxed) {
        // A time-out is as good as a line.
        let _ = log.recv(&mut buffer);
    }
}

/// Sends lines until there is no room for one more.
fn fill(station: &Station) -> Result<()> {
    let filled = station.node.enter(|| -> io::Result<()> {
        let sender = UnixDatagram::unbound()?;
        sender.connect(LOG)?;
        sender.set_nonblocking(true)?;
        loop {
            match sender.send(b"<30>bench: filling") {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    });
    Ok(filled.map_err(|e| anyhow!("{e}"))??)
}

const LOG: &str = "/dev/log";
