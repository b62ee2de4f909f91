//! A pair of namespaces (network, mount) that this process can enter, and what runs in it.

use std::{
    fs::{self, File},
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    panic,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{Error, Result};

/// Waits for the end of the test process (its end of the pipe closes, even after `kill -9`),
/// then kills whatever is left in its network namespace, so that the namespace goes too. Ctrl-C
/// goes to the whole process group and must not take this one.
const HOLDER: &str = r#"
trap '' INT TERM HUP QUIT
read -r _
for round in 1 2 3; do
    for d in /proc/[0-9]*; do
        p=${d#/proc/}
        [ "$p" != $$ ] && [ "$d/ns/net" -ef /proc/self/ns/net ] && kill -9 "$p"
    done
done 2>/dev/null
"#;

/// One network namespace and one mount namespace.
#[derive(Debug)]
pub(crate) struct Space {
    net: File,
    mnt: File,
    net_id: (u64, u64),
    holder: Mutex<Child>,
    holder_pid: u32,
    /// The host's `/tmp` and `/run` as they are in this mount namespace below the private ones.
    host_dirs: Vec<(&'static str, File)>,
}

impl Space {
    /// New namespaces. `label` appears in the process list.
    pub(crate) fn create(label: &str) -> Result<Self> {
        let built = thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name(format!("lab {label}"))
                .spawn_scoped(scope, || create_here(label));
            thread.map(|handle| handle.join().unwrap_or_else(|e| panic::resume_unwind(e)))
        });
        built?
    }

    /// Runs `f` on a thread that is inside the namespaces. What `f` opens (sockets above all)
    /// stays there when it is handed out; processes that it starts are our children.
    pub(crate) fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> Result<T> {
        let inside = || -> Result<T> {
            unshare(CloneFlags::CLONE_FS)?;
            setns(&self.net, CloneFlags::CLONE_NEWNET)?;
            setns(&self.mnt, CloneFlags::CLONE_NEWNS)?;
            Ok(f())
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("lab inside".into())
                .spawn_scoped(scope, inside)?;
            thread.join().unwrap_or_else(|e| panic::resume_unwind(e))
        })
    }

    /// Runs a command inside and gives its standard output; a non-zero exit is an error.
    pub(crate) fn command(&self, argv: &[&str]) -> Result<String> {
        let (program, args) = argv
            .split_first()
            .ok_or_else(|| Error::new("empty command"))?;
        let output = self.run(|| {
            Command::new(program)
                .args(args)
                .stdin(Stdio::null())
                .output()
        })?;
        let output = output.map_err(|e| Error::from(e).context(program))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!(
            "{}: {}: {}",
            argv.join(" "),
            output.status,
            stderr.trim()
        )))
    }

    /// The path under which a file of the host is found inside, although `/tmp` and `/run` are
    /// covered there. Valid inside only.
    pub(crate) fn inner_path(&self, host: &Path) -> PathBuf {
        let covered = self
            .host_dirs
            .iter()
            .find_map(|(dir, file)| Some((file, host.strip_prefix(dir).ok()?)));
        match covered {
            Some((file, rest)) => Path::new("/proc/self/fd")
                .join(file.as_raw_fd().to_string())
                .join(rest),
            None => host.to_owned(),
        }
    }

    /// Process id of the holder: what `ip link ... netns PID` wants.
    pub(crate) fn holder_pid(&self) -> u32 {
        self.holder_pid
    }

    /// Processes whose network namespace is this one, the holder excepted.
    pub(crate) fn pids(&self) -> Vec<i32> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| u32::try_from(*pid).is_ok_and(|pid| pid != self.holder_pid))
            .filter(|pid| {
                let meta = fs::metadata(format!("/proc/{pid}/ns/net"));
                meta.is_ok_and(|meta| (meta.dev(), meta.ino()) == self.net_id)
            })
            .collect()
    }

    /// Kills (`SIGKILL`) every process in the namespace and waits until none is left.
    pub(crate) fn kill_all(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let pids = self.pids();
            if pids.is_empty() || Instant::now() > deadline {
                return;
            }
            for pid in pids {
                // Gone already is fine.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.kill_all();
        let holder = self
            .holder
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = holder.kill();
        let _ = holder.wait();
    }
}

/// The body of [`Space::create`], on its own thread: the thread moves into new namespaces and is
/// left behind by them.
fn create_here(label: &str) -> Result<Space> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
        .map_err(|e| Error::from(e).context("unshare"))?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|e| Error::from(e).context("mount /"))?;
    // Shows the new namespace's interfaces in /sys/class/net. Not vital, and not allowed everywhere.
    let _ = mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), none);
    let mut host_dirs = Vec::new();
    for dir in ["/tmp", "/run"] {
        host_dirs.push((dir, File::open(dir)?));
        let mode = if dir == "/tmp" {
            "mode=1777"
        } else {
            "mode=0755"
        };
        mount(
            Some("tmpfs"),
            dir,
            Some("tmpfs"),
            MsFlags::empty(),
            Some(mode),
        )
        .map_err(|e| Error::from(e).context(dir))?;
    }
    let mut holder = Command::new("/bin/sh");
    holder.args(["-c", HOLDER, label]).current_dir("/");
    let holder = holder
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let net = File::open("/proc/thread-self/ns/net")?;
    let mnt = File::open("/proc/thread-self/ns/mnt")?;
    let meta = net.metadata()?;
    let holder_pid = holder.id();
    Ok(Space {
        net,
        mnt,
        net_id: (meta.dev(), meta.ino()),
        holder: Mutex::new(holder),
        holder_pid,
        host_dirs,
    })
}
