//! The VRRP child: its threads and how they are put together.

use std::io;
use std::sync::mpsc::sync_channel;

use evervip_api::{beside, socket_of};
use evervip_config::Config;
use evervip_os::process::{follow_parent, forget_variables, raise_descriptor_limit};
use evervip_script::runner;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use crate::bfd::BfdReports;
use crate::command_line::Options;
use crate::control::ControlSocket;
use crate::dump;
use crate::engine_thread::{self, Parts};
use crate::identity;
use crate::inbox::{Outlet, inbox};
use crate::logging::Log;
use crate::pid_file::PidFile;
use crate::pid_paths::PidPaths;
use crate::reloader;
use crate::service_manager;
use crate::status::StatusPipe;

/// Runs the child until it is to end; gives its exit status (spec cli-and-process 1).
pub(crate) fn run(
    options: &Options,
    paths: &PidPaths,
    config: Config,
    log: &Log,
    parent: Pid,
    bfd: BfdReports,
    status: StatusPipe,
) -> u8 {
    // The guardian may be killed: then this process hands over and leaves.
    if follow_parent(parent, Signal::SIGTERM).is_err() {
        return 0;
    }
    // The guardian reads it from a descriptor. Here nobody does: unblocked it is ignored.
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    let _ = children.thread_unblock();
    // Scripts shall not speak in the daemon's name. In a process of one thread nothing is in the way.
    let _ = forget_variables(&service_manager::VARIABLES);
    log.start_thread();
    identity::of_child(&config.globals.processes);
    let code = match run_threads(options, paths, config, bfd, status) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("VRRP process cannot run: {error:#}");
            1
        }
    };
    log.finish();
    code
}

/// Ends the process without returning into the guardian's code.
#[expect(
    clippy::exit,
    reason = "the forked child has no other way to end without the guardian's own clean-up"
)]
pub(crate) fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

/// Descriptors to have room for: two sockets for each of hundreds of interfaces, and one for each
/// running script.
const DESCRIPTORS: u64 = 4096;

fn run_threads(
    options: &Options,
    paths: &PidPaths,
    config: Config,
    bfd: BfdReports,
    status: StatusPipe,
) -> anyhow::Result<u8> {
    // Without more room the sockets that find none are tried again and again.
    let _ = raise_descriptor_limit(DESCRIPTORS);
    let pid_file = &paths.vrrp;
    let locked = || io::Error::other("another process has it locked");
    let _pid_file = PidFile::create(pid_file)
        .and_then(|created| created.ok_or_else(locked))
        .map_err(|error| {
            anyhow::anyhow!("Cannot write the pid file {}: {error}", pid_file.display())
        })?;
    let (requests, scripts, mut reports) = runner();
    let (outlet, inbox) = inbox()?;
    let (reload, reload_requests) = sync_channel(1);
    // One that a signal asked for, and two of a reload.
    let (dumps, jobs) = sync_channel(3);
    let (finished, end) = tokio::sync::oneshot::channel();
    let parts = Parts {
        config,
        scripts: requests,
        inbox,
        outlet: outlet.clone(),
        bfd,
        reload,
        dumps,
        status: status.try_clone()?,
        dump: options.dump,
        detail: options.log.detail,
        at_stop: options.at_stop,
        address_monitoring: options.address_monitoring,
        ledger: pid_file.with_extension("settings"),
        latches: beside(pid_file, "latched"),
    };
    let _control = open_control(paths, outlet.clone());
    let engine = std::thread::Builder::new()
        .name("vrrp-engine".to_owned())
        .spawn(move || {
            let code = engine_thread::run(parts);
            // The receiver waits for nothing else.
            let _ = finished.send(());
            code
        })?;
    let source = options.configuration.clone();
    reloader::start(source, reload_requests, outlet.clone(), status)?;
    dump::start(jobs, outlet.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Tasks of their own: whoever wakes the outermost future wakes the thread by the kernel, too.
        let forward = tokio::spawn(async move {
            while let Some(report) = reports.recv().await {
                outlet.report(report);
            }
        });
        let work = tokio::spawn(scripts.run());
        tokio::select! {
            _ = forward => {}
            _ = work => {}
            _ = end => {}
        }
    });
    engine
        .join()
        .map_err(|_| anyhow::anyhow!("the engine thread panicked"))?
}

/// The socket for operators. Without it everything works but what they would say.
fn open_control(paths: &PidPaths, outlet: Outlet) -> Option<ControlSocket> {
    let path = socket_of(&paths.parent);
    let opened = ControlSocket::open(&path, outlet);
    let problem = |error: &io::Error| {
        tracing::warn!(
            "Cannot make the socket {}: {error} - `evervip clear-fault` will not reach this daemon",
            path.display()
        );
    };
    opened.inspect_err(problem).ok()
}
