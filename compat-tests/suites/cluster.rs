//! Two nodes (or one) with a daemon each, and questions that most scenarios ask.

use std::{
    net::IpAddr,
    process::Command,
    time::{Duration, SystemTime},
};

use evervip_lab::{
    AddressWatch, Advert, Capture, Error, Interface, Lab, Log, Node, Process, wait_until,
};
use nix::sys::signal::Signal;

use crate::{
    conf::{CHECK_FAILS, CHECK_SCRIPT, Conf, INTERFACE, Mode, NODES, VRID},
    ensure,
    plan::Combo,
    program::Program,
    verdict::Verdict,
};

/// Patience for anything that has no bound of its own: far above what an idle machine needs.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Added to upper bounds of the protocol's times: the machine may be busy with other cases.
pub const SLACK: Duration = Duration::from_millis(800);
/// Adverts at the beginning and at the end of a failure message.
const STORY_ADVERTS: usize = 30;
/// Where the program under test appears in each node: argv is the same for both sides.
pub const PROGRAM: &str = "/run/bin/keepalived";
/// Configuration file in each node.
pub const CONFIG: &str = "/etc/keepalived/keepalived.conf";
/// Pid files in each node.
pub const PID_FILE: &str = "/run/keepalived.pid";
pub const VRRP_PID_FILE: &str = "/run/vrrp.pid";
/// Pid file of the BFD process, where there is one.
pub const BFD_PID_FILE: &str = "/run/bfd.pid";

/// The usual foreground command line.
pub const FOREGROUND: [&str; 10] = [
    "-n",
    "-l",
    "-D",
    "-P",
    "-f",
    CONFIG,
    "-p",
    PID_FILE,
    "-r",
    VRRP_PID_FILE,
];

/// A node and what runs on it.
#[derive(Debug)]
pub struct Member {
    pub node: Node,
    pub program: Program,
    pub addresses: AddressWatch,
    daemon: Option<Process>,
}

/// The members, the network between them and what passed on it.
#[derive(Debug)]
pub struct Cluster {
    pub members: Vec<Member>,
    pub capture: Capture,
    /// Last: it is removed after everything that lives in it.
    pub lab: Lab,
}

/// Runs a scenario on two nodes; a failure comes with logs and packets.
pub fn with_pair(combo: &Combo, scenario: impl FnOnce(&mut Cluster) -> Verdict) -> Verdict {
    let mut cluster = Cluster::new(&[&combo.subject, &combo.peer])?;
    scenario(&mut cluster).map_err(|error| Error::new(format!("{error}\n{}", cluster.story())))
}

/// Runs a scenario on one node (and two without daemon, so that unicast finds its peers).
pub fn with_single(program: &Program, scenario: impl FnOnce(&mut Cluster) -> Verdict) -> Verdict {
    let mut cluster = Cluster::new(&[program; 3])?;
    scenario(&mut cluster).map_err(|error| Error::new(format!("{error}\n{}", cluster.story())))
}

impl Cluster {
    fn new(programs: &[&Program]) -> Verdict<Self> {
        let lab = Lab::new("compat")?;
        let capture = lab.capture()?;
        let members = programs
            .iter()
            .enumerate()
            .map(|(index, program)| Member::new(&lab, index, program));
        Ok(Self {
            members: members.collect::<Verdict<_>>()?,
            capture,
            lab,
        })
    }

    /// Writes the configuration of a member and starts its daemon.
    pub fn start(&mut self, conf: &Conf) -> Verdict {
        if conf.mode.ipv6 {
            self.acquaint(conf.mode)?;
        }
        self.members[conf.node].start(&conf.text())
    }

    /// Waits until everybody can be reached over IPv6, and tells everybody where the others are: an
    /// advert that waits for neighbour discovery would come late, and several in a wrong order.
    fn acquaint(&self, mode: Mode) -> Verdict {
        for member in &self.members {
            member.wait_for_address_of_link()?;
        }
        for member in &self.members {
            for (index, other) in self.members.iter().enumerate() {
                if member.node.name() == other.node.name() {
                    continue;
                }
                let (address, mac) = (mode.own(index).to_string(), mac_text(index));
                let known = ["neigh", "replace", &address, "lladdr", &mac];
                member
                    .node
                    .ip(&[&known[..], &["dev", INTERFACE, "nud", "permanent"]].concat())?;
            }
        }
        Ok(())
    }

    /// Starts both daemons and waits until the first one owns the address and the second has
    /// heard of it.
    pub fn start_settled(&mut self, first: &Conf, second: &Conf) -> Verdict {
        self.start(first)?;
        self.start(second)?;
        self.log(1).wait_for("Entering BACKUP STATE", PATIENCE)?;
        self.settle(0, first.mode.vip())
    }

