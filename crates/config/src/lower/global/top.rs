//! Single keywords of the top level (spec config-language 10).

use std::time::Duration;

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(in crate::lower) fn single_keyword(&mut self, node: &Node) {
        let daemon = &mut self.globals.model.daemon;
        match node.keyword().text.as_str() {
            "namespace_with_ipsets" => daemon.namespace_with_ipsets = true,
            "use_pid_dir" => daemon.use_pid_dir = true,
            "linkbeat_use_polling" => daemon.linkbeat_polling = true,
            "instance" => {
                let old = daemon.instance.take();
                self.globals.model.daemon.instance = self.name_once(node, old, Class::General);
            }
            "net_namespace" => {
                let old = daemon.net_namespace.take();
                // The original does not count the second one.
                self.globals.model.daemon.net_namespace = self.name_once(node, old, Class::Notice);
            }
            "net_namespace_ipvs" => {
                if node.args().is_empty() {
                    return;
                }
                let old = self.globals.ipvs_namespace.take();
                self.globals.ipvs_namespace = self.name_once(node, old, Class::General);
            }
            "child_wait_time" => self.child_wait_time(node),
            _ => {}
        }
    }

    /// A name; the first one counts.
    fn name_once(&mut self, node: &Node, old: Option<String>, class: Class) -> Option<String> {
        let keyword = &node.keyword().text;
        let missing = format!("{keyword} name missing - ignoring");
        let Some(word) = self.argument(node, &missing) else {
            return old;
        };
        if old.is_some() {
            let text = format!("Duplicate {keyword} definition {} - ignoring", word.text);
            self.say(
                Diagnostic::new(Code::Duplicate, class, text)
                    .at(node.span())
                    .help("keep one"),
            );
            return old;
        }
        Some(word.text.clone())
    }

    fn child_wait_time(&mut self, node: &Node) {
        let number = Number::whole(0, i64::from(u32::MAX));
        let invalid = |text: &str| format!("Invalid child_wait_time {text}");
        if let Some(seconds) = self.checked_number(&node.args()[0], number, invalid) {
            self.globals.model.daemon.child_wait_time = Duration::from_secs(seconds);
        }
    }
}
