//! How soon after the first advert of a new master its notify scripts run and its lines are in the FIFO.
//!
//! With many instances the time begins with the first advert of all: evervip sends those of all of them
//! first, so that no peer takes over meanwhile, where the original goes from instance to instance.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, anyhow, ensure};
use evervip_lab::{AddressEvent, AddressReports, Node, wait_until};
use nix::{
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{signal::Signal, stat::Mode},
    unistd::mkfifo,
};

use crate::{
    Effort, Programs,
    site::{CONFIGURATION, HIGH, Routers, Site, Station},
    stamp,
    table::{Goal, Row, Value, quantile},
};

const INTERVAL: Duration = Duration::from_millis(100);
const FIFO: &str = "/run/notify.fifo";
const PATIENCE: Duration = Duration::from_secs(20);

/// Milliseconds from the first advert of each run, for each instance.
#[derive(Default)]
struct Delays {
    script: Vec<f64>,
    line: Vec<f64>,
    /// Whether each address was there when its line was.
    in_order: bool,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for count in [1, 100] {
        let runs = if count == 1 {
            2 * effort.runs
        } else {
            effort.runs
        };
        let [mut ours, mut theirs] = programs.in_turn(|program| watch(program, count, runs))?;
        let both = |ours: &mut Vec<f64>, theirs: &mut Vec<f64>, q| {
            [ours, theirs].map(|delays| Value::Milliseconds(quantile(delays, q)))
        };
        for (name, q) in [("median", 0.5), ("p99", 0.99)] {
            let script = both(&mut ours.script, &mut theirs.script, q);
            let line = both(&mut ours.line, &mut theirs.line, q);
            let pair = [("notify script starts", script), ("FIFO line", line)];
            rows.extend(pair.map(|(what, values)| {
                let what = format!("{what} after first advert, {count}: {name}");
                let row = Row::new(what, values);
                if q < 0.9 {
                    row.goal(Goal::TimesTheirs(1.0))
                } else {
                    row
                }
            }));
        }
        let order = [&ours, &theirs].map(|delays| Value::Happened(delays.in_order));
        let what = format!("address there before the FIFO line, {count}");
        rows.push(Row::new(what, order).goal(Goal::Is(true)));
    }
    Ok(rows)
}

fn watch(program: &Path, count: u16, runs: u32) -> Result<Delays> {
    let site = Site::new(Routers::new(count, 3, INTERVAL))?;
    let mut delays = Delays {
        in_order: true,
        ..Delays::default()
    };
    let mut master = site.station(program, HIGH)?;
    let node = master.node.clone();
    let prepare = || -> evervip_lab::Result<()> {
        node.bind(std::env::current_exe()?, stamp::PROGRAM)?;
        node.write_file(CONFIGURATION, configuration(&site.routers), 0o644)?;
        node.enter(|| mkfifo(FIFO, Mode::S_IRWXU))??;
        Ok(())
    };
    prepare().map_err(|e| anyhow!("{e}"))?;
    for _ in 0..runs {
        run(&site, &mut master, &mut delays)?;
    }
    Ok(delays)
}

/// With a script for each instance, and a FIFO.
fn configuration(routers: &Routers) -> String {
    let mut text = String::new();
    let mut name = String::new();
    for line in routers.config(HIGH, "").lines() {
        if let Some(rest) = line.strip_prefix("vrrp_instance ") {
            rest.trim_end_matches(" {").clone_into(&mut name);
        }
        text.push_str(line);
        text.push('\n');
        if line == "global_defs {" {
            text.push_str(&format!(" script_user root\n notify_fifo {FIFO}\n"));
        }
        if line.starts_with(" priority") {
            text.push_str(&format!(" notify_master \"{} {name}\"\n", stamp::PROGRAM));
        }
    }
    text
}

