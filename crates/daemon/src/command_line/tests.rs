use std::ffi::OsString;
use std::path::PathBuf;

use evervip_vrrp::AtStop;

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
fn clusters_go_on_behind_an_unknown_option() {
    let parsed = parse_line("-Zn -n=5 --dont-fork=1 --bogus=2");
    assert!(parsed.options.foreground);
    assert_eq!(
        parsed.errors,
        [
            "Unknown option -Z",
            "Unknown option -=",
            "Unknown option --dont-fork=1",
            "Unknown option --bogus=2"
        ]
    );
    assert_eq!(parse_line("-Zv").options.task, Task::Version);
    assert_eq!(parse_line("--version=3").options.task, Task::Run);
}

#[test]
fn an_empty_argument_of_a_short_option_is_none() {
    let words = ["-p", "", "-s", "", "-S", "", "-u", "", "-A", "", "-i", ""];
    let parsed = parse(words.map(OsString::from));
    assert_eq!((parsed.errors, parsed.notices), (Vec::new(), Vec::new()));
    assert_eq!(parsed.options, Options::default());
    assert_eq!(
        options("--config-test=").task,
        Task::Test(Some(PathBuf::new()))
    );
    let parsed = parse(["-f", ""].map(OsString::from));
    assert_eq!(parsed.options.configuration.path, PathBuf::new());
}

#[test]
fn core_dumps_and_where_they_go() {
    let cores = |line: &str| options(line).core_dumps;
    let to = |pattern: &str| CoreDumps::To(pattern.to_owned());
    assert_eq!(cores("-n"), CoreDumps::AsInherited);
    assert_eq!(cores("-nm"), CoreDumps::Allowed);
    assert_eq!(cores("--core-dump"), CoreDumps::Allowed);
    assert_eq!(cores("-M"), to("core"));
    assert_eq!(cores("-M/tmp/core.%p -m"), to("/tmp/core.%p"));
    assert_eq!(cores("--core-dump-pattern=|/bin/x %p"), to("|/bin/x"));
}

#[test]
fn options_without_effect_are_named_not_swallowed() {
    let parsed = parse_line("-nx -A tcp:localhost:705");
    let source = &parsed.options.configuration;
    assert!(source.all_snmp);
    assert_eq!(
        source.options.snmp_socket.as_deref(),
        Some("tcp:localhost:705")
    );
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
    assert_eq!(options("-VX").at_stop, AtStop::Keep);
    assert_eq!(options("-XV").at_stop, AtStop::Keep);
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
