//! The BFD child: a process of its own as in the original, so that a load on VRRP's process takes no
//! session down, and the other way round (spec cli-and-process 2).
//!
//! One loop that decides nothing: sessions are in `evervip-bfd`. Whatever may be slow happens in
//! other threads: reading a new configuration, writing the dump file and the log.

mod exchange;
mod process;
mod sockets;

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::mpsc::sync_channel;

use evervip_bfd::Detail;
use evervip_config::Config;
use evervip_os::clock::monotonic_nanos;
use evervip_os::process::{follow_parent, raise_descriptor_limit};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::command_line::Options;
use crate::identity;
use crate::inbox::inbox;
use crate::logging::Log;
use crate::pid_file::PidFile;
use crate::reloader;
use crate::status::StatusPipe;
pub(crate) use exchange::{BfdReporter, BfdReports, Exchange};
use process::{BfdProcess, Parts};

/// Descriptors to have room for: one for each session.
const DESCRIPTORS: u64 = 4096;

/// Runs the child until it is to end; gives its exit status.
pub(crate) fn run(
    options: &Options,
    pid_file: &Path,
    config: Config,
    log: &Log,
    parent: Pid,
    reporter: BfdReporter,
    status: StatusPipe,
) -> u8 {
    // The guardian may be killed: then this process leaves.
    if follow_parent(parent, Signal::SIGTERM).is_err() {
        return 0;
    }
    log.start_bfd_thread();
    identity::of_bfd_child(&config.globals.processes);
    let code = match run_threads(options, pid_file, config, reporter, status) {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!("BFD process cannot run: {error:#}");
            // Another child may fare better; to VRRP the sessions are down meanwhile.
            INTERNAL_ERROR
        }
    };
    log.finish();
    code
}

/// Exit status when the process cannot go on.
const INTERNAL_ERROR: u8 = 70;

fn run_threads(
    options: &Options,
    pid_file: &Path,
    config: Config,
    reporter: BfdReporter,
    status: StatusPipe,
) -> anyhow::Result<()> {
    // Without more room the sessions that find none try again with each packet.
    let _ = raise_descriptor_limit(DESCRIPTORS);
    let locked = || io::Error::other("another process has it locked");
    let _pid_file = PidFile::create(pid_file)
        .and_then(|created| created.ok_or_else(locked))
        .map_err(|error| {
            anyhow::anyhow!("Cannot write the pid file {}: {error}", pid_file.display())
        })?;
    let (outlet, inbox) = inbox()?;
    let (reload, requests) = sync_channel(1);
    let pipe = status.try_clone()?;
    reloader::start(options.configuration.clone(), requests, outlet, pipe)?;
    let parts = Parts {
        config,
        reporter,
        inbox,
        reload,
        status,
        detail: detail(options),
        dump: options.dump,
        seed: seed(),
    };
    BfdProcess::new(parts)?.run()
}

/// Which lines of the sessions are wanted.
const fn detail(options: &Options) -> Detail {
    if options.log.extra_detail {
        Detail::Extra
    } else if options.log.detail {
        Detail::Detail
    } else {
        Detail::Plain
    }
}

/// A number that nobody foresees; without the kernel's help one that is merely another each time.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    match read {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => monotonic_nanos() ^ u64::from(std::process::id()).rotate_left(40),
    }
}
