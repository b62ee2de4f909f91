//! What the daemon will do with a configuration, for people.
//!
//! Everything here is said of the model, so it is what the daemon runs, not what the file looks
//! like. Where this version does less than the file asks for, the explanation says so.

mod deviation;
mod instance;
mod kernel;
mod phrase;
mod schedule;

use evervip_config::print::Names;
use evervip_config::{Code, Diagnostic};
use evervip_model::{Config, SyncGroup};

pub use phrase::milliseconds;

/// Something with a name, and what there is to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// For example `instance VI_1`.
    pub title: String,
    /// In order.
    pub topics: Vec<Topic>,
}

/// One question, and its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// For example `takes over`.
    pub name: &'static str,
    /// Each in one line.
    pub lines: Vec<String>,
}

impl Section {
    fn new(title: String) -> Self {
        Self {
            title,
            topics: Vec::new(),
        }
    }

    /// Adds a topic that has something to say.
    fn add(&mut self, name: &'static str, lines: Vec<String>) {
        if !lines.is_empty() {
            self.topics.push(Topic { name, lines });
        }
    }
}

/// Explains a configuration: instances with what they make of the kernel, sync groups, checks, and what is different from
/// keepalived or left out by this version.
#[must_use]
pub fn explain(config: &Config, said: &[Diagnostic], names: &dyn Names) -> Vec<Section> {
    let instances = config.instances.iter();
    let mut sections: Vec<Section> = instances
        .map(|instance| instance::section(config, instance, names))
        .collect();
    let groups = config.sync_groups.iter();
    sections.extend(groups.map(|group| sync_group(config, group, names)));
    let scripts = config.scripts.iter();
    sections.extend(scripts.map(|script| schedule::check(script, names)));
    sections.push(daemon(config, said, names));
    sections
}

fn sync_group(config: &Config, group: &SyncGroup, names: &dyn Names) -> Section {
    let members = group.members.iter();
    let members: Vec<&str> = members
        .filter_map(|member| config.instances.get(member.0))
        .map(|instance| &*instance.name)
        .collect();
    let mut section = Section::new(format!("sync group {}", group.name));
    section.add("members", vec![phrase::list(&members)]);
    section.add(
        "together",
        vec![
            "a fault of one puts all into FAULT".to_owned(),
            "they become MASTER when none of them hears a MASTER that it follows".to_owned(),
            "when one hears a better MASTER all become BACKUP".to_owned(),
        ],
    );
    section.add(
        "runs",
        schedule::hooks(&group.notify, schedule::GROUP, &group.name, names),
    );
    section
}

fn daemon(config: &Config, said: &[Diagnostic], names: &dyn Names) -> Section {
    let mut section = Section::new("the daemon".to_owned());
    let globals = &config.globals;
    section.add("name", globals.router_id.iter().cloned().collect());
    let mut runs = Vec::new();
    let scripts = &globals.scripts;
    for (when, command) in [
        ("at start", &scripts.startup),
        ("at the end", &scripts.shutdown),
    ] {
        if let Some(command) = command {
            runs.push(format!("{when}: {}", schedule::command(command, names)));
        }
    }
    for fifo in [&globals.fifos.all, &globals.fifos.vrrp] {
        if let Some(fifo) = &fifo.fifo {
            runs.push(format!(
                "writes every change of state to {}",
                fifo.path.display()
            ));
        }
    }
    section.add("runs", runs);
    if !globals.vrrp.startup_delay.is_zero() {
        let delay = milliseconds(globals.vrrp.startup_delay);
        section.add("waits", vec![format!("{delay} before the first election")]);
    }
    section.add("other than keepalived 2.2.7", deviation::touching(config));
    let mut left_out: Vec<String> = said
        .iter()
        .filter(|d| d.code == Code::NotSupported)
        .map(|d| d.message.clone())
        .collect();
    left_out.dedup();
    section.add("left out by this version", left_out);
    section
}
