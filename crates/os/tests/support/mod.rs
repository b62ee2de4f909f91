//! Network namespaces for tests: nothing that happens here is seen by the machine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace, which lives as long as this value or a socket in it.
pub(crate) struct Namespace {
    file: File,
}

impl Namespace {
    fn new() -> Result<Self, String> {
        let make = || {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|e| format!("no network namespace: {e}"))?;
            File::open("/proc/thread-self/ns/net").map_err(|e| e.to_string())
        };
        let file = std::thread::scope(|s| s.spawn(make).join().unwrap())?;
        let namespace = Self { file };
        namespace.try_ip("link set lo up")?;
        Ok(namespace)
    }

    /// Runs `work` in a thread inside of the namespace.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            inside.join().unwrap()
        })
    }

    /// Runs the command `ip` with these words and returns what it prints.
    #[track_caller]
    pub(crate) fn ip(&self, words: &str) -> String {
        self.try_ip(words).unwrap()
    }

    pub(crate) fn try_ip(&self, words: &str) -> Result<String, String> {
        let mut command = Command::new("ip");
        command.args(words.split_whitespace());
        let output = self.run(|| command.output());
        let output = output.map_err(|error| format!("ip: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("ip {words}: {complaint}"))
        }
    }

    /// Runs a shell command line.
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) {
        let mut command = Command::new("sh");
        command.args(["-ec", line]);
        let status = self.run(|| command.status()).unwrap();
        assert!(status.success(), "{line}");
    }

    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Index of an interface.
    #[track_caller]
    pub(crate) fn index(&self, name: &str) -> u32 {
        self.run(|| nix::net::if_::if_nametoindex(name)).unwrap()
    }
}

/// `None` when this machine cannot make namespaces: the reason is printed, and with
/// `EVERVIP_REQUIRE_NETNS=1` it is a failure.
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
pub(crate) fn namespaces<const N: usize>() -> Option<[Namespace; N]> {
    let made: Result<Vec<_>, _> = (0..N).map(|_| Namespace::new()).collect();
    match made {
        Ok(made) => made.try_into().ok(),
        Err(reason) => {
            let required = std::env::var_os("EVERVIP_REQUIRE_NETNS").is_some_and(|v| v == "1");
            assert!(!required, "{reason}");
            println!("SKIPPED: {reason}");
            None
        }
    }
}

/// One namespace with the interfaces `a0` and `a1`, which are joined by a cable and can be used.
pub(crate) fn one_node() -> Option<Namespace> {
    let [node] = namespaces()?;
    node.ip("link add a0 type veth peer name a1");
    node.ip("link set a0 up");
    node.ip("link set a1 up");
    for name in ["a0", "a1"] {
        wait_until_usable(&node, name);
    }
    Some(node)
}

/// Two namespaces with an interface `ens192` each, joined by a cable, with the addresses
/// 10.1.1.1/24 and 10.1.1.2/24 and the MAC addresses 02:00:00:00:00:01 and :02.
pub(crate) fn two_nodes() -> Option<[Namespace; 2]> {
    let [one, two] = namespaces()?;
    one.ip(&format!(
        "link add ens192 address 02:00:00:00:00:01 type veth \
         peer name ens192 address 02:00:00:00:00:02 netns {}",
        two.path()
    ));
    for (node, address) in [(&one, "10.1.1.1/24"), (&two, "10.1.1.2/24")] {
        node.ip(&format!("addr add {address} dev ens192"));
        node.ip("link set ens192 up");
    }
    for node in [&one, &two] {
        wait_until_usable(node, "ens192");
    }
    Some([one, two])
}

/// The carrier alone is not enough: the kernel calls an interface running when a worker of its own
/// has seen the carrier, on a busy machine up to a second later.
#[track_caller]
fn wait_until_usable(node: &Namespace, interface: &str) {
    wait_until("the link is up", || {
        node.ip(&format!("-o link show {interface}"))
            .contains(" state UP ")
    });
}

/// Repeats `probe` until it gives something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Repeats `probe` until it holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut probe: impl FnMut() -> bool) {
    wait_for(what, || probe().then_some(()));
}
