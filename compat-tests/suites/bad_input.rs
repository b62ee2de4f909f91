//! Files that are not what they should be, readers that do not read, and storms of signals: the
//! adverts go on, nothing that others own is touched, and one line says what is wrong.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    process::Command,
};

use evervip_lab::{Process, wait_until};
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    adverts_go_on::{MODE, beside},
    cluster::{
        CONFIG, Cluster, FOREGROUND, PATIENCE, PID_FILE, PROGRAM, VRRP_PID_FILE, with_single,
    },
    conf::{Conf, INTERFACE, VIP, VRID},
    ensure,
    fifo::{FIFO, lower},
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("bad-input::signal-storm", |program| {
        with_single(program, signal_storm)
    });
    plan.single("bad-input::fifo-replaced", |program| {
        let ours = program.is_ours();
        with_single(program, move |cluster| fifo_replaced(cluster, ours))
    });
    plan.single("bad-input::many-starts-at-once", |program| {
        with_single(program, many_starts_at_once)
    });
    for (name, case) in OURS {
        plan.ours_only(&format!("bad-input::{name}"), move |program| {
            with_single(program, case)
        });
    }
}

type Case = fn(&mut Cluster) -> Verdict;

/// What the original does otherwise: it writes into whatever is in the place of a FIFO, and goes on
/// without a word where there is no room or no pid file.
const OURS: [(&str, Case); 6] = [
    ("fifo-is-a-file", fifo_is_a_file),
    ("fifo-is-a-directory", fifo_is_a_directory),
    ("fifo-is-a-link", fifo_is_a_link),
    ("fifo-without-reader", fifo_without_reader),
    ("dump-disk-full", dump_disk_full),
    ("child-pid-file-unwritable", child_pid_file_unwritable),
];

/// A master that writes to the FIFO.
fn start_with_fifo(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(MODE, 0).with_globals(&format!(" notify_fifo {FIFO}"));
    cluster.members[0].start(&conf)?;
    cluster.settle(0, VIP.into())
}

/// One line says that the FIFO is not used, and why.
fn refused(cluster: &mut Cluster, reason: &str) -> Verdict {
    start_with_fifo(cluster)?;
    beside(cluster, || Ok(()))?;
    let line = format!("notify fifo {FIFO} - not using: ");
    let said = cluster.log(0).wait_for(&line, PATIENCE)?;
    ensure!(said.text.contains(reason), "{}", said.text);
    ensure!(cluster.log(0).count(FIFO) == 1, "more than one line");
    cluster.stop(0)
}

fn fifo_is_a_file(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.write_file(FIFO, "precious", 0o644)?;
    refused(cluster, "not a fifo")?;
    ensure!(node.read_file(FIFO)? == "precious", "the file was changed");
    Ok(())
}

fn fifo_is_a_directory(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.create_dir(FIFO)?;
    refused(cluster, "directory")?;
    let there = node.metadata(FIFO).is_some_and(|meta| meta.is_dir());
    ensure!(there, "the directory is gone");
    Ok(())
}

fn fifo_is_a_link(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.write_file("/run/precious", "precious", 0o644)?;
    node.exec(&["ln", "-s", "/run/precious", FIFO])?;
    refused(cluster, "symbolic links")?;
    let content = node.read_file("/run/precious")?;
    ensure!(content == "precious", "the link was followed");
    Ok(())
}

/// A file that somebody puts into the place of an open FIFO is not written to; with us it also stays.
fn fifo_replaced(cluster: &mut Cluster, ours: bool) -> Verdict {
    start_with_fifo(cluster)?;
    let node = cluster.members[0].node.clone();
    node.remove_file(FIFO)?;
    node.write_file(FIFO, "precious", 0o644)?;
    let genuine = cluster
        .capture
        .wait_advert(cluster.capture.mark(), PATIENCE, |advert| {
            advert.vrid == VRID
        })?;
    let injector = cluster.members[1].node.injector(INTERFACE)?;
    beside(cluster, || injector.send(&lower(&genuine, injector.mac())))?;
    ensure!(node.read_file(FIFO)? == "precious", "the file was changed");
    cluster.stop(0)?;
    let content = node.read_file(FIFO).unwrap_or_default();
    ensure!(
        !ours || content == "precious",
        "the file is gone: {content}"
    );
    Ok(())
}

