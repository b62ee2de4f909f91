//! Real commands through a real runner.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bench::{PATIENCE, bench, check, check_expecting, command, is_over, own, until};
use evervip_model::{Command, Credentials};
use evervip_script::{Outcome, Report, Request, runner};

#[test]
fn exit_status_and_signal_are_reported() {
    bench(|mut b| async move {
        let ok = b.script("ok", "exit 0");
        assert_eq!(b.check(ok, PATIENCE).await, Outcome::Exited(0));
        let seven = b.script("seven", "exit 7");
        assert_eq!(b.check(seven, PATIENCE).await, Outcome::Exited(7));
        let killed = b.script("killed", "kill -9 $$");
        assert_eq!(b.check(killed, PATIENCE).await, Outcome::Signalled(9));
    });
}

#[test]
fn what_cannot_run_says_why() {
    bench(|mut b| async move {
        let absent = command(&b.directory.path().join("absent"));
        let plain = command(&b.file("plain", "#!/bin/sh\n", 0o644));
        let headless = command(&b.file("headless", "exit 0\n", 0o755));
        let empty = command(&b.file("empty", "", 0o755));
        let lost = command(&b.file("lost", "#!/no/such/interpreter\n", 0o755));
        let pipe = b.directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (command, number) in [
            (command(&pipe), 13),
            (absent, 2),
            (plain, 13),
            (headless, 8),
            (empty, 8),
            (lost, 2),
        ] {
            let outcome = b.check(command.clone(), PATIENCE).await;
            let Outcome::CannotRun { errno, reason } = outcome else {
                panic!("{command:?} ran: {outcome:?}");
            };
            assert_eq!(errno, number, "{command:?}: {reason}");
            assert!(
                !reason.is_empty() && !reason.contains("os error"),
                "{reason}"
            );
        }
    });
}

#[test]
fn first_word_is_as_written_and_words_are_appended() {
    bench(|b| async move {
        let mut hook = b.script(
            "hook",
            "{ tr '\\0' '|' </proc/$$/cmdline; echo; } >\"$D/new\"; mv \"$D/new\" \"$D/out\"",
        );
        // The kernel replaces a script's argv[0] by its interpreter, so look at a binary too.
        hook.argv.push(OsString::from("a b"));
        let words = ["INSTANCE", "VI_1", "MASTER", "100"].map(OsString::from);
        let path = hook.path.display().to_string();
        b.send(Request::Hook {
            command: hook,
            words: words.to_vec(),
            limit: None,
        })
        .await;
        assert_eq!(
            b.content("out").await,
            format!("/bin/sh|{path}|a b|INSTANCE|VI_1|MASTER|100|\n")
        );
        let as_written = Command {
            path: PathBuf::from("/bin/sh"),
            argv: [
                "./some/name",
                "-c",
                "echo \"$0 $1\" >\"$1.new\"; mv \"$1.new\" \"$1\"",
            ]
            .map(OsString::from)
            .to_vec(),
            credentials: own(),
            supplementary_groups: Box::default(),
        };
        let target = b.directory.path().join("first");
        b.send(Request::Hook {
            command: as_written,
            // `sh -c` takes the next word as its own $0, hence argv[0] from /proc below.
            words: vec!["zero".into(), target.clone().into_os_string()],
            limit: None,
        })
        .await;
        assert_eq!(
            b.content("first").await,
            format!("zero {}\n", target.display())
        );
        let sleeper = Command {
            path: PathBuf::from("/bin/sleep"),
            argv: vec!["./as written".into(), "29".into()],
            credentials: own(),
            supplementary_groups: Box::default(),
        };
        b.send(Request::StopHook {
            command: sleeper,
            words: vec![],
            limit: None,
        })
        .await;
        until(|| child_with_command_line(b"./as written\x0029\0")).await;
        b.send(Request::Drain {
            within: Duration::ZERO,
        })
        .await;
        let mut b = b;
        assert_eq!(b.next().await, Report::Drained { killed: 1 });
    });
}

fn child_with_command_line(wanted: &[u8]) -> Option<()> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .any(|entry| {
            entry.file_name().as_bytes()[0].is_ascii_digit()
                && std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| line == wanted)
        })
        .then_some(())
}

