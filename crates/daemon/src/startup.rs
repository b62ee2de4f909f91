//! From the command line to a running guardian.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use evervip_config::{Config, Loaded, Mode, SourceMap};
use evervip_model::Daemon;
use evervip_os::occupant::{Occupant, occupant_after};
use evervip_os::process::{
    Fork, fork_single_threaded, keep_heap_small, redirect_standard_streams_to_null,
    release_free_memory, set_umask, start_session,
};
use evervip_os::signal::{forget_inherited_actions, real_time, real_time_from_top};
use nix::sys::signal::Signal;

use crate::command_line::{self, ChildRuns, Options, Task};
use crate::configuration::{self, Accepted, Machine};
use crate::logging::{Log, Settings, SystemLog};
use crate::pid_paths::PidPaths;
use crate::{archive, config_test, guardian, namespace, service_manager, version};

/// Mode bits that are taken away from files made by the daemon and its scripts
/// (spec cli-and-process 8).
const UMASK: u32 = 0o177;

/// Longest wait for the child of a daemon that has crashed: it runs its stop scripts for a second.
const LAST_OF_OLD_CHILD: Duration = Duration::from_secs(3);

/// The whole program; the result is its exit status (spec cli-and-process 1).
#[must_use]
pub fn main() -> ExitCode {
    keep_heap_small();
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_else(|| "keepalived".into());
    let parsed = command_line::parse(words);
    if !parsed.unexpected.is_empty() {
        // The original writes exactly this to standard output and goes on.
        let _ = writeln!(
            std::io::stdout(),
            "Unexpected argument(s): {} ",
            parsed.unexpected.join(" ")
        );
    }
    for line in parsed.notices.iter().chain(&parsed.errors) {
        eprintln!("{line}");
    }
    match &parsed.options.task {
        Task::Version => {
            eprint!("{}", version::version_text());
            ExitCode::SUCCESS
        }
        Task::Help => {
            eprint!("{}", version::usage(&program.to_string_lossy()));
            ExitCode::SUCCESS
        }
        Task::SignalNumber(name) => signal_number(name),
        // Only a question is answered in spite of errors.
        Task::Test(_) | Task::Run if !parsed.errors.is_empty() => ExitCode::from(1),
        Task::Test(log) => config_test::run(&parsed.options, log.as_deref()),
        Task::Run => start(&parsed.options),
    }
}

fn start(options: &Options) -> ExitCode {
    service_manager::connect();
    set_umask(options.configuration.umask.map_or(UMASK, u32::from));
    forget_inherited_actions();
    // From here on: a signal that asks for something else than the end must never be the end.
    let _deferred = guardian::defer_signals();
    let log = open_log(options);
    let machine = Machine::default();
    if let Err(lines) = namespace::enter(&options.configuration, &machine) {
        for line in lines {
            tracing::error!("{line}");
        }
        service_manager::notify("ERRNO=22");
        return ExitCode::from(1);
    }
    let (config, archived) = match load(options, &machine) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    // A reload happens in another directory, where a relative name would be another file or none.
    let options = &options.with_absolute_paths();
    let daemon = &config.globals.daemon;
    name_log(&log, daemon);
    let pid_paths = PidPaths::of(options, daemon);
    let directory = match pid_paths.make_directory(daemon.net_namespace.as_deref()) {
        Ok(directory) => directory,
        Err(error) => {
            tracing::error!("Cannot make the directory of pid files: {error}");
            return ExitCode::from(1);
        }
    };
    let has_bfd = !config.bfd_instances.is_empty() && options.bfd != ChildRuns::Never;
    if is_any_running(&pid_paths, has_bfd) {
        return ExitCode::SUCCESS;
    }
    let accepted = Accepted::new(options.configuration.clone(), machine, config);
    // Before the fork: the child would inherit the free memory.
    release_free_memory();
    if !options.foreground {
        match daemonise() {
            Ok(true) => {}
            Ok(false) => {
                directory.leave_to_daemon();
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                tracing::error!("cannot become a daemon: {error:#}");
                return ExitCode::from(1);
            }
        }
    }
    if let Some((directory, sources)) = archived {
        archive::keep_configuration(&directory, 0, &sources);
    }
    guardian::run(options, pid_paths, directory, accepted, log)
}

