//! The command line, in the manner of `getopt_long`: clusters of short options, abbreviated long ones,
//! optional arguments attached (spec cli-and-process 1).

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use crate::configuration::Source;

/// Where the configuration is without `-f`.
pub(crate) const DEFAULT_CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";
const DEFAULT_PARENT_PID_FILE: &str = "/run/keepalived.pid";
const DEFAULT_VRRP_PID_FILE: &str = "/run/vrrp.pid";

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    /// `-t`; complaints go to this file instead of standard error.
    Test(Option<PathBuf>),
    Version,
    Help,
}

/// The command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) configuration: Source,
    pub(crate) foreground: bool,
    pub(crate) log_console: bool,
    pub(crate) log_detail: bool,
    pub(crate) dump: bool,
    pub(crate) parent_pid_file: PathBuf,
    pub(crate) vrrp_pid_file: PathBuf,
}

impl Options {
    /// The same with paths that stay right when the working directory changes.
    pub(crate) fn with_absolute_paths(&self) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            configuration: Source {
                path: absolute(&self.configuration.path),
                options: self.configuration.options.clone(),
            },
            parent_pid_file: absolute(&self.parent_pid_file),
            vrrp_pid_file: absolute(&self.vrrp_pid_file),
            ..self.clone()
        }
    }
}

/// What came of reading the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) options: Options,
    /// Words that belong to no option; the original mentions and ignores them.
    pub(crate) unexpected: Vec<String>,
    /// Lines for standard error; any makes the program exit with 1.
    pub(crate) errors: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Required,
    Optional,
}

/// An option of the original: its short and long name, whether it takes an argument, and whether it
/// has its effect here.
struct Row {
    short: Option<char>,
    long: &'static str,
    argument: Argument,
    supported: bool,
}

const fn row(short: char, long: &'static str, argument: Argument) -> Row {
    Row {
        short: Some(short),
        long,
        argument,
        supported: true,
    }
}

/// Known so that it can be named, and so that what is ambiguous for the original is so here.
const fn later(short: Option<char>, long: &'static str, argument: Argument) -> Row {
    Row {
        short,
        long,
        argument,
        supported: false,
    }
}

const TABLE: &[Row] = &[
    row('f', "use-file", Argument::Required),
    row('P', "vrrp", Argument::None),
    row('n', "dont-fork", Argument::None),
    row('l', "log-console", Argument::None),
    row('D', "log-detail", Argument::None),
    row('d', "dump-conf", Argument::None),
    row('p', "pid", Argument::Required),
    row('r', "vrrp_pid", Argument::Required),
    row('t', "config-test", Argument::Optional),
    row('v', "version", Argument::None),
    row('h', "help", Argument::None),
    later(Some('C'), "check", Argument::None),
    later(Some('B'), "no_bfd", Argument::None),
    later(None, "all", Argument::None),
    later(Some('S'), "log-facility", Argument::Required),
    later(Some('g'), "log-file", Argument::Optional),
    later(None, "flush-log-file", Argument::None),
    later(Some('G'), "no-syslog", Argument::None),
    later(Some('X'), "release-vips", Argument::None),
    later(Some('V'), "dont-release-vrrp", Argument::None),
    later(Some('I'), "dont-release-ipvs", Argument::None),
    later(Some('R'), "dont-respawn", Argument::None),
    later(Some('c'), "checkers_pid", Argument::Required),
    later(Some('b'), "bfd_pid", Argument::Required),
    later(Some('a'), "address-monitoring", Argument::None),
    later(Some('s'), "namespace", Argument::Required),
    row('e', "all-config", Argument::None),
    row('i', "config-id", Argument::Required),
    later(Some('x'), "snmp", Argument::None),
    later(Some('A'), "snmp-agent-socket", Argument::Required),
    later(Some('u'), "umask", Argument::Required),
    later(Some('m'), "core-dump", Argument::None),
    later(Some('M'), "core-dump-pattern", Argument::Optional),
    later(None, "signum", Argument::Required),
    later(None, "config-fd", Argument::Required),
    later(Some('T'), "genhash", Argument::None),
];

/// Reads the words after the program's name. All are looked at, so that all errors are reported.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Parsed {
    let mut parsed = Parsed {
        options: Options {
            task: Task::Run,
            configuration: Source {
                path: DEFAULT_CONFIGURATION.into(),
                options: evervip_config::Options::default(),
            },
            foreground: false,
            log_console: false,
            log_detail: false,
            dump: false,
            parent_pid_file: DEFAULT_PARENT_PID_FILE.into(),
            vrrp_pid_file: DEFAULT_VRRP_PID_FILE.into(),
        },
        unexpected: Vec::new(),
        errors: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_args(words);
    loop {
        let (option, written) = match parser.next() {
            Ok(None) => return parsed,
            Ok(Some(Value(word))) => {
                parsed.unexpected.push(word.to_string_lossy().into_owned());
                continue;
            }
            Ok(Some(Short(letter))) => (
                TABLE.iter().find(|row| row.short == Some(letter)),
                format!("-{letter}"),
            ),
            Ok(Some(Long(name))) => (find_long(name), format!("--{name}")),
            Err(error) => {
                parsed.errors.push(error.to_string());
                continue;
            }
        };
        let Some(row) = option else {
            parsed.errors.push(format!("Unknown option {written}"));
            // An argument that was attached to it belongs to it.
            let _ = parser.optional_value();
            continue;
        };
        let value = match row.argument {
            Argument::None => None,
            Argument::Optional => parser.optional_value(),
            Argument::Required => {
                let value = parser.value().ok().filter(|value| !value.is_empty());
                if value.is_none() {
                    parsed
                        .errors
                        .push(format!("Missing parameter for option {written}"));
                    continue;
                }
                value
            }
        };
        match row.short {
            Some(letter) if row.supported => apply(&mut parsed.options, letter, value),
            _ => parsed
                .errors
                .push(format!("Option {written} is not supported by this version")),
        }
    }
}

