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
        let mut found = false;
        self.keywords(node.nodes(), block, |lower, line| {
            match (block, line.keyword().text.as_str()) {
                (Block::HttpCheck, "url") => found |= lower.url(line),
                (Block::SmtpCheck, "host") => {
                    lower.keywords(line.nodes(), Block::TcpCheck, |lower, line| {
                        lower.lvs_value(line, Block::TcpCheck);
                    });
                }
                (Block::MiscCheck, "misc_path") => {
                    found |= !line.args().is_empty();
                    service
                        .scripts
                        .extend(lower.script_command(line, "misc_path"));
                }
                (Block::FileCheck, "track_file") | (Block::BfdCheck, "name") => {
                    found |= !line.args().is_empty();
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
        if !found {
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("add what is missing, or remove the block".to_owned());
        }
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
        if !has_path {
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