/// One start of the daemon, until all instances are MASTER and everybody has been told.
fn run(site: &Site, master: &mut Station, delays: &mut Delays) -> Result<()> {
    let count = usize::from(site.routers.count);
    let node = master.node.clone();
    stamp::clear(&node)?;
    let reader = open_fifo(&node)?;
    let addresses = node.address_reports().map_err(|e| anyhow!("{e}"))?;
    let mark = site.capture.mark();
    let (adverts, lines) = thread::scope(|scope| -> Result<_> {
        let lines = scope.spawn(|| lines_of_masters(reader, addresses, count));
        master.start()?;
        site.wait_master(master)?;
        let lines = lines.join().map_err(|_| anyhow!("panicked"))??;
        let mut adverts = BTreeMap::new();
        wait_until(PATIENCE, "an advert of each instance", || {
            adverts = first_adverts(site, master, mark);
            adverts.len() == count
        })
        .map_err(|e| anyhow!("{e}"))?;
        Ok((adverts, lines))
    })?;
    let stamps = || stamp::read(&node);
    wait_until(PATIENCE, "all notify scripts", || stamps().len() >= count)
        .map_err(|e| anyhow!("{e}"))?;
    let scripts = stamps().into_iter();
    let first = adverts.values().min().copied().context("no advert")?;
    let scripts = scripts.map(|stamp| milliseconds(first, stamp.at));
    delays.script.extend(scripts);
    let written = lines.iter().map(|line| milliseconds(first, line.at));
    delays.line.extend(written);
    delays.in_order &= lines.iter().all(|line| line.is_address_there);
    let daemon = master.daemon()?;
    daemon
        .signal(Signal::SIGTERM)
        .and_then(|()| daemon.wait(PATIENCE))
        .map_err(|e| anyhow!("{e}"))?;
    Ok(())
}

fn open_fifo(node: &Node) -> Result<File> {
    let open = || {
        // For writing, too: it never ends.
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(FIFO)
    };
    let fifo = node.enter(open).map_err(|e| anyhow!("{e}"))??;
    Ok(fifo)
}

/// The line of a new master.
struct Line {
    at: SystemTime,
    /// Whether the kernel had reported the address of the instance when the line was read.
    is_address_there: bool,
}

fn lines_of_masters(fifo: File, mut addresses: AddressReports, count: usize) -> Result<Vec<Line>> {
    let end = Instant::now() + PATIENCE * 2;
    let mut lines = Vec::new();
    let mut there = Vec::new();
    let mut reader = BufReader::new(fifo);
    while lines.len() < count {
        ensure!(Instant::now() < end, "{} lines of {count}", lines.len());
        let mut text = String::new();
        match reader.read_line(&mut text) {
            Ok(_) => {
                let at = SystemTime::now();
                there.extend(addresses.take().into_iter().filter(|event| event.added));
                let mut words = text.split_whitespace();
                if let (Some("INSTANCE"), Some(name), Some("MASTER")) =
                    (words.next(), words.next(), words.next())
                {
                    let vrid = vrid_of(name.trim_matches('"')).context("a strange name")?;
                    let wanted = format!(".200.{vrid}");
                    let is_wanted = |event: &AddressEvent| event.ip.to_string().ends_with(&wanted);
                    let is_address_there = there.iter().any(is_wanted);
                    lines.push(Line {
                        at,
                        is_address_there,
                    });
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let fifo = reader.get_ref();
                let mut wanted = [PollFd::new(fifo.as_fd(), PollFlags::POLLIN)];
                poll(&mut wanted, PollTimeout::from(100_u16))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lines)
}

fn first_adverts(site: &Site, master: &Station, mark: usize) -> BTreeMap<u8, SystemTime> {
    let mut first = BTreeMap::new();
    for advert in site.capture.adverts_after(mark) {
        if advert.source == master.address && advert.priority > 0 {
            first.entry(advert.vrid).or_insert(advert.at);
        }
    }
    first
}

fn vrid_of(name: &str) -> Option<u8> {
    name.rsplit('_').next()?.parse().ok()
}

fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(time) => time.as_secs_f64() * 1e3,
        Err(before) => -before.duration().as_secs_f64() * 1e3,
    }
}
