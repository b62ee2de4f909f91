//! The tree to the model: keywords in file order, then the checks after the whole file.
//!
//! Messages are those of keepalived 2.2.7; the order of the checks is that of spec
//! vrrp-keywords 18, because the first fatal one ends the run.

mod address;
mod ahead;
mod build;
mod check;
mod draft;
mod evervip;
mod global;
mod group;
mod instance;
mod lvs;
mod object;
mod resolve;
mod routing;
mod script;
mod track;
mod unknown;
mod unsupported;

use std::collections::{HashMap, HashSet};

use evervip_model::{Config, ScriptIndex};

use crate::diagnostic::{Class, Code, Diagnostic, Diagnostics};
use crate::keyword::{self, Block, Keyword, Need, Shape, Status};
use crate::lex::{Token, script_words};
use crate::load::{Mode, Options, Refusal};
use crate::machine::{Files, Host};
use crate::read::{Number, switch};
use crate::source::Span;
use crate::tree::{self, Blocks, Line, Logical, Node};
use draft::{GlobalDraft, GroupDraft, InstanceDraft, ScriptDraft};

/// What lowering makes of a tree.
pub(crate) struct Lowered {
    pub(crate) config: Option<Config>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) has_vrrp: bool,
    pub(crate) has_lvs: bool,
}

/// Lowers a configuration; `visit` gets the nodes of the top level when they have been read.
pub(crate) fn lower(
    lines: Vec<Logical>,
    directives: &[Line],
    files: &dyn Files,
    host: &dyn Host,
    (mode, options): (Mode, &Options),
    diagnostics: &mut Diagnostics,
    visit: &mut dyn FnMut(Node),
) -> Lowered {
    let mut lower = Lower {
        files,
        host,
        mode,
        diagnostics,
        globals: GlobalDraft::default(),
        scripts: Vec::new(),
        instances: Vec::new(),
        groups: Vec::new(),
        script_index: HashMap::new(),
        instance_names: HashSet::new(),
        group_names: HashSet::new(),
        track_group_names: HashSet::new(),
        objects: object::Objects::default(),
        ahead: ahead::Ahead::new(&lines),
        fixtures: routing::FixtureDrafts::default(),
        iproute_names: routing::Names::default(),
        next_preference: (16384, 16384),
        inside_unsupported: false,
        missing_interface: false,
        missing_parameter: false,
        has_vrrp: false,
        lvs: None,
        lvs_reported: false,
        services: Vec::new(),
        server_groups: HashSet::new(),
        mark_groups: HashSet::new(),
        default_user_reported: false,
        fallback_user_reported: false,
        virtual_interfaces: HashMap::new(),
        lvs_sync_interface: None,
        owner: String::new(),
        script_names: Vec::new(),
        script_places: Vec::new(),
    };
    lower
        .globals
        .model
        .snmp
        .socket
        .clone_from(&options.snmp_socket);
    lower.directives(directives);
    // Wherever they stand, as in the original's parent process.
    for node in tree::blocks_named("global_defs", &lines) {
        lower.keywords(node.nodes(), Block::Global, Lower::global_keyword);
    }
    let mut blocks = Blocks::new(&lines);
    while let Some(node) = blocks.next(lower.diagnostics) {
        lower.keywords(std::slice::from_ref(&node), Block::Top, Lower::top_keyword);
        visit(node);
    }
    drop(lines);
    lower.finish()
}

