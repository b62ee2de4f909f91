//! The command line, in the manner of `getopt_long`: clusters of short options, abbreviated long ones,
//! optional arguments attached (spec cli-and-process 1).

use std::ffi::OsString;
use std::path::PathBuf;

use evervip_vrrp::AtStop;
use lexopt::prelude::{Long, Short, Value};

use crate::configuration::{SnmpOptions, Source};
use crate::logging::{Facility, UnknownFacility};

/// Where the configuration is without `-f`.
pub(crate) const DEFAULT_CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    /// `-t`; complaints go to this file instead of standard error.
    Test(Option<PathBuf>),
    Version,
    Help,
    /// `--signum`: the number of a signal, by what it asks for.
    SignalNumber(String),
}

/// When a child runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildRuns {
    WhenConfigured,
    /// `--all`
    Always,
    /// `-C` for VRRP, `-B` for BFD
    Never,
}

/// Where the log goes, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogOptions {
    /// `-l`
    pub(crate) console: bool,
    /// `-D`
    pub(crate) detail: bool,
    /// `-D` twice: more of BFD
    pub(crate) extra_detail: bool,
    /// Not `-G`.
    pub(crate) syslog: bool,
    /// `-S`
    pub(crate) facility: Facility,
    /// `-g`
    pub(crate) file: Option<PathBuf>,
}

/// The command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) configuration: Source,
    pub(crate) foreground: bool,
    pub(crate) log: LogOptions,
    pub(crate) dump: bool,
    pub(crate) vrrp: ChildRuns,
    pub(crate) bfd: ChildRuns,
    /// Not `-R`: a child that dies is started again.
    pub(crate) respawn: bool,
    pub(crate) at_stop: AtStop,
    /// `-a`: addresses that come and go are logged.
    pub(crate) address_monitoring: bool,
    /// `-p`
    pub(crate) parent_pid_file: Option<PathBuf>,
    /// `-r`
    pub(crate) vrrp_pid_file: Option<PathBuf>,
    /// `-b`
    pub(crate) bfd_pid_file: Option<PathBuf>,
    /// An option had a value that was not understood: a test of the configuration does not pass.
    pub(crate) is_doubtful: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            task: Task::Run,
            configuration: Source {
                path: DEFAULT_CONFIGURATION.into(),
                options: evervip_config::Options::default(),
                namespace: None,
                umask: None,
                snmp: SnmpOptions::default(),
            },
            foreground: false,
            log: LogOptions {
                console: false,
                detail: false,
                extra_detail: false,
                syslog: true,
                facility: Facility::default(),
                file: None,
            },
            dump: false,
            vrrp: ChildRuns::WhenConfigured,
            bfd: ChildRuns::WhenConfigured,
            respawn: true,
            at_stop: AtStop::Release,
            address_monitoring: false,
            parent_pid_file: None,
            vrrp_pid_file: None,
            bfd_pid_file: None,
            is_doubtful: false,
        }
    }
}

impl Task {
    /// Whether it is a question to the program, answered as soon as it is read.
    const fn is_answer(&self) -> bool {
        matches!(self, Self::Version | Self::Help | Self::SignalNumber(_))
    }
}

impl Options {
    /// The same with paths that stay right when the working directory changes.
    pub(crate) fn with_absolute_paths(&self) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            configuration: Source {
                path: absolute(&self.configuration.path),
                ..self.configuration.clone()
            },
            parent_pid_file: self.parent_pid_file.as_ref().map(absolute),
            vrrp_pid_file: self.vrrp_pid_file.as_ref().map(absolute),
            bfd_pid_file: self.bfd_pid_file.as_ref().map(absolute),
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
    /// Lines for standard error that change nothing else.
    pub(crate) notices: Vec<String>,
    /// Lines for standard error; any makes the program exit with 1.
    pub(crate) errors: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Required,
    Optional,
}

