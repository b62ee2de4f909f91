//! Entries of `track_file`, `track_process` and `track_bfd` (spec vrrp-keywords 14.3 to 14.5).

use evervip_model::{
    BfdIndex, FileIndex, ProcessIndex, TrackedBfd, TrackedFile, TrackedProcess, Weight,
};

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::ahead::defined_below;
use crate::lower::draft::Trackers;
use crate::read::Number;
use crate::tree::Node;

/// How a sort of tracker is spoken of, and what its weights may be.
struct Kind {
    /// As in `track file`.
    name: &'static str,
    /// As in `track_file`.
    keyword: &'static str,
    /// Block that defines what is tracked.
    definition: &'static str,
    /// Begins the complaint about a word that is not `weight`; `{}` is the tracked name.
    option: fn(&str) -> String,
    /// The same for a word behind the number.
    weight_option: fn(&str) -> String,
    /// Whether such a word costs the entry.
    drops: bool,
    /// Greatest weight, either way.
    most: i64,
}

const FILE: Kind = Kind {
    name: "track file",
    keyword: "track_file",
    definition: "track_file",
    option: |_| "unknown track file option".to_owned(),
    weight_option: |name| format!("unknown track file {name} weight option"),
    drops: true,
    most: 254,
};

const PROCESS: Kind = Kind {
    name: "track process",
    keyword: "track_process",
    definition: "vrrp_track_process",
    option: |_| "unknown track process option".to_owned(),
    weight_option: |name| format!("unknown track_process {name} weight option"),
    drops: false,
    most: 254,
};

const BFD: Kind = Kind {
    name: "track bfd",
    keyword: "track_bfd",
    definition: "bfd_instance",
    option: |name| format!("unknown track bfd {name} option"),
    weight_option: |name| format!("unknown track bfd {name} weight option"),
    drops: true,
    most: 253,
};

/// An entry as written.
struct Entry {
    index: usize,
    weight: Weight,
    reverse: bool,
}