/// Spec vrrp-runtime 9.3: environment, working directory and umask are the daemon's; 0 to 2
/// are /dev/null; a group of its own; nothing blocked, nothing ignored.
#[test]
fn surroundings_are_the_daemons() {
    // What this thread blocks, as the daemon's threads do, is not for scripts to inherit.
    nix::sys::signal::SigSet::from(nix::sys::signal::Signal::SIGUSR1)
        .thread_block()
        .unwrap();
    bench(|mut b| async move {
        let probe = b.script(
            "probe",
            r#"OUT=$(readlink /proc/$$/fd/1)
            {
                readlink /proc/$$/fd/0
                echo "$OUT"
                echo "err $(readlink /proc/$$/fd/2)"
                pwd
                umask
                echo "path $PATH"
                echo "group $(( $(cut -d' ' -f5 /proc/$$/stat) == $$ ))"
            } >"$D/out""#,
        );
        assert_eq!(b.check(probe, PATIENCE).await, Outcome::Exited(0));
        let text = b.content("out").await;
        let lines: Vec<_> = text.lines().collect();
        let umask = std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find_map(|line| line.strip_prefix("Umask:").map(|v| v.trim().to_owned()))
            .unwrap();
        assert_eq!(lines[0], "/dev/null");
        assert_eq!(lines[1], "/dev/null");
        assert_eq!(lines[2], "err /dev/null");
        assert_eq!(lines[3], std::env::current_dir().unwrap().to_str().unwrap());
        assert_eq!(lines[4], umask);
        assert_eq!(lines[5], format!("path {}", std::env::var("PATH").unwrap()));
        assert_eq!(lines[6], "group 1");
        // A shell blocks signals for itself while it forks, hence a program without one.
        let status = b.directory.path().join("status");
        let mut copy = command(Path::new("/bin/dd"));
        copy.argv.push("if=/proc/self/status".into());
        copy.argv.push(format!("of={}", status.display()).into());
        assert_eq!(b.check(copy, PATIENCE).await, Outcome::Exited(0));
        let status = std::fs::read_to_string(status).unwrap();
        let mask = |name: &str| {
            let value = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap();
            u64::from_str_radix(value.trim(), 16).unwrap()
        };
        assert_eq!(mask("SigBlk:"), 0, "nothing is blocked");
        // Signals 32 and 33 are the C library's own, and its posix_spawn leaves them ignored in
        // whatever `cargo` starts.
        assert_eq!(
            mask("SigIgn:") & 0x7fff_ffff,
            0,
            "SIGPIPE is ignored in a Rust program"
        );
    });
}

#[test]
fn user_and_groups_are_those_of_the_command_alone() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("SKIPPED: changing the user needs root");
        return;
    }
    bench(|mut b| async move {
        nix::unistd::setgroups(&[4.into(), 27.into()]).unwrap();
        let mut probe = b.script(
            "probe",
            "grep -E '^(Uid|Gid|Groups)' /proc/$$/status >\"$D/out\"",
        );
        probe.credentials = Credentials {
            uid: 65534,
            gid: 12345,
        };
        assert_eq!(b.check(probe, PATIENCE).await, Outcome::Exited(0));
        let text = b.content("out").await;
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "Uid:\t65534\t65534\t65534\t65534",
                "Gid:\t12345\t12345\t12345\t12345",
                "Groups:"
            ]
        );
        let mut root = b.script("root", "grep -E '^Groups' /proc/$$/status >\"$D/root-out\"");
        root.credentials = Credentials { uid: 0, gid: 0 };
        assert_eq!(b.check(root, PATIENCE).await, Outcome::Exited(0));
        assert_eq!(b.content("root-out").await.trim_end(), "Groups:");
        let mut member = b.script(
            "member",
            "grep -E '^(Uid|Groups)' /proc/$$/status >\"$D/member-out\"",
        );
        member.credentials = Credentials {
            uid: 65534,
            gid: 12345,
        };
        member.supplementary_groups = [12345, 54321].into();
        assert_eq!(b.check(member, PATIENCE).await, Outcome::Exited(0));
        let text = b.content("member-out").await;
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            ["Uid:\t65534\t65534\t65534\t65534", "Groups:\t12345 54321"]
        );
    });
}

