//! What announce-route.sh tells ExaBGP, for each decision of the daemon.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The script with a reader of its output; ends with this value.
struct Announcer {
    child: Child,
    commands: Receiver<String>,
}

impl Announcer {
    fn start(file: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/announce-route.sh");
        let mut child = Command::new(script)
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, commands) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, commands }
    }

    fn next(&self) -> String {
        self.commands.recv_timeout(PATIENCE).unwrap()
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In tenths of a second.
fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_millis() / 100
}

/// The later, the lower: what is left until the value that a standby has.
fn med(promoted: u128) -> u128 {
    4_294_967_295 - (promoted - 17_356_896_000)
}

fn decide(file: &Path, decision: &str) {
    let new = file.with_extension("new");
    fs::write(&new, format!("{decision}\n")).unwrap();
    fs::rename(&new, file).unwrap();
}

#[test]
fn each_decision_becomes_its_command() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("route");
    let announcer = Announcer::start(&file);
    // No decision yet: whatever an ExaBGP before this one has announced must go.
    assert_eq!(announcer.next(), "withdraw route 10.1.0.5/32 next-hop self");
    decide(&file, "standby");
    assert_eq!(
        announcer.next(),
        "announce route 10.1.0.5/32 next-hop self as-path [ 65010 65010 65010 ] med 4294967295"
    );
    let promoted = now();
    decide(&file, &format!("master {promoted}"));
    let command = "announce route 10.1.0.5/32 next-hop self as-path";
    assert_eq!(
        announcer.next(),
        format!("{command} [ 65010 ] med {}", med(promoted))
    );
    let promoted = promoted - 1000;
    decide(&file, &format!("master {promoted}"));
    assert_eq!(
        announcer.next(),
        format!("{command} [ 65010 65010 ] med {}", med(promoted))
    );
    decide(&file, "none");
    assert_eq!(announcer.next(), "withdraw route 10.1.0.5/32 next-hop self");
}

#[test]
fn it_ends_with_exabgp() {
    let directory = tempfile::tempdir().unwrap();
    let mut announcer = Announcer::start(&directory.path().join("route"));
    announcer.next();
    drop(announcer.child.stdin.take());
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = announcer.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it runs on");
        thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success());
}

/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
