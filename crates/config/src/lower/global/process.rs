//! Processes: names, priorities, limits (spec config-language 11.2).

use std::time::Duration;

use evervip_model::Process;

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn process_keyword(&mut self, node: &Node) -> bool {
        let name = node.keyword().text.as_str();
        match name {
            "process_names" => self.globals.model.processes.own_names = true,
            "process_name" => {
                self.globals.model.processes.parent_name = Some(self.process_name(node));
            }
            "max_auto_priority" => self.max_auto_priority(node),
            "min_auto_priority_delay" => self.min_auto_priority_delay(node),
            "umask" => self.umask(node),
            _ => {
                return name
                    .split_once('_')
                    .filter(|(who, _)| ["vrrp", "bfd", "checker", "lvs"].contains(who))
                    .is_some_and(|(who, setting)| self.process_setting(node, who, setting));
            }
        }
        true
    }

    /// `who` is `vrrp`, `bfd`, `checker` or, long ago, `lvs`.
    fn process_setting(&mut self, node: &Node, who: &str, setting: &str) -> bool {
        let processes = &mut self.globals.model.processes;
        let mut process = match who {
            "vrrp" => std::mem::take(&mut processes.vrrp),
            "bfd" => std::mem::take(&mut processes.bfd),
            _ => std::mem::take(&mut self.globals.checkers.process),
        };
        let known = self.set_process(&mut process, node, who, setting);
        let processes = &mut self.globals.model.processes;
        match who {
            "vrrp" => processes.vrrp = process,
            "bfd" => processes.bfd = process,
            _ => self.globals.checkers.process = process,
        }
        known
    }

    fn set_process(
        &mut self,
        process: &mut Process,
        node: &Node,
        who: &str,
        setting: &str,
    ) -> bool {
        match setting {
            "process_name" => process.name = Some(self.process_name(node)),
            "priority" => self.nice(process, node, who),
            "rt_priority" => self.realtime_priority(process, node, who),
            "rlimit_rttime" => self.realtime_limit(process, node, who),
            "rlimit_rtime" => {
                let text = format!(
                    "Keyword '{who}_rlimit_rtime' is deprecated - please use '{who}_rlimit_rttime'"
                );
                self.log(Code::Deprecated, node.span(), text);
                self.realtime_limit(process, node, who);
            }
            "no_swap" => process.no_swap = true,
            "cpu_affinity" => self.processors(process, node, who),
            _ => return false,
        }
        true
    }

    /// The kernel keeps 15 bytes of a name.
    fn process_name(&mut self, node: &Node) -> String {
        if node.keyword().text == "lvs_process_name" {
            let text = "'lvs_process_name' is deprecated - please use 'checker_process_name'";
            self.log(Code::Deprecated, node.span(), text);
        }
        let word = &node.args()[0];
        if word.text.len() <= LONGEST_NAME {
            return word.text.clone();
        }
        let text = format!(
            "Process name {} more than 15 characters, truncating",
            word.text
        );
        self.complain(Code::OutOfRange, word.span, text).help =
            Some("use at most 15 bytes".to_owned());
        let mut end = LONGEST_NAME;
        while !word.text.is_char_boundary(end) {
            end -= 1;
        }
        word.text[..end].to_owned()
    }

    fn nice(&mut self, process: &mut Process, node: &Node, who: &str) {
        let missing = format!("No {who} process priority specified");
        let Some(word) = self.argument(node, &missing) else {
            return;
        };
        let number = Number::whole(-20, 19).lenient();
        let invalid = |_: &str| format!("Invalid {who} process priority specified");
        if let Some(nice) = self.checked_number(word, number, invalid) {
            process.nice = nice;
        }
    }

    fn realtime_priority(&mut self, process: &mut Process, node: &Node, who: &str) {
        let what = format!("{who} process real-time priority");
        let Some(word) = self.argument(node, &format!("No {what} specified")) else {
            return;
        };
        let any = Number::whole(i64::from(i32::MIN), i64::from(i32::MAX)).lenient();
        let invalid = |text: &str| format!("{what} '{text}' invalid");
        let Some(asked) = self.checked_number::<i64>(word, any, invalid) else {
            return;
        };
        let text = if asked < 1 {
            format!("{what} {asked} less than minimum 1 - setting to minimum")
        } else if asked > 99 {
            format!("{what} {asked} greater than maximum 99 - setting to maximum")
        } else {
            String::new()
        };
        if !text.is_empty() {
            self.complain(Code::OutOfRange, word.span, text).help =
                Some("use a number from 1 to 99".to_owned());
        }
        process.realtime = u8::try_from(asked.clamp(1, 99)).ok();
    }

    fn realtime_limit(&mut self, process: &mut Process, node: &Node, who: &str) {
        let number = Number::whole(1, i64::from(u32::MAX)).lenient();
        let invalid = |text: &str| format!("Invalid {who} real-time limit - {text}");
        if let Some(micros) = self.checked_number::<u64>(&node.args()[0], number, invalid) {
            // Half of it is the soft limit, which must not be 0.
            process.realtime_limit = Duration::from_micros(micros.max(2));
        }
    }

    /// One wrong number clears the set.
    fn processors(&mut self, process: &mut Process, node: &Node, who: &str) {
        let missing = format!("No {who} cpu_id set specified");
        if self.argument(node, &missing).is_none() {
            return;
        }
        process.processors.clear();
        let last = i64::from(self.host.processors().max(1)) - 1;
        for word in node.args() {
            let number = Number::whole(0, last).signed().lenient();
            let invalid = |text: &str| {
                let id: i64 = text.parse().unwrap_or(0);
                format!("Invalid cpu_id:{id} specified for {who} process")
            };
            let Some(id) = self.checked_number(word, number, invalid) else {
                process.processors.clear();
                return;
            };
            process.processors.push(id);
        }
        process.processors.sort_unstable();
        process.processors.dedup();
    }

    fn max_auto_priority(&mut self, node: &Node) {
        let Some(word) = node.args().first() else {
            self.globals.model.processes.max_auto_priority = 99;
            return;
        };
        let number = Number::whole(-1, 99).lenient();
        let invalid = |text: &str| {
            format!("max_auto_priority '{text}' must be in [0, 99] (or -1 to disable) - ignoring")
        };
        if let Some(bound) = self.checked_number(word, number, invalid) {
            self.globals.model.processes.max_auto_priority = bound;
        }
    }

    fn min_auto_priority_delay(&mut self, node: &Node) {
        let Some(word) = self.argument(node, "min_auto_priority_delay requires delay time") else {
            return;
        };
        let number = Number::whole(1, 10_000_000).signed().lenient();
        let invalid = |text: &str| {
            format!("min_auto_priority_delay '{text}' must be in [1, 10000000] - ignoring")
        };
        if let Some(micros) = self.checked_number(word, number, invalid) {
            self.globals.model.processes.min_auto_priority_delay = Duration::from_micros(micros);
        }
    }

    fn umask(&mut self, node: &Node) {
        match umask(node.args()) {
            Ok(mask) => self.globals.model.processes.umask = mask,
            Err(text) => {
                self.complain(Code::InvalidValue, node.span(), text).help = Some(
                    "write one number up to 0777, or IRUSR, IWUSR, IXUSR, IRGRP, …, IXOTH joined by |"
                        .to_owned(),
                );
            }
        }
    }
}