#[test]
fn time_out_ends_the_whole_group() {
    bench(|mut b| async move {
        let slow = b.script("slow", "sleep 60 & echo $! >\"$D/pid\"; wait");
        let start = Instant::now();
        let outcome = b.check(slow, Duration::from_millis(500)).await;
        assert_eq!(outcome, Outcome::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(500));
        // The leader died of SIGTERM, nobody had to wait for SIGKILL.
        assert!(start.elapsed() < Duration::from_millis(2400));
        let pid = b.content("pid").await;
        until(|| is_over(&pid).then_some(())).await;
    });
}

#[test]
fn member_that_ignores_term_dies_with_its_leader() {
    bench(|mut b| async move {
        let stubborn = b.script(
            "stubborn",
            "(trap '' TERM; touch \"$D/ready\"; while :; do sleep 60; done) & echo $! >\"$D/pid\"; \
             while [ ! -e \"$D/ready\" ]; do sleep 0.01; done; touch \"$D/set\"; wait",
        );
        let outcome = b.check(stubborn, Duration::from_secs(3)).await;
        assert!(b.directory.path().join("set").exists(), "machine too slow");
        assert_eq!(outcome, Outcome::TimedOut);
        let pid = b.content("pid").await;
        until(|| is_over(&pid).then_some(())).await;
    });
}

/// Spec vrrp-runtime 7.1: SIGKILL 2 s after a SIGTERM that was ignored.
#[test]
fn ignored_term_is_followed_by_kill() {
    bench(|mut b| async move {
        let stubborn = b.script("stubborn", "trap '' TERM; while :; do sleep 0.1; done");
        let start = Instant::now();
        let outcome = b.check(stubborn, Duration::from_secs(1)).await;
        assert_eq!(outcome, Outcome::TimedOut);
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(2990), "{took:?}");
        assert!(took < Duration::from_secs(9), "{took:?}");
    });
}

#[test]
fn checks_run_side_by_side() {
    bench(|mut b| async move {
        // Each waits for the other: run one after the other they would time out.
        for (me, other) in [(0, 1), (1, 0)] {
            let body = format!(
                "touch \"$D/{me}.here\"; while [ ! -e \"$D/{other}.here\" ]; do sleep 0.01; done"
            );
            let command = b.script(&format!("{me}"), &body);
            b.send(check(me, command, PATIENCE)).await;
        }
        for _ in 0..2 {
            let Report::CheckEnded { outcome, .. } = b.next().await else {
                panic!("no check");
            };
            assert_eq!(outcome, Outcome::Exited(0));
        }
    });
}

#[test]
fn only_an_end_that_was_not_expected_is_news() {
    bench(|mut b| async move {
        let three = b.script("three", "exit 3");
        for (expected, wanted) in [(Some(3), false), (Some(0), true), (None, true)] {
            b.send(check_expecting(expected, 1, three.clone(), PATIENCE))
                .await;
            let ended = Report::CheckEnded {
                run: 1,
                outcome: Outcome::Exited(3),
                is_news: wanted,
            };
            assert_eq!(b.next().await, ended, "{expected:?}");
        }
        let missing = command(&b.directory.path().join("missing"));
        b.send(check_expecting(Some(0), 1, missing, PATIENCE)).await;
        let report = b.next().await;
        let is_news = matches!(report, Report::CheckEnded { is_news: true, .. });
        assert!(is_news, "{report:?}");
    });
}

#[test]
fn stop_ends_running_checks_and_drain_waits_for_them() {
    bench(|mut b| async move {
        let slow = b.script("slow", "touch \"$D/ready\"; exec sleep 60");
        b.send(check(1, slow, PATIENCE)).await;
        let ready = b.directory.path().join("ready");
        until(|| ready.exists().then_some(())).await;
        b.send(Request::StopChecks).await;
        b.send(Request::Drain {
            within: Duration::from_secs(20),
        })
        .await;
        let start = Instant::now();
        let mut reports = [b.next().await, b.next().await];
        reports.sort_by_key(|report| matches!(report, Report::Drained { .. }));
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(
            reports,
            [
                Report::CheckEnded {
                    run: 1,
                    outcome: Outcome::Signalled(15),
                    is_news: true,
                },
                Report::Drained { killed: 0 }
            ]
        );
    });
}

