//! keepalived(8).

use crate::help_text;
use crate::roff::Page;

pub(crate) fn page() -> String {
    let mut page = Page::new("keepalived", 8, "VRRP failover daemon (evervip)");
    page.section("Synopsis");
    page.synopsis("keepalived", "[OPTION...]");
    page.section("Description");
    for text in DESCRIPTION {
        page.paragraph(text);
    }
    page.section("Options");
    page.paragraph(
        "Short options may be put together (-nld), long ones may be abbreviated as long as only one \
         begins so. An optional argument must be attached: -tFILE, --config-test=FILE.",
    );
    for entry in help_text::options(&evervip_daemon::usage("keepalived")) {
        page.term(&entry.option, "", &sentence(&entry.text));
    }
    terms(&mut page, "Signals", SIGNALS);
    terms(&mut page, "Files", FILES);
    terms(&mut page, "Environment", ENVIRONMENT);
    terms(&mut page, "Exit status", EXIT_STATUS);
    page.section("See also");
    page.paragraph("keepalived.conf(5), evervip(1)");
    page.finish()
}

fn terms(page: &mut Page, title: &str, terms: &[(&str, &str)]) {
    page.section(title);
    for (term, text) in terms {
        page.term(term, "", text);
    }
}

/// With a capital at the beginning and a full stop at the end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}

const DESCRIPTION: &[&str] = &[
    "The daemon keeps addresses alive: on a group of machines that share a virtual router, one is \
     MASTER and holds the addresses; when it dies, is stopped or fails a check, another one takes \
     them over. The machines find that out by VRRP (RFC 9568, and the versions before it).",
    "This keepalived is evervip. It reads the same configuration, takes the same options and \
     signals and speaks the same protocol as keepalived 2.2.7 and may form a group with it. It runs \
     no virtual servers (LVS): their blocks are checked, and a warning says that they have no effect.",
    "Two processes run: the parent, which gets the signals and starts the other one again should it \
     die, and its child, which does the work. Where the configuration has BFD sessions a second child \
     runs them.",
];

const SIGNALS: &[(&str, &str)] = &[
    (
        "HUP",
        "Read the configuration again. What did not change goes on undisturbed. A configuration \
         that is refused changes nothing: the log says which line of which file is the reason.",
    ),
    (
        "TERM, INT",
        "Stop: the addresses are handed over at once and removed, the stop scripts are run.",
    ),
    (
        "USR1",
        "Write the state of everything to /tmp/keepalived.data and /tmp/keepalived_parent.data, that of \
         BFD sessions to /tmp/keepalived_bfd.data.",
    ),
    (
        "USR2",
        "Write statistics to /tmp/keepalived.stats; with the signal that --signum=STATS_CLEAR names \
         they begin anew afterwards.",
    ),
    (
        "RTMIN+2",
        "Write state and statistics to /tmp/keepalived.json, for programs. --signum=JSON prints its \
         number.",
    ),
];

const FILES: &[(&str, &str)] = &[
    (
        "/etc/keepalived/keepalived.conf",
        "The configuration. Without it the unit does not start the daemon.",
    ),
    (
        "/etc/default/keepalived",
        "Options for the daemon when systemd starts it, on Debian and its relatives: DAEMON_ARGS.",
    ),
    (
        "/etc/sysconfig/keepalived",
        "The same on Fedora, RHEL and their relatives: KEEPALIVED_OPTIONS.",
    ),
    ("/run/keepalived.pid", "Number of the parent process."),
    ("/run/vrrp.pid", "Number of the process that speaks VRRP."),
    (
        "/run/bfd.pid",
        "Number of the process that runs BFD sessions, where the configuration has any.",
    ),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "NOTIFY_SOCKET",
        "Where systemd is told that the start, a reload or the stop is done, and how many instances are \
         in which state.",
    ),
    (
        "WATCHDOG_USEC, WATCHDOG_PID",
        "Set by systemd for a unit with WatchdogSec: it is told in time that the daemon works, as long \
         as the thread that runs the protocol goes round.",
    ),
    (
        "PATH",
        "Where scripts are looked for that are written without a path.",
    ),
    (
        "TMPDIR",
        "Directory of what is written at signals, and of the log file of -g without a name, in place \
         of /tmp.",
    ),
    ("TZ", "Time zone of the times in the log."),
];

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "A normal stop; it is running already."),
    (
        "1",
        "A mistake on the command line, or a fault that no new start would mend.",
    ),
    ("2", "A configuration that cannot be run."),
    (
        "4",
        "A permission is missing. With -t: the file cannot be read, or has mistakes.",
    ),
    (
        "5, 6",
        "Only with -t: there are warnings; scripts are not secure.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_sentences() {
        assert_eq!(sentence("show the version"), "Show the version.");
        assert_eq!(sentence("It is."), "It is.");
    }

    #[test]
    fn every_option_is_there() {
        let page = page();
        for option in help_text::options(&evervip_daemon::usage("x")) {
            let line = format!("\\fB{}\\fR", option.option.replace('-', "\\-"));
            assert!(page.contains(&line), "{}", option.option);
            assert!(!option.text.is_empty(), "{}", option.option);
        }
        assert!(page.contains("\\-\\-use\\-file=FILE"), "{page}");
    }
}
