//! Completions of `keepalived` for bash, zsh and fish.

use std::fmt::Write;

use crate::help_text::{self, Entry};

/// An option of the daemon, taken from its help text.
#[derive(Debug, PartialEq, Eq)]
struct DaemonOption {
    short: Option<char>,
    long: String,
    value: Value,
    help: String,
}

/// What belongs to an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    /// The name of a file.
    File,
    /// A word of the user's.
    Word,
    /// One of these.
    OneOf(&'static str),
    /// A file, attached, or nothing.
    OptionalFile,
    /// A word, attached, or nothing.
    OptionalWord,
}

/// Options that take one of a few words.
const CHOICES: &[(&str, &str)] = &[
    ("signum", "STOP RELOAD DATA STATS STATS_CLEAR JSON"),
    (
        "log-facility",
        "0 1 2 3 4 5 6 7 local0 local1 local2 local3 local4 local5 local6 local7 user daemon",
    ),
];

/// Options that may be given more than once.
const REPEATED: &[&str] = &["log-detail"];

fn options() -> Vec<DaemonOption> {
    let entries = help_text::options(&evervip_daemon::usage("keepalived"));
    entries.iter().map(DaemonOption::of).collect()
}

impl DaemonOption {
    /// Of `-f, --use-file=FILE` and its text.
    fn of(entry: &Entry) -> Self {
        let long_part = entry.option.split("--").nth(1).unwrap_or_default();
        let (long, metavariable) = long_part.split_once('=').unwrap_or((long_part, ""));
        let long = long.trim_end_matches('[');
        let choice = CHOICES.iter().find(|(name, _)| *name == long);
        let is_optional = long_part.contains("[=");
        let value = match (metavariable.trim_end_matches(']'), choice) {
            (_, Some((_, words))) => Value::OneOf(words),
            ("", None) => Value::None,
            ("FILE", None) if is_optional => Value::OptionalFile,
            ("FILE" | "ADDR", None) => Value::File,
            (_, None) if is_optional => Value::OptionalWord,
            (_, None) => Value::Word,
        };
        let mut letters = entry.option.chars();
        let short = match (letters.next(), letters.next(), letters.next()) {
            (Some('-'), Some(letter), Some(',')) => Some(letter),
            _ => None,
        };
        Self {
            short,
            long: long.to_owned(),
            value,
            help: entry.text.clone(),
        }
    }

    /// `-f --use-file`.
    fn names(&self, between: &str) -> String {
        let short = self.short.map(|letter| format!("-{letter}{between}"));
        format!("{}--{}", short.unwrap_or_default(), self.long)
    }
}

/// For bash-completion, and for plain bash: it calls nothing of the former.
pub(crate) fn bash() -> String {
    let options = options();
    let offered: Vec<_> = options.iter().map(bash_words).collect();
    let mut out = String::from(BASH_HEAD);
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "    local offered=\"{}\"", offered.join(" "));
    out.push_str(BASH_BEFORE);
    let separate = |option: &&DaemonOption| {
        matches!(option.value, Value::File | Value::Word | Value::OneOf(_))
    };
    let waiting: Vec<_> = options.iter().filter(separate).collect();
    let patterns: Vec<_> = waiting.iter().map(|option| option.names("|")).collect();
    let _ = writeln!(
        out,
        "            {}) option=${{COMP_WORDS[COMP_CWORD-1]}} ;;",
        patterns.join("|")
    );
    out.push_str("        esac\n    fi\n    case $option in\n        '') ;;\n");
    for option in &options {
        let words = match option.value {
            Value::OneOf(words) => format!("offered=\"{words}\""),
            Value::Word | Value::OptionalWord => "return 0".to_owned(),
            Value::None | Value::File | Value::OptionalFile => continue,
        };
        let _ = writeln!(out, "        {}) {words} ;;", option.names("|"));
    }
    out.push_str(BASH_TAIL);
    out
}

/// What is offered in the place of an option.
fn bash_words(option: &DaemonOption) -> String {
    let long = &option.long;
    match option.value {
        Value::None => option.names(" "),
        Value::OptionalFile | Value::OptionalWord => {
            format!("{} --{long}=", option.names(" "))
        }
        Value::File | Value::Word | Value::OneOf(_) => {
            let short = option.short.map(|letter| format!("-{letter} "));
            format!("{}--{long}=", short.unwrap_or_default())
        }
    }
}

