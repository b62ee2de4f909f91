//! Reading the configuration again, and files (spec config-language 11.5).

use evervip_model::{MarkerFile, ReloadCheck};

use super::path;
use crate::diagnostic::Code;
use crate::include::Checks;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn reload_keyword(&mut self, node: &Node) -> bool {
        let first = node.args().first().map(path);
        let reload = &mut self.globals.model.reload;
        match node.keyword().text.as_str() {
            "reload_check_config" => {
                reload.check = first.map_or(ReloadCheck::Quiet, ReloadCheck::LogTo);
            }
            "reload_repeat" => reload.repeat = true,
            "reload_file" => reload.marker = first.map_or(MarkerFile::Default, MarkerFile::At),
            "config_save_dir" => reload.save_directory = first,
            "reload_time_file" => self.reload_time_file(node),
            "tmp_config_directory" => self.temporary_directory(node),
            "random_seed" => self.random_seed(node),
            "include_check" => self.include_check(node),
            _ => return false,
        }
        true
    }

    /// Exactly one word.
    fn reload_time_file(&mut self, node: &Node) {
        if let [word] = node.args() {
            self.globals.model.reload.time_file = Some(path(word));
            return;
        }
        self.complain(Code::InvalidValue, node.span(), "reload_time_file invalid")
            .help = Some("write one path, in quotes when it contains blanks".to_owned());
    }

    fn temporary_directory(&mut self, node: &Node) {
        let missing = "tmp_config_directory missing directory name";
        let Some(word) = self.argument(node, missing) else {
            return;
        };
        if self.globals.model.reload.temporary_directory.is_some() {
            self.complain(
                Code::Duplicate,
                node.span(),
                "tmp_config_directory already specified - ignoring",
            )
            .help = Some("keep one".to_owned());
            return;
        }
        self.globals.model.reload.temporary_directory = Some(path(word));
    }

    fn random_seed(&mut self, node: &Node) {
        let number = Number::whole(0, i64::from(u32::MAX));
        let invalid = |text: &str| format!("random_seed {text} invalid");
        if let Some(seed) = self.checked_number(&node.args()[0], number, invalid) {
            self.globals.model.reload.random_seed = Some(seed);
        }
    }

    /// What the words mean for the includes behind them is the line reader's business.
    fn include_check(&mut self, node: &Node) {
        for (at, word) in node.args().iter().enumerate() {
            let name = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
            let signed = name.len() < word.text.len();
            let (text, help) = if at > 0 && !signed {
                (
                    format!("Duplicate include_check '{name}' specified - ignoring"),
                    format!("write +{name} to add it"),
                )
            } else if Checks::named(name).is_none() {
                let meant = self.closest_name(name, INCLUDE_CHECKS.iter().copied());
                let help = meant.map_or_else(
                    || format!("use {}", INCLUDE_CHECKS.join(", ")),
                    |meant| format!("did you mean '{meant}'?"),
                );
                (
                    format!("Unknown include_check type '{name}' - ignoring"),
                    help,
                )
            } else {
                continue;
            };
            self.complain(Code::InvalidValue, word.span, text).help = Some(help);
        }
    }
}

const INCLUDE_CHECKS: &[&str] = &["read", "match", "wildcard_match", "brace_match"];
