//! Completions of `evervip` for bash, zsh and fish.

use std::fmt::Write;

use evervip_ctl::reference::{COMMANDS, CommandReference, GENERAL, OptionReference, OptionValue};

/// Options of a command, with those that belong to all.
fn options(command: &CommandReference) -> impl Iterator<Item = &'static OptionReference> {
    command.options.iter().chain(GENERAL)
}

/// For bash-completion, and for plain bash: it calls nothing of the former.
pub(crate) fn bash() -> String {
    let mut out = String::from(BASH_HEAD);
    let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
    let general: Vec<_> = GENERAL.iter().map(bash_option).collect();
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "    local commands=\"{}\"", names.join(" "));
    let _ = writeln!(out, "    local offered=\"$commands {}\"", general.join(" "));
    out.push_str(BASH_COMMAND);
    for command in COMMANDS {
        let offered: Vec<_> = options(command).map(bash_option).collect();
        let _ = writeln!(
            out,
            "        {}) offered=\"{}\" ;;",
            command.name,
            offered.join(" ")
        );
    }
    out.push_str("    esac\n    case $option in\n");
    let mut seen = Vec::new();
    for option in COMMANDS.iter().flat_map(|command| command.options) {
        if let (OptionValue::OneOf(_), false) = (option.value, seen.contains(&option.long)) {
            seen.push(option.long);
            let words = choices(option.long).join(" ");
            let _ = writeln!(out, "        --{}) offered=\"{words}\" ;;", option.long);
        }
    }
    out.push_str(BASH_TAIL);
    out
}

/// `--strict`, or `--format=` when something belongs to it.
fn bash_option(option: &OptionReference) -> String {
    let equals = if matches!(option.value, OptionValue::None) {
        ""
    } else {
        "="
    };
    format!("--{}{equals}", option.long)
}

/// All words that any command takes for an option.
fn choices(long: &str) -> Vec<&'static str> {
    let mut all = Vec::new();
    for option in COMMANDS.iter().flat_map(|command| command.options) {
        if let (OptionValue::OneOf(words), true) = (option.value, option.long == long) {
            all.extend(
                words
                    .iter()
                    .filter(|word| !all.contains(*word))
                    .collect::<Vec<_>>(),
            );
        }
    }
    all
}

/// For a directory in `fpath`, named `_evervip`.
pub(crate) fn zsh() -> String {
    let mut out = String::from(ZSH_HEAD);
    for command in COMMANDS {
        let help = zsh_text(first_sentence(command.help));
        let _ = writeln!(out, "        '{}:{help}'", command.name);
    }
    out.push_str(ZSH_COMMAND);
    for command in COMMANDS {
        let _ = writeln!(out, "    {})\n        _arguments \\", command.name);
        for option in options(command) {
            let _ = writeln!(out, "            {} \\", zsh_option(option));
        }
        let words = if command.files.contains("FILE") {
            "'*:file:_files'"
        } else {
            "'*:name: '"
        };
        let _ = writeln!(out, "            {words}\n        ;;");
    }
    out.push_str("    esac\n}\n\n_evervip \"$@\"\n");
    out
}

/// `'--format=[help]:format:(text json)'`.
fn zsh_option(option: &OptionReference) -> String {
    let help = zsh_text(first_sentence(option.help));
    let (equals, value) = match option.value {
        OptionValue::None => ("", String::new()),
        OptionValue::Word(name) => ("=", format!(":{name}:")),
        OptionValue::File => ("=", ":file:_files".to_owned()),
        OptionValue::OneOf(words) => ("=", format!(":{}:({})", option.long, words.join(" "))),
    };
    match option.short {
        None => format!("'--{}{equals}[{help}]{value}'", option.long),
        Some(letter) => format!(
            "'(-{letter} --{long})'{{-{letter},--{long}{equals}}}'[{help}]{value}'",
            long = option.long
        ),
    }
}

