//! The command lines of `script` and `notify*`: they are run without a shell, and only what stands
//! inside the quotes belongs to them (spec config-language 3.2).

use evervip_config::keyword::{Shape, Status};
use evervip_config::{Code, Diagnostic, Node, Span};

use crate::merge::finding;
use crate::shell;
use crate::subject::Subject;

/// Lints of every line that names a command.
pub(crate) fn lines(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let blocks = subject.input.tree.nodes().iter();
    let lines = blocks.flat_map(|block| std::iter::once(block).chain(block.nodes()));
    lines
        .filter(|node| is_command(node))
        .filter_map(line)
        .collect()
}

pub(crate) fn is_command(node: &Node) -> bool {
    node.entry().is_some_and(|entry| {
        entry.status != Status::Lvs && (entry.shape == Shape::Script || entry.name == "script")
    })
}

/// The words of a command line by its own rules, readable.
pub(crate) fn split(line: &Node) -> Option<Vec<String>> {
    let words = line.script_words()?;
    let readable = |word: Vec<u8>| String::from_utf8_lossy(&word).into_owned();
    Some(words.into_iter().map(readable).collect())
}

fn line(node: &Node) -> Option<Diagnostic> {
    let words = split(node)?;
    let command = words.get(1)?;
    unquoted(node, command, words.get(2..).unwrap_or_default())
        .or_else(|| shell_syntax(node, command))
}

/// Words behind the command. In a `vrrp_script` they are ignored; elsewhere they are user and
/// group, and the loader reports users that do not exist.
fn unquoted(node: &Node, command: &str, rest: &[String]) -> Option<Diagnostic> {
    let first = rest.first().filter(|_| !command.starts_with(TYPOGRAPHIC))?;
    let name = node.keyword().text.as_str();
    let (text, note) = if name == "script" {
        let text = format!(
            "'{}' stands outside the quotes and is ignored",
            rest.join(" ")
        );
        (
            text,
            "keepalived takes one word as the command of a check; only quotes make it longer",
        )
    } else if !may_be_user(first) {
        let text = format!("'{first}' is taken for the user that runs the command");
        (
            text,
            "the words behind the command are user and group; without such a user it is not run",
        )
    } else if let Some(third) = rest.get(2) {
        let text = format!("'{third}' stands outside the quotes and is ignored");
        (text, "behind the command only user and group are read")
    } else {
        return None;
    };
    let whole = format!("{command} {}", rest.join(" "));
    let whole = match shell::syntax(&whole) {
        Some(_) => for_shell(&whole),
        None => Some(whole).filter(|whole| whole.len() <= LONGEST_SHOWN),
    };
    let finding = finding(Code::UnquotedArguments, behind(node), text).note(note);
    Some(match whole {
        Some(line) => finding.help(format!("write {name} \"{line}\"")),
        None => finding.help("put the whole command into double quotes, or into a script"),
    })
}

/// Whether a word names a user; a state is an argument, although Debian has a user `backup`.
fn may_be_user(word: &str) -> bool {
    let is_state = STATE_WORDS.contains(&word.to_lowercase().as_str());
    let in_names = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '$' | '@');
    !is_state && !word.starts_with('-') && word.chars().all(in_names)
}

fn shell_syntax(node: &Node, command: &str) -> Option<Diagnostic> {
    if command.starts_with("</") {
        return None;
    }
    let at = node
        .args()
        .first()
        .map_or(node.line_span(), |word| word.span);
    if let Some(word) = shell::shell_word(command) {
        let text = format!("the shell runs only '{word}'");
        return Some(
            finding(Code::ShellSyntax, at, text)
                .note("-c takes one word as the command; the words behind it are its parameters")
                .help("put single quotes around the whole command behind -c"),
        );
    }
    let syntax = shell::syntax(command)?;
    let text = format!("'{syntax}' is for a shell, and none reads this command");
    Some(
        finding(Code::ShellSyntax, at, text)
            .note("keepalived runs the program itself and hands it this word as an argument")
            .help(match for_shell(command) {
                Some(line) => format!(
                    "write {} \"{line}\", or put it into a script",
                    node.keyword().text
                ),
                None => "put it into a script".to_owned(),
            }),
    )
}

/// The command for a shell; `None` when its quotes are in the way, or it is too long to show.
fn for_shell(command: &str) -> Option<String> {
    let has_quotes = command.contains(['\'', '"']);
    (!has_quotes && command.len() <= LONGEST_SHOWN).then(|| format!("/bin/sh -c '{command}'"))
}

/// Where the words behind the command stand. The two ways to split a line differ at quotes.
fn behind(node: &Node) -> Span {
    let args = node.args();
    match (args.get(1), args.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => node.line_span(),
    }
}

/// A longer command is not written out in a remedy.
const LONGEST_SHOWN: usize = 120;

/// Quotes that are none; a lint of their own.
pub(crate) const TYPOGRAPHIC: &[char] = &['“', '”', '„', '‘', '’'];

/// Arguments of many notify scripts.
const STATE_WORDS: &[&str] = &["backup", "master", "fault", "stop", "primary"];
