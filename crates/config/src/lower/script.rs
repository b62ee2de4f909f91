//! `vrrp_script` blocks and the command lines of `notify*` (spec vrrp-keywords 4.7 and 11).

use std::time::Duration;

use evervip_model::UnrunnableScripts;

use super::Lower;
use super::draft::{CommandDraft, NotifyDraft, Runner, ScriptDraft, ScriptUser};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::lex::{ScriptError, Token, script_words};
use crate::read::Number;
use crate::source::Span;
use crate::tree::Node;

/// Words of a command line.
type Words = Vec<Vec<u8>>;

/// A `vrrp_script` while it is read.
struct Reading {
    name: String,
    argv: Option<Words>,
    script_span: Span,
    /// See [`CommandDraft::lost`].
    lost: bool,
    user: Option<Runner>,
    /// The whole script is dropped, and the reason has been given.
    dropped: bool,
    interval: Duration,
    timeout: Option<Duration>,
    weight: i32,
    reverse: bool,
    rise: u32,
    fall: u32,
    init_fail: bool,
}

impl Lower<'_> {
    pub(super) fn script(&mut self, node: &Node) {
        let Some(name) = node.args().first() else {
            self.missing_parameter_at(node, 2);
            return;
        };
        let mut reading = Reading {
            name: name.text.clone(),
            argv: None,
            script_span: node.span(),
            lost: node.lost,
            user: None,
            dropped: false,
            interval: Duration::from_secs(1),
            timeout: None,
            weight: 0,
            reverse: false,
            rise: 1,
            fall: 1,
            init_fail: false,
        };
        self.keywords(node.nodes(), Block::Script, |lower, node| {
            lower.script_keyword(&mut reading, node);
        });
        self.finish_script(reading, node);
    }

    fn script_keyword(&mut self, script: &mut Reading, node: &Node) {
        match node.keyword().text.as_str() {
            "script" => {
                if let Some((argv, _)) = self.command_words(node) {
                    script.script_span = node.span();
                    script.argv = Some(argv).filter(|a| !a.is_empty());
                }
            }
            "interval" => self.script_seconds(script, node, "interval"),
            "timeout" => self.script_seconds(script, node, "timeout"),
            "weight" => self.script_weight(script, node),
            "rise" => script.rise = self.script_count(script, node),
            "fall" => script.fall = self.script_count(script, node),
            "user" => self.script_own_user(script, node),
            "init_fail" => script.init_fail = true,
            _ => {}
        }
    }

    /// 2.2.7 knows whole seconds only; from 2.2.8 on there may be three decimal places.
    fn script_seconds(&mut self, script: &mut Reading, node: &Node, what: &str) {
        let word = &node.args()[0];
        let name = &script.name;
        let decimal = is_decimal(&word.text);
        let (number, unit) = if decimal {
            (Number::millis(0, MOST_SECONDS * 1000), 1)
        } else {
            (Number::whole(0, MOST_SECONDS).lenient(), 1000)
        };
        let value = self.number(word, number);
        let time = match value.and_then(|n| u64::try_from(n).ok()) {
            Some(0) => {
                let text =
                    format!("({name}): vrrp script {what} must be greater than 0, setting to 1");
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some(SECONDS_HELP.to_owned());
                Duration::from_secs(1)
            }
            Some(n) => Duration::from_millis(n * unit),
            None => {
                let why = if what == "interval" {
                    "must be between 1 and 4294"
                } else {
                    "invalid"
                };
                let text = format!(
                    "({name}): vrrp script {what} '{}' {why} - ignoring",
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some(SECONDS_HELP.to_owned());
                return;
            }
        };
        if what == "interval" {
            script.interval = time;
        } else {
            script.timeout = Some(time);
        }
    }

    /// A weight outside the range is complained about and used, as the original does.
    fn script_weight(&mut self, script: &mut Reading, node: &Node) {
        let word = &node.args()[0];
        let name = script.name.clone();
        match self.number(word, Number::whole(-253, 253).lenient()) {
            Some(n) => script.weight = i32::try_from(n).unwrap_or(0),
            None => {
                let text = format!(
                    "vrrp_script {name} weight {} must be in [-253, 253]",
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("write a whole number from -253 to 253".to_owned());
                if let Ok(n) = word.text.parse() {
                    script.weight = n;
                }
            }
        }
        script.reverse = false;
        match node.args().get(1) {
            Some(w) if w.text == "reverse" => script.reverse = true,
            Some(w) => {
                let text = format!("vrrp_script {name} unknown weight option {}", w.text);
                self.complain(Code::InvalidValue, w.span, text).help =
                    Some("write reverse, or nothing".to_owned());
            }
            None => {}
        }
    }

    fn script_count(&mut self, script: &Reading, node: &Node) -> u32 {
        let word = &node.args()[0];
        let value = self.number(word, Number::whole(1, i64::from(i32::MAX)).lenient());
        value
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or_else(|| {
                let text = format!(
                    "({}): vrrp script {} value '{}' invalid, defaulting to 1",
                    script.name,
                    node.keyword().text,
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("write a whole number, at least 1".to_owned());
                1
            })
    }

    fn script_own_user(&mut self, script: &mut Reading, node: &Node) {
        let user = &node.args()[0];
        script.user = self.runner(user, node.args().get(1));
        // A good one further down puts it right.
        script.dropped = script.user.is_none();
        if script.dropped {
            let words = script.argv.iter().flatten();
            let command: Vec<_> = words
                .map(|w| format!("'{}'", String::from_utf8_lossy(w)))
                .collect();
            let text = format!("Unable to set uid/gid for script {}", command.join(" "));
            self.complain(Code::UnknownUser, user.span, text).help = Some(
                "name an existing user and group; until then the script is not run".to_owned(),
            );
        }
    }

    fn finish_script(&mut self, script: Reading, node: &Node) {
        let end = node.end();
        let fails = self.globals.model.extensions.unrunnable_scripts == UnrunnableScripts::Fail;
        let Some(argv) = script.argv else {
            let text = format!("No script set for vrrp_script {} - removing", script.name);
            self.complain(Code::MissingParameter, end, text).help =
                Some("write script \"PATH ARGUMENTS\" into the block".to_owned());
            return;
        };
        if script.dropped && !fails {
            return;
        }
        let user = if script.dropped {
            None
        } else {
            self.script_runner(&script.name, script.user, end)
        };
        if user.is_none() && !fails {
            return;
        }
        // The first of a name is the one that trackers find.
        let index = self.scripts.len();
        self.script_index
            .entry(script.name.clone())
            .or_insert(index);
        self.scripts.push(ScriptDraft {
            name: script.name,
            command: CommandDraft {
                argv,
                // Without a user it is never run.
                runner: user.unwrap_or_else(|| self.host.own_credentials().into()),
                span: script.script_span,
                lost: script.lost,
            },
            interval: script.interval,
            timeout: script.timeout,
            weight: script.weight,
            reverse: script.reverse,
            rise: script.rise,
            fall: script.fall,
            init_fail: script.init_fail,
            has_user: user.is_some(),
        });
    }

    fn script_runner(&mut self, name: &str, own: Option<Runner>, end: Span) -> Option<Runner> {
        let user = own.or_else(|| self.default_user(end));
        if user.is_none() {
            let text = format!("Unable to set default user for vrrp script {name} - removing");
            self.complain(Code::UnknownUser, end, text).help = Some(
                "write script_user USER into global_defs, or user USER into the block".to_owned(),
            );
        }
        user
    }

    /// The words of the command, and those behind it (user and group).
    fn command_words(&mut self, node: &Node) -> Option<(Words, Words)> {
        let line = node.line.text.bytes();
        let outer = match script_words(line) {
            Ok(words) => words,
            Err(error) => {
                self.script_error(node, &node.line.text.lossy(), error);
                return None;
            }
        };
        let command = outer.get(1)?;
        match script_words(command) {
            Ok(argv) => Some((argv, outer.get(2..).unwrap_or_default().to_vec())),
            Err(error) => {
                self.script_error(node, &String::from_utf8_lossy(command), error);
                None
            }
        }
    }

    fn script_error(&mut self, node: &Node, text: &str, error: ScriptError) {
        let (class, message, help) = match error {
            ScriptError::Unterminated(q) => (
                Class::General,
                format!("String '{text}': missing terminating {q}"),
                "close the quote; the command is dropped",
            ),
            ScriptError::LoneEscape => (
                Class::Log,
                format!("Missing escape char at end: '{text}'"),
                "write \\\\ for a backslash; the command is dropped",
            ),
        };
        self.say(
            Diagnostic::new(Code::UnmatchedQuote, class, message)
                .at(node.span())
                .help(help),
        );
    }

    /// The command of a `notify*` line or of `what` in its messages. A user that does not exist drops it without a complaint, as the original.
    pub(super) fn script_command(&mut self, node: &Node, what: &str) -> Option<CommandDraft> {
        let (argv, rest) = self.command_words(node)?;
        let path = String::from_utf8_lossy(argv.first()?).into_owned();
        let runner = match rest.first() {
            None => {
                let found = self.default_user(node.span());
                if found.is_none() {
                    let text = format!("Failed to set default user for {what} {path} - ignoring");
                    self.log(Code::UnknownUser, node.span(), text).help =
                        Some(NO_USER_HELP.to_owned());
                }
                found?
            }
            Some(user) => {
                let span = node.args().last().map_or(node.span(), |t| t.span);
                let token = |bytes: &Vec<u8>| Token::new(bytes, span);
                let group = rest.get(1).map(token);
                let found = self.runner(&token(user), group.as_ref());
                if found.is_none() {
                    let text = format!("Invalid user/group for {what} {path} - ignoring");
                    self.log(Code::UnknownUser, span, text).help = Some(format!(
                        "the words behind the command are user and group; write {} \"{path} ...\" when they are arguments",
                        node.keyword().text
                    ));
                }
                found?
            }
        };
        Some(CommandDraft {
            argv,
            runner,
            span: node.span(),
            lost: node.lost,
        })
    }

    /// A `notify*` keyword of an instance or a group; `who` begins its messages.
    pub(super) fn notify(&mut self, notify: &mut NotifyDraft, who: &str, node: &Node) {
        let name = node.keyword().text.as_str();
        let slot = match name {
            "notify_master" => &mut notify.master,
            "notify_backup" => &mut notify.backup,
            "notify_fault" => &mut notify.fault,
            "notify_stop" => &mut notify.stop,
            "notify" => &mut notify.any,
            "notify_master_rx_lower_pri" => &mut notify.master_rx_lower_pri,
            _ => return,
        };
        if slot.is_some() {
            // A line with an open quote has no words to show.
            let ignored = node.args().first().map_or("", |t| t.text.as_str());
            let text = format!("{who} {name} script already specified - ignoring {ignored}");
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("keep one; let it run the other".to_owned());
            return;
        }
        let command = self.script_command(node, "notify script");
        *slot = command.map(Box::new);
    }

    /// Looks user and group up; the group is the user's own when none is named.
    /// Behind a colon it may be left out; then the other groups of the user are wanted, too.
    pub(super) fn runner(&mut self, user: &Token, group: Option<&Token>) -> Option<Runner> {
        let Some(mut credentials) = self.host.user(&user.text) else {
            let text = format!("Script user '{}' does not exist", user.text);
            self.log(Code::UnknownUser, user.span, text);
            return None;
        };
        let behind_colon = group.and_then(|group| group.text.strip_prefix(':'));
        let named = behind_colon.or(group.map(|group| group.text.as_str()));
        if let (Some(group), Some(name)) = (group, named.filter(|_| behind_colon != Some(""))) {
            match self.host.group(name) {
                Some(gid) => credentials.gid = gid,
                None => {
                    let text = format!("Script group '{}' does not exist", group.text);
                    self.log(Code::UnknownUser, group.span, text);
                    return None;
                }
            }
        }
        Some(Runner {
            credentials,
            with_groups: behind_colon.is_some(),
        })
    }

    /// Who runs a script that names nobody.
    pub(super) fn default_user(&mut self, at: Span) -> Option<Runner> {
        match self.globals.script_user {
            ScriptUser::Set(runner) => return Some(runner),
            ScriptUser::Invalid => return None,
            ScriptUser::Unset => {}
        }
        if let Some(credentials) = self.host.user(DEFAULT_USER) {
            return Some(credentials.into());
        }
        if self.globals.model.script_security {
            if !self.default_user_reported {
                self.default_user_reported = true;
                let text = format!("Unable to set default user {DEFAULT_USER} for script");
                self.complain(Code::UnknownUser, at, text).help = Some(format!(
                    "write script_user USER into global_defs, or create the account {DEFAULT_USER}"
                ));
            }
            return None;
        }
        if !self.fallback_user_reported {
            self.fallback_user_reported = true;
            let text = format!("Script user '{DEFAULT_USER}' does not exist");
            self.log(Code::DefaultScriptUser, at, text).help = Some(
                "scripts run as the daemon's own user; script_user in global_defs names another"
                    .to_owned(),
            );
        }
        Some(self.host.own_credentials().into())
    }
}

/// A number with a point, as the reader of 2.2.7 does not know it.
fn is_decimal(word: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    word.trim_start()
        .split_once('.')
        .is_some_and(|(whole, fraction)| {
            digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0
        })
}

/// Longest interval and timeout of a script.
const MOST_SECONDS: i64 = 4294;

const NO_USER_HELP: &str =
    "name an existing user with script_user in global_defs, or behind the command";

const SECONDS_HELP: &str = "write seconds from 0.001 to 4294, such as 2 or 0.5";

pub(super) const DEFAULT_USER: &str = "keepalived_script";
