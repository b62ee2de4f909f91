//! `vrrp_track_process` (spec vrrp-keywords 13).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{ParameterMatch, TrackProcess};

use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(in crate::lower) fn track_process(&mut self, node: &Node) {
        let Some(name) = node.args().first() else {
            return;
        };
        let mut process = TrackProcess::new(Arc::from(name.text.as_str()), OsString::new());
        self.keywords(node.nodes(), Block::TrackProcess, |lower, node| {
            lower.process_line(&mut process, node);
        });
        if process.process.is_empty() {
            // A `process` without name has been complained about, and ends everything.
            if self.missing_parameter {
                return;
            }
            let text = format!("track process '{}' process name not specified", name.text);
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("write process NAME into the block".to_owned());
            return;
        }
        let processes = &mut self.objects.processes;
        self.objects
            .process_index
            .entry(name.text.clone())
            .or_insert(processes.len());
        processes.push(process);
    }

    fn process_line(&mut self, process: &mut TrackProcess, node: &Node) {
        match node.keyword().text.as_str() {
            "process" => self.process_words(process, node),
            "param_match" => self.process_match(process, node),
            "full_command" => process.full_command = true,
            "weight" => self.process_weight(process, node),
            "quorum" => self.process_quorum(process, node),
            "quorum_max" => self.process_quorum_max(process, node),
            "terminate_delay" => {
                if let Some(delay) = self.process_delay(process, node) {
                    process.terminate_delay = delay;
                }
            }
            "fork_delay" => {
                if let Some(delay) = self.process_delay(process, node) {
                    process.fork_delay = delay;
                }
            }
            _ => {
                if let Some(delay) = self.process_delay(process, node) {
                    process.terminate_delay = delay;
                    process.fork_delay = delay;
                }
            }
        }
    }

    fn process_words(&mut self, process: &mut TrackProcess, node: &Node) {
        if !process.process.is_empty() {
            let first = &node.args()[0];
            let text = format!(
                "Process already set for track process {} - ignoring {}",
                process.name, first.text
            );
            self.complain(Code::Duplicate, first.span, text).help =
                Some("make a vrrp_track_process of its own for the other process".to_owned());
            return;
        }
        let mut words = node
            .args()
            .iter()
            .map(|word| OsString::from_vec(word.bytes().to_vec()));
        process.process = words.next().unwrap_or_default();
        process.parameters = words.collect();
        if !process.parameters.is_empty() {
            process.full_command = true;
            if process.parameter_match == ParameterMatch::Ignored {
                process.parameter_match = ParameterMatch::Exact;
            }
        }
    }

    fn process_match(&mut self, process: &mut TrackProcess, node: &Node) {
        process.parameter_match = match node.args().first() {
            None => ParameterMatch::Exact,
            Some(word) => match word.text.as_str() {
                "initial" => ParameterMatch::Initial,
                "partial" => ParameterMatch::Partial,
                other => {
                    let text = format!("Invalid param_match type {other} - ignoring");
                    let help = match self.closest_name(other, ["initial", "partial"].into_iter()) {
                        Some(better) => format!("did you mean '{better}'?"),
                        None => "write initial, partial, or nothing for all words".to_owned(),
                    };
                    self.complain(Code::InvalidValue, word.span, text).help = Some(help);
                    return;
                }
            },
        };
        process.full_command = true;
    }

    fn process_weight(&mut self, process: &mut TrackProcess, node: &Node) {
        let name = process.name.clone();
        let Some(word) = node.args().first() else {
            let text = format!("No weight specified for track process {name} - ignoring");
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write weight N".to_owned());
            return;
        };
        if process.weight != 0 {
            let text = format!(
                "Weight already set for track process {name} - ignoring {}",
                word.text
            );
            self.complain(Code::Duplicate, word.span, text).help = Some("keep one".to_owned());
            return;
        }
        let number = self.number(word, Number::whole(-254, 254).lenient());
        match number.and_then(|n| i32::try_from(n).ok()) {
            Some(weight) => process.weight = weight,
            None => self.process_range(process, word, "Weight", "[-254..254]"),
        }
        match node.args().get(1) {
            None => {}
            Some(word) if word.text == "reverse" => process.reverse = true,
            Some(word) => {
                let text = format!(
                    "vrrp_track_process {name} unknown weight option {}",
                    word.text
                );
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("the one option is 'reverse'".to_owned());
            }
        }
    }

    fn process_quorum(&mut self, process: &mut TrackProcess, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, 65535).lenient());
        match number.and_then(|n| u32::try_from(n).ok()) {
            None => self.process_range(process, word, "Quorum", "[1..65535]"),
            Some(n) if process.quorum_max.is_some_and(|max| n > max) => {
                let text = "Quorum is greater than quorum_max - ignoring";
                self.complain(Code::Conflict, word.span, text);
            }
            Some(n) => process.quorum = n,
        }
    }

    fn process_quorum_max(&mut self, process: &mut TrackProcess, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(0, 65535).lenient());
        match number.and_then(|n| u32::try_from(n).ok()) {
            None => self.process_range(process, word, "quorum_max", "[0..65535]"),
            // "None may run" is the one case without a least number.
            Some(0) if process.quorum <= 1 => {
                process.quorum = 0;
                process.quorum_max = Some(0);
            }
            Some(n) if n < process.quorum => {
                let text = "quorum_max is less than quorum - ignoring";
                self.complain(Code::Conflict, word.span, text);
            }
            Some(n) => process.quorum_max = Some(n),
        }
    }

    fn process_delay(&mut self, process: &TrackProcess, node: &Node) -> Option<Duration> {
        let word = &node.args()[0];
        let number = self.number(word, Number::micros(1, 3_600_000_000).lenient());
        let micros = number.and_then(|n| u64::try_from(n).ok());
        if micros.is_none() {
            self.process_range(process, word, &node.keyword().text, "[0.000001..3600]");
        }
        micros.map(Duration::from_micros)
    }

    fn process_range(
        &mut self,
        process: &TrackProcess,
        word: &crate::lex::Token,
        what: &str,
        range: &str,
    ) {
        let text = format!(
            "{what} ({}) for vrrp_track_process {} must be between {range} inclusive. Ignoring...",
            word.text, process.name
        );
        self.complain(Code::OutOfRange, word.span, text);
    }
}
