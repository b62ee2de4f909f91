//! `static_ipaddress`, `static_routes`, `static_rules` (spec vrrp-keywords 17).

use std::collections::HashMap;

use evervip_model::{Config, Fixture, Route, Rule, TrackGroupIndex, VirtualAddress};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lex::Token;
use crate::lower::Lower;
use crate::tree::Node;

/// An entry with the name of its track group.
type Named<T> = (T, Option<String>);

/// All entries read so far.
#[derive(Default)]
pub(in crate::lower) struct FixtureDrafts {
    addresses: Vec<Named<VirtualAddress>>,
    routes: Vec<Named<Route>>,
    rules: Vec<Named<Rule>>,
}

impl Lower<'_> {
    pub(in crate::lower) fn static_addresses(&mut self, node: &Node) {
        self.has_vrrp = true;
        for entry in node.nodes() {
            let Some((mut address, group)) = self.static_address(&entry.line.tokens) else {
                continue;
            };
            if address.dev.is_none() {
                address.dev = self.default_interface(entry).map(String::into_boxed_str);
                if address.dev.is_none() {
                    continue;
                }
            }
            self.fixtures.addresses.push((address, group));
        }
    }

    /// The interface of an address that names none.
    fn default_interface(&mut self, entry: &Node) -> Option<String> {
        let settings = &self.globals.model.vrrp;
        let name = settings.default_interface.as_deref().unwrap_or("eth0");
        let name = name.to_owned();
        if self.interface_usable(&name) {
            return Some(name);
        }
        let word = entry.keyword();
        let text = format!(
            "Static address {} requires either an interface or default interface must exist",
            word.text
        );
        self.say(
            Diagnostic::new(Code::MissingInterface, Class::Fatal, text)
                .at(word.span)
                .help(format!(
                    "write dev IFNAME, or default_interface in global_defs: there is no '{name}'"
                )),
        );
        None
    }

    pub(in crate::lower) fn static_routes(&mut self, node: &Node) {
        self.has_vrrp = true;
        for entry in node.nodes() {
            if let Ok(reading) = self.route_entry(entry, true) {
                let named = (reading.route, reading.track_group);
                self.fixtures.routes.push(named);
            }
        }
    }

    pub(in crate::lower) fn static_rules(&mut self, node: &Node) {
        self.has_vrrp = true;
        for entry in node.nodes() {
            if let Ok(reading) = self.rule_entry(entry, true) {
                let named = (reading.rule, reading.track_group);
                self.fixtures.rules.push(named);
            }
        }
    }

    /// The name of a track group that is defined above.
    pub(in crate::lower) fn known_track_group(&mut self, word: &Token) -> Option<String> {
        if self.track_group_names.contains(&word.text) {
            return Some(word.text.clone());
        }
        let text = format!("track_group {} not found", word.text);
        let known = self.track_group_names.iter().map(String::as_str);
        let help = match self.closest_name(&word.text, known) {
            Some(better) => format!("did you mean '{better}'?"),
            None => "define it above with track_group; the entry is kept without".to_owned(),
        };
        self.complain(Code::UnknownName, word.span, text).help = Some(help);
        None
    }

    /// Puts them into the model; the track groups are there already.
    pub(in crate::lower) fn place_fixtures(&mut self, config: &mut Config) {
        let groups: HashMap<&str, TrackGroupIndex> = config
            .track_groups
            .iter()
            .enumerate()
            .map(|(at, group)| (&*group.name, TrackGroupIndex(at)))
            .collect();
        let drafts = std::mem::take(&mut self.fixtures);
        config.fixtures.addresses = placed(drafts.addresses, &groups);
        config.fixtures.routes = placed(drafts.routes, &groups);
        config.fixtures.rules = placed(drafts.rules, &groups);
    }
}

fn placed<T>(drafts: Vec<Named<T>>, groups: &HashMap<&str, TrackGroupIndex>) -> Vec<Fixture<T>> {
    let place = |(entry, group): Named<T>| Fixture {
        entry,
        track_group: group.and_then(|name| groups.get(name.as_str()).copied()),
    };
    drafts.into_iter().map(place).collect()
}