/// For a directory in `fpath`, named `_keepalived`.
pub(crate) fn zsh() -> String {
    let mut out = String::from("#compdef keepalived\n\n_arguments -s -S \\\n");
    let lines: Vec<_> = options().iter().map(zsh_option).collect();
    out.push_str(&lines.join(" \\\n"));
    out.push('\n');
    out
}

/// `    '(-f --use-file)'{-f+,--use-file=}'[configuration file]:file:_files'`.
fn zsh_option(option: &DaemonOption) -> String {
    let DaemonOption { short, long, .. } = option;
    let (after_short, after_long, value) = match option.value {
        Value::None => ("", "", String::new()),
        Value::File => ("+", "=", ":file:_files".to_owned()),
        Value::Word => ("+", "=", format!(":{long}: ")),
        Value::OneOf(words) => ("+", "=", format!(":{long}:({words})")),
        Value::OptionalFile => ("-", "=-", "::file:_files".to_owned()),
        Value::OptionalWord => ("-", "=-", format!("::{long}: ")),
    };
    let help = option.help.replace('\'', "'\\''");
    let help = help.replace('[', "\\[").replace(']', "\\]");
    let before = if REPEATED.contains(&long.as_str()) {
        "*".to_owned()
    } else {
        format!("({})", option.names(" "))
    };
    match short {
        Some(letter) => format!(
            "    '{before}'{{-{letter}{after_short},--{long}{after_long}}}'[{help}]{value}'"
        ),
        None => format!("    '{before}--{long}{after_long}[{help}]{value}'"),
    }
}

pub(crate) fn fish() -> String {
    let mut out =
        String::from("# Completions of keepalived for fish.\ncomplete -c keepalived -f\n");
    for option in options() {
        let _ = write!(out, "complete -c keepalived -l {}", option.long);
        if let Some(letter) = option.short {
            let _ = write!(out, " -s {letter}");
        }
        match option.value {
            Value::None | Value::OptionalWord => {}
            Value::OptionalFile => out.push_str(" -F"),
            Value::File => out.push_str(" -r -F"),
            Value::Word => out.push_str(" -x"),
            Value::OneOf(words) => {
                let _ = write!(out, " -x -a '{words}'");
            }
        }
        let help = option.help.replace('\\', "\\\\").replace('\'', "\\'");
        let _ = writeln!(out, " -d '{help}'");
    }
    out
}

const BASH_HEAD: &str = "\
# Completions of keepalived for bash.
_keepalived()
{
    local word=${COMP_WORDS[COMP_CWORD]} option=
";

const BASH_BEFORE: &str = "    # '--pid=/ru' arrives as three words: '=' divides them.
    if [[ $word == = ]]; then
        option=${COMP_WORDS[COMP_CWORD-1]} word=
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
        option=${COMP_WORDS[COMP_CWORD-2]}
    elif ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[COMP_CWORD-1]} in
";

const BASH_TAIL: &str = "        *)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")
            return 0
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _keepalived keepalived
";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(option: &str) -> DaemonOption {
        DaemonOption::of(&Entry {
            option: option.to_owned(),
            text: "help".to_owned(),
        })
    }

    #[test]
    fn names_and_values_come_from_the_help() {
        let pid = of("-p, --pid=FILE");
        assert_eq!((pid.short, pid.long.as_str()), (Some('p'), "pid"));
        for (option, value) in [
            ("-p, --pid=FILE", Value::File),
            ("-n, --dont-fork", Value::None),
            ("-g, --log-file[=FILE]", Value::OptionalFile),
            ("-M, --core-dump-pattern[=PATTERN]", Value::OptionalWord),
            ("-u, --umask=NUMBER", Value::Word),
            ("    --all", Value::None),
        ] {
            assert_eq!(of(option).value, value, "{option}");
        }
        assert!(matches!(of("    --signum=NAME").value, Value::OneOf(_)));
        assert_eq!(of("    --signum=NAME").long, "signum");
    }

    #[test]
    fn every_shell_knows_every_option() {
        let (bash, zsh, fish) = (bash(), zsh(), fish());
        let options = options();
        assert!(options.len() > 30, "{options:?}");
        for option in &options {
            let long = format!("--{}", option.long);
            assert!(bash.contains(&bash_words(option)), "{long}: {bash}");
            assert!(zsh.contains(&long), "{long}: {zsh}");
            assert!(fish.contains(&format!(" -l {}", option.long)), "{fish}");
        }
        for (long, _) in CHOICES {
            assert!(options.iter().any(|option| option.long == *long), "{long}");
        }
        for long in REPEATED {
            assert!(options.iter().any(|option| option.long == *long), "{long}");
        }
    }
}
