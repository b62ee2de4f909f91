//! Processes and signals. There is no test harness here: only a process with a single thread may
//! fork.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::{Duration, Instant};

use evervip_model::{Command, Credentials};
use evervip_os::process::{self, Fork, ProcessError};
use evervip_os::signal::{self, ReceivedSignal, SignalQueue};
use evervip_os::spawn::{Child, Spawner};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getgid, getpid, getppid, getsid, getuid};

#[allow(clippy::print_stdout, reason = "as the usual harness does")]
fn main() {
    let tests: [(&str, fn()); 12] = [
        ("a_second_thread_forbids_the_fork", second_thread),
        ("both_sides_of_a_fork_know_each_other", both_sides),
        ("a_child_follows_its_parent", follows_parent),
        ("a_parent_that_is_gone_is_noticed", parent_gone),
        ("a_command_dies_with_its_parent", command_dies),
        ("the_end_of_a_command_shows", command_ends),
        ("a_command_that_cannot_start_says_why", failures),
        ("a_command_has_its_user_alone", other_user),
        ("room_for_descriptors_is_not_inherited", descriptors),
        ("the_umask_is_set", umask),
        ("a_daemon_is_on_its_own", daemon),
        ("signals_are_queued", signals),
    ];
    process::become_child_subreaper().unwrap();
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

/// Runs `work` in a child and returns that.
fn fork(work: impl FnOnce()) -> Pid {
    match process::fork_single_threaded().unwrap() {
        Fork::Parent { child } => child,
        Fork::Child => {
            // A panic ends the child with another code.
            work();
            leave()
        }
    }
}

#[expect(clippy::exit, reason = "the child must not go on with the tests")]
fn leave() -> ! {
    std::process::exit(0)
}

/// How a child ended; it must within ten seconds.
#[track_caller]
fn end_of(child: Pid) -> WaitStatus {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD)
                if Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            end => return end.unwrap(),
        }
    }
}

#[track_caller]
fn ends_well(child: Pid) {
    assert_eq!(end_of(child), WaitStatus::Exited(child, 0));
}

#[track_caller]
fn ends_by_sigterm(child: Pid) {
    let expected = WaitStatus::Signaled(child, Signal::SIGTERM, false);
    assert_eq!(end_of(child), expected);
}

fn second_thread() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let error = process::fork_single_threaded().unwrap_err();
    assert_eq!(error.to_string(), "cannot fork: the process has 2 threads");
    drop(release);
    thread.join().unwrap().unwrap_err();
    // A joined thread may still be on its way out.
    let deadline = Instant::now() + Duration::from_secs(10);
    while process::thread_count().unwrap() > 1 {
        assert!(Instant::now() < deadline);
    }
}

fn both_sides() {
    let (mut reader, mut writer) = pipe();
    let parent = getpid();
    let child = fork(|| {
        assert_eq!(getppid(), parent);
        writer.write_all(&getpid().as_raw().to_ne_bytes()).unwrap();
    });
    assert_eq!(read_pid(&mut reader), child);
    ends_well(child);
}

fn pipe() -> (File, File) {
    let (reader, writer) = nix::unistd::pipe().unwrap();
    (reader.into(), writer.into())
}

fn read_pid(reader: &mut File) -> Pid {
    let mut number = [0; 4];
    reader.read_exact(&mut number).unwrap();
    Pid::from_raw(i32::from_ne_bytes(number))
}

fn follows_parent() {
    let (mut reader, mut writer) = pipe();
    let middle = fork(|| {
        let parent = getpid();
        fork(|| {
            process::follow_parent(parent, Signal::SIGTERM).unwrap();
            writer.write_all(&getpid().as_raw().to_ne_bytes()).unwrap();
            std::thread::sleep(Duration::from_secs(20));
        });
        std::thread::sleep(Duration::from_secs(20));
    });
    let last = read_pid(&mut reader);
    kill(middle, Signal::SIGKILL).unwrap();
    let expected = WaitStatus::Signaled(middle, Signal::SIGKILL, false);
    assert_eq!(end_of(middle), expected);
    ends_by_sigterm(last);
}

fn parent_gone() {
    let stranger = getppid();
    let child = fork(|| {
        let error = process::follow_parent(stranger, Signal::SIGTERM).unwrap_err();
        assert!(matches!(error, ProcessError::ParentGone(pid) if pid == stranger));
    });
    ends_well(child);
}

/// Words of a shell; the first one is `sh`.
fn shell(script: &str) -> Command {
    Command {
        path: "/bin/sh".into(),
        argv: ["sh", "-c", script].map(Into::into).to_vec(),
        credentials: Credentials {
            uid: getuid().as_raw(),
            gid: getgid().as_raw(),
        },
        supplementary_groups: Box::default(),
    }
}

