//! What the program says of itself.

/// What clients parse out of `-v`; some look for it among the bytes of the program instead, so that it
/// is one text.
const FIRST_LINE: &str = "Keepalived v2.2.7 (01/16,2022)";

/// Name and version for log lines.
pub(crate) fn banner() -> String {
    concat!(
        "Keepalived v2.2.7 (evervip ",
        env!("CARGO_PKG_VERSION"),
        ")"
    )
    .to_owned()
}

/// Name, version and date in the form that clients of keepalived parse.
#[cfg(feature = "snmp")]
pub(crate) fn compatible_name() -> String {
    FIRST_LINE.to_owned()
}

/// The answer to `-v`. The first line has the form that clients of keepalived parse, date included;
/// exporters read from the others what the daemon can do.
pub(crate) fn version_text() -> String {
    format!(
        "{FIRST_LINE}\n\
         evervip {}\n\n\
         A drop-in replacement for keepalived, compatible with the release named above.\n\
         Licence: MIT OR Apache-2.0\n\n\
         configure options: {}\n\n\
         Config options:  {}\n",
        env!("CARGO_PKG_VERSION"),
        configure_options().join(" "),
        parts().join(" ")
    )
}

/// How the original would have been configured.
fn configure_options() -> Vec<&'static str> {
    let mut options = vec!["--enable-json", "--enable-nftables", "--enable-bfd"];
    if cfg!(feature = "snmp") {
        let snmp = [
            "--enable-snmp-vrrp",
            "--enable-snmp-rfcv2",
            "--enable-snmp-rfcv3",
        ];
        options.extend(snmp);
    }
    if cfg!(feature = "dbus") {
        options.push("--enable-dbus");
    }
    options.push("--disable-lvs");
    options
}

/// What the original would call the parts of this build, in its order.
fn parts() -> Vec<&'static str> {
    let mut parts = vec![
        "NFTABLES",
        "VRRP",
        "VRRP_AUTH",
        "VRRP_VMAC",
        "JSON",
        "BFD",
        "OLD_CHKSUM_COMPAT",
    ];
    if cfg!(feature = "snmp") {
        parts.extend(["SNMP_V3_FOR_V2", "SNMP_VRRP", "SNMP_RFCV2", "SNMP_RFCV3"]);
    }
    if cfg!(feature = "dbus") {
        parts.push("DBUS");
    }
    parts.push("SYSTEMD_NOTIFY");
    parts
}

/// The answer to `-h`; the manual page has the options from here, too.
#[must_use]
pub fn usage(program: &str) -> String {
    format!(
        "Usage: {program} [OPTION...]\n\
         \n\
         \x20 -f, --use-file=FILE          configuration file (default {file})\n\
         \x20 -P, --vrrp                   run only the VRRP part (there is no other here)\n\
         \x20 -C, --check                  run no VRRP process\n\
         \x20 -B, --no_bfd                 run no BFD process\n\
         \x20     --all                    run both processes without a configuration, too\n\
         \x20 -n, --dont-fork              stay in the foreground\n\
         \x20 -l, --log-console            with -n: write log lines to standard error, too\n\
         \x20 -D, --log-detail             write more log lines; twice: still more of BFD\n\
         \x20 -S, --log-facility=FACILITY  syslog facility: 0 to 7 or local0 to local7, user, daemon\n\
         \x20 -G, --no-syslog              write nothing to the system log\n\
         \x20 -g, --log-file[=FILE]        write log lines to FILE, too (default keepalived.log in\n\
         \x20                              the directory for temporary files)\n\
         \x20     --flush-log-file         write each line of that file at once, as is always done\n\
         \x20 -d, --dump-conf              write the configuration to the log after start-up\n\
         \x20 -p, --pid=FILE               pid file of the parent process\n\
         \x20 -r, --vrrp_pid=FILE          pid file of the VRRP process\n\
         \x20 -c, --checkers_pid=FILE      accepted: there is no process of checkers\n\
         \x20 -b, --bfd_pid=FILE           pid file of the BFD process\n\
         \x20 -R, --dont-respawn           end when a child process dies\n\
         \x20 -X, --release-vips           at the end remove addresses of backups, too\n\
         \x20 -V, --dont-release-vrrp      at the end keep addresses and tell no peer\n\
         \x20 -I, --dont-release-ipvs      accepted: there are no virtual servers\n\
         \x20 -s, --namespace=NAME         run in this network namespace, whatever the file says\n\
         \x20 -a, --address-monitoring     log addresses that others add and remove\n\
         \x20 -u, --umask=NUMBER           permissions withheld from files (default 0177)\n\
         \x20 -t, --config-test[=FILE]     test the configuration, complaints to FILE or standard error\n\
         \x20 -e, --all-config             every include that finds nothing is an error\n\
         \x20 -i, --config-id=ID           lines that begin with @ID are meant for this machine\n\
         \x20     --signum=NAME            print the number of the signal for STOP, RELOAD, DATA,\n\
         \x20                              STATS, STATS_CLEAR or JSON\n\
         \x20 -x, --snmp                   serve every SNMP table, as the enable_snmp keywords do\n\
         \x20 -A, --snmp-agent-socket=ADDR  where the AgentX master listens (default /var/agentx/master)\n\
         \x20 -m, --core-dump              allow core dumps of any size\n\
         \x20 -M, --core-dump-pattern[=PATTERN]  the same, and set kernel.core_pattern (default core)\n\
         \x20                              of the machine until the end\n\
         \x20 -v, --version                show the version\n\
         \x20 -h, --help                   show this text\n",
        file = crate::command_line::DEFAULT_CONFIGURATION
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::table::{Effect, TABLE};

    #[test]
    fn help_names_every_option_that_has_no_refusal() {
        let text = usage("keepalived");
        for row in TABLE {
            let short = row.short.map_or("    ".to_owned(), |c| format!("-{c}, "));
            let named = text.contains(&format!("  {short}--{}", row.long));
            let is_refused = matches!(row.effect, Effect::Refused(_));
            assert_eq!(named, !is_refused, "--{}", row.long);
        }
    }

    #[test]
    fn the_parts_of_the_build_are_named_as_clients_look_for_them() {
        let text = version_text();
        assert!(text.starts_with("Keepalived v2.2.7 (01/16,2022)\nevervip "));
        assert!(text.contains("\nconfigure options: --enable-json "));
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix("Config options:  "));
        let parts: Vec<&str> = line.unwrap().split(' ').collect();
        assert!(parts.contains(&"VRRP_AUTH"));
        assert_eq!(parts.contains(&"SNMP_VRRP"), cfg!(feature = "snmp"));
        assert_eq!(parts.contains(&"DBUS"), cfg!(feature = "dbus"));
    }
}