struct Lower<'a> {
    files: &'a dyn Files,
    host: &'a dyn Host,
    mode: Mode,
    diagnostics: &'a mut Diagnostics,
    globals: GlobalDraft,
    scripts: Vec<ScriptDraft>,
    instances: Vec<InstanceDraft>,
    groups: Vec<GroupDraft>,
    /// The first script of each name.
    script_index: HashMap<String, usize>,
    instance_names: HashSet<String>,
    group_names: HashSet<String>,
    track_group_names: HashSet<String>,
    /// Files, processes and the like that instances track.
    objects: object::Objects,
    /// What is defined below.
    ahead: ahead::Ahead,
    /// Static entries.
    fixtures: routing::FixtureDrafts,
    /// Names of the machine's iproute2.
    iproute_names: routing::Names,
    /// What the next rules without preference get: IPv4, IPv6.
    next_preference: (u32, u32),
    /// Inside a block that has been reported as not supported.
    inside_unsupported: bool,
    /// Some interface that must exist does not.
    missing_interface: bool,
    /// Some keyword lacks its parameter.
    missing_parameter: bool,
    has_vrrp: bool,
    /// The first LVS block.
    lvs: Option<Span>,
    /// It has been said that LVS is not run.
    lvs_reported: bool,
    /// The virtual servers, for the checks after the whole file.
    services: Vec<lvs::Service>,
    /// Virtual server groups that have entries.
    server_groups: HashSet<String>,
    /// Those of them that have marks alone.
    mark_groups: HashSet<String>,
    default_user_reported: bool,
    fallback_user_reported: bool,
    /// Instances by the name of the virtual MAC or ipvlan interface that they want.
    virtual_interfaces: HashMap<String, String>,
    /// The first `lvs_sync_daemon_interface`.
    lvs_sync_interface: Option<String>,
    /// The instance being read.
    owner: String,
    /// Names of the scripts by their index in the drafts.
    script_names: Vec<String>,
    /// Where those scripts stand in the model.
    script_places: Vec<Option<ScriptIndex>>,
}

