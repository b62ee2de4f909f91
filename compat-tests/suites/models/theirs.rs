//! The original's dump.

use super::*;

/// Starts the original, asks it for a dump and stops it.
pub(super) fn dump(node: &Node) -> Verdict<String> {
    const FILE: &str = "/tmp/keepalived.data";
    let mut command = Command::new("/run/theirs/keepalived");
    command.args(["-n", "-l", "-D", "-P", "-f", CONFIG]);
    command.args(["-p", "/run/pid", "-r", "/run/vrrp"]);
    let daemon = node.spawn("keepalived", command)?;
    daemon.log().wait_for("Startup complete", PATIENCE)?;
    // The dump is written when the signal is handled, which may come before the end of the start.
    let deadline = Instant::now() + PATIENCE;
    loop {
        daemon.signal(Signal::SIGUSR1)?;
        let whole = || {
            node.read_file(FILE)
                .is_ok_and(|text| text.contains("------< Interfaces >------"))
        };
        if wait_until(Duration::from_millis(500), "a dump", whole).is_ok() {
            break;
        }
        if Instant::now() > deadline {
            return Err(Error::new("the original writes no dump"));
        }
    }
    let text = node.read_file(FILE)?;
    daemon.kill_tree();
    Ok(text)
}

/// Whether the original finds that braces do not match.
pub(super) fn complains_about_braces(node: &Node) -> Verdict<bool> {
    let said = node.exec(&[
        "timeout",
        "20",
        "/run/theirs/keepalived",
        "-t",
        "-f",
        CONFIG,
    ])?;
    let words = ["missing '}'s", "Extra '}'", "Unexpected '{'", "Missing '{'"];
    Ok(words.iter().any(|word| said.stderr.contains(word)))
}

/// Lines of an instance that say something about its configuration.
const INSTANCE: [&str; 27] = [
    "VRRP Version = ",
    "Sync group = ",
    "Wantstate = ",
    "Interface = ",
    "VRRP interface tracking disabled",
    "Gratuitous ARP delay = ",
    "Gratuitous ARP repeat = ",
    "Gratuitous ARP refresh = ",
    "Gratuitous ARP refresh repeat = ",
    "Gratuitous ARP lower priority delay = ",
    "Gratuitous ARP lower priority repeat = ",
    "Down timer adverts = ",
    "Send advert after receive lower priority advert = ",
    "Send advert after receive higher priority advert = ",
    "Virtual Router ID = ",
    "Priority = ",
    "Advert interval = ",
    "Preempt = ",
    "Preempt delay = ",
    "Authentication type = ",
    "Unicast TTL = ",
    "Check unicast src : ",
    "Multicast address ",
    "Master state transition script = ",
    "Backup state transition script = ",
    "Fault state transition script = ",
    "Stop state transition script = ",
];

const LATER: [&str; 2] = [
    "Generic state transition script = ",
    "Master rx lower pri script = ",
];

const SCRIPT: [&str; 7] = [
    "Command = ",
    "Interval = ",
    "Timeout = ",
    "Weight = ",
    "Rise = ",
    "Fall = ",
    "Script uid:gid = ",
];

/// Lists whose entries are facts, with the name under which they are compared.
const LISTS: [(&str, &str); 7] = [
    ("Virtual Routes", "route"),
    ("Virtual Rules", "rule"),
    ("Virtual IP (", "address"),
    ("Virtual IP Excluded", "excluded"),
    ("Unicast Peer", "peer"),
    ("Tracking instances", "tracked by"),
    ("VRRP member instances", "member"),
];

/// Reads a dump.
pub(super) fn facts(dump: &str) -> Facts {
    let mut facts = Facts::default();
    let (mut section, mut object, mut list) = ("", String::new(), "");
    for line in dump.lines() {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        if let Some(title) = text.strip_prefix("------< ") {
            section = title.trim_end_matches(" >------");
            object.clear();
            continue;
        }
        let object_sections = ["VRRP Topology", "VRRP Sync groups", "VRRP Scripts"];
        if !object_sections.contains(&section) {
            continue;
        }
        match depth {
            0 | 1 => {
                list = "";
                object = text.split(", ").next().unwrap_or_default().to_owned();
                facts.object(&object);
            }
            2..=4 => {
                list = LISTS
                    .iter()
                    .find_map(|(title, name)| text.starts_with(title).then_some(*name))
                    .unwrap_or_default();
                if let Some(fact) = field(text) {
                    facts.object(&object).push(fact);
                }
            }
            _ if list == "route" || list == "rule" => {
                let words = text.split_whitespace();
                facts.object(&object).push(facts::words(list, words));
            }
            _ if !list.is_empty() => {
                let entry = without_virtual_interface(text.trim_end_matches(" set"));
                facts.object(&object).push(format!("{list} {entry}"));
            }
            _ => {}
        }
    }
    facts
}

/// A field that is compared.
fn field(text: &str) -> Option<String> {
    let known = INSTANCE
        .iter()
        .chain(&LATER)
        .chain(&SCRIPT)
        .any(|start| text.starts_with(start));
    if text.starts_with("Using src_ip") {
        let source = text.strip_suffix(" (from configuration)")?;
        return Some(source.to_owned());
    }
    // What version 2 has anyhow; a state that may have changed already.
    if text == "Authentication type = none"
        || (text.starts_with("Wantstate") && text != "Wantstate = MASTER")
    {
        return None;
    }
    if let Some((_, base)) = text.split_once(", vmac on ") {
        let base = base.split(',').next().unwrap_or_default();
        return Some(format!("Interface = {base}, vmac"));
    }
    // The interface number is of the machine.
    let text = text.split(", ifindex").next().unwrap_or_default();
    known.then(|| text.to_owned())
}

/// `dev NAME@BASE` without the name, which is the program's choice.
fn without_virtual_interface(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('@') {
        Some((_, base)) => base,
        None => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
