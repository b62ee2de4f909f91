//! What the command line offers, as data: `--help`, the manual page and the shell completions are
//! made from it.

use std::fmt::Write;

/// A command of the tool.
#[derive(Debug, Clone, Copy)]
pub struct CommandReference {
    /// The word on the command line.
    pub name: &'static str,
    /// The files behind it.
    pub files: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Its options.
    pub options: &'static [OptionReference],
}

/// An option of a command.
#[derive(Debug, Clone, Copy)]
pub struct OptionReference {
    /// The letter, if there is one.
    pub short: Option<char>,
    /// The name behind `--`.
    pub long: &'static str,
    /// What belongs to it.
    pub value: OptionValue,
    /// What it does.
    pub help: &'static str,
}

/// What belongs to an option.
#[derive(Debug, Clone, Copy)]
pub enum OptionValue {
    /// Nothing.
    None,
    /// A word of the user's; this is what help texts call it.
    Word(&'static str),
    /// The name of a file.
    File,
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl OptionReference {
    const fn flag(long: &'static str, help: &'static str) -> Self {
        Self::with(long, OptionValue::None, help)
    }

    const fn with(long: &'static str, value: OptionValue, help: &'static str) -> Self {
        Self {
            short: None,
            long,
            value,
            help,
        }
    }

    const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// The value as help texts write it; empty when there is none.
    #[must_use]
    pub fn placeholder(&self) -> String {
        match self.value {
            OptionValue::None => String::new(),
            OptionValue::Word(name) => name.to_owned(),
            OptionValue::File => "FILE".to_owned(),
            OptionValue::OneOf(words) => words.join("|"),
        }
    }

    /// `-i, --config-id=ID`.
    #[must_use]
    pub fn written(&self) -> String {
        let mut out = self.short.map_or(String::new(), |c| format!("-{c}, "));
        out.push_str("--");
        out.push_str(self.long);
        if !matches!(self.value, OptionValue::None) {
            let _ = write!(out, "={}", self.placeholder());
        }
        out
    }
}

const CONFIG_ID: OptionReference = OptionReference::with(
    "config-id",
    OptionValue::Word("ID"),
    "Use the lines that begin with @ID, as keepalived -i.",
)
.short('i');

/// The commands, in the order of the help text.
pub const COMMANDS: &[CommandReference] = &[
    CommandReference {
        name: "check",
        files: "FILE...",
        help: "Read configurations as the daemon on this machine would, and show what there is to \
               say about them: what keepalived would complain about, and what it would not.",
        options: &[
            OptionReference::flag("strict", "Warnings make the exit code 1."),
            OptionReference::flag(
                "elsewhere",
                "The files are for other machines: interfaces, users and scripts that this one \
                 lacks are taken to be there.",
            ),
            OptionReference::flag(
                "pair",
                "The files are those of all nodes of a group, two or more: show also what does \
                 not fit together, and who is MASTER after each failure. Implies --elsewhere.",
            ),
            OptionReference::with(
                "format",
                OptionValue::OneOf(&["text", "short", "json"]),
                "text: annotated source; short: one line each, for editors; json: one array, for \
                 programs.",
            ),
            OptionReference::with(
                "color",
                OptionValue::OneOf(&["auto", "always", "never"]),
                "auto: on a terminal, unless NO_COLOR is set.",
            ),
            CONFIG_ID,
        ],
    },
    CommandReference {
        name: "explain",
        files: "FILE...",
        help: "Say what the daemon will do: whom each instance talks to, when it takes over and \
               what, what puts it into FAULT or costs it priority, what is run when.",
        options: &[
            OptionReference::flag(
                "pair",
                "The files are those of all nodes of a group: also who is MASTER after each \
                 single failure and after recovery.",
            ),
            OptionReference::with(
                "format",
                OptionValue::OneOf(&["text", "json"]),
                "text for people, json for programs.",
            ),
            CONFIG_ID,
        ],
    },
    CommandReference {
        name: "simulate",
        files: "FILE...",
        help: "Run the nodes of a group on a virtual network and show who is MASTER when and why, \
               and how long each address had no owner, or two. Exit code 1: something was \
               expected otherwise.",
        options: &[
            OptionReference::with(
                "scenario",
                OptionValue::File,
                "What happens to them (docs/simulate.md); without it the master dies after 20 \
                 seconds.",
            ),
            OptionReference::with(
                "seed",
                OptionValue::Word("N"),
                "Another one of the possible runs.",
            ),
            OptionReference::with(
                "format",
                OptionValue::OneOf(&["text", "json"]),
                "text for people, json for programs.",
            ),
            CONFIG_ID,
        ],
    },
    CommandReference {
        name: "convert",
        files: "FILE",
        help: "Print the keepalived.conf that a JSON configuration of failover stands for.",
        options: &[],
    },
    CommandReference {
        name: "dump",
        files: "FILE",
        help: "Print what the daemon would run, as JSON.",
        options: &[],
    },
    CommandReference {
        name: "clear-fault",
        files: "INSTANCE...",
        help: "Let instances out of the FAULT that '@evervip fault_latch' holds them in, when \
               somebody has looked into it. Asks the running daemon; needs root.",
        options: &[
            OptionReference::flag("all", "All instances that are held, in place of names."),
            OptionReference::with(
                "pid",
                OptionValue::File,
                "The daemon with this pid file (its -p). Without it: the only one of the machine.",
            )
            .short('p'),
            OptionReference::with(
                "namespace",
                OptionValue::Word("NAME"),
                "The daemon of this network namespace.",
            )
            .short('s'),
        ],
    },
    CommandReference {
        name: "teardown",
        files: "-f FILE",
        help: "Remove what a daemon that was killed has left, and only that: its addresses, routes, \
               rules, macvlans and ipvlans, packet filter tables, changed kernel settings, pid \
               files. Does nothing while a daemon of this configuration runs. Options are those of \
               the daemon.",
        options: &[
            OptionReference::with("use-file", OptionValue::File, "The configuration.").short('f'),
            OptionReference::flag("dry-run", "Only say what would be removed."),
            CONFIG_ID,
            OptionReference::with(
                "namespace",
                OptionValue::Word("NAME"),
                "The network namespace of the daemon.",
            )
            .short('s'),
            OptionReference::with("pid", OptionValue::File, "Its pid file.").short('p'),
            OptionReference::with(
                "vrrp_pid",
                OptionValue::File,
                "The pid file of its VRRP process.",
            )
            .short('r'),
        ],
    },
];

/// Options that belong to no command.
pub const GENERAL: &[OptionReference] = &[
    OptionReference::flag("help", "Show this text.").short('h'),
    OptionReference::flag("version", "Show the version.").short('V'),
];

/// What the exit codes mean.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "nothing worse than a warning"),
    (1, "warnings with --strict, or a bad command line"),
    (2, "errors, or clear-fault did not do all"),
    (3, "teardown: a daemon of this configuration runs"),
    (4, "teardown: something could not be removed"),
];

/// The answer to `--help`.
pub(crate) fn help() -> String {
    let mut out = String::new();
    for (index, command) in COMMANDS.iter().enumerate() {
        let lead = if index == 0 { "Usage: " } else { "       " };
        let options = if command.options.is_empty() {
            ""
        } else {
            "[OPTION...] "
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            out,
            "{lead}evervip {} {options}{}",
            command.name, command.files
        );
    }
    out.push('\n');
    for command in COMMANDS {
        entry(
            &mut out,
            &format!("{} {}", command.name, command.files),
            command.help,
        );
        for option in command.options {
            let indent = if option.short.is_some() { "" } else { "    " };
            entry(
                &mut out,
                &format!("{indent}{}", option.written()),
                option.help,
            );
        }
    }
    for option in GENERAL {
        entry(&mut out, &option.written(), option.help);
    }
    let codes: Vec<_> = EXIT_CODES
        .iter()
        .map(|(code, meaning)| format!("{code} {meaning}"))
        .collect();
    out.push('\n');
    for line in wrapped(&format!("Exit codes: {}.", codes.join("; ")), WIDTH) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A term on the left and its text on the right; below it when the term is long.
fn entry(out: &mut String, term: &str, text: &str) {
    let term = format!("  {term}");
    let mut lines = wrapped(text, WIDTH - COLUMN).into_iter();
    if term.len() < COLUMN {
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{term:COLUMN$}{first}");
    } else {
        let _ = writeln!(out, "{term}");
    }
    for line in lines {
        let _ = writeln!(out, "{:COLUMN$}{line}", "");
    }
}

/// The text in lines of at most `width` characters, words whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.len() + 1 + word.len() > width);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Where the right column of the help text begins.
const COLUMN: usize = 18;
const WIDTH: usize = 80;