impl Lower<'_> {
    fn top_keyword(&mut self, node: &Node) {
        self.ahead.reached(node);
        match node.keyword().text.as_str() {
            "vrrp_script" => self.script(node),
            "vrrp_sync_group" => self.sync_group(node),
            "vrrp_instance" => self.instance(node),
            "track_file" | "vrrp_track_file" => self.track_file(node),
            "vrrp_track_process" => self.track_process(node),
            "bfd_instance" => self.bfd_instance(node),
            "track_group" => self.track_group(node),
            "static_ipaddress" => self.static_addresses(node),
            "static_routes" => self.static_routes(node),
            "static_rules" => self.static_rules(node),
            "garp_group" => self.garp_group(node),
            "interface_up_down_delays" => self.link_delays(node),
            "linkbeat_interfaces" => self.linkbeat(node),
            "virtual_server" => self.virtual_server(node),
            "virtual_server_group" => self.virtual_server_group(node),
            "SSL" => self.ssl(node),
            // The reader has left it because it has no pattern.
            word if word.starts_with("include") => self.unknown_keyword(node, Block::Top),
            // `global_defs` is read already.
            _ => self.single_keyword(node),
        }
    }

    /// Reads the lines of a block: the table decides, `honour` does what is honoured.
    fn keywords(&mut self, nodes: &[Node], block: Block, mut honour: impl FnMut(&mut Self, &Node)) {
        for node in nodes {
            let Some(entry) = node.entry else {
                self.unknown_keyword(node, block);
                continue;
            };
            if entry.need == Need::Fatal && lacks_argument(node, entry) {
                self.missing_parameter_at(node, 2);
                continue;
            }
            self.extra_parameters(node);
            match entry.status {
                Status::Honoured | Status::Accepted => honour(self, node),
                // Read and checked like the others; only nothing acts on it yet.
                Status::NotSupported => {
                    let outside = !self.inside_unsupported;
                    self.inside_unsupported = true;
                    honour(self, node);
                    self.inside_unsupported = !outside;
                    self.not_supported(node);
                }
                Status::Lvs => {
                    self.lvs_keyword(node);
                    honour(self, node);
                }
            }
        }
    }

    /// Words between the keyword of a value block and its brace.
    fn extra_parameters(&mut self, node: &Node) {
        let is_values = node
            .entry
            .is_some_and(|e| e.shape == Shape::Values && e.status != Status::Lvs);
        if let Some(word) = node.args().first().filter(|_| is_values) {
            let text = format!(
                "Block {} has extra parameters {} ...",
                node.keyword().text,
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write the values between the braces".to_owned());
        }
    }

    fn unknown_keyword(&mut self, node: &Node, block: Block) {
        let word = &node.keyword().text;
        let mut diagnostic = Diagnostic::new(
            Code::UnknownKeyword,
            Class::UnknownKeyword,
            format!("Unknown keyword '{word}'"),
        )
        .at(node.span());
        if self.diagnostics.is_full() {
            self.say(diagnostic);
            return;
        }
        diagnostic = diagnostic.help(unknown::help(word, block));
        if node.body.is_some() {
            diagnostic = diagnostic.note("its block is skipped up to the matching '}'");
        }
        self.diagnostics.push(diagnostic);
    }

    /// One report for everything of LVS that the file contains.
    fn lvs_keyword(&mut self, node: &Node) {
        if node.body.is_some() && self.lvs.is_none() {
            self.lvs = Some(node.span());
        }
        if self.lvs_reported {
            return;
        }
        self.lvs_reported = true;
        self.diagnostics.push(
            Diagnostic::new(
                Code::NotSupported,
                Class::Log,
                "virtual servers are not run by this build",
            )
            .at(node.span())
            .help(
                "run them with keepalived -C; all LVS keywords and blocks of the file are skipped",
            ),
        );
    }

    fn missing_parameter_at(&mut self, node: &Node, position: usize) {
        let first = &node.keyword().text;
        let last = node.line.tokens.last().map_or(first, |t| &t.text);
        self.missing_parameter = true;
        let arguments = node.entry.map_or("", |e| e.arguments);
        let mut diagnostic = Diagnostic::new(
            Code::MissingParameter,
            Class::MissingParameter,
            format!(
                "*** Configuration line starting `{first}` is missing a parameter after keyword `{last}` at word position {position}"
            ),
        )
        .at(node.span())
        .error();
        diagnostic = if arguments.is_empty() {
            diagnostic.help("add it, or remove the line")
        } else {
            diagnostic.help(format!("write '{first} {arguments}', or remove the line"))
        };
        self.diagnostics.push(diagnostic);
    }

    // What all readers of keywords use.

    fn complain(&mut self, code: Code, at: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.say(Diagnostic::new(code, Class::General, message).at(at))
    }

    /// A plain log line: no complaint, not shown by `-t`.
    fn log(&mut self, code: Code, at: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.say(Diagnostic::new(code, Class::Log, message).at(at))
    }

    fn say(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.diagnostics.push(diagnostic)
    }

    /// Gives the last diagnostic a better remedy.
    fn amend_last(&mut self, help: String) {
        if let Some(last) = self.diagnostics.last_mut() {
            last.help = Some(help);
        }
    }

    /// Reads a number; the complaint about the word itself is made here.
    fn number(&mut self, token: &Token, number: Number) -> Option<i64> {
        let reading = number.read(&token.text, self.mode);
        if let Some(text) = reading.complaint {
            let used = reading.value.is_some();
            let diagnostic =
                Diagnostic::new(Code::OutOfRange, Class::InvalidNumber, text).at(token.span);
            let said = self.say(diagnostic);
            if used {
                said.help = Some("write the number alone".to_owned());
            }
        }
        reading.value
    }

    /// An optional switch: absent means true; `None` for a word that is none.
    fn optional_switch(node: &Node) -> Option<bool> {
        match node.args().first() {
            None => Some(true),
            Some(word) => switch(&word.text),
        }
    }

    /// Whether an interface that must exist does, or may come later.
    fn interface_usable(&mut self, name: &str) -> bool {
        if self.host.interface(name).is_some() || self.globals.model.dynamic_interfaces {
            return true;
        }
        self.missing_interface = true;
        false
    }

    /// The name that a misspelled one probably means.
    fn closest_name<'n>(
        &self,
        word: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> Option<&'n str> {
        if self.diagnostics.is_full() {
            return None;
        }
        keyword::closest(word, known.take(MOST_SUGGESTIONS))
    }

    /// What to do about an interface that is not there.
    fn interface_help(&self, name: &str) -> String {
        let mut names = self.host.interface_names();
        names.retain(|n| n != "lo");
        names.sort();
        let list = if names.is_empty() {
            "none".to_owned()
        } else if names.len() > LISTED_INTERFACES {
            format!("{} …", names[..LISTED_INTERFACES].join(", "))
        } else {
            names.join(", ")
        };
        let meant = self
            .closest_name(name, names.iter().map(String::as_str))
            .map(|n| format!("did you mean '{n}'? "))
            .unwrap_or_default();
        format!(
            "{meant}this machine has: {list}; 'dynamic_interfaces' in global_defs lets it wait for one"
        )
    }
}

/// Whether a keyword stands alone. A script line whose quotes do not match has a complaint of its own.
fn lacks_argument(node: &Node, entry: &Keyword) -> bool {
    node.args().is_empty()
        && (entry.shape != Shape::Script
            || script_words(node.line.text.bytes()).is_ok_and(|words| words.len() < 2))
}

const LISTED_INTERFACES: usize = 12;

/// Names that are compared with a misspelled one.
const MOST_SUGGESTIONS: usize = 200;
