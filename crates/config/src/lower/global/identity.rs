//! Identification and mail (spec config-language 11.1).

use std::time::Duration;

use crate::diagnostic::Code;
use crate::load::Mode;
use crate::lower::Lower;
use crate::read::{Number, address};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn identity_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "router_id" => {
                if let Some(name) = self.argument(node, "routerid name missing - ignoring") {
                    self.globals.model.router_id = Some(name.text.clone());
                }
            }
            "notification_email" => self.mail_recipients(node),
            "notification_email_from" => {
                if let Some(from) = self.argument(node, "emailfrom missing - ignoring") {
                    self.globals.model.mail.from = Some(from.text.clone());
                }
            }
            "smtp_server" => self.smtp_server(node),
            "smtp_helo_name" => {
                if let Some(name) = node.args().first() {
                    self.globals.model.mail.helo_name = Some(name.text.clone());
                }
            }
            "smtp_connect_timeout" => self.smtp_connect_timeout(node),
            "smtp_alert" => {
                let alerts = self.named_switch(node);
                let mail = &mut self.globals.model.mail;
                mail.alerts = alerts.or(mail.alerts);
            }
            "smtp_alert_vrrp" => {
                let alerts = self.named_switch(node);
                let mail = &mut self.globals.model.mail;
                mail.vrrp_alerts = alerts.or(mail.vrrp_alerts);
            }
            "no_email_faults" => self.globals.model.mail.no_faults = true,
            _ => return false,
        }
        true
    }

    fn mail_recipients(&mut self, node: &Node) {
        let words = node.nodes().iter().flat_map(|n| &n.line.tokens);
        let recipients: Vec<_> = words.map(|t| t.text.clone()).collect();
        if recipients.is_empty() {
            self.complain(
                Code::Suspicious,
                node.end(),
                "Warning - empty notification_email block",
            )
            .help = Some("write one address per line, or remove the block".to_owned());
        }
        self.globals.model.mail.recipients.extend(recipients);
    }

    /// Names are looked up in a configuration test only: a start must not wait for a name service.
    fn smtp_server(&mut self, node: &Node) {
        let host = node.args()[0].text.clone();
        let port = match node.args().get(1) {
            None => Some(25),
            Some(word) => self
                .number(word, Number::whole(1, 65535).lenient())
                .and_then(|n| u16::try_from(n).ok()),
        };
        let known =
            address(&host).is_some() || self.mode == Mode::Start || self.host.resolves(&host);
        match port {
            Some(port) if known => self.globals.model.mail.server = Some((host, port)),
            _ => {
                let port = node.args().get(1).map_or("25", |t| t.text.as_str());
                let text = format!("Invalid smtp server {host} {port}");
                self.complain(Code::InvalidValue, node.span(), text).help =
                    Some("name a host that has an address, and a port from 1 to 65535".to_owned());
            }
        }
    }

    fn smtp_connect_timeout(&mut self, node: &Node) {
        let word = &node.args()[0];
        let seconds = self.checked_number(word, Number::whole(0, 4294).lenient(), |text| {
            format!("smtp_connect_timeout '{text}' must be in [0, 4294] - ignoring")
        });
        let Some(mut seconds) = seconds else {
            return;
        };
        if seconds == 0 {
            self.complain(
                Code::OutOfRange,
                word.span,
                "smtp_conect_timeout must be greater than 0, setting to 1",
            );
            seconds = 1;
        }
        self.globals.model.mail.connect_timeout = Duration::from_secs(seconds);
    }
}