#[test]
fn drain_waits_for_stop_hooks_and_kills_the_late() {
    bench(|mut b| async move {
        b.send(Request::Drain { within: PATIENCE }).await;
        assert_eq!(b.next().await, Report::Drained { killed: 0 });

        let quick = b.script("quick", "sleep 0.3; echo >\"$D/quick-done\"");
        let late = b.script("late", "sleep 60 & echo $! >\"$D/pid\"; wait");
        b.send(Request::StopHook {
            command: quick,
            words: vec![],
            limit: None,
        })
        .await;
        b.send(Request::Drain { within: PATIENCE }).await;
        assert_eq!(b.next().await, Report::Drained { killed: 0 });
        assert!(b.directory.path().join("quick-done").exists());

        b.send(Request::StopHook {
            command: late,
            words: vec![],
            limit: None,
        })
        .await;
        let pid = b.content("pid").await;
        let start = Instant::now();
        b.send(Request::Drain {
            within: Duration::from_secs(1),
        })
        .await;
        assert_eq!(b.next().await, Report::Drained { killed: 1 });
        assert!(start.elapsed() >= Duration::from_secs(1));
        until(|| is_over(&pid).then_some(())).await;
    });
}

#[test]
fn listeners_are_ended_when_told_and_at_the_end() {
    bench(|mut b| async move {
        let body = "echo $$ >\"$D/$1\"; exec sleep 60";
        let listen = |listener: u64, command: &Command| Request::Listener {
            listener,
            command: command.clone(),
            words: vec![OsString::from(listener.to_string())],
        };
        let command = b.script("listen", body);
        b.send(listen(1, &command)).await;
        b.send(listen(2, &command)).await;
        let (first, second) = (b.content("1").await, b.content("2").await);
        b.send(Request::StopListener { listener: 1 }).await;
        until(|| is_over(&first).then_some(())).await;
        assert!(!is_over(&second));
        b.send(Request::Drain {
            within: Duration::from_millis(100),
        })
        .await;
        assert_eq!(b.next().await, Report::Drained { killed: 1 });
        until(|| is_over(&second).then_some(())).await;
    });
}

/// One that sees the end of its FIFO and leaves is not waited for any longer.
#[test]
fn drain_waits_for_listeners() {
    bench(|mut b| async move {
        let command = b.script("leaves", "echo >\"$D/up\"; sleep 0.3; echo >\"$D/done\"");
        b.send(Request::Listener {
            listener: 1,
            command,
            words: vec![],
        })
        .await;
        b.content("up").await;
        b.send(Request::Drain { within: PATIENCE }).await;
        assert_eq!(b.next().await, Report::Drained { killed: 0 });
        assert!(b.directory.path().join("done").exists());
    });
}

/// A hook that hangs holds nobody up (spec vrrp-runtime 9.1).
#[test]
fn hooks_are_not_waited_for() {
    bench(|mut b| async move {
        let hang = b.script("hang", "echo $$ >\"$D/pid\"; exec sleep 60");
        b.send(Request::Hook {
            command: hang,
            words: vec![],
            limit: None,
        })
        .await;
        let ok = b.script("ok", "exit 0");
        assert_eq!(b.check(ok, PATIENCE).await, Outcome::Exited(0));
        b.send(Request::Drain { within: PATIENCE }).await;
        assert_eq!(b.next().await, Report::Drained { killed: 0 });
        let pid: i32 = b.content("pid").await.trim().parse().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).unwrap();
    });
}

/// The kernel ties "the parent died" to the thread that started the command, which lets a test
/// play the daemon's death with a thread's.
#[test]
fn commands_get_term_when_the_daemon_dies() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hang");
    let pid_file = directory.path().join("pid");
    let body = format!(
        "#!/bin/sh\necho $$ >'{}'\nexec sleep 60\n",
        pid_file.display()
    );
    std::fs::write(&path, body).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hang = command(&path);
    let daemon = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (requests, runner, _reports) = runner();
            let hook = Request::Hook {
                command: hang,
                words: vec![],
                limit: None,
            };
            requests.send(hook).await.unwrap();
            drop(requests);
            runner.run().await;
            until(|| {
                let text = std::fs::read_to_string(&pid_file).ok()?;
                text.ends_with('\n').then_some(text)
            })
            .await
        })
    });
    let pid = daemon.join().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !is_over(&pid) {
        assert!(Instant::now() < deadline, "the command outlived its parent");
        std::thread::sleep(Duration::from_millis(5));
    }
}
