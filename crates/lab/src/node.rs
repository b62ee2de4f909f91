//! A node: namespaces, links to the switch, files, processes.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    Address, AddressReports, AddressWatch, Capture, Error, Injector, Lab, Process, Result, address,
    filesystem::Filesystem, lab::Switch, space::Space, wait_until,
};

/// An interface of a node, the node's side of a link to the switch.
#[derive(Debug, Clone)]
pub struct Interface {
    name: String,
    mac: Option<String>,
    addresses: Vec<String>,
    segment: String,
    up: bool,
}

impl Interface {
    /// An interface that will be up, without address, on the first segment.
    pub fn new(name: &str) -> Self {
        let segment = Lab::SEGMENT.to_owned();
        Self {
            name: name.to_owned(),
            mac: None,
            addresses: Vec::new(),
            segment,
            up: true,
        }
    }

    /// Hardware address, e.g. `02:00:00:00:00:01`; random if not given.
    #[must_use]
    pub fn mac(mut self, mac: &str) -> Self {
        self.mac = Some(mac.to_owned());
        self
    }

    /// Adds an address with prefix length, e.g. `192.0.2.1/24`.
    #[must_use]
    pub fn address(mut self, address: &str) -> Self {
        self.addresses.push(address.to_owned());
        self
    }

    /// Attaches the interface to another segment, which is made when needed.
    #[must_use]
    pub fn segment(mut self, segment: &str) -> Self {
        segment.clone_into(&mut self.segment);
        self
    }

    /// Leaves the interface down at first.
    #[must_use]
    pub fn down(mut self) -> Self {
        self.up = false;
        self
    }
}

/// Description of a node that does not exist yet.
#[derive(Debug)]
#[must_use = "a node exists after start()"]
pub struct NodeBuilder<'l> {
    lab: &'l Lab,
    name: String,
    interfaces: Vec<Interface>,
    dirs: Vec<PathBuf>,
    files: Vec<(PathBuf, Vec<u8>, u32)>,
    binds: Vec<(PathBuf, PathBuf)>,
}

impl<'l> NodeBuilder<'l> {
    pub(crate) fn new(lab: &'l Lab, name: &str) -> Self {
        let (interfaces, dirs, files, binds) = Default::default();
        Self {
            lab,
            name: name.to_owned(),
            interfaces,
            dirs,
            files,
            binds,
        }
    }

    /// Adds an interface.
    pub fn interface(mut self, interface: Interface) -> Self {
        self.interfaces.push(interface);
        self
    }

    /// Makes `path` an empty directory of this node alone.
    pub fn dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.dirs.push(path.into());
        self
    }

    /// Puts a file at `path` for this node alone, with permission bits `mode`.
    pub fn file(mut self, path: impl Into<PathBuf>, contents: impl AsRef<[u8]>, mode: u32) -> Self {
        self.files
            .push((path.into(), contents.as_ref().to_vec(), mode));
        self
    }

    /// Makes the host's file or directory `source` appear at `path` in this node.
    pub fn bind(mut self, source: impl Into<PathBuf>, path: impl Into<PathBuf>) -> Self {
        self.binds.push((source.into(), path.into()));
        self
    }

    /// Creates the node and waits until its links are up.
    ///
    /// # Errors
    /// When a namespace, link, address or file cannot be made.
    pub fn start(self) -> Result<Node> {
        let lab = self.lab;
        let space = Space::create(&format!("{}:{}", lab.name(), self.name))?;
        let switch = Arc::clone(lab.switch());
        let files = Mutex::new(Filesystem::new());
        let node = Node(Arc::new(Inner {
            name: self.name,
            space,
            switch,
            files,
            ports: Mutex::default(),
        }));
        for dir in &self.dirs {
            node.create_dir(dir)?;
        }
        for (path, contents, mode) in &self.files {
            node.write_file(path, contents, *mode)?;
        }
        for (source, path) in &self.binds {
            node.bind(source, path)?;
        }
        node.ip(&["link", "set", "lo", "up"])?;
        for interface in &self.interfaces {
            node.attach(interface)?;
        }
        for interface in self.interfaces.iter().filter(|interface| interface.up) {
            node.wait_running(&interface.name, true)?;
        }
        lab.register(node.clone());
        Ok(node)
    }
}