/// A number (decimal, 0 octal, 0x hexadecimal) or names of permissions joined by `|`.
fn umask(words: &[Token]) -> Result<u16, String> {
    let first = words.first().map_or("", |w| w.text.as_str());
    if !first.starts_with(|c: char| c.is_ascii_digit()) {
        return permissions(words);
    }
    let number = if let Some(hex) = first.strip_prefix("0x") {
        u16::from_str_radix(hex, 16)
    } else if first.len() > 1 && first.starts_with('0') {
        u16::from_str_radix(&first[1..], 8)
    } else {
        first.parse()
    };
    match number {
        Ok(_) if words.len() > 1 => Err("Extra parameter(s) to umask option".to_owned()),
        Ok(mask) if mask <= 0o777 => Ok(mask),
        _ => Err(format!("invalid umask value {first}")),
    }
}

/// Names and bars alternate; words may end anywhere between them.
fn permissions(words: &[Token]) -> Result<u16, String> {
    let mut mask = 0;
    let mut wants_name = true;
    for word in words {
        let mut rest = word.text.as_str();
        while !rest.is_empty() {
            if !wants_name {
                rest = rest
                    .strip_prefix('|')
                    .ok_or_else(|| format!("Invalid umask syntax {rest}"))?;
                wants_name = true;
                continue;
            }
            let (name, bits) = PERMISSIONS
                .iter()
                .find(|(name, _)| rest.starts_with(name))
                .ok_or_else(|| format!("Unknown umask bit {rest}"))?;
            let behind = &rest[name.len()..];
            if !behind.is_empty() && !behind.starts_with('|') {
                return Err(format!("Invalid umask syntax {rest}"));
            }
            mask |= bits;
            rest = behind;
            wants_name = false;
        }
    }
    if wants_name {
        return Err("umask missing bit value".to_owned());
    }
    Ok(mask)
}

const PERMISSIONS: &[(&str, u16)] = &[
    ("IRUSR", 0o400),
    ("IWUSR", 0o200),
    ("IXUSR", 0o100),
    ("IRGRP", 0o040),
    ("IWGRP", 0o020),
    ("IXGRP", 0o010),
    ("IROTH", 0o004),
    ("IWOTH", 0o002),
    ("IXOTH", 0o001),
];

const LONGEST_NAME: usize = 15;