/// A long name, or an abbreviation of exactly one.
fn find_long(name: &str) -> Option<&'static Row> {
    if let Some(exact) = TABLE.iter().find(|row| row.long == name) {
        return Some(exact);
    }
    let mut matching = TABLE.iter().filter(|row| row.long.starts_with(name));
    matching.next().filter(|_| matching.next().is_none())
}

fn apply(options: &mut Options, letter: char, value: Option<OsString>) {
    let path = || value.clone().map(PathBuf::from).unwrap_or_default();
    match letter {
        'f' => options.configuration.path = path(),
        'e' => options.configuration.options.all_includes_required = true,
        'i' => {
            let id = value.map(|id| id.to_string_lossy().into_owned());
            options.configuration.options.config_id = id;
        }
        'n' => options.foreground = true,
        'l' => options.log_console = true,
        'D' => options.log_detail = true,
        'd' => options.dump = true,
        'p' => options.parent_pid_file = path(),
        'r' => options.vrrp_pid_file = path(),
        // The first of -v and -h decides; both beat the rest.
        'v' if options.task != Task::Help => options.task = Task::Version,
        'h' if options.task != Task::Version => options.task = Task::Help,
        't' if !matches!(options.task, Task::Help | Task::Version) => {
            options.task = Task::Test(value.map(PathBuf::from));
        }
        // -P: there is no other part to leave out.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Parsed {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn options(line: &str) -> Options {
        let parsed = parse_line(line);
        assert_eq!(parsed.errors, Vec::<String>::new(), "{line}");
        parsed.options
    }

    #[test]
    fn clusters_and_attached_arguments() {
        let options = options("-nldD -f/a/b -p /run/x.pid -r/run/y.pid");
        assert!(options.foreground && options.log_console && options.log_detail && options.dump);
        assert_eq!(options.configuration.path, PathBuf::from("/a/b"));
        assert_eq!(options.parent_pid_file, PathBuf::from("/run/x.pid"));
        assert_eq!(options.vrrp_pid_file, PathBuf::from("/run/y.pid"));
    }

    #[test]
    fn long_names_may_be_abbreviated_when_unique() {
        assert!(options("--dont-f").foreground);
        assert_eq!(parse_line("--dont").errors, ["Unknown option --dont"]);
        assert_eq!(
            options("--use-f=/a").configuration.path,
            PathBuf::from("/a")
        );
        assert_eq!(options("--config-t").task, Task::Test(None));
        // "vrrp" is exact although "vrrp_pid" begins with it; "v" is not unique.
        assert_eq!(parse_line("--vrrp").errors, Vec::<String>::new());
        assert_eq!(parse_line("--v").errors, ["Unknown option --v"]);
    }

    #[test]
    fn an_optional_argument_must_be_attached() {
        assert_eq!(
            options("-t/tmp/log").task,
            Task::Test(Some("/tmp/log".into()))
        );
        assert_eq!(
            options("--config-test=/tmp/log").task,
            Task::Test(Some("/tmp/log".into()))
        );
        let parsed = parse_line("-t /tmp/log");
        assert_eq!(parsed.options.task, Task::Test(None));
        assert_eq!(parsed.unexpected, ["/tmp/log"]);
    }

    #[test]
    fn every_error_is_reported_in_the_words_of_the_original() {
        let parsed = parse_line("-Z --bogus --use-file= -f");
        assert_eq!(
            parsed.errors,
            [
                "Unknown option -Z",
                "Unknown option --bogus",
                "Missing parameter for option --use-file",
                "Missing parameter for option -f"
            ]
        );
    }

    #[test]
    fn options_without_effect_are_named_not_swallowed() {
        let parsed = parse_line("-S 3 --release-vips -nx");
        assert_eq!(
            parsed.errors,
            [
                "Option -S is not supported by this version",
                "Option --release-vips is not supported by this version",
                "Option -x is not supported by this version"
            ]
        );
        assert_eq!(
            parsed.unexpected,
            Vec::<String>::new(),
            "the argument belongs to its option"
        );
    }

    #[test]
    fn relative_paths_mean_the_directory_of_the_start() {
        let options = options("-f a.conf -p x.pid -r /run/y.pid").with_absolute_paths();
        let here = std::env::current_dir().unwrap();
        assert_eq!(options.configuration.path, here.join("a.conf"));
        assert_eq!(options.parent_pid_file, here.join("x.pid"));
        assert_eq!(options.vrrp_pid_file, PathBuf::from("/run/y.pid"));
    }

    #[test]
    fn what_the_text_means() {
        let text = |line: &str| options(line).configuration.options;
        assert_eq!(text("-n"), evervip_config::Options::default());
        assert_eq!(text("-i main").config_id.as_deref(), Some("main"));
        assert_eq!(text("--config-id=b").config_id.as_deref(), Some("b"));
        assert!(text("-et").all_includes_required);
        assert!(text("--all-config").all_includes_required);
    }

    #[test]
    fn the_last_of_repeated_options_wins() {
        assert_eq!(
            options("-f /a -f /b").configuration.path,
            PathBuf::from("/b")
        );
    }
}
