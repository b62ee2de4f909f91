//! Checkers of a real server.

use super::Service;
use crate::diagnostic::Code;
use crate::keyword::{Block, Shape};
use crate::lower::Lower;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn checker(&mut self, service: &mut Service, server: &str, node: &Node) {
        let Some(Shape::Keywords(block)) = node.entry.map(|e| e.shape) else {
            return;
        };
        let (mut found, mut path) = (false, None::<String>);
        self.keywords(node.nodes(), block, |lower, line| {
            match (block, line.keyword().text.as_str()) {
                (Block::HttpCheck, "url") => found |= lower.url(line),
                (Block::SmtpCheck, "host") => {
                    lower.keywords(line.nodes(), Block::TcpCheck, |lower, line| {
                        lower.lvs_value(line, Block::TcpCheck);
                    });
                }
                (Block::MiscCheck, "user") => found |= !lower.misc_user(path.as_deref(), line),
                (Block::MiscCheck, "misc_path") => {
                    found |= !line.args().is_empty();
                    path = line.args().first().map(|w| w.text.clone());
                    service
                        .scripts
                        .extend(lower.script_command(line, "misc_path"));
                }
                (Block::FileCheck, "track_file") => found |= lower.checked_file(line),
                (Block::BfdCheck, "name") => {
                    found = true;
                    lower.checked_session(server, line);
                }
                (Block::FileCheck, "weight") if line.args().is_empty() => {
                    lower.complain(
                        Code::MissingParameter,
                        line.span(),
                        "track file weight missing",
                    );
                }
                (Block::UdpCheck, "payload") => lower.hex_payload(line),
                (Block::UdpCheck, "require_reply") => {
                    lower.hex_string(line, true, "reply");
                }
                (Block::HttpCheck, "http_protocol") if line.args().is_empty() => {
                    let text = "Missing http_protocol version";
                    lower
                        .complain(Code::MissingParameter, line.span(), text)
                        .help = Some("write http_protocol 1.1".to_owned());
                }
                (_, "nb_get_retry") => {
                    lower.old_retry(line);
                    lower.lvs_value(line, block);
                }
                _ => {
                    lower.lvs_value(line, block);
                }
            }
        });
        let text = match block {
            Block::HttpCheck => "HTTP/SSL_GET checker has no urls specified - ignoring".to_owned(),
            Block::MiscCheck => {
                "No script path has been specified for MISC_CHECKER - skipping".to_owned()
            }
            Block::BfdCheck => {
                format!("({server}) No name has been specified for BFD_CHECKER - skipping")
            }
            Block::FileCheck => "FILE_CHECK has no track_file specified - ignoring".to_owned(),
            _ => return,
        };
        if !found && !self.missing_parameter {
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("add what is missing, or remove the block".to_owned());
        }
    }

    fn hex_payload(&mut self, node: &Node) {
        if node.args().is_empty() {
            let text = "UDP_CHECK payload requires a payload";
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write pairs of hexadecimal digits".to_owned());
        } else {
            self.hex_string(node, false, "payload");
        }
    }

    /// Hexadecimal digits; `x` stands for any digit of a reply.
    fn hex_string(&mut self, node: &Node, wildcards: bool, what: &str) {
        let is_digit =
            |c: char| c.is_ascii_hexdigit() || wildcards && matches!(c, 'x' | 'X') || c == ' ';
        if !node
            .args()
            .iter()
            .all(|word| word.text.chars().all(is_digit))
        {
            let text = format!("Invalid hex string for UDP_CHECK {what}");
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some("write pairs of hexadecimal digits".to_owned());
        }
    }

    /// Whether the file is defined above.
    fn checked_file(&mut self, node: &Node) -> bool {
        let Some(word) = node.args().first() else {
            return false;
        };
        let known = self.is_track_file(&word.text);
        if !known {
            let text = format!("track_file {} not found", word.text);
            self.complain(Code::UnknownName, word.span, text).help =
                Some("define it above with track_file".to_owned());
        }
        known
    }

    fn checked_session(&mut self, server: &str, node: &Node) {
        let text = match node.args() {
            [word] if self.is_bfd_instance(&word.text) => return,
            [word] => format!("({server}) BFD_CHECK - BFD {} not configured", word.text),
            _ => {
                format!("({server}) BFD_CHECK - No or too many names specified - skipping checker")
            }
        };
        self.complain(Code::UnknownName, node.span(), text).help =
            Some("name a bfd_instance that is defined above".to_owned());
    }

    /// Whether the user is good; the original forgets the script otherwise.
    fn misc_user(&mut self, path: Option<&str>, node: &Node) -> bool {
        let script = path.map_or_else(String::new, |p| format!("'{p}'"));
        let text = match node.args() {
            [] => format!("No user specified for misc checker script {script}"),
            [user, rest @ ..] => {
                if self.runner(user, rest.first()).is_some() {
                    return true;
                }
                format!("Failed to set uid/gid for misc checker script {script} - removing")
            }
        };
        self.complain(Code::UnknownUser, node.span(), text).help =
            Some("name a user and a group of this machine".to_owned());
        false
    }

    /// Whether the page can be asked for.
    fn url(&mut self, node: &Node) -> bool {
        let mut has_path = false;
        self.keywords(node.nodes(), Block::Url, |lower, line| {
            match line.keyword().text.as_str() {
                "path" => has_path = true,
                "digest" => lower.digest(line),
                "status_code" => lower.status_codes(line),
                _ => {
                    lower.lvs_value(line, Block::Url);
                }
            }
        });
        if !has_path && !self.missing_parameter {
            let text = "HTTP/SSL_GET checker url has no path - ignoring";
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("write 'path /'".to_owned());
        }
        has_path
    }

    fn digest(&mut self, node: &Node) {
        let word = &node.args()[0];
        let length = word.bytes().len();
        if length != MD5_LENGTH {
            let text = format!(
                "digest '{}' character length should be {MD5_LENGTH} rather than {length}",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write the MD5 sum of the page".to_owned());
        }
    }

    fn status_codes(&mut self, node: &Node) {
        for word in node.args() {
            let (first, last) = word
                .text
                .split_once('-')
                .unwrap_or((&word.text, &word.text));
            let code = |text: &str| {
                let digits = text.bytes().all(|b| b.is_ascii_digit());
                let code = text.parse::<u32>().ok().filter(|_| digits);
                code.filter(|c| (100..600).contains(c))
            };
            let good = code(first).zip(code(last)).is_some_and(|(a, b)| a <= b);
            if !good {
                let text = format!("Invalid HTTP_GET status code '{}'", word.text);
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("use numbers from 100 to 599, or ranges of them".to_owned());
            }
        }
    }
}

const MD5_LENGTH: usize = 32;
