//! Commands in the documents have commands and options that exist.

use std::collections::BTreeSet;
use std::ffi::OsString;

use evervip_ctl::reference::{COMMANDS, GENERAL, OptionReference};

use crate::page::{all, code_spans, top};

/// A command line of a document, and whether it is complete: in a sentence it may be a part.
struct Shown {
    place: String,
    words: Vec<String>,
    complete: bool,
}

/// All command lines: of `sh` blocks, behind `$ ` or `# ` in `console` blocks, and in sentences.
fn shown() -> Vec<Shown> {
    let mut found = Vec::new();
    for page in all() {
        for fence in page.fences() {
            for (index, line) in fence.text.lines().enumerate() {
                let command = match fence.language() {
                    "sh" => Some(line),
                    "console" => line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")),
                    _ => None,
                };
                let place = format!("{}:{}", page.name, fence.line + index + 1);
                for words in commands(command.unwrap_or_default()) {
                    found.push(Shown {
                        place: place.clone(),
                        words,
                        complete: true,
                    });
                }
            }
        }
        for (index, line) in page.prose().into_iter().enumerate() {
            for words in code_spans(line).into_iter().flat_map(commands) {
                found.push(Shown {
                    place: format!("{}:{}", page.name, index + 1),
                    words,
                    complete: false,
                });
            }
        }
    }
    found
}

/// Simple commands of a line of shell, each from our program's name on. Quotes are not understood
/// beyond being left out.
fn commands(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" # ").next().unwrap_or_default();
    let line = line.replace("&&", ";").replace("$(", ";").replace(')', ";");
    let mut found = Vec::new();
    for command in line.split([';', '|']) {
        let mut words: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        if let Some(end) = words
            .iter()
            .position(|word| word.starts_with(['>', '<', '&']))
        {
            words.truncate(end);
        }
        let start = words.iter().position(|word| program(word).is_some());
        // A container image has the name of the tool.
        let leads = ["sudo", "ip", "exec", "setpriv"];
        let ours = start
            .filter(|start| *start == 0 || leads.iter().any(|lead| words[0].starts_with(lead)));
        if let Some(start) = ours {
            found.push(words.split_off(start));
        }
    }
    found
}

/// Which of our programs a word calls.
fn program(word: &str) -> Option<&str> {
    let name = word.rsplit('/').next().filter(|_| !word.contains('='))?;
    ["evervip", "keepalived"]
        .into_iter()
        .find(|ours| *ours == name)
}

/// What is wrong with a call of `evervip`.
fn tool_mistake(words: &[String], complete: bool) -> Option<String> {
    let arguments = &words[1..];
    if complete {
        let parsed = evervip_ctl::parse(arguments.iter().map(OsString::from));
        return parsed.err();
    }
    let command = arguments.iter().find(|word| !word.starts_with('-'))?;
    let Some(command) = COMMANDS.iter().find(|known| known.name == command) else {
        return Some(format!("no command '{command}'"));
    };
    let known = |option: &OptionReference, word: &str| {
        let name = word.split(['=', '[']).next().unwrap_or_default();
        name == format!("--{}", option.long)
            || option
                .short
                .is_some_and(|letter| name == format!("-{letter}"))
    };
    let mut options = arguments.iter().filter(|word| word.starts_with('-'));
    options
        .find(|word| {
            !command
                .options
                .iter()
                .chain(GENERAL)
                .any(|option| known(option, word))
        })
        .map(|word| format!("{} has no option {word}", command.name))
}

/// Options of the daemon, from its help text.
fn daemon_options() -> (BTreeSet<char>, BTreeSet<String>) {
    let (mut short, mut long) = (BTreeSet::new(), BTreeSet::new());
    for line in evervip_daemon::usage("keepalived").lines() {
        for word in line.split([' ', ',']) {
            let name = word.split(['=', '[']).next().unwrap_or_default();
            if let Some(name) = name.strip_prefix("--") {
                long.insert(name.to_owned());
            } else if let (Some(letter), 2) = (name.strip_prefix('-'), name.len()) {
                short.extend(letter.chars());
            }
        }
    }
    (short, long)
}

/// What is wrong with a call of `keepalived`.
fn daemon_mistake(words: &[String]) -> Option<String> {
    let (short, long) = daemon_options();
    let mut behind_value = false;
    for word in &words[1..] {
        let name = word.split(['=', '[']).next().unwrap_or_default();
        if let Some(name) = name.strip_prefix("--") {
            if !long.contains(name) {
                return Some(format!("the daemon has no option --{name}"));
            }
            behind_value = long_takes_word(name);
        } else if let Some(letters) = word.strip_prefix('-') {
            let unknown = letters
                .chars()
                .take_while(|letter| letter.is_ascii_alphabetic())
                .find(|letter| !short.contains(letter));
            // What is attached to such a letter is its value.
            let value = letters.starts_with(['t', 'g', 'u', 'S', 'A', 'f', 'p', 'r', 'b', 'i']);
            if let (Some(letter), false) = (unknown, value) {
                return Some(format!("the daemon has no option -{letter}"));
            }
            behind_value = letters.ends_with(['f', 'p', 'r', 'b', 'i', 'S', 'A', 'u']);
        } else if behind_value || word.starts_with('$') {
            behind_value = false;
        } else {
            return Some(format!("the daemon takes no word '{word}'"));
        }
    }
    None
}

/// Whether the value of a long option may be the next word.
fn long_takes_word(name: &str) -> bool {
    let help = evervip_daemon::usage("keepalived");
    help.contains(&format!("--{name}="))
}

#[test]
fn every_command_has_options_that_exist() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for command in shown() {
        count += 1;
        let mistake = match program(&command.words[0]) {
            Some("evervip") => tool_mistake(&command.words, command.complete),
            _ => daemon_mistake(&command.words),
        };
        if let Some(mistake) = mistake {
            let line = command.words.join(" ");
            wrong.push(format!("{}: {line}: {mistake}", command.place));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "only {count} commands were found");
}

#[test]
fn every_target_of_make_exists() {
    let makefile = std::fs::read_to_string(top().join("Makefile")).unwrap();
    let mut wrong = Vec::new();
    for page in all() {
        for line in page.text.lines() {
            let spans = code_spans(line).into_iter().chain([line]);
            let targets = spans.filter_map(|text| text.strip_prefix("make ")?.split(' ').next());
            for target in targets {
                if !makefile.contains(&format!("\n{target}:")) {
                    wrong.push(format!("{}: make {target}", page.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_command_is_noticed() {
    let one = |line: &str| commands(line).into_iter().next().unwrap();
    assert_eq!(tool_mistake(&one("evervip check --pair a b"), true), None);
    assert!(tool_mistake(&one("evervip check --loud a"), true).is_some());
    assert!(tool_mistake(&one("evervip check"), true).is_some());
    assert_eq!(tool_mistake(&one("evervip check --pair"), false), None);
    assert!(tool_mistake(&one("evervip check --loud"), false).is_some());
    assert!(tool_mistake(&one("evervip status"), false).is_some());
    assert_eq!(daemon_mistake(&one("sudo keepalived -nlD -f x")), None);
    assert_eq!(daemon_mistake(&one("keepalived -t --use-file=x > y")), None);
    assert!(daemon_mistake(&one("keepalived -nZ")).is_some());
    assert!(daemon_mistake(&one("keepalived --loud")).is_some());
    assert!(daemon_mistake(&one("keepalived x")).is_some());
    assert!(commands("apt install keepalived").is_empty());
}
