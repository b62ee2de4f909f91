//! A runner with a directory for its commands.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use evervip_model::{Command, Credentials, VrrpScript};
use evervip_script::{Check, Outcome, Report, Request, runner};
use tokio::sync::mpsc;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Bench {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) reports: mpsc::Receiver<Report>,
    pub(crate) directory: tempfile::TempDir,
}

/// Runs `test` beside a runner, with a directory that everybody may enter.
pub(crate) fn bench<F: Future<Output = ()>>(test: impl FnOnce(Bench) -> F) {
    let directory = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(directory.path(), open).unwrap();
    let (requests, runner, reports) = runner();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let runner = tokio::spawn(runner.run());
        test(Bench {
            requests,
            reports,
            directory,
        })
        .await;
        // The senders are gone: the runner ends by itself.
        tokio::time::timeout(PATIENCE, runner)
            .await
            .unwrap()
            .unwrap();
    });
}

impl Bench {
    /// Writes an executable shell script; `$D` in it is the test's directory.
    pub(crate) fn script(&self, name: &str, body: &str) -> Command {
        let body = format!(
            "#!/bin/sh\nD='{}'\n{body}\n",
            self.directory.path().display()
        );
        command(&self.file(name, &body, 0o755))
    }

    pub(crate) fn file(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(crate) async fn send(&self, request: Request) {
        self.requests.send(request).await.unwrap();
    }

    pub(crate) async fn check(&mut self, command: Command, timeout: Duration) -> Outcome {
        self.send(check(7, command, timeout)).await;
        match self.next().await {
            Report::CheckEnded {
                run: 7, outcome, ..
            } => outcome,
            other => panic!("unexpected {other:?}"),
        }
    }

    pub(crate) async fn next(&mut self) -> Report {
        tokio::time::timeout(PATIENCE, self.reports.recv())
            .await
            .expect("no report in time")
            .expect("the runner is gone")
    }

    /// The content of a file once it ends in a line feed.
    pub(crate) async fn content(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        until(|| {
            std::fs::read_to_string(&path)
                .ok()
                .filter(|t| t.ends_with('\n'))
        })
        .await
    }
}

pub(crate) fn check(run: u64, command: Command, timeout: Duration) -> Request {
    check_expecting(None, run, command, timeout)
}

pub(crate) fn check_expecting(
    expected: Option<i32>,
    run: u64,
    command: Command,
    timeout: Duration,
) -> Request {
    let script = VrrpScript {
        name: Arc::from("chk"),
        command,
        interval: timeout,
        timeout,
        has_timeout: false,
        weight: 0,
        reverse: false,
        rise: 1,
        fall: 1,
        init_fail: false,
        unusable: None,
    };
    Request::Check(Check {
        run,
        script: Arc::new(script),
        expected,
    })
}

pub(crate) fn command(path: &Path) -> Command {
    Command {
        path: path.to_owned(),
        argv: vec![path.as_os_str().to_owned()],
        credentials: own(),
        supplementary_groups: Box::default(),
    }
}

pub(crate) fn own() -> Credentials {
    Credentials {
        uid: nix::unistd::getuid().as_raw(),
        gid: nix::unistd::getgid().as_raw(),
    }
}

pub(crate) async fn until<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < deadline, "condition not met in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a process is gone or only waits to be reaped.
pub(crate) fn is_over(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| rest.to_owned()))
        .is_none_or(|rest| rest.trim_start().starts_with('Z'))
}