/// Smallest room of a pipe.
const ROOM: i32 = 4096;

/// A reader that never reads: lines that find no room are counted, the others arrive whole.
fn fifo_without_reader(cluster: &mut Cluster) -> Verdict {
    start_with_fifo(cluster)?;
    let mut reader = idle_reader(cluster)?;
    let genuine = cluster
        .capture
        .wait_advert(cluster.capture.mark(), PATIENCE, |advert| {
            advert.vrid == VRID
        })?;
    let injector = cluster.members[1].node.injector(INTERFACE)?;
    let line = format!("notify fifo {FIFO} takes no more lines: ");
    beside(cluster, || {
        wait_until(PATIENCE, "the FIFO is full", || {
            let _ = injector.send(&lower(&genuine, injector.mac()));
            cluster.log(0).count(&line) > 0
        })?;
        for _ in 0..50 {
            injector.send(&lower(&genuine, injector.mac()))?;
        }
        Ok(())
    })?;
    ensure!(cluster.log(0).count(&line) == 1, "more than one line");
    let mut bytes = [0; 65_536];
    let length = reader.read(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes[..length]);
    let whole = |line: &str| line.starts_with("INSTANCE \"LB_VIP\" ") && line.ends_with(" 150");
    ensure!(text.lines().all(whole), "{text}");
    injector.send(&lower(&genuine, injector.mac()))?;
    let line = format!("notify fifo {FIFO} is read again, ");
    cluster.log(0).wait_for(&line, PATIENCE)?;
    cluster.stop(0)
}

/// Opens the FIFO, and makes it as small as it can be.
fn idle_reader(cluster: &Cluster) -> Verdict<File> {
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the FIFO is there", || {
        node.metadata(FIFO)
            .is_some_and(|meta| meta.file_type().is_fifo())
    })?;
    let open = || {
        OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(FIFO)
    };
    let reader = node.enter(open)??;
    fcntl(&reader, FcntlArg::F_SETPIPE_SZ(ROOM))?;
    Ok(reader)
}

/// The old file stays whole, and nothing is left beside it.
fn dump_disk_full(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    let mount = "size=8k,mode=1777";
    let mounted = node.exec(&["mount", "-t", "tmpfs", "-o", mount, "none", "/tmp"])?;
    ensure!(mounted.status.success(), "{}", mounted.stderr);
    cluster.members[0].start(&Conf::new(MODE, 0).text())?;
    cluster.settle(0, VIP.into())?;
    cluster.daemon(0).signal(Signal::SIGUSR2)?;
    let statistics = || node.read_file("/tmp/keepalived.stats").unwrap_or_default();
    wait_until(PATIENCE, "statistics", || !statistics().is_empty())?;
    let before = statistics();
    let filled = node.exec(&["sh", "-c", "cat /dev/zero >/tmp/full"])?;
    ensure!(!filled.status.success(), "the disk is not full");
    let mark = cluster.log(0).mark();
    beside(cluster, || {
        cluster.daemon(0).signal(Signal::SIGUSR2)?;
        let line = "Can't write dump file /tmp/keepalived.stats: No space left on device";
        cluster.log(0).wait_after(mark, line, PATIENCE).map(drop)
    })?;
    ensure!(statistics() == before, "the old file is gone");
    let names = node.exec(&["ls", "-A", "/tmp"])?.stdout;
    ensure!(names == "full\nkeepalived.stats\n", "{names}");
    cluster.stop(0)
}