/// What an option is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    UseFile,
    AllConfig,
    ConfigId,
    ConfigTest,
    DontFork,
    DumpConf,
    LogConsole,
    LogDetail,
    LogFacility,
    LogFile,
    FlushLogFile,
    NoSyslog,
    ParentPid,
    VrrpPid,
    BfdPid,
    NoVrrp,
    NoBfd,
    All,
    DontRespawn,
    ReleaseAll,
    KeepAll,
    AddressMonitoring,
    Namespace,
    Umask,
    SignalNumber,
    Snmp,
    SnmpSocket,
    Version,
    Help,
    /// It turns off, or names a file of, something that does not exist here.
    Nothing,
    /// The daemon runs without it, and says so.
    Without(&'static str),
    /// Running without it would not be what is wanted.
    Refused(&'static str),
}

/// An option of the original.
struct Row {
    short: Option<char>,
    long: &'static str,
    argument: Argument,
    effect: Effect,
}

const fn row(short: Option<char>, long: &'static str, argument: Argument, effect: Effect) -> Row {
    Row {
        short,
        long,
        argument,
        effect,
    }
}

const CORE: Effect = Effect::Without("core dumps are left to the system by this version");

const TABLE: &[Row] = &[
    row(Some('f'), "use-file", Argument::Required, Effect::UseFile),
    row(Some('P'), "vrrp", Argument::None, Effect::Nothing),
    row(Some('C'), "check", Argument::None, Effect::NoVrrp),
    row(Some('B'), "no_bfd", Argument::None, Effect::NoBfd),
    row(None, "all", Argument::None, Effect::All),
    row(Some('n'), "dont-fork", Argument::None, Effect::DontFork),
    row(Some('l'), "log-console", Argument::None, Effect::LogConsole),
    row(Some('D'), "log-detail", Argument::None, Effect::LogDetail),
    row(
        Some('S'),
        "log-facility",
        Argument::Required,
        Effect::LogFacility,
    ),
    row(Some('g'), "log-file", Argument::Optional, Effect::LogFile),
    row(None, "flush-log-file", Argument::None, Effect::FlushLogFile),
    row(Some('G'), "no-syslog", Argument::None, Effect::NoSyslog),
    row(Some('d'), "dump-conf", Argument::None, Effect::DumpConf),
    row(Some('p'), "pid", Argument::Required, Effect::ParentPid),
    row(Some('r'), "vrrp_pid", Argument::Required, Effect::VrrpPid),
    row(
        Some('c'),
        "checkers_pid",
        Argument::Required,
        Effect::Nothing,
    ),
    row(Some('b'), "bfd_pid", Argument::Required, Effect::BfdPid),
    row(
        Some('R'),
        "dont-respawn",
        Argument::None,
        Effect::DontRespawn,
    ),
    row(
        Some('X'),
        "release-vips",
        Argument::None,
        Effect::ReleaseAll,
    ),
    row(
        Some('V'),
        "dont-release-vrrp",
        Argument::None,
        Effect::KeepAll,
    ),
    row(
        Some('I'),
        "dont-release-ipvs",
        Argument::None,
        Effect::Nothing,
    ),
    row(
        Some('a'),
        "address-monitoring",
        Argument::None,
        Effect::AddressMonitoring,
    ),
    row(Some('u'), "umask", Argument::Required, Effect::Umask),
    row(
        Some('t'),
        "config-test",
        Argument::Optional,
        Effect::ConfigTest,
    ),
    row(Some('e'), "all-config", Argument::None, Effect::AllConfig),
    row(Some('i'), "config-id", Argument::Required, Effect::ConfigId),
    row(None, "signum", Argument::Required, Effect::SignalNumber),
    row(Some('v'), "version", Argument::None, Effect::Version),
    row(Some('h'), "help", Argument::None, Effect::Help),
    row(Some('x'), "snmp", Argument::None, Effect::Snmp),
    row(
        Some('A'),
        "snmp-agent-socket",
        Argument::Required,
        Effect::SnmpSocket,
    ),
    row(Some('m'), "core-dump", Argument::None, CORE),
    row(Some('M'), "core-dump-pattern", Argument::Optional, CORE),
    row(
        Some('s'),
        "namespace",
        Argument::Required,
        Effect::Namespace,
    ),
    row(
        None,
        "config-fd",
        Argument::Required,
        Effect::Refused("is internal to keepalived"),
    ),
    row(
        Some('T'),
        "genhash",
        Argument::None,
        Effect::Refused("belongs to LVS, which is not part of evervip"),
    ),
];

/// Reads the words after the program's name, from left to right. All are looked at, so that all
/// errors are reported, unless one asks for an answer instead of a daemon.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Parsed {
    let mut parsed = Parsed {
        options: Options::default(),
        unexpected: Vec::new(),
        notices: Vec::new(),
        errors: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_args(words);
    while !parsed.options.task.is_answer() {
        let (option, written) = match parser.next() {
            Ok(None) => break,
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
        match row.effect {
            Effect::Without(what) => parsed.notices.push(format!("Option {written}: {what}")),
            Effect::Refused(why) => parsed.errors.push(format!("Option {written} {why}")),
            effect => parsed.options.apply(effect, value, &mut parsed.notices),
        }
    }
    parsed
}

/// A long name, or an abbreviation of exactly one.
fn find_long(name: &str) -> Option<&'static Row> {
    if let Some(exact) = TABLE.iter().find(|row| row.long == name) {
        return Some(exact);
    }
    let mut matching = TABLE.iter().filter(|row| row.long.starts_with(name));
    matching.next().filter(|_| matching.next().is_none())
}

impl Options {
    fn apply(&mut self, effect: Effect, value: Option<OsString>, notices: &mut Vec<String>) {
        let text = || value.clone().unwrap_or_default();
        let path = || PathBuf::from(text());
        let word = || text().to_string_lossy().into_owned();
        match effect {
            Effect::UseFile => self.configuration.path = path(),
            Effect::AllConfig => self.configuration.options.all_includes_required = true,
            Effect::ConfigId => self.configuration.options.config_id = Some(word()),
            Effect::ConfigTest => self.task = Task::Test(value.map(PathBuf::from)),
            Effect::DontFork => self.foreground = true,
            Effect::DumpConf => self.dump = true,
            Effect::LogConsole => self.log.console = true,
            Effect::LogDetail => {
                self.log.extra_detail = self.log.detail;
                self.log.detail = true;
            }
            Effect::LogFacility => match word().parse() {
                Ok(facility) => self.log.facility = facility,
                Err(UnknownFacility) => {
                    notices.push(format!("Invalid log facility '{}'", word()));
                    self.is_doubtful = true;
                }
            },
            Effect::LogFile => {
                let named = value
                    .map(PathBuf::from)
                    .filter(|path| path.as_os_str() != "");
                self.log.file = Some(named.unwrap_or_else(default_log_file));
            }
            Effect::NoSyslog => self.log.syslog = false,
            Effect::ParentPid => self.parent_pid_file = Some(path()),
            Effect::VrrpPid => self.vrrp_pid_file = Some(path()),
            Effect::BfdPid => self.bfd_pid_file = Some(path()),
            Effect::NoVrrp => self.vrrp = ChildRuns::Never,
            Effect::NoBfd => self.bfd = ChildRuns::Never,
            Effect::All => {
                self.vrrp = ChildRuns::Always;
                self.bfd = ChildRuns::Always;
            }
            Effect::DontRespawn => self.respawn = false,
            Effect::ReleaseAll => self.at_stop = AtStop::ReleaseAll,
            Effect::KeepAll => self.at_stop = AtStop::Keep,
            Effect::AddressMonitoring => self.address_monitoring = true,
            Effect::Namespace => self.configuration.namespace = Some(word()),
            Effect::Umask => match parse_umask(&word()) {
                Some(umask) => self.configuration.umask = Some(umask),
                None => notices.push(format!("Invalid --umask option {}", word())),
            },
            Effect::Snmp => self.configuration.snmp.all = true,
            Effect::SnmpSocket => self.configuration.snmp.socket = Some(word()),
            Effect::SignalNumber => self.task = Task::SignalNumber(word()),
            Effect::Version => self.task = Task::Version,
            Effect::Help => self.task = Task::Help,
            // Every line is written at once anyhow.
            Effect::FlushLogFile | Effect::Nothing | Effect::Without(_) | Effect::Refused(_) => {}
        }
    }
}

/// `keepalived.log` where the environment wants temporary files.
fn default_log_file() -> PathBuf {
    std::env::temp_dir().join("keepalived.log")
}

/// Decimal, `0` and octal, or `0x` and hexadecimal; at most 0777.
fn parse_umask(word: &str) -> Option<u16> {
    let (digits, radix) = match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if word.starts_with('0') => (word, 8),
        None => (word, 10),
    };
    // A sign would pass for part of the number.
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    let umask = u16::from_str_radix(digits, radix).ok()?;
    (plain && umask <= 0o777).then_some(umask)
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
        assert!(options.foreground && options.log.console && options.log.detail && options.dump);
        assert_eq!(options.configuration.path, PathBuf::from("/a/b"));
        assert_eq!(options.parent_pid_file, Some("/run/x.pid".into()));
        assert_eq!(options.vrrp_pid_file, Some("/run/y.pid".into()));
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
        let parsed = parse_line("-nx -A tcp:localhost:705 -M");
        assert_eq!(
            parsed.notices,
            ["Option -M: core dumps are left to the system by this version",]
        );
        let expected = SnmpOptions {
            all: true,
            socket: Some("tcp:localhost:705".to_owned()),
        };
        assert_eq!(parsed.options.configuration.snmp, expected);
        assert_eq!(parsed.errors, Vec::<String>::new());
        let parsed = parse_line("--config-fd 5 -nl");
        assert_eq!(
            parsed.errors,
            ["Option --config-fd is internal to keepalived"]
        );
        assert_eq!(
            parsed.unexpected,
            Vec::<String>::new(),
            "the argument belongs to its option"
        );
    }

    #[test]
    fn what_concerns_parts_that_do_not_exist_is_accepted() {
        let line = "-P -I -c /run/c.pid --flush-log-file";
        assert_eq!(options(line), Options::default());
    }

    #[test]
    fn parts_and_their_respawning() {
        assert_eq!(options("-C").vrrp, ChildRuns::Never);
        assert_eq!(options("-C --all").vrrp, ChildRuns::Always);
        assert_eq!(options("--all -C").vrrp, ChildRuns::Never);
        assert_eq!(options("-B").bfd, ChildRuns::Never);
        assert_eq!(options("-B --all").bfd, ChildRuns::Always);
        assert_eq!(options("-b /b").bfd_pid_file, Some("/b".into()));
        assert!(options("-DD").log.extra_detail && !options("-D").log.extra_detail);
        assert!(!options("-R").respawn);
        assert_eq!(options("-X").at_stop, AtStop::ReleaseAll);
        assert_eq!(options("--dont-release-vrrp").at_stop, AtStop::Keep);
        assert!(options("-a").address_monitoring);
    }

    #[test]
    fn where_the_log_goes() {
        let log = |line: &str| options(line).log;
        assert!(log("-n").syslog && !log("-G").syslog);
        assert_eq!(log("-g/var/log/k").file, Some("/var/log/k".into()));
        assert_eq!(
            log("-g").file,
            Some(std::env::temp_dir().join("keepalived.log"))
        );
        assert_eq!(log("-S 3").facility, "local3".parse().unwrap());
        let parsed = parse_line("-S 8 -n");
        assert_eq!(parsed.notices, ["Invalid log facility '8'"]);
        assert!(parsed.options.foreground && parsed.options.is_doubtful);
    }

    #[test]
    fn a_umask_in_three_notations() {
        let umask = |word: &str| options(&format!("-u {word}")).configuration.umask;
        assert_eq!(umask("022"), Some(0o22));
        assert_eq!(umask("0x1ff"), Some(0o777));
        assert_eq!(umask("18"), Some(0o22));
        for bad in ["999", "08", "0777x", "0x", "z", "+1"] {
            let parsed = parse_line(&format!("-u {bad}"));
            assert_eq!(parsed.notices, [format!("Invalid --umask option {bad}")]);
            assert_eq!(parsed.options.configuration.umask, None);
        }
    }

    #[test]
    fn a_question_is_answered_as_soon_as_it_is_read() {
        assert_eq!(options("-v --signum=DATA -Z").task, Task::Version);
        assert_eq!(options("-t -h").task, Task::Help);
        let task = options("--signum=DATA -v").task;
        assert_eq!(task, Task::SignalNumber("DATA".to_owned()));
        assert_eq!(parse_line("-Z -v").errors, ["Unknown option -Z"]);
    }

    #[test]
    fn relative_paths_mean_the_directory_of_the_start() {
        let options = options("-f a.conf -p x.pid -r /run/y.pid").with_absolute_paths();
        let here = std::env::current_dir().unwrap();
        assert_eq!(options.configuration.path, here.join("a.conf"));
        assert_eq!(options.parent_pid_file, Some(here.join("x.pid")));
        assert_eq!(options.vrrp_pid_file, Some("/run/y.pid".into()));
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
