//! A system bus in a node, with the policy file that the packages ship, and somebody who listens.

use std::{fmt::Write as _, process::Command};

use evervip_lab::{Error, Node, Process, wait_until};
use nix::sys::signal::Signal;

use crate::{cluster::PATIENCE, ensure, verdict::Verdict};

/// The programs of Debian's package `dbus`.
const PROGRAMS: [&str; 3] = ["dbus-daemon", "dbus-send", "dbus-monitor"];
const SOCKET: &str = "/run/dbus/system_bus_socket";
/// Where nobody but the listener finds the bus, until it listens.
const QUIET_SOCKET: &str = "/run/dbus/quiet";
/// The variable that says where the system bus is.
const ADDRESS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const CONFIG: &str = "/run/dbus/bus.conf";
/// As the distributions set up their system bus: what no other policy allows is denied.
const RULES: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/quiet</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  <include>/run/dbus/shipped.conf</include>
</busconfig>
"#;
const SHIPPED: &str = include_str!("../../packaging/dbus/org.keepalived.Vrrp1.conf");
/// The usual bus name.
pub const NAME: &str = "org.keepalived.Vrrp1";

/// The bus of a node.
pub struct SystemBus {
    daemon: Process,
    monitor: Option<Process>,
}

impl SystemBus {
    /// What is missing here for it.
    pub fn missing() -> Option<&'static str> {
        PROGRAMS.into_iter().find(|program| {
            let found = Command::new(program).arg("--version").output();
            // dbus-send knows no such option, but it is there to say so.
            found.is_err()
        })
    }

    /// Starts it, with a listener to everything that is said about keepalived.
    pub fn start(node: &Node) -> Verdict<Self> {
        Self::start_for(node, NAME)
    }

    /// The same with a policy for another bus name.
    pub fn start_for(node: &Node, name: &str) -> Verdict<Self> {
        node.create_dir("/run/dbus")?;
        node.write_file(CONFIG, RULES, 0o644)?;
        let policy = SHIPPED.replace(&format!("\"{NAME}\""), &format!("\"{name}\""));
        node.write_file("/run/dbus/shipped.conf", policy, 0o644)?;
        let _ = node.remove_file(SOCKET);
        let _ = node.remove_file(QUIET_SOCKET);
        let mut command = Command::new("dbus-daemon");
        command.args([
            &format!("--config-file={CONFIG}"),
            "--nofork",
            "--nopidfile",
        ]);
        let daemon = node.spawn("dbus-daemon", command)?;
        let waited = wait_until(PATIENCE, "the bus", || {
            node.metadata(QUIET_SOCKET).is_some()
        });
        waited.map_err(|error| Error::new(format!("{error}; {}", daemon.log().text())))?;
        let mut bus = Self {
            daemon,
            monitor: None,
        };
        // A daemon that waits for the bus might be on it before the listener.
        bus.listen(node)?;
        let moved = node.exec(&["mv", QUIET_SOCKET, SOCKET])?;
        ensure!(moved.status.success(), "{}", moved.stderr);
        Ok(bus)
    }

    fn listen(&mut self, node: &Node) -> Verdict {
        let mut command = Command::new("dbus-monitor");
        command.env(ADDRESS, format!("unix:path={QUIET_SOCKET}"));
        command.args([
            "--system",
            "type='signal',path_namespace='/org/keepalived'",
            "type='method_call',destination='org.freedesktop.DBus',member='RequestName'",
            "type='method_call',destination='org.freedesktop.DBus',member='ReleaseName'",
        ]);
        let monitor = node.spawn("dbus-monitor", command)?;
        // It says who it is before it listens; a call is seen when it does.
        let ready = wait_until(PATIENCE, "dbus-monitor", || {
            let mut command = Command::new("dbus-send");
            command.env(ADDRESS, format!("unix:path={QUIET_SOCKET}"));
            command.args([
                "--system",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.RequestName",
                "string:not.ours",
                "uint32:0",
            ]);
            let _ = node.output(command);
            monitor.log().text().contains("not.ours")
        });
        ready.map_err(|error| Error::new(format!("{error}; {}", monitor.log().text())))?;
        self.monitor = Some(monitor);
        Ok(())
    }

    /// Sends a signal to the bus itself.
    pub fn signal(&self, signal: Signal) -> Verdict {
        self.daemon.signal(signal)
    }

    /// What was heard so far, a line each: `SIGNAL PATH [NUMBER]` below the daemon's root, and
    /// requests for names; without instances in their first state.
    pub fn heard(&self) -> Vec<String> {
        let text = self.monitor.as_ref().map(|monitor| monitor.log().text());
        let mut heard: Vec<String> = Vec::new();
        for line in text.unwrap_or_default().lines() {
            if let Some(member) = after(line, "; member=") {
                let path = after(line, " path=").unwrap_or_default();
                let path = path.split(';').next().unwrap_or_default();
                let path = path.trim_start_matches("/org/keepalived/Vrrp1");
                heard.push(format!("{member} {path}"));
            } else if let (Some(last), Some(value)) = (heard.last_mut(), value(line)) {
                let says_something = !last.starts_with("RequestName") || value != "0";
                if says_something {
                    let _ = write!(last, " {value}");
                }
            }
        }
        // Whether the first state is told depends on who is there first, the bus or the decision.
        heard.retain(|line| !line.ends_with(" 0"));
        // The listener itself asks for a name, is given one, and loses it.
        let own = ["not.ours", "NameAcquired", "NameLost"];
        heard.retain(|line| own.iter().all(|own| !line.contains(own)));
        heard
    }

    /// Waits until exactly this has been heard.
    pub fn wait_heard(&self, wanted: &[&str]) -> Verdict {
        let waited = wait_until(PATIENCE, "signals", || self.heard() == wanted);
        let heard = self.heard();
        ensure!(waited.is_ok(), "heard {heard:#?}, expected {wanted:#?}");
        Ok(())
    }

    /// Waits until this has been heard, whatever else.
    pub fn wait_for(&self, wanted: &str) -> Verdict {
        let waited = wait_until(PATIENCE, wanted, || {
            self.heard().iter().any(|line| line == wanted)
        });
        let heard = self.heard();
        ensure!(waited.is_ok(), "heard {heard:#?}, expected {wanted}");
        Ok(())
    }
}

