//! Processes as the kernel reports them. The connector exists in the initial namespaces only: where
//! it is missing, its test says so and passes.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use evervip_os::process_events::{ProcessEvent, ProcessEvents};
use evervip_os::process_table::{ProcessEnd, command_line, process_name};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const PATIENCE: Duration = Duration::from_secs(20);

fn is_ready(descriptor: &impl AsFd, patience: Duration) -> bool {
    let mut descriptors = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(patience).unwrap();
    poll(&mut descriptors, timeout).unwrap() > 0
}

/// Collects events until one is what is waited for; `false` when it does not come.
fn wait_for(
    events: &mut ProcessEvents,
    seen: &mut Vec<ProcessEvent>,
    patience: Duration,
    wanted: impl Fn(&ProcessEvent) -> bool,
) -> bool {
    let end = Instant::now() + patience;
    loop {
        let from = seen.len();
        events.read(seen).unwrap();
        if seen[from..].iter().any(&wanted) {
            return true;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        is_ready(events, left);
    }
}

/// A listening queue, or why there is none.
fn connected() -> Result<ProcessEvents, String> {
    let mut events = ProcessEvents::open(ProcessEvents::RECEIVE_BUFFER, true)
        .map_err(|error| error.to_string())?;
    let mut seen = Vec::new();
    let answer = |event: &ProcessEvent| matches!(event, ProcessEvent::Answered { .. });
    if !wait_for(&mut events, &mut seen, Duration::from_secs(2), answer) {
        return Err("no answer".to_owned());
    }
    match seen.iter().find(|event| answer(event)) {
        Some(ProcessEvent::Answered { error: 0 }) => Ok(events),
        other => Err(format!("{other:?}")),
    }
}

/// A process that sleeps, but not longer than the test.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_life_is_reported_without_its_threads() {
    let mut events = match connected() {
        Ok(events) => events,
        Err(reason) => {
            eprintln!("SKIPPED: no process connector here: {reason}");
            return;
        }
    };
    let mut sleeper = Sleeper::start();
    let pid = sleeper.pid();
    let mut seen = Vec::new();
    let is = |wanted| move |event: &ProcessEvent| *event == wanted;
    let executed = ProcessEvent::Executed { pid };
    assert!(wait_for(&mut events, &mut seen, PATIENCE, is(executed)));
    let born =
        |event: &ProcessEvent| matches!(event, ProcessEvent::Forked { child, .. } if *child == pid);
    assert!(seen.iter().any(born), "{seen:?}");

    std::thread::spawn(|| {}).join().unwrap();
    sleeper.0.kill().unwrap();
    let exited = ProcessEvent::Exited { pid };
    // The zombie is reported, before anybody has waited for it.
    assert!(wait_for(&mut events, &mut seen, PATIENCE, is(exited)));
    let own = i32::try_from(std::process::id()).unwrap();
    let exits = |event: &ProcessEvent| *event == ProcessEvent::Exited { pid: own };
    assert!(!seen.iter().any(exits), "the end of a thread was reported");
}

#[test]
fn names_and_command_lines_are_those_of_the_living() {
    let mut sleeper = Sleeper::start();
    let pid = sleeper.pid();
    // Until exec is over the name, and then the command line, are not its own.
    let end = Instant::now() + PATIENCE;
    while command_line(pid) != b"sleep\x001000\0" {
        assert!(Instant::now() < end, "{:?}", command_line(pid));
        std::thread::yield_now();
    }
    assert_eq!(process_name(pid).as_deref(), Some(b"sleep".as_slice()));
    let watched = ProcessEnd::of(pid).unwrap();
    assert!(!is_ready(&watched, Duration::ZERO));
    sleeper.0.kill().unwrap();
    assert!(is_ready(&watched, PATIENCE));
    assert_eq!(process_name(pid), None, "a zombie");
    assert!(command_line(pid).is_empty());
}