    /// Waits until the member alone owns the address and has advertised twice since without any
    /// other sender.
    pub fn settle(&self, member: usize, address: IpAddr) -> Verdict {
        self.lab
            .wait_owner(address, self.members[member].node.name(), PATIENCE)?;
        for _ in 0..5 {
            let mark = self.capture.mark();
            let adverts = self
                .capture
                .wait_adverts(mark, 2, PATIENCE, |advert| advert.vrid == VRID)?;
            if adverts
                .iter()
                .all(|advert| advert.source_mac == mac(member) && advert.priority > 0)
            {
                return Ok(());
            }
        }
        Err(Error::new(format!(
            "member {member} is not the only one that advertises"
        )))
    }

    /// The log of a member that has been started.
    pub fn log(&self, member: usize) -> &Log {
        self.daemon(member).log()
    }

    /// The daemon of a member that has been started.
    pub fn daemon(&self, member: usize) -> &Process {
        self.members[member]
            .daemon
            .as_ref()
            .expect("the scenario has started this member")
    }

    /// Writes another configuration, sends SIGHUP and waits until the daemon says that it is done.
    pub fn reload(&self, member: usize, configuration: &str) -> Verdict {
        let node = &self.members[member].node;
        node.write_file(CONFIG, configuration, 0o644)?;
        let mark = self.log(member).mark();
        self.daemon(member).signal(Signal::SIGHUP)?;
        self.log(member)
            .wait_after(mark, "Reload complete", PATIENCE)
            .map(drop)
    }

    /// Waits until a file of a member consists of exactly these lines.
    pub fn wait_lines(&self, member: usize, path: &str, wanted: &[&str]) -> Verdict {
        let text = || {
            self.members[member]
                .node
                .read_file(path)
                .unwrap_or_default()
        };
        let wanted = wanted.join("\n") + "\n";
        let waited = wait_until(PATIENCE, path, || text() == wanted);
        ensure!(waited.is_ok(), "{path}:\n{}\nexpected:\n{wanted}", text());
        Ok(())
    }

    /// Stops the daemon with SIGTERM and waits for a clean end.
    pub fn stop(&mut self, member: usize) -> Verdict {
        self.daemon(member).signal(Signal::SIGTERM)?;
        let status = self.daemon(member).wait(PATIENCE)?;
        ensure!(status.code() == Some(0), "SIGTERM: ended with {status}");
        Ok(())
    }

    /// Exactly this member must have the address, now.
    pub fn owned_by(&self, member: usize, address: IpAddr) -> Verdict {
        let (owners, wanted) = (self.lab.owners(address), self.members[member].node.name());
        ensure!(
            owners == [wanted],
            "owners of {address}: {owners:?}, expected only {wanted}"
        );
        Ok(())
    }

    /// Marks of the capture and of the logs of the first two members.
    pub fn marks(&self) -> (usize, [usize; 2]) {
        let logs = [0, 1].map(|member| self.log(member).mark());
        (self.capture.mark(), logs)
    }

    /// Marks of the capture and of the log of a member.
    pub fn marks_of(&self, member: usize) -> (usize, usize) {
        (self.capture.mark(), self.log(member).mark())
    }

    /// These members have not changed their states since the marks of their logs.
    pub fn unmoved(&self, members: &[usize], logs: &[usize]) -> Verdict {
        for (member, mark) in members.iter().zip(logs) {
            let text = self.log(*member).text_after(*mark);
            ensure!(
                !text.contains("Entering "),
                "member {member} has changed its state:\n{text}"
            );
        }
        Ok(())
    }

    /// Adverts of one member after a mark, told by its hardware address: the IP address may be
    /// forged by somebody else.
    pub fn adverts(&self, member: usize, mark: usize) -> Vec<Advert> {
        let adverts = self.capture.adverts_after(mark);
        adverts
            .into_iter()
            .filter(|advert| advert.source_mac == mac(member))
            .collect()
    }

    /// Waits for a member's first advert after a mark with a priority above 0.
    pub fn wait_advert(&self, member: usize, mark: usize) -> Verdict<Advert> {
        self.capture.wait_advert(mark, PATIENCE, |a| {
            a.source_mac == mac(member) && a.priority > 0
        })
    }

    /// Waits for a member's resignation (priority 0) after a mark.
    pub fn wait_resignation(&self, member: usize, mark: usize) -> Verdict<Advert> {
        self.capture.wait_advert(mark, PATIENCE, |a| {
            a.source_mac == mac(member) && a.priority == 0
        })
    }

    /// Number of a member's priority-0 adverts after a mark.
    pub fn resignations(&self, member: usize, mark: usize) -> usize {
        self.adverts(member, mark)
            .iter()
            .filter(|advert| advert.priority == 0)
            .count()
    }

    /// Logs and adverts, for the reader of a failure.
    fn story(&self) -> String {
        let mut story = String::new();
        for (index, member) in self.members.iter().enumerate() {
            let log = member
                .daemon
                .as_ref()
                .map(|daemon| daemon.log().lines())
                .unwrap_or_default();
            story += &format!(
                "--- log of {index} ({}, {}):\n",
                member.node.name(),
                member.program.side
            );
            let lines = log
                .iter()
                .filter(|line| !line.text.contains("gratuitous ARP"));
            story.extend(lines.map(|line| format!("{} {}\n", clock(line.at), line.text)));
        }
        let adverts = self.capture.adverts_after(0);
        story += &format!("--- adverts ({}, the middle left out):\n", adverts.len());
        let tail = adverts.len().saturating_sub(STORY_ADVERTS);
        for (number, a) in adverts.iter().enumerate() {
            if (STORY_ADVERTS..tail).contains(&number) {
                continue;
            }
            story += &format!(
                "{} {} > {} v{} vrid {} prio {}\n",
                clock(a.at),
                a.source,
                a.destination,
                a.version,
                a.vrid,
                a.priority
            );
        }
        story
    }
}