/// Calls a method; gives the body of the answer, or the error as `NAME: TEXT`.
pub fn call(node: &Node, path: &str, interface: &str, arguments: &[&str]) -> Verdict<String> {
    send(node, NAME, path, interface, arguments)
}

/// The same of any bus name. The method is the first argument.
pub fn send(
    node: &Node,
    name: &str,
    path: &str,
    interface: &str,
    arguments: &[&str],
) -> Verdict<String> {
    let destination = format!("--dest={name}");
    let method = format!("{interface}.{}", arguments.first().unwrap_or(&""));
    let program = [
        "dbus-send",
        "--system",
        "--print-reply",
        "--reply-timeout=10000",
    ];
    let called = [&program[..], &[&destination, path, &method]].concat();
    let mut command = Command::new(called[0]);
    command.args(&called[1..]).args(&arguments[1..]);
    let output = node.output(command)?;
    let body = output.stdout.split_once('\n').map_or("", |(_, body)| body);
    let error = output.stderr.trim().trim_start_matches("Error ");
    Ok(if output.status.success() {
        body.to_owned()
    } else {
        error.to_owned()
    })
}

fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark).map(|(_, rest)| rest)
}

fn value(line: &str) -> Option<&str> {
    let line = line.strip_prefix("   ")?;
    let value = line
        .strip_prefix("uint32 ")
        .or_else(|| line.strip_prefix("string "))?;
    Some(value.trim_matches('"'))
}