/// The original runs on without its pid file, so that its clients take it for dead.
fn child_pid_file_unwritable(cluster: &mut Cluster) -> Verdict {
    let member = &mut cluster.members[0];
    let text = Conf::new(MODE, 0).text();
    member.node.write_file(CONFIG, text, 0o644)?;
    let arguments = ["-n", "-l", "-P", "-p", PID_FILE, "-r", "/run/no/vrrp.pid"];
    member.start_with(&arguments)?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(status.code() == Some(1), "{status}");
    let line = "Cannot write the pid file /run/no/vrrp.pid";
    cluster.log(0).wait_for(line, PATIENCE)?;
    ensure!(cluster.log(0).count(line) == 1, "no line `{line}`");
    let left = cluster.members[0].node.metadata(PID_FILE);
    ensure!(left.is_none(), "{PID_FILE} is left");
    Ok(())
}

/// How many start at the same moment.
const STARTS: usize = 8;

/// One of them runs, the others see it and leave; so it is when that one is gone, too.
fn many_starts_at_once(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.write_file(CONFIG, Conf::new(MODE, 0).text(), 0o644)?;
    for _ in 0..3 {
        let start = |number: usize| {
            let mut command = Command::new(PROGRAM);
            command.args(FOREGROUND);
            node.spawn(&format!("start {number}"), command)
        };
        let daemons = (0..STARTS).map(start).collect::<Verdict<Vec<Process>>>()?;
        let running = || {
            daemons
                .iter()
                .filter(|daemon| daemon.try_status().is_none())
        };
        wait_until(PATIENCE, "one daemon is left", || running().count() == 1)?;
        let codes: Vec<_> = daemons
            .iter()
            .filter_map(|d| d.try_status()?.code())
            .collect();
        ensure!(codes == [0; STARTS - 1], "{codes:?}");
        for daemon in daemons.iter().filter(|d| d.try_status().is_some()) {
            daemon
                .log()
                .wait_for("daemon is already running", PATIENCE)?;
        }
        cluster.settle(0, VIP.into())?;
        let Some(winner) = running().next() else {
            ensure!(false, "nobody is left");
            return Ok(());
        };
        let content = node.read_file(PID_FILE)?;
        ensure!(
            content == format!("{}\n", winner.pid()),
            "pid file: {content}"
        );
        winner.signal(Signal::SIGTERM)?;
        winner.wait(PATIENCE)?;
        for file in [PID_FILE, VRRP_PID_FILE] {
            ensure!(node.metadata(file).is_none(), "{file} is left");
        }
    }
    Ok(())
}

/// Signals of a storm, each so often to each process.
const STORM: usize = 1000;

/// Neither process ends, adverts go on, and what the last signals ask for is done.
fn signal_storm(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(MODE, 0);
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let parent = cluster.daemon(0).pid();
    let children = cluster.daemon(0).children();
    let node = cluster.members[0].node.clone();
    beside(cluster, || {
        for _ in 0..STORM {
            for signal in [
                Signal::SIGUSR1,
                Signal::SIGUSR2,
                Signal::SIGCHLD,
                Signal::SIGPIPE,
            ] {
                for pid in [&[parent], &children[..]].concat() {
                    kill(Pid::from_raw(pid), signal)?;
                }
            }
        }
        for _ in 0..STORM {
            kill(Pid::from_raw(parent), Signal::SIGHUP)?;
        }
        Ok(())
    })?;
    ensure!(cluster.daemon(0).children() == children, "another child");
    let changed = conf.clone().priority(140).text();
    node.write_file(CONFIG, changed, 0o644)?;
    cluster.daemon(0).signal(Signal::SIGHUP)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_advert(mark, PATIENCE, |advert| advert.priority == 140)?;
    for (file, signal) in [
        ("/tmp/keepalived.data", Signal::SIGUSR1),
        ("/tmp/keepalived.stats", Signal::SIGUSR2),
    ] {
        let _ = node.remove_file(file);
        cluster.daemon(0).signal(signal)?;
        wait_until(PATIENCE, file, || {
            node.read_file(file)
                .is_ok_and(|text| text.contains("LB_VIP"))
        })?;
    }
    // The end comes through, whatever else is sent.
    for _ in 0..STORM {
        let _ = cluster.daemon(0).signal(Signal::SIGHUP);
        let _ = cluster.daemon(0).signal(Signal::SIGUSR1);
    }
    cluster.stop(0)
}