impl Lower<'_> {
    pub(in crate::lower) fn track_files(
        &mut self,
        trackers: &mut Trackers,
        owner: &str,
        node: &Node,
    ) {
        for entry in node.nodes() {
            let found = self.objects.file_index.get(&entry.keyword().text).copied();
            let seen = |at| trackers.files.iter().any(|t| t.file.0 == at);
            let Some(at) = self.tracked(&FILE, owner, entry, found, seen) else {
                continue;
            };
            let file = &self.objects.files[at];
            let default = (file.weight, file.reverse);
            if let Some(entry) = self.tracked_weight(&FILE, owner, entry, at, default) {
                trackers.files.push(TrackedFile {
                    file: FileIndex(entry.index),
                    weight: entry.weight,
                    reverse: entry.reverse,
                });
            }
        }
    }

    pub(in crate::lower) fn track_processes(
        &mut self,
        trackers: &mut Trackers,
        owner: &str,
        node: &Node,
    ) {
        for entry in node.nodes() {
            let name = &entry.keyword().text;
            let found = self.objects.process_index.get(name).copied();
            let seen = |at| trackers.processes.iter().any(|t| t.process.0 == at);
            let Some(at) = self.tracked(&PROCESS, owner, entry, found, seen) else {
                continue;
            };
            let process = &self.objects.processes[at];
            let default = (process.weight, process.reverse);
            if let Some(entry) = self.tracked_weight(&PROCESS, owner, entry, at, default) {
                trackers.processes.push(TrackedProcess {
                    process: ProcessIndex(entry.index),
                    weight: entry.weight,
                    reverse: entry.reverse,
                });
            }
        }
    }

    pub(in crate::lower) fn track_bfd(
        &mut self,
        trackers: &mut Trackers,
        owner: &str,
        node: &Node,
    ) {
        for entry in node.nodes() {
            let found = self.objects.bfd_index.get(&entry.keyword().text).copied();
            let seen = |at| trackers.bfd.iter().any(|t| t.bfd.0 == at);
            let Some(at) = self.tracked(&BFD, owner, entry, found, seen) else {
                continue;
            };
            let bfd = &self.objects.bfd[at];
            let default = (bfd.weight, bfd.reverse);
            if let Some(entry) = self.tracked_weight(&BFD, owner, entry, at, default) {
                trackers.bfd.push(TrackedBfd {
                    bfd: BfdIndex(entry.index),
                    weight: entry.weight,
                    reverse: entry.reverse,
                });
            }
        }
    }

    /// What an entry names, unless it does not exist or is tracked already.
    fn tracked(
        &mut self,
        kind: &Kind,
        owner: &str,
        entry: &Node,
        found: Option<usize>,
        seen: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let name = entry.keyword();
        let Some(at) = found else {
            let text = format!(
                "({owner}) {} {} not found, ignoring...",
                kind.name, name.text
            );
            let objects = &self.objects;
            let known = match kind.keyword {
                "track_file" => &objects.file_index,
                "track_process" => &objects.process_index,
                _ => &objects.bfd_index,
            };
            let known = known.keys().map(String::as_str);
            let (help, below) = self.unknown_tracked(kind.definition, &name.text, known);
            let said = self.complain(Code::UnknownName, name.span, text);
            said.help = Some(help);
            said.labels.extend(below.map(defined_below));
            return None;
        };
        if seen(at) {
            let text = format!(
                "({owner}) duplicate {} {} - ignoring",
                kind.keyword, name.text
            );
            self.complain(Code::Duplicate, name.span, text).help = Some("keep one".to_owned());
            return None;
        }
        Some(at)
    }

    /// `[weight N [reverse|noreverse]]`; `None` drops the entry.
    fn tracked_weight(
        &mut self,
        kind: &Kind,
        owner: &str,
        entry: &Node,
        index: usize,
        default: (Weight, bool),
    ) -> Option<Entry> {
        let name = &entry.keyword().text;
        let mut tracked = Entry {
            index,
            weight: default.0,
            reverse: default.1,
        };
        let Some(option) = entry.args().first() else {
            return Some(tracked);
        };
        if option.text != "weight" {
            let text = format!(
                "({owner}) {} {} - ignoring",
                (kind.option)(name),
                option.text
            );
            self.complain(Code::UnknownKeyword, option.span, text).help =
                Some("write 'weight N'; the entry is dropped".to_owned());
            return None;
        }
        let Some(value) = entry.args().get(1) else {
            let text = format!(
                "({owner}) weight without value specified for {} {name} - ignoring",
                kind.name
            );
            self.complain(Code::MissingParameter, option.span, text)
                .help = Some("write 'weight N'; the entry is dropped".to_owned());
            return None;
        };
        if let Some(weight) = self.tracked_number(kind, owner, name, value) {
            tracked.weight = weight;
        }
        match entry.args().get(2) {
            None => {}
            Some(word) if word.text == "reverse" => tracked.reverse = true,
            Some(word) if word.text == "noreverse" => tracked.reverse = false,
            Some(word) => {
                let text = format!(
                    "({owner}) {} {} - ignoring",
                    (kind.weight_option)(name),
                    word.text
                );
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("write reverse or noreverse".to_owned());
                return (!kind.drops).then_some(tracked);
            }
        }
        Some(tracked)
    }

    fn tracked_number(
        &mut self,
        kind: &Kind,
        owner: &str,
        name: &str,
        value: &Token,
    ) -> Option<Weight> {
        let most = kind.most;
        let number = self.number(value, Number::whole(-most, most).lenient());
        let weight = number.and_then(|n| Weight::try_from(n).ok());
        if weight.is_none() {
            let text = format!(
                "({owner}) weight for {} {name} must be in [-{most}..{most}] inclusive. Ignoring...",
                kind.name
            );
            self.complain(Code::OutOfRange, value.span, text);
        }
        weight
    }
}