impl Member {
    fn new(lab: &Lab, index: usize, program: &Program) -> Verdict<Self> {
        let name = ["a", "b", "c"][index];
        let interface = Interface::new(INTERFACE)
            .mac(&mac_text(index))
            .address(&format!("{}/24", NODES[index]));
        let check = format!("#!/bin/sh\n[ ! -e {CHECK_FAILS} ]\n");
        let node = lab
            .node(name)
            .interface(interface)
            .dir("/etc/keepalived")
            .file(CHECK_SCRIPT, check, 0o755)
            .bind(&program.path, PROGRAM)
            .start()?;
        let addresses = node.watch_addresses()?;
        Ok(Self {
            node,
            program: program.clone(),
            addresses,
            daemon: None,
        })
    }

    /// Puts another program into the place of the one under test; for a member that does not run.
    pub fn exchange(&mut self, program: &Program) -> Verdict {
        self.node.bind(&program.path, PROGRAM)?;
        self.program = program.clone();
        Ok(())
    }

    /// Writes the configuration and starts the daemon in the foreground. One that ran before is
    /// killed.
    pub fn start(&mut self, configuration: &str) -> Verdict {
        self.node.write_file(CONFIG, configuration, 0o644)?;
        self.start_with(&FOREGROUND)
    }

    /// Starts the daemon with the given arguments.
    pub fn start_with(&mut self, arguments: &[&str]) -> Verdict {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        self.start_by(command)
    }

    /// Starts the daemon by a command that becomes it.
    pub fn start_by(&mut self, command: Command) -> Verdict {
        if let Some(before) = self.daemon.take() {
            before.kill_tree();
            before.wait_until_reaped()?;
        }
        self.daemon = Some(self.node.spawn("keepalived", command)?);
        Ok(())
    }

    /// Kills the processes of the daemon, none of which sees the death of another. What they
    /// have changed in the kernel is left behind; their pid files are not, since they may name a
    /// process that nobody has waited for.
    pub fn crash(&mut self) -> Verdict {
        let kill = format!(
            "kill -STOP $(cat {PID_FILE}); kill -KILL $(cat {VRRP_PID_FILE}); kill -KILL $(cat {PID_FILE})"
        );
        self.node.exec(&["sh", "-c", &kill])?;
        self.node.kill_all();
        for file in [PID_FILE, VRRP_PID_FILE, BFD_PID_FILE] {
            let _ = self.node.remove_file(file);
        }
        Ok(())
    }

    /// Duplicate address detection takes about a second.
    pub fn wait_for_address_of_link(&self) -> Verdict {
        wait_until(PATIENCE, "usable address of the link", || {
            let list = |state: &str| {
                let arguments = [
                    "-6", "addr", "show", "dev", INTERFACE, "scope", "link", state,
                ];
                self.node.ip(&arguments).unwrap_or_default()
            };
            list("permanent").contains("fe80::") && list("tentative").is_empty()
        })
    }

    /// Makes the check script fail or succeed.
    pub fn set_check(&self, succeeds: bool) -> Verdict {
        if succeeds {
            self.node.remove_file(CHECK_FAILS)
        } else {
            self.node.write_file(CHECK_FAILS, "", 0o644)
        }
    }
}

/// Hardware address of a member.
pub fn mac(member: usize) -> [u8; 6] {
    [2, 0, 0, 0, 0, u8::try_from(member + 1).unwrap_or(0)]
}

fn mac_text(member: usize) -> String {
    format!("02:00:00:00:00:{:02x}", member + 1)
}

/// Time from one moment to a later one; zero when they are the other way round.
pub fn elapsed(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}

/// The time must lie within bounds of the protocol: not before `from` (less one twentieth, as
/// the daemon's clock reads before ours), not after `to` plus [`SLACK`].
pub fn within(what: &str, time: Duration, from: Duration, to: Duration) -> Verdict {
    ensure!(
        time >= from * 19 / 20,
        "{what}: after {time:?}, too early: expected at least {from:?}"
    );
    ensure!(
        time <= to + SLACK,
        "{what}: after {time:?}, too late: expected at most {to:?} + {SLACK:?}"
    );
    Ok(())
}

/// Like [`within`] for a time that begins with a log line. We may have read that late, so the time
/// may seem too short by as much as anything may seem too long.
pub fn since_log(what: &str, time: Duration, expected: Duration) -> Verdict {
    within(what, time, expected.saturating_sub(SLACK), expected)
}

fn clock(at: SystemTime) -> String {
    let time = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{:03}.{:06}", time.as_secs() % 1000, time.subsec_micros())
}