/// The configuration, and what of its text is to be kept; else the exit status.
fn load(
    options: &Options,
    machine: &Machine,
) -> Result<(Config, Option<(PathBuf, SourceMap)>), ExitCode> {
    let mut loaded = configuration::load(&options.configuration, machine, Mode::Start);
    tracing::info!(
        "Configuration file {}",
        options.configuration.path.display()
    );
    configuration::log(&loaded);
    let failure = loaded.start_failure();
    let (Some(config), None) = (loaded.config.take(), failure) else {
        let code = failure.unwrap_or(2);
        tracing::error!("VRRP configuration exited with permanent error CONFIG. Terminating");
        service_manager::notify("ERRNO=22");
        return Err(ExitCode::from(code));
    };
    let archived = to_archive(&config, loaded);
    Ok((config, archived))
}

/// The log names daemons that are several on a machine.
fn name_log(log: &Log, daemon: &Daemon) {
    let names: Vec<&str> = [&daemon.net_namespace, &daemon.instance]
        .into_iter()
        .filter_map(Option::as_deref)
        .collect();
    if !names.is_empty() {
        log.name_daemon(&names);
    }
}

/// Whether any process of a daemon runs under these pid files.
fn is_any_running(pid_paths: &PidPaths, has_bfd: bool) -> bool {
    is_running(&pid_paths.parent, Duration::ZERO)
        || is_running(&pid_paths.vrrp, LAST_OF_OLD_CHILD)
        || (has_bfd && is_running(&pid_paths.bfd, LAST_OF_OLD_CHILD))
}

/// The texts that are to be kept, and where; of everything else that was loaded the memory is freed.
fn to_archive(config: &Config, loaded: Loaded) -> Option<(PathBuf, SourceMap)> {
    let directory = config.globals.reload.save_directory.clone()?;
    Some((directory, loaded.sources))
}

/// Installs the log, and says who starts where.
fn open_log(options: &Options) -> Log {
    let log = Log::install(Settings {
        console: options.log.console && options.foreground,
        detail: options.log.detail,
        syslog: if options.log.syslog {
            SystemLog::of_machine()
        } else {
            SystemLog::Off
        },
        facility: options.log.facility,
        file: options.log.file.as_deref().map(absolute),
    });
    tracing::info!("Starting {}", version::banner());
    if let Ok(system) = nix::sys::utsname::uname() {
        let (release, version) = (
            system.release().to_string_lossy(),
            system.version().to_string_lossy(),
        );
        tracing::info!(
            "Running on {} {release} {version}",
            system.sysname().to_string_lossy()
        );
    }
    tracing::info!("Command line: {}", quoted_command_line());
    log
}

/// The daemon changes its directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Answers `--signum` (spec cli-and-process 3).
fn signal_number(name: &str) -> ExitCode {
    let number = match name {
        "STOP" => Signal::SIGTERM as i32,
        "RELOAD" => Signal::SIGHUP as i32,
        "DATA" => Signal::SIGUSR1 as i32,
        "STATS" => Signal::SIGUSR2 as i32,
        "STATS_CLEAR" => real_time_from_top(1),
        "JSON" => real_time(2),
        _ => {
            eprintln!("Unknown sigfunc {name}");
            return ExitCode::from(1);
        }
    };
    // Nobody is there to be told when standard output is closed.
    let _ = writeln!(std::io::stdout(), "{number}");
    ExitCode::SUCCESS
}

/// Whether a daemon runs under this pid file and does not end within `patience`.
fn is_running(path: &Path, patience: Duration) -> bool {
    match occupant_after(path, patience) {
        Occupant::Running(pid) => {
            tracing::info!(
                "daemon is already running (pid {pid} according to {})",
                path.display()
            );
            return true;
        }
        Occupant::Gone => tracing::info!("Remove a zombie pid file {}", path.display()),
        Occupant::Nobody => {}
    }
    false
}

/// Goes on in a new process of a new session; `false` in the old one, which is to end.
fn daemonise() -> anyhow::Result<bool> {
    if let Fork::Parent { .. } = fork_single_threaded()? {
        return Ok(false);
    }
    start_session()?;
    std::env::set_current_dir("/")?;
    redirect_standard_streams_to_null()?;
    Ok(true)
}

fn quoted_command_line() -> String {
    let words: Vec<String> = std::env::args_os()
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    words.join(" ")
}