/// The exit status of a command that was started.
fn exit_code(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn command_dies() {
    let (mut reader, mut writer) = pipe();
    let parent = fork(|| {
        let child = Spawner::default().spawn(&shell("exec sleep 20"), &[]);
        let pid = child.unwrap().pid().as_raw();
        writer.write_all(&pid.to_ne_bytes()).unwrap();
    });
    let command = read_pid(&mut reader);
    ends_well(parent);
    ends_by_sigterm(command);
}

fn command_ends() {
    let mut spawner = Spawner::default();
    let mut child = spawner.spawn(&shell("exit 7"), &[]).unwrap();
    if let Some(exit) = child.take_exit_descriptor() {
        let mut ready = [PollFd::new(exit.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut ready, PollTimeout::from(10_000_u16)).unwrap(), 1);
    }
    assert_eq!(exit_code(&mut child), Some(7));
    assert!(child.try_wait().is_err());
}

/// The memory of both is the same: none of it may be changed, least of all the thread's.
fn failures() {
    let mut spawner = Spawner::default();
    for (path, errno) in [
        ("/no/such/program", libc::ENOENT),
        ("/etc/passwd", libc::EACCES),
        ("/etc/passwd/below", libc::ENOTDIR),
    ] {
        let mut command = shell("exit 0");
        command.path = path.into();
        let error = spawner.spawn(&command, &[]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno), "{path}");
    }
    let error = spawner.spawn(&shell("exit 0"), &["a\0b".into()]);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    let expected = Err(nix::errno::Errno::ECHILD);
    assert_eq!(waitpid(None, Some(WaitPidFlag::WNOHANG)), expected);
    let mut child = spawner.spawn(&shell("exit 3"), &[]).unwrap();
    assert_eq!(exit_code(&mut child), Some(3));
}

fn other_user() {
    if !getuid().is_root() {
        return;
    }
    let mut command = shell("test \"$(id -u) $(id -g) $(id -G)\" = '65534 65533 65533 12 13'");
    command.credentials = Credentials {
        uid: 65534,
        gid: 65533,
    };
    command.supplementary_groups = [12, 13].into();
    // Another thread must stay what it is, too.
    let (mut reader, writer) = pipe();
    let other = std::thread::spawn(move || {
        let mut byte = [0];
        let _ = reader.read(&mut byte);
        getuid()
    });
    let mut child = Spawner::default().spawn(&command, &[]).unwrap();
    assert_eq!(exit_code(&mut child), Some(0));
    drop(writer);
    assert!(other.join().unwrap().is_root());
    assert!(getuid().is_root());
}

fn descriptors() {
    ends_well(fork(|| {
        setrlimit(Resource::RLIMIT_NOFILE, 64, 80).unwrap();
        assert_eq!(process::raise_descriptor_limit(60).unwrap(), 64);
        let raised = process::raise_descriptor_limit(100).unwrap();
        assert!(raised == 100 || raised == 80, "{raised}");
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap().0, raised);
        let command = shell("test $(ulimit -Sn) = 64 && test $(ulimit -Hn) = 80");
        let mut child = Spawner::default().spawn(&command, &[]).unwrap();
        assert_eq!(exit_code(&mut child), Some(0));
    }));
}

fn umask() {
    let child = fork(|| {
        process::set_umask(0o22);
        assert_eq!(process::set_umask(0o77), 0o22);
        assert_eq!(process::set_umask(0o77), 0o77);
    });
    ends_well(child);
}

fn daemon() {
    let child = fork(|| {
        process::start_session().unwrap();
        assert_eq!(getsid(None).unwrap(), getpid());
        process::redirect_standard_streams_to_null().unwrap();
        for stream in 0..3 {
            let target = fs::read_link(format!("/proc/self/fd/{stream}")).unwrap();
            assert_eq!(target, Path::new("/dev/null"));
        }
    });
    ends_well(child);
}

fn signals() {
    let numbers = [
        libc::SIGUSR1,
        libc::SIGCHLD,
        signal::real_time(2),
        signal::real_time_from_top(1),
    ];
    let queue = SignalQueue::open(&numbers).unwrap();
    assert_eq!(queue.read().unwrap(), None);
    let this = getpid();
    for number in [numbers[3], numbers[2], numbers[0]] {
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -{number} {this}")])
            .status();
        assert!(sent.unwrap().success());
    }
    let mut got = Vec::new();
    while let Some(ReceivedSignal { number, sender }) = queue.read().unwrap() {
        assert_ne!(sender.as_raw(), 0);
        got.push(number);
    }
    got.sort_unstable();
    let mut expected = numbers.to_vec();
    expected.sort_unstable();
    assert_eq!(got, expected, "SIGCHLD came from the commands");

    let child = fork(|| {
        queue.unblock().unwrap();
        kill(getpid(), Signal::SIGUSR1).unwrap();
    });
    let expected = WaitStatus::Signaled(child, Signal::SIGUSR1, false);
    assert_eq!(end_of(child), expected);
    assert!(SignalQueue::open(&[9999]).is_err());
}
