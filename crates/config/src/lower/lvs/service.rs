//! `virtual_server` and `real_server`, and the checks of services after the whole file.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::draft::CommandDraft;
use crate::lower::resolve::Seen;
use crate::lower::routing::any_base;
use crate::read::{Number, address};
use crate::source::Span;
use crate::tree::Node;

/// How a service is reached.
#[derive(Debug, Clone)]
enum Target {
    Address(IpAddr, u16),
    Mark(String),
    Group(String),
}

/// A real server as far as the checks need it.
#[derive(Debug, Clone, Copy)]
struct Server {
    address: IpAddr,
    port: u16,
    weight: Option<u64>,
}

/// A virtual server as far as the checks need it.
#[derive(Debug)]
pub(in crate::lower) struct Service {
    span: Span,
    target: Target,
    protocol: Option<String>,
    scheduler: Option<String>,
    forwarding: Option<String>,
    has_sorry_server: bool,
    sorry_server: Option<IpAddr>,
    /// `quorum`, default 1.
    quorum: u64,
    hysteresis: u64,
    /// `weight` of servers that name none, default 1.
    weight: u64,
    is_persistent: bool,
    one_packet: bool,
    servers: Vec<Server>,
    pub(super) scripts: Vec<CommandDraft>,
    /// Keywords of hooks that have been given.
    hooks: HashSet<String>,
}

impl Service {
    /// As the original names it.
    fn title(&self, protocol: &str) -> String {
        match &self.target {
            Target::Address(address, port) => format!("[{address}]:{protocol}:{port}"),
            Target::Mark(mark) => format!("FWM {mark}"),
            Target::Group(name) => format!("[{name}]:0"),
        }
    }

    fn server_title(&self, address: IpAddr, port: u16) -> String {
        let protocol = self.protocol.as_deref().unwrap_or("none");
        format!("[{address}]:{protocol}:{port}")
    }
}

