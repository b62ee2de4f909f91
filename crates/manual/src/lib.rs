//! Manual pages and shell completions.
//!
//! What can be taken from the programs is: keywords from the table of `config`, options from the help
//! texts and tables of the programs. So the pages are made when a package is built and cannot be out
//! of date; they are not kept in the repository.
#![forbid(unsafe_code)]

mod completions;
mod configuration;
mod daemon;
mod daemon_completions;
mod help_text;
mod roff;
mod tool;

/// A file of the packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without directory.
    pub name: &'static str,
    /// What is in it.
    pub text: String,
}

/// All pages and completions.
#[must_use]
pub fn files() -> Vec<File> {
    vec![
        File {
            name: "keepalived.8",
            text: daemon::page(),
        },
        File {
            name: "keepalived.conf.5",
            text: configuration::page(),
        },
        File {
            name: "evervip.1",
            text: tool::page(),
        },
        File {
            name: "evervip.bash",
            text: completions::bash(),
        },
        File {
            name: "_evervip",
            text: completions::zsh(),
        },
        File {
            name: "evervip.fish",
            text: completions::fish(),
        },
        File {
            name: "keepalived.bash",
            text: daemon_completions::bash(),
        },
        File {
            name: "_keepalived",
            text: daemon_completions::zsh(),
        },
        File {
            name: "keepalived.fish",
            text: daemon_completions::fish(),
        },
    ]
}

/// The version of the packages.
const VERSION: &str = env!("CARGO_PKG_VERSION");