/// A node of a laboratory; clones are handles of the same node.
#[derive(Debug, Clone)]
pub struct Node(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    space: Space,
    switch: Arc<Switch>,
    files: Mutex<Filesystem>,
    /// Interface name and name of the switch's end of the link.
    ports: Mutex<Vec<(String, String)>>,
}

/// What a finished command left.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Node {
    /// Name given at creation.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs `f` on a thread inside the node's namespaces. Sockets opened there stay in the
    /// node's network when handed out.
    ///
    /// # Errors
    /// When the namespaces cannot be entered.
    pub fn enter<T: Send>(&self, f: impl FnOnce() -> T + Send) -> Result<T> {
        self.0.space.run(f)
    }

    /// Runs a command in the node to its end.
    ///
    /// # Errors
    /// When it cannot be started; a non-zero exit is not an error.
    pub fn exec(&self, argv: &[&str]) -> Result<Output> {
        let (program, args) = argv
            .split_first()
            .ok_or_else(|| Error::new("empty command"))?;
        let mut command = Command::new(program);
        command.args(args);
        self.output(command)
    }

    /// Like [`Node::exec`] for a prepared command (environment, argv\[0\] and so on).
    ///
    /// # Errors
    /// When it cannot be started; a non-zero exit is not an error.
    pub fn output(&self, mut command: Command) -> Result<Output> {
        command.stdin(Stdio::null());
        let output = self
            .enter(|| command.output())?
            .map_err(|e| Error::from(e).context("exec"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Output {
            status: output.status,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        })
    }

    /// Starts a process that stays; its standard output and error go to its log. Standard input
    /// is `/dev/null`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, label: &str, command: Command) -> Result<Process> {
        Process::spawn(&self.0.space, format!("{}/{label}", self.name()), command)
    }

    /// Kills every process in the node with `SIGKILL` and waits until they are gone.
    pub fn kill_all(&self) {
        self.0.space.kill_all();
    }

    /// Process ids of all that runs in the node.
    pub fn pids(&self) -> Vec<i32> {
        self.0.space.pids()
    }

    /// Creates or replaces a file for this node alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_file(
        &self,
        path: impl AsRef<Path>,
        contents: impl AsRef<[u8]>,
        mode: u32,
    ) -> Result<()> {
        let (path, contents) = (path.as_ref(), contents.as_ref());
        self.with_files(|files| files.write(path, contents, mode))
    }

    /// Makes `path` an empty directory of this node alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_dir(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.with_files(|files| files.private_dir(path))
    }

    /// Makes the host's file or directory `source` appear at `path`.
    ///
    /// # Errors
    /// When it does not exist or cannot be mounted.
    pub fn bind(&self, source: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<()> {
        let source = source.as_ref();
        let source = source
            .canonicalize()
            .map_err(|e| Error::from(e).context(&source.display().to_string()))?;
        let source = self.0.space.inner_path(&source);
        let path = path.as_ref();
        self.with_files(|files| files.bind(&source, path))
    }

    /// Contents of a file as the node sees it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_file(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = path.as_ref();
        let bytes = self.enter(|| fs::read(path))?;
        let bytes = bytes.map_err(|e| Error::from(e).context(&path.display().to_string()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Removes a file of this node.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_file(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        Ok(self.enter(|| fs::remove_file(path))??)
    }

    /// Metadata of a file as the node sees it; `None` if there is no such file.
    pub fn metadata(&self, path: impl AsRef<Path>) -> Option<fs::Metadata> {
        let path = path.as_ref();
        self.enter(|| fs::symlink_metadata(path)).ok()?.ok()
    }

    fn with_files<T: Send>(
        &self,
        f: impl FnOnce(&mut Filesystem) -> Result<T> + Send,
    ) -> Result<T> {
        self.enter(|| f(&mut self.0.files.lock().unwrap_or_else(PoisonError::into_inner)))?
    }

    /// All IP addresses on all interfaces.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        self.enter(address::list)?
    }

    /// Whether an interface of the node has this address. False when it cannot be told.
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses()
            .is_ok_and(|list| list.iter().any(|entry| entry.ip == address))
    }

    /// Records every address that appears or disappears from now on.
    ///
    /// # Errors
    /// When the netlink socket cannot be made.
    pub fn watch_addresses(&self) -> Result<AddressWatch> {
        AddressWatch::start(&self.0.space)
    }

    /// The changes of addresses from now on, to be taken when they are wanted.
    ///
    /// # Errors
    /// When the netlink socket cannot be made.
    pub fn address_reports(&self) -> Result<AddressReports> {
        AddressReports::open(&self.0.space)
    }

    /// Captures on one interface of the node: what it sends and receives.
    ///
    /// # Errors
    /// When the packet socket cannot be made.
    pub fn capture(&self, interface: &str) -> Result<Capture> {
        Capture::start(&self.0.space, interface)
    }

    /// A sender of hand-made Ethernet frames on one interface.
    ///
    /// # Errors
    /// When the packet socket cannot be made.
    pub fn injector(&self, interface: &str) -> Result<Injector> {
        Injector::new(&self.0.space, interface)
    }

    /// Runs `ip` with the given arguments in the node and returns its output.
    ///
    /// # Errors
    /// When it does not end with success.
    pub fn ip(&self, args: &[&str]) -> Result<String> {
        self.0.space.command(&[&["ip"], args].concat())
    }

    /// Adds an interface to the running node and waits until it is up, if it is to be.
    ///
    /// # Errors
    /// When the link cannot be made, or does not come up.
    pub fn attach(&self, interface: &Interface) -> Result<()> {
        let switch = &self.0.switch;
        switch.segment(&interface.segment)?;
        let port = switch.port();
        let holder = self.0.space.holder_pid().to_string();
        let mut add = vec![
            "ip",
            "link",
            "add",
            "name",
            &port,
            "type",
            "veth",
            "peer",
            "name",
            &interface.name,
        ];
        if let Some(mac) = &interface.mac {
            add.extend(["address", mac]);
        }
        add.extend(["netns", &holder]);
        switch.space.command(&add)?;
        switch.space.command(&[
            "ip",
            "link",
            "set",
            &port,
            "master",
            &interface.segment,
            "up",
        ])?;
        for address in &interface.addresses {
            self.ip(&["addr", "add", address, "dev", &interface.name])?;
        }
        if interface.up {
            self.ip(&["link", "set", &interface.name, "up"])?;
        }
        self.0
            .ports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((interface.name.clone(), port));
        if interface.up {
            self.wait_running(&interface.name, true)?;
        }
        Ok(())
    }

    /// Sets the interface administratively up or down and waits until that shows.
    ///
    /// # Errors
    /// When the interface does not exist or does not follow.
    pub fn set_admin(&self, interface: &str, up: bool) -> Result<()> {
        self.ip(&["link", "set", interface, if up { "up" } else { "down" }])?;
        self.wait_running(interface, up)
    }

    /// Gives or takes carrier, as plugging a cable does, and waits until that shows. The
    /// interface stays administratively up.
    ///
    /// # Errors
    /// When the interface does not exist or does not follow.
    pub fn set_carrier(&self, interface: &str, up: bool) -> Result<()> {
        let port = self.port(interface)?;
        self.0.switch.space.command(&[
            "ip",
            "link",
            "set",
            &port,
            if up { "up" } else { "down" },
        ])?;
        self.wait_running(interface, up)
    }

    /// Cuts the link inside the switch: no frame passes in either direction, while both sides
    /// keep their carrier (a partition that nobody can notice by looking at the interface).
    ///
    /// # Errors
    /// When the interface does not exist.
    pub fn set_cut(&self, interface: &str, cut: bool) -> Result<()> {
        let port = self.port(interface)?;
        let state = if cut { "0" } else { "3" };
        self.0
            .switch
            .space
            .command(&["bridge", "link", "set", "dev", &port, "state", state])?;
        Ok(())
    }

    fn port(&self, interface: &str) -> Result<String> {
        let ports = self.0.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let port = ports
            .iter()
            .find(|(name, _)| name == interface)
            .map(|(_, port)| port.clone());
        port.ok_or_else(|| Error::new(format!("{}: no interface {interface}", self.name())))
    }

    /// The kernel tells of carrier changes late (up to a second), so tests wait for the flag.
    fn wait_running(&self, interface: &str, running: bool) -> Result<()> {
        let what = format!(
            "{}: {interface} {}",
            self.name(),
            if running { "running" } else { "not running" }
        );
        wait_until(Duration::from_secs(5), &what, || {
            self.enter(|| address::is_running(interface)).ok().flatten() == Some(running)
        })
    }
}
