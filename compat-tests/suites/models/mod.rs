//! What a configuration means: the original's own dump (SIGUSR1) of a file beside `evervip dump`
//! of the same file, for every real configuration that the original runs with and for a few of
//! ours that use what those do not.
//!
//! Both are brought to the same form, lines by object (`facts`); what a dump says about the moment
//! (states, timers, descriptors) is left out.

mod facts;
mod ours;
mod routing;
mod theirs;

use std::{
    collections::BTreeSet,
    net::IpAddr,
    process::Command,
    time::{Duration, Instant},
};

use evervip_lab::{Error, Interface, Lab, Node, NodeBuilder, wait_until};
use nix::sys::signal::Signal;

use crate::{
    corpus::{self, Entry},
    ensure,
    plan::{Combo, Plan},
    verdict::Verdict,
};
use facts::Facts;

/// Interfaces that every machine of the collection has.
const INTERFACES: [&str; 7] = ["eth0", "eth1", "eth2", "eth3", "ens192", "ens33", "enp0s3"];
/// Where the configuration is on a machine.
pub const CONFIG: &str = "/tmp/k";
const PATIENCE: Duration = Duration::from_secs(15);

/// Adds one test for each configuration.
pub fn add(plan: &mut Plan) {
    let own = OWN.iter().map(|(name, text)| Entry {
        id: (*name).to_owned(),
        text: text.as_bytes().to_vec(),
        has_vrrp: true,
        runs: true,
        interfaces: BTreeSet::new(),
    });
    let real = corpus::entries().unwrap_or_else(|reason| {
        eprintln!("SKIPPED: models of real configurations: {reason}");
        Vec::new()
    });
    for entry in own.chain(real).filter(|e| e.has_vrrp && e.runs) {
        plan.compare(&format!("models::{}", entry.id), move |combo| {
            compare(combo, &entry)
        });
    }
}

/// Own configurations, for what the collection hardly has.
const OWN: &[(&str, &str)] = &[
    ("pair", include_str!("pair.conf")),
    ("everything", include_str!("everything.conf")),
    ("addresses", include_str!("addresses.conf")),
    ("routes", include_str!("routes.conf")),
];

fn compare(combo: &Combo, entry: &Entry) -> Verdict {
    let text = with_runnable_scripts(&entry.text);
    let lab = Lab::new("models")?;
    let node = node(&lab, combo, entry, &text)?;
    let dump = theirs::dump(&node)?;
    let ours = node.exec(&["/run/ours/evervip", "dump", CONFIG])?;
    ensure!(
        ours.status.success(),
        "evervip dump: {}: {}",
        ours.status,
        ours.stderr
    );
    let mut ours = ours::facts(&ours.stdout)?;
    let mut theirs = theirs::facts(&dump);
    theirs.fill_in_timeouts();
    ours.forget_unknown_states(&theirs);
    ours.forget_decimal_times(&mut theirs);
    // What the original loses where braces do not match, evervip keeps (docs/deviations.md).
    let loses = theirs::complains_about_braces(&node)?;
    let differences = theirs.differences(&ours, !loses);
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

fn node(lab: &Lab, combo: &Combo, entry: &Entry, text: &[u8]) -> Verdict<Node> {
    let evervip = combo.subject.path.with_file_name("evervip");
    let node = machine(lab, "machine", entry, text)
        .bind(&evervip, "/run/ours/evervip")
        .bind(&combo.peer.path, "/run/theirs/keepalived")
        .start()?;
    node.write_file(CONFIG, text, 0o644)?;
    Ok(node)
}

/// A machine that has what the file names (see the collection's README).
pub fn machine<'a>(lab: &'a Lab, name: &str, entry: &Entry, text: &[u8]) -> NodeBuilder<'a> {
    let usual = INTERFACES.iter().map(|name| (*name).to_owned());
    let further = entry.interfaces.iter().cloned();
    let further = further.filter(|name| !INTERFACES.contains(&name.as_str()));
    let first = value_of(text, "interface");
    let mut sources = vec![
        value_of(text, "unicast_src_ip"),
        value_of(text, "mcast_src_ip"),
    ];
    sources.dedup();
    let mut builder = lab.node(name);
    for (at, name) in usual.chain(further).enumerate() {
        // Nobody hears himself by way of another interface.
        let mut interface = Interface::new(&name)
            .segment(&format!("br{at}"))
            .mac(&format!("02:00:00:00:{at:02x}:01"))
            .address(&format!("10.255.{}.1/24", at + 1));
        if first.as_ref() == Some(&name) {
            for source in sources.iter().flatten() {
                if let Ok(address) = source.parse::<IpAddr>() {
                    let bits = if address.is_ipv4() { 24 } else { 64 };
                    interface = interface.address(&format!("{address}/{bits}"));
                }
            }
        }
        builder = builder.interface(interface);
    }
    builder
}

/// The word behind the first line that begins with a keyword.
pub fn value_of(text: &[u8], keyword: &str) -> Option<String> {
    String::from_utf8_lossy(text).lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(keyword)).then(|| words.next().map(str::to_owned))?
    })
}

/// A command that exists in the place of every path of script lines: otherwise both programs drop
/// the scripts, and nothing is compared.
pub fn with_runnable_scripts(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    lines.iter_mut().for_each(crate::mutations::runnable);
    lines.join(&b'\n')
}
