//! `bfd_instance` (spec vrrp-keywords 15).

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::BfdInstance;

use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::global::SWITCH_HELP;
use crate::read::{Number, plain_address};
use crate::tree::Node;

/// A block while it is read.
struct Reading {
    bfd: BfdInstance,
    ttl: Option<u8>,
    /// -1 is any loss.
    max_hops: i16,
    /// A malformed neighbour was refused: its absence is no second complaint.
    refused: bool,
    /// `vrrp` and `checker` were given; neither means both.
    vrrp: bool,
    checker: bool,
}

impl Lower<'_> {
    pub(in crate::lower) fn bfd_instance(&mut self, node: &Node) {
        let Some(name) = self.bfd_name(node) else {
            return;
        };
        let mut reading = Reading {
            bfd: BfdInstance::new(name.as_str().into()),
            ttl: None,
            max_hops: 0,
            refused: false,
            vrrp: false,
            checker: false,
        };
        self.keywords(node.nodes(), Block::Bfd, |lower, node| {
            lower.bfd_keyword(&mut reading, node);
        });
        self.finish_bfd(&mut reading, node);
        let bfd = reading.bfd;
        if bfd.vrrp {
            self.objects.bfd_index.insert(name, self.objects.bfd.len());
        }
        self.objects.bfd.push(bfd);
    }

    fn bfd_name(&mut self, node: &Node) -> Option<String> {
        let Some(word) = node.args().first() else {
            let text = "bfd_instance must have a name - skipping";
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write bfd_instance NAME {".to_owned());
            return None;
        };
        let name = word.text.clone();
        let (short, long, help) = if name.len() > LONGEST_NAME {
            (
                format!("BFD name {name} too long"),
                format!("name too long (maximum length is {LONGEST_NAME} characters) - ignoring"),
                "use a shorter name; this block is skipped",
            )
        } else if !self.objects.bfd_names.insert(name.clone()) {
            (
                format!("BFD {name} already specified"),
                "already configured - ignoring".to_owned(),
                "give it another name; this block is skipped",
            )
        } else {
            return Some(name);
        };
        self.complain(Code::Duplicate, word.span, short);
        let text = format!("Configuration error: BFD instance {name} {long}");
        self.complain(Code::Duplicate, word.span, text).help = Some(help.to_owned());
        None
    }

    fn bfd_keyword(&mut self, reading: &mut Reading, node: &Node) {
        match node.keyword().text.as_str() {
            "neighbor_ip" | "neighbour_ip" => self.bfd_neighbor(reading, node),
            "source_ip" => self.bfd_source(reading, node),
            "min_rx" => {
                if let Some(time) = self.bfd_time(reading, node, 1) {
                    reading.bfd.min_rx = time;
                }
            }
            "min_tx" => {
                if let Some(time) = self.bfd_time(reading, node, 1) {
                    reading.bfd.min_tx = time;
                }
            }
            "idle_tx" => {
                if let Some(time) = self.bfd_time(reading, node, 1000) {
                    reading.bfd.idle_tx = time;
                }
            }
            "multiplier" => {
                if let Some(n) = self.bfd_number(reading, node, "multiplier", 1, 255) {
                    reading.bfd.multiplier = u8::try_from(n).unwrap_or(u8::MAX);
                }
            }
            "passive" => reading.bfd.passive = true,
            "ttl" | "hoplimit" => {
                let number = self.bfd_number(reading, node, "ttl/hoplimit", 1, 255);
                reading.ttl = number.and_then(|n| u8::try_from(n).ok()).or(reading.ttl);
            }
            "max_hops" => {
                let number = self.bfd_number(reading, node, "max_hops", -1, 255);
                let number = number.and_then(|n| i16::try_from(n).ok());
                reading.max_hops = number.unwrap_or(reading.max_hops);
            }
            "multihop" => self.bfd_multihop(reading, node),
            "weight" => self.bfd_weight(reading, node),
            "vrrp" => reading.vrrp = true,
            "checker" => reading.checker = true,
            _ => {}
        }
    }

    fn bfd_neighbor(&mut self, reading: &mut Reading, node: &Node) {
        let word = &node.args()[0];
        reading.bfd.neighbor = plain_address(&word.text);
        reading.refused = reading.bfd.neighbor.is_none();
        if reading.refused {
            let name = &reading.bfd.name;
            let text = format!(
                "Configuration error: BFD instance {name} has malformed neighbor address {}, ignoring instance",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write a numeric address".to_owned());
        }
    }

    fn bfd_source(&mut self, reading: &mut Reading, node: &Node) {
        let word = &node.args()[0];
        match plain_address(&word.text) {
            Some(source) => reading.bfd.source = Some(source),
            None => {
                let text = format!(
                    "Configuration error: BFD instance {} has malformed source address {}, ignoring",
                    reading.bfd.name, word.text
                );
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("write a numeric address".to_owned());
            }
        }
    }

    /// Milliseconds with up to three decimals.
    fn bfd_time(&mut self, reading: &Reading, node: &Node, least: i64) -> Option<Duration> {
        let word = &node.args()[0];
        let what = &node.keyword().text;
        let number = self.number(word, Number::millis(least * 1000, 4_294_967_000));
        let micros = number.and_then(|n| u64::try_from(n).ok());
        let name = &reading.bfd.name;
        match micros {
            None => {
                let text = format!(
                    "Configuration error: BFD instance {name} {what} value {} is not valid (must be in range [{least}-4294967]), ignoring",
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
            }
            Some(micros) if micros > MOST_SENSIBLE => {
                let text = format!(
                    "Configuration warning: BFD instance {name} {what} value {} is larger than max sensible (10000)",
                    word.text
                );
                self.log(Code::Suspicious, word.span, text);
            }
            Some(_) => {}
        }
        micros.map(Duration::from_micros)
    }

    fn bfd_number(
        &mut self,
        reading: &Reading,
        node: &Node,
        what: &str,
        min: i64,
        max: i64,
    ) -> Option<i64> {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(min, max));
        if number.is_none() {
            self.bfd_range(reading, word, what, &format!("{min}-{max}"));
        }
        number
    }

    fn bfd_range(&mut self, reading: &Reading, word: &Token, what: &str, range: &str) {
        let text = format!(
            "Configuration error: BFD instance {} {what} value {} not valid (must be in range [{range}]), ignoring",
            reading.bfd.name, word.text
        );
        self.complain(Code::OutOfRange, word.span, text);
    }

    fn bfd_multihop(&mut self, reading: &mut Reading, node: &Node) {
        match Self::optional_switch(node) {
            Some(on) => reading.bfd.multihop = on,
            None => {
                let text = format!(
                    "BFD instance {}: invalid multihop {} specified",
                    reading.bfd.name,
                    node.args()[0].text
                );
                self.complain(Code::InvalidValue, node.span(), text).help =
                    Some(SWITCH_HELP.to_owned());
            }
        }
    }

    fn bfd_weight(&mut self, reading: &mut Reading, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(-253, 253).lenient());
        match number.and_then(|n| i32::try_from(n).ok()) {
            Some(weight) => reading.bfd.weight = weight,
            None => {
                self.bfd_range(reading, word, "weight", "-253-253");
                return;
            }
        }
        match node.args().get(1) {
            None => reading.bfd.reverse = false,
            Some(word) if word.text == "reverse" => reading.bfd.reverse = true,
            Some(word) => {
                let text = format!(
                    "Configuration error: BFD instance {} unknown weight option {}",
                    reading.bfd.name, word.text
                );
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("the one option is 'reverse'".to_owned());
            }
        }
    }

    /// Checks of the whole block; a refused session stays without neighbour.
    fn finish_bfd(&mut self, reading: &mut Reading, node: &Node) {
        let both = !reading.vrrp && !reading.checker;
        reading.bfd.vrrp = reading.vrrp || both;
        reading.bfd.checker = reading.checker || both;
        let neighbor = reading.bfd.neighbor;
        let is_six = matches!(neighbor, Some(IpAddr::V6(_)));
        reading.bfd.ttl = reading.ttl.unwrap_or(if is_six { 64 } else { 255 });
        let ttl = i16::from(reading.bfd.ttl);
        let name = reading.bfd.name.clone();
        if let Some(problem) = self.bfd_refusal(reading) {
            reading.bfd.neighbor = None;
            let text = format!("Configuration error: BFD instance {name} {problem}");
            self.complain(Code::Conflict, node.end(), text);
        } else if reading.max_hops > ttl && neighbor.is_some() {
            reading.max_hops = ttl;
            let text = format!(
                "BFD instance {name}: max_hops exceeds ttl/hoplimit - setting to ttl/hoplimit"
            );
            self.complain(Code::Conflict, node.end(), text);
        }
        reading.bfd.max_hops = u8::try_from(reading.max_hops).ok();
    }

    /// Why a session cannot be.
    fn bfd_refusal(&self, reading: &Reading) -> Option<String> {
        let Some(neighbor) = reading.bfd.neighbor else {
            let text = "has no neighbor address set, disabling instance";
            let said = reading.refused || self.missing_parameter;
            return (!said).then(|| text.to_owned());
        };
        let source = reading.bfd.source;
        if let Some(source) = source.filter(|s| s.is_ipv4() != neighbor.is_ipv4()) {
            return Some(format!(
                "source address {source} and neighbor address {neighbor} are not of the same family, disabling instance"
            ));
        }
        let same = |other: &BfdInstance| {
            let sources_differ = matches!((source, other.source), (Some(a), Some(b)) if a != b);
            other.neighbor == Some(neighbor) && !sources_differ
        };
        if !self.objects.bfd.iter().any(same) {
            return None;
        }
        Some(match source {
            Some(source) => {
                format!(
                    "has duplicate source/neighbor address {source}/{neighbor}, ignoring instance"
                )
            }
            None => format!("has duplicate neighbor address {neighbor}, ignoring instance"),
        })
    }
}

/// Bytes.
const LONGEST_NAME: usize = 31;

/// Microseconds above which the original doubts a time.
const MOST_SENSIBLE: u64 = 10_000_000;
