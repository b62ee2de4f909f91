//! Scripts of the daemon itself and FIFOs (spec config-language 11.2 and 11.3, cli-and-process 9).

use std::time::Duration;

use evervip_model::{Command, Credentials, Fifo};

use super::path;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::{CommandDraft, FifoDraft, ScriptUser};
use crate::lower::resolve::Seen;
use crate::read::Number;
use crate::source::Span;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn global_script_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "script_user" => self.script_user(node),
            "enable_script_security" => self.globals.model.script_security = true,
            "use_symlink_paths" => {
                if let Some(on) = self.named_switch(node) {
                    self.globals.model.scripts.use_symlink_paths = on;
                }
            }
            "set_supplementary_groups" => {
                if let Some(on) = self.named_switch(node) {
                    self.globals.model.scripts.supplementary_groups = on;
                }
            }
            "startup_script" => {
                let old = self.globals.startup.take();
                self.globals.startup = self.daemon_script(node, "startup script", old);
            }
            "shutdown_script" => {
                let old = self.globals.shutdown.take();
                self.globals.shutdown = self.daemon_script(node, "shutdown script", old);
            }
            "startup_script_timeout" => {
                if let Some(time) = self.script_timeout(node) {
                    self.globals.model.scripts.startup_timeout = time;
                }
            }
            "shutdown_script_timeout" => {
                if let Some(time) = self.script_timeout(node) {
                    self.globals.model.scripts.shutdown_timeout = time;
                }
            }
            "vrrp_notify_priority_changes" => {
                if let Some(on) = self.named_switch(node) {
                    self.globals.model.fifos.priority_changes = on;
                }
            }
            "fifo_write_vrrp_states_on_reload" => self.globals.model.fifos.states_on_reload = true,
            "notify_fifo" | "vrrp_notify_fifo" | "lvs_notify_fifo" => self.fifo(node),
            "notify_fifo_script" | "vrrp_notify_fifo_script" | "lvs_notify_fifo_script" => {
                self.fifo_reader(node);
            }
            _ => return false,
        }
        true
    }

    fn script_user(&mut self, node: &Node) {
        let Some(user) = self.argument(node, "No script username specified") else {
            return;
        };
        // Once it has failed, the original has no default user whatever follows.
        let failed = self.globals.script_user == ScriptUser::Invalid;
        self.globals.script_user = match self.runner(user, node.args().get(1)) {
            Some(runner) if !failed => ScriptUser::Set(runner),
            _ => {
                self.complain(Code::UnknownUser, user.span, "Error setting global script uid/gid").help =
                    Some("name an existing user and group; scripts that name no user of their own are dropped".to_owned());
                ScriptUser::Invalid
            }
        };
    }

    fn daemon_script(
        &mut self,
        node: &Node,
        what: &str,
        old: Option<CommandDraft>,
    ) -> Option<CommandDraft> {
        self.argument(node, &format!("{what} missing"))?;
        if old.is_some() {
            let text = format!("{what} already specified");
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("keep one; let it run the other".to_owned());
            return old;
        }
        let command = self.script_command(node, what);
        if command.is_none() {
            let text = format!("Invalid {what}");
            self.complain(Code::InvalidValue, node.span(), text).help = Some(
                "write a command, in quotes when it has arguments, and an existing user".to_owned(),
            );
        }
        command
    }

    fn script_timeout(&mut self, node: &Node) -> Option<Duration> {
        let name = &node.keyword().text;
        let word = self.argument(node, &format!("{name} requires value"))?;
        let seconds = self.checked_number(word, Number::whole(1, 1000).lenient(), |text| {
            format!("{name} '{text}' must be in [1, 1000] - ignoring")
        });
        seconds.map(Duration::from_secs)
    }

    /// The drafts of a FIFO and of its reader.
    fn fifo_draft(&mut self, keyword: &str) -> &mut FifoDraft {
        match keyword.split('_').next() {
            Some("vrrp") => &mut self.globals.vrrp_fifo,
            Some("lvs") => &mut self.globals.lvs_fifo,
            _ => &mut self.globals.fifo,
        }
    }

    fn fifo(&mut self, node: &Node) {
        let name = node.keyword().text.clone();
        let Some(word) = self.argument(node, &format!("No {name} name specified")) else {
            return;
        };
        if self.fifo_draft(&name).fifo.is_some() {
            let text = format!("{name} already specified - ignoring {}", word.text);
            self.complain(Code::Duplicate, node.span(), text).help = Some("keep one".to_owned());
            return;
        }
        if let Some(owner) = self.fifo_owner(node) {
            self.fifo_draft(&name).fifo = Some((
                Fifo {
                    path: path(word),
                    owner,
                },
                word.span,
            ));
        }
    }

    fn fifo_owner(&mut self, node: &Node) -> Option<Credentials> {
        let Some(user) = node.args().get(1) else {
            let runner = self.default_user(node.span())?;
            return Some(runner.credentials);
        };
        let owner = self.runner(user, node.args().get(2));
        if owner.is_none() {
            let (name, file) = (&node.keyword().text, &node.args()[0].text);
            let text = format!("Invalid user/group for {name} {file} - ignoring");
            self.log(Code::UnknownUser, user.span, text).help =
                Some("name an existing user and group".to_owned());
        }
        owner.map(|runner| runner.credentials)
    }

    fn fifo_reader(&mut self, node: &Node) {
        let name = node.keyword().text.clone();
        let Some(word) = self.argument(node, &format!("No {name} specified")) else {
            return;
        };
        if self.fifo_draft(&name).reader.is_some() {
            let text = format!("{name} already specified - ignoring {}", word.text);
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("keep one; let it run the other".to_owned());
            return;
        }
        let what = name.replace("_script", " script");
        let command = self.script_command(node, &what);
        self.fifo_draft(&name).reader = command;
    }

    /// Looks at `startup_script` and `shutdown_script`, which the parent runs.
    pub(in crate::lower) fn resolve_daemon_scripts(&mut self) {
        let mut seen = Seen::default();
        let startup = self.globals.startup.take();
        let shutdown = self.globals.shutdown.take();
        self.globals.model.scripts.startup = self.runnable(startup.as_ref(), &mut seen);
        self.globals.model.scripts.shutdown = self.runnable(shutdown.as_ref(), &mut seen);
        self.report_script_security(&seen, "start/shutdown scripts");
    }

    /// Looks at the readers of FIFOs; that of LVS is not run.
    pub(in crate::lower) fn resolve_fifos(&mut self, seen: &mut Seen) {
        let all = std::mem::take(&mut self.globals.fifo);
        let vrrp = std::mem::take(&mut self.globals.vrrp_fifo);
        let fifos = &mut self.globals.model.fifos;
        fifos.all.fifo = all.fifo.map(|(fifo, _)| fifo);
        fifos.vrrp.fifo = vrrp.fifo.as_ref().map(|(fifo, _)| fifo.clone());
        let same = |a: &Fifo, b: &Fifo| a.path == b.path;
        let clash = match (&fifos.all.fifo, &vrrp.fifo) {
            (Some(a), Some((b, span))) if same(a, b) => Some((b.path.clone(), *span)),
            _ => None,
        };
        if let Some((path, span)) = clash {
            fifos.vrrp.fifo = None;
            self.same_fifo(&path.display().to_string(), span);
        }
        self.globals.model.fifos.all.reader = self.runnable(all.reader.as_ref(), seen);
        self.globals.model.fifos.vrrp.reader = self.runnable(vrrp.reader.as_ref(), seen);
    }

    fn same_fifo(&mut self, path: &str, span: Span) {
        let text = format!(
            "notify FIFO {path} has been specified for global and vrrp FIFO - ignoring vrrp FIFO"
        );
        self.say(
            Diagnostic::new(Code::Duplicate, Class::Log, text)
                .at(span)
                .help("give each a path of its own"),
        );
    }

    fn runnable(&mut self, draft: Option<&CommandDraft>, seen: &mut Seen) -> Option<Command> {
        self.resolve(draft?, seen).ok()
    }
}