impl Lower<'_> {
    pub(in crate::lower) fn virtual_server(&mut self, node: &Node) {
        let Some(target) = self.service_target(node) else {
            return;
        };
        let mut service = Service {
            span: node.span(),
            target,
            protocol: None,
            scheduler: None,
            forwarding: None,
            has_sorry_server: false,
            sorry_server: None,
            quorum: 1,
            hysteresis: 0,
            weight: 1,
            is_persistent: false,
            one_packet: false,
            servers: Vec::new(),
            scripts: Vec::new(),
            hooks: HashSet::new(),
        };
        self.keywords(node.nodes(), Block::VirtualServer, |lower, line| {
            lower.service_keyword(&mut service, line);
        });
        if let (Target::Address(own, _), Some(sorry)) = (&service.target, service.sorry_server) {
            if own.is_ipv4() != sorry.is_ipv4() {
                let text = format!(
                    "Address family of virtual server and sorry server {sorry} don't match - skipping sorry server."
                );
                self.complain(Code::Conflict, node.end(), text).help =
                    Some("use addresses of one family".to_owned());
            }
        }
        self.services.push(service);
    }

    fn service_target(&mut self, node: &Node) -> Option<Target> {
        let (first, second) = (node.args().first()?, node.args().get(1));
        match (first.text.as_str(), second) {
            ("group", Some(name)) => Some(Target::Group(name.text.clone())),
            ("fwmark", Some(mark)) => {
                let number = Number::whole(0, i64::from(u32::MAX));
                if self.number(mark, number).is_some() {
                    return Some(Target::Mark(mark.text.clone()));
                }
                let text = format!(
                    "virtual server fwmark '{}' must be in [0, 4294967295] - ignoring",
                    mark.text
                );
                self.complain(Code::OutOfRange, mark.span, text).help =
                    Some(format!("use a number from {number}"));
                None
            }
            _ => match self.endpoint(first, second) {
                Some((address, port)) => Some(Target::Address(address, port)),
                None => {
                    let text = match second {
                        Some(port) => format!(
                            "Invalid virtual server IP address/port {}/{} - skipping",
                            first.text, port.text
                        ),
                        None => format!(
                            "Invalid virtual server IP address {} - skipping",
                            first.text
                        ),
                    };
                    self.bad_endpoint(first, text);
                    None
                }
            },
        }
    }

    /// An address and a port; without one it is 0.
    fn endpoint(&mut self, word: &Token, port: Option<&Token>) -> Option<(IpAddr, u16)> {
        let port = match port {
            Some(port) => self.number(port, Number::whole(1, 65535))?,
            None => 0,
        };
        address(&word.text).zip(u16::try_from(port).ok())
    }

    fn bad_endpoint(&mut self, word: &Token, text: String) {
        self.complain(Code::InvalidValue, word.span, text).help =
            Some("write an IP address and a port from 1 to 65535".to_owned());
    }

    fn service_keyword(&mut self, service: &mut Service, node: &Node) {
        let name = node.keyword().text.as_str();
        let word = node.args().first();
        let good = self.lvs_value(node, Block::VirtualServer);
        match (name, word) {
            ("real_server", Some(word)) => self.real_server(service, node, word),
            ("lb_algo" | "lvs_sched", Some(word)) if good => {
                service.scheduler = Some(word.text.clone());
            }
            ("quorum", Some(word)) if good => service.quorum = number_of(word),
            ("hysteresis", Some(word)) if good => service.hysteresis = number_of(word),
            ("weight", Some(word)) if good => service.weight = number_of(word),
            ("persistence_granularity", Some(word)) => self.granularity(service, word),
            ("sh-port" | "sh-fallback" | "mh-port" | "mh-fallback" | "hashed", _) => {
                self.scheduler_flag(service, node);
            }
            ("sorry_server_inhibit" | "sorry_server_lvs_method", _)
                if !service.has_sorry_server =>
            {
                let text = if name == "sorry_server_inhibit" {
                    "Ignoring sorry_server inhibit used before or without sorry_server"
                } else {
                    "sorry_server forwarding used without sorry_server"
                };
                self.complain(Code::Conflict, node.span(), text).help =
                    Some("write sorry_server above it".to_owned());
            }
            ("lb_kind" | "lvs_method", Some(word)) if good => {
                service.forwarding = Some(word.text.clone());
                self.tunnel(node, "virtual server");
            }
            ("protocol", Some(word)) if good => {
                service.protocol = Some(word.text.to_ascii_lowercase());
            }
            ("persistence_timeout", _) => service.is_persistent |= good,
            ("ops", _) => service.one_packet = true,
            ("quorum_up" | "quorum_down", _) => {
                let title = service.title(service.protocol.as_deref().unwrap_or("none"));
                let hooks = &mut service.hooks;
                service
                    .scripts
                    .extend(self.service_hook(node, &title, hooks));
            }
            ("sorry_server", Some(word)) => {
                let port = node.args().get(1);
                let found = self.endpoint(word, port);
                service.has_sorry_server = found.is_some();
                match found {
                    None => {
                        let text =
                            format!("Invalid sorry server IP address {} - skipping", word.text);
                        self.bad_endpoint(word, text);
                    }
                    Some((address, _)) => service.sorry_server = Some(address),
                }
            }
            _ => {}
        }
    }

    /// A mask of IPv4 in any of the forms of old, with fewer parts and other bases.
    fn granularity(&mut self, service: &Service, word: &Token) {
        if matches!(service.target, Target::Address(IpAddr::V6(_), _)) {
            return;
        }
        let mut parts = word.text.split('.');
        let good = parts.clone().count() <= 4 && parts.all(|part| any_base(part).is_some());
        if !good {
            let text = format!(
                "Invalid IPv4 persistence_granularity specified - {}",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write a mask such as 255.255.255.0".to_owned());
        }
    }

    /// The command of a hook, unless there is one already.
    fn service_hook(
        &mut self,
        node: &Node,
        title: &str,
        hooks: &mut HashSet<String>,
    ) -> Option<CommandDraft> {
        let name = &node.keyword().text;
        if hooks.insert(name.clone()) {
            return self.script_command(node, name);
        }
        let command = node.args().first().map_or("", |word| word.text.as_str());
        let text = format!("({title}) {name} script already specified - ignoring {command}");
        self.complain(Code::Duplicate, node.span(), text).help =
            Some("keep one; let it run the other".to_owned());
        None
    }

    /// What stands behind the forwarding method.
    fn tunnel(&mut self, node: &Node, what: &str) {
        let mut words = node.args().iter().skip(1);
        while let Some(word) = words.next() {
            let text = match word.text.as_str() {
                "type" => match words.next().map(|w| w.text.as_str()) {
                    Some("ipip" | "gue" | "gre") => continue,
                    Some(other) => format!("Unknown tunnel type {other} for {what}."),
                    None => format!("Missing tunnel type for {what}."),
                },
                "port" => {
                    let _ = words.next();
                    continue;
                }
                "nocsum" | "csum" | "remcsum" => continue,
                other => format!("Invalid tunnel option {other} for {what}."),
            };
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write NAT, DR, or TUN type ipip, gue or gre".to_owned());
            return;
        }
    }

    /// A flag of one scheduler, beside another.
    fn scheduler_flag(&mut self, service: &Service, node: &Node) {
        let flag = &node.keyword().text;
        let wanted = if flag.starts_with("mh-") { "mh" } else { "sh" };
        if service.scheduler.as_deref() != Some(wanted) {
            let text = format!("{flag} only applies to sh scheduler - ignoring");
            self.complain(Code::Conflict, node.span(), text).help =
                Some(format!("write lb_algo {wanted} above it, or remove it"));
        }
    }

    fn real_server(&mut self, service: &mut Service, node: &Node, word: &Token) {
        let port = node.args().get(1);
        let Some((address, port)) = self.endpoint(word, port) else {
            let port = port.map_or("(null)", |p| p.text.as_str());
            let text = format!(
                "Invalid real server ip address/port {}/{port} - skipping",
                word.text
            );
            self.bad_endpoint(word, text);
            return;
        };
        let title = service.server_title(address, port);
        let (mut weight, mut hooks) = (None, HashSet::new());
        self.keywords(node.nodes(), Block::RealServer, |lower, line| {
            let name = line.keyword().text.as_str();
            if matches!(name, "notify_up" | "notify_down") {
                let hook = lower.service_hook(line, &title, &mut hooks);
                service.scripts.extend(hook);
            } else if lower.lvs_value(line, Block::RealServer) && name == "weight" {
                weight = line.args().first().map(number_of);
            } else if name == "lvs_method" {
                lower.tunnel(line, "real server");
            }
            lower.checker(service, &title, line);
        });
        let other_family = match service.target {
            Target::Address(own, _) => own.is_ipv4() != address.is_ipv4(),
            Target::Mark(_) | Target::Group(_) => false,
        };
        if other_family {
            let text = format!(
                "Address family of virtual server and real server {address} don't match - skipping real server."
            );
            self.complain(Code::Conflict, node.end(), text).help =
                Some("use addresses of one family".to_owned());
        } else {
            service.servers.push(Server {
                address,
                port,
                weight,
            });
        }
    }

    /// What the original looks at when the whole file is read.
    pub(in crate::lower) fn check_services(&mut self) {
        let mut seen = Seen::default();
        for mut service in std::mem::take(&mut self.services) {
            let group = match &service.target {
                Target::Group(name) => Some(name),
                Target::Address(..) | Target::Mark(_) => None,
            };
            // Without its group a service is forgotten in silence.
            if group.is_some_and(|name| !self.server_groups.contains(name)) {
                continue;
            }
            if service.servers.is_empty() {
                let title = service.title(service.protocol.as_deref().unwrap_or("none"));
                let text = format!("Virtual server {title} has no real servers - ignoring");
                self.after_service(&service, text, "add a real_server, or remove the block");
                continue;
            }
            self.check_service(&mut service);
            for script in &service.scripts {
                let _outcome = self.resolve(script, &mut seen);
            }
        }
        self.report_script_security(&seen, "check scripts");
    }

    fn check_service(&mut self, service: &mut Service) {
        let is_mark = match &service.target {
            Target::Mark(_) => true,
            Target::Group(name) => self.mark_groups.contains(name),
            Target::Address(..) => false,
        };
        if is_mark && service.protocol.is_some() {
            let text = format!(
                "Warning: Virtual server {}: protocol specified for fwmark - protocol will be ignored",
                service.title("none")
            );
            self.after_service(service, text, "remove the line protocol");
            service.protocol = None;
        } else if !is_mark && service.protocol.is_none() {
            let title = service.title("none");
            let text = format!("Virtual server {title}: no protocol set - defaulting to UDP");
            self.after_service(service, text, "write 'protocol TCP' or 'protocol UDP'");
            service.protocol = Some("udp".to_owned());
        }
        let protocol = service.protocol.clone().unwrap_or_default();
        let title = service.title(&protocol);
        if let Target::Address(_, 0) = service.target {
            if !service.is_persistent {
                let text = format!(
                    "Virtual server {title}: zero port only valid for persistent services - setting"
                );
                self.after_service(service, text, "write the port, or persistence_timeout");
            }
        }
        if service.one_packet && protocol != "udp" && !is_mark {
            let text =
                format!("Virtual server {title}: one packet scheduling requires UDP - resetting");
            self.after_service(service, text, "remove the line ops");
        }
        if service.scheduler.is_none() {
            let text = format!("Virtual server {title}: no scheduler set, setting default 'wlc'");
            self.after_service(service, text, "write 'lb_algo wlc'");
        }
        if service.forwarding.is_none() {
            let text =
                format!("Virtual server {title}: no forwarding method set, setting default NAT");
            self.after_service(service, text, "write 'lb_kind NAT'");
        }
        self.check_servers(service, &title);
        self.check_quorum(service, &title);
    }

    fn check_quorum(&mut self, service: &Service, title: &str) {
        let weights = service
            .servers
            .iter()
            .map(|s| s.weight.unwrap_or(service.weight));
        let total = weights.fold(0_u64, u64::saturating_add);
        let quorum = service.quorum.min(total);
        if quorum < service.quorum {
            let text = format!(
                "Warning - quorum {} for {title} exceeds total weight of real servers {total}, reducing quorum to {total}",
                service.quorum
            );
            self.after_service(service, text, "lower the quorum, or raise weights");
        }
        if service.hysteresis >= quorum {
            // The original's arithmetic is that of 32 bits without sign.
            let next = quorum.wrapping_sub(1) & u64::from(u32::MAX);
            let text = format!(
                "Virtual server {title}: hysteresis {} >= quorum {quorum}; setting hysteresis to {next}",
                service.hysteresis
            );
            self.after_service(service, text, "the hysteresis must be below the quorum");
        }
    }

    fn check_servers(&mut self, service: &Service, title: &str) {
        let rewrites_ports = service.forwarding.as_deref().is_none_or(|f| f == "NAT");
        let mut known = HashSet::new();
        for server in &service.servers {
            let name = service.server_title(server.address, server.port);
            if !known.insert((server.address, server.port)) {
                let text =
                    format!("VS {title}: real server {name} is duplicated - removing second rs");
                self.after_service(service, text, "keep one");
                continue;
            }
            let text = match service.target {
                Target::Mark(_) if server.port != 0 => format!(
                    "WARNING - fwmark virtual server {title}, real server {name} has port specified - clearing"
                ),
                Target::Address(_, port)
                    if !rewrites_ports && server.port != 0 && server.port != port =>
                {
                    format!(
                        "WARNING - virtual server {title} and real server {name} ports don't match - resetting"
                    )
                }
                _ => continue,
            };
            self.after_service(service, text, "use the port of the virtual server");
        }
    }

    fn after_service(&mut self, service: &Service, text: String, help: &str) {
        self.say(
            Diagnostic::new(Code::Suspicious, Class::General, text)
                .label(service.span, "this virtual server")
                .help(help),
        );
    }
}

/// A number that has been found good.
fn number_of(word: &Token) -> u64 {
    word.text.trim_start_matches('+').parse().unwrap_or(0)
}