/// Text inside `'...[...]'`.
fn zsh_text(text: &str) -> String {
    text.replace('\'', "'\\''")
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace(':', "\\:")
}

pub(crate) fn fish() -> String {
    let mut out = String::from("# Completions of evervip for fish.\n");
    for command in COMMANDS {
        let _ = writeln!(
            out,
            "complete -c evervip -n __fish_use_subcommand -f -a {} -d {}",
            command.name,
            fish_text(command.help)
        );
        let inside = format!("'__fish_seen_subcommand_from {}'", command.name);
        for option in command.options {
            fish_option(&mut out, &inside, option);
        }
    }
    for option in GENERAL {
        fish_option(&mut out, "true", option);
    }
    out
}

fn fish_option(out: &mut String, condition: &str, option: &OptionReference) {
    let _ = write!(out, "complete -c evervip -n {condition} -l {}", option.long);
    if let Some(letter) = option.short {
        let _ = write!(out, " -s {letter}");
    }
    match option.value {
        OptionValue::None => {}
        OptionValue::Word(_) => out.push_str(" -x"),
        OptionValue::File => out.push_str(" -r -F"),
        OptionValue::OneOf(words) => {
            let _ = write!(out, " -x -a '{}'", words.join(" "));
        }
    }
    let _ = writeln!(out, " -d {}", fish_text(option.help));
}

/// The first sentence, quoted.
fn fish_text(text: &str) -> String {
    let text = first_sentence(text)
        .replace('\\', "\\\\")
        .replace('\'', "\\'");
    format!("'{text}'")
}

/// Up to the first full stop or colon: a menu has one line for it.
fn first_sentence(text: &str) -> &str {
    let end = [". ", ": ", "; "]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

const BASH_HEAD: &str = "\
# Completions of evervip for bash.
_evervip()
{
    local word=${COMP_WORDS[COMP_CWORD]} option= command= i
";

const BASH_COMMAND: &str = "    for ((i = 1; i < COMP_CWORD; i++)); do
        case \" $commands \" in
            *\" ${COMP_WORDS[i]} \"*) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    # '--format=js' arrives as three words: '=' divides them.
    if [[ $word == = ]]; then
        option=${COMP_WORDS[COMP_CWORD-1]} word=
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
        option=${COMP_WORDS[COMP_CWORD-2]}
    fi
    case $command in
";

const BASH_TAIL: &str = "        --*) offered= ;;
    esac
    COMPREPLY=()
    if [[ -n $option || -z $command || $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$word\")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    fi
    if [[ ${#COMPREPLY[@]} == 0 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")
    fi
    return 0
}
complete -F _evervip evervip
";

const ZSH_HEAD: &str = "\
#compdef evervip

_evervip() {
    local -a commands
    commands=(
";

const ZSH_COMMAND: &str = "    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_knows_every_option() {
        let (bash, zsh, fish) = (bash(), zsh(), fish());
        for command in COMMANDS {
            assert!(
                bash.contains(&format!("        {}) offered=", command.name)),
                "{bash}"
            );
            assert!(zsh.contains(&format!("    {})\n", command.name)), "{zsh}");
            assert!(fish.contains(&format!("-a {} ", command.name)), "{fish}");
            for option in options(command) {
                assert!(bash.contains(&bash_option(option)), "{}", option.long);
                assert!(
                    zsh.contains(&format!("--{}", option.long)),
                    "{}",
                    option.long
                );
                assert!(
                    fish.contains(&format!("-l {}", option.long)),
                    "{}",
                    option.long
                );
            }
        }
    }

    #[test]
    fn a_menu_has_the_first_sentence() {
        assert_eq!(first_sentence("One. Two."), "One");
        assert_eq!(first_sentence("Only one."), "Only one");
        assert_eq!(first_sentence("auto: on a terminal."), "auto");
        assert_eq!(zsh_text("it's [a:b]"), "it'\\''s \\[a\\:b\\]");
    }
}
