//! The table of bad (and good) files with the verdicts of the original and of evervip.

use crate::{cluster::CONFIG, conf::CHECK_SCRIPT};

/// What the daemon does with the file when it is started in the foreground.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// Carries on: the instance `VI_1` enters BACKUP.
    CarriesOn,
    /// Evervip does; the original has nothing left to run.
    OursCarriesOn,
    /// Ends with this code.
    Ends(i32),
    /// Not tried.
    NotTried,
}

/// A file and its verdicts.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: &'static str,
    pub file: String,
    /// Exit code of `-t` of the original.
    pub code: i32,
    /// Exit code of `-t` of evervip where decided otherwise.
    pub our_code: i32,
    pub run: Run,
    /// Part of the original's complaint.
    pub original: &'static str,
    /// What every complaint must name.
    pub names: &'static str,
    /// The line that evervip must name.
    pub line: Option<u32>,
}

/// All rows.
pub fn rows() -> Vec<Row> {
    use Run::{CarriesOn, Ends, NotTried, OursCarriesOn};
    let good = instance("VI_1", "51");
    let row = |name, file: String, code, run, original, names, line| Row {
        name,
        file,
        code,
        our_code: code,
        run,
        original,
        names,
        line,
    };
    let with = |from: &str, to: &str| good.replace(from, to);
    let extra = |lines: &str| {
        good.replace(
            "    virtual_ipaddress",
            &format!("{lines}\n    virtual_ipaddress"),
        )
    };
    let script = |globals: &str, path: &str| {
        let track = extra("    track_script {\n        chk\n    }");
        format!(
            "global_defs {{\n{globals}}}\nvrrp_script chk {{\n    script \"{path}\"\n    interval 1\n}}\n{track}"
        )
    };
    let secure = "    enable_script_security\n    script_user root\n";
    let (check, missing) = (CHECK_SCRIPT, "/etc/keepalived/none.sh");
    let long = "x".repeat(1500);
    let mut rows = vec![
        row("good", good.clone(), 0, CarriesOn, "", "", None),
        row(
            "unknown-interface",
            with("ens192", "nosuch0"),
            5,
            Ends(2),
            "WARNING - interface nosuch0 for vrrp_instance VI_1 doesn't exist",
            "nosuch0",
            Some(2),
        ),
        row(
            "no-interface",
            with("    interface ens192\n", ""),
            5,
            Ends(2),
            "(VI_1) Unknown interface!",
            "VI_1",
            None,
        ),
        row(
            "no-vrid",
            with("    virtual_router_id 51\n", ""),
            5,
            Ends(2),
            "(VI_1) the virtual router id must be set",
            "VI_1",
            None,
        ),
        row(
            "bad-vrid",
            with("51", "51abc"),
            5,
            Ends(2),
            "(VI_1): VRID '51abc' not valid",
            "51abc",
            Some(3),
        ),
        row(
            "duplicate-vrid",
            good.clone() + &instance("VI_2", "51"),
            5,
            Ends(2),
            "VI_1 and VI_2 both use VRID 51 with IPv4 on interface ens192",
            "VI_2",
            None,
        ),
        row(
            "duplicate-name",
            good.clone() + &instance("VI_1", "52"),
            5,
            CarriesOn,
            "vrrp instance VI_1 already defined",
            "VI_1",
            Some(10),
        ),
        row(
            "unknown-keyword",
            extra("    frobnicate 5"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(6),
        ),
        row(
            "unknown-block",
            extra("    frobnicate {\n        a b\n    }"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(6),
        ),
        row(
            "unknown-top",
            format!("frobnicate 1\n{good}"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(1),
        ),
        row(
            "unclosed-brace",
            good.strip_suffix("}\n").unwrap_or(&good).to_owned(),
            5,
            CarriesOn,
            "There are 1 missing '}'s or extra '{'s",
            "}",
            None,
        ),
        row(
            "missing-open-brace",
            with("virtual_ipaddress {", "virtual_ipaddress"),
            5,
            CarriesOn,
            "Extra '}' found",
            "virtual_ipaddress",
            Some(6),
        ),
        row(
            "extra-close-brace",
            format!("{good}}}\n"),
            5,
            CarriesOn,
            "Extra '}' found",
            "}",
            Some(10),
        ),
        row(
            "family-mix",
            with("10.150.160.100", "10.150.160.100\n        2001:db8::1"),
            5,
            CarriesOn,
            "address family must match VRRP instance [2001:db8::1] - ignoring",
            "2001:db8::1",
            Some(8),
        ),
        row(
            "bad-address",
            with("10.150.160.100", "10.150.160.300"),
            5,
            CarriesOn,
            "VRRP parsed invalid IP 10.150.160.300. skipping IP...",
            "10.150.160.300",
            Some(7),
        ),
        row(
            "bad-prefix",
            with("160.100", "160.100/33"),
            5,
            CarriesOn,
            "Invalid address prefix len 33",
            "33",
            Some(7),
        ),
        row(
            "no-address",
            with(
                "    virtual_ipaddress {\n        10.150.160.100\n    }\n",
                "",
            ),
            5,
            CarriesOn,
            "(VI_1) No VIP specified; at least one is sensible",
            "VI_1",
            None,
        ),
        row(
            "missing-argument",
            with("advert_int 1", "advert_int"),
            2,
            Ends(2),
            "is missing a parameter after keyword `advert_int` at word position 2",
            "advert_int",
            Some(5),
        ),
        row(
            "bad-priority",
            with("priority 100", "priority 300"),
            5,
            CarriesOn,
            "Priority not valid! must be between 1 & 255. Using default 100",
            "300",
            Some(4),
        ),
        row(
            "v2-fraction",
            with("advert_int 1", "advert_int 0.5"),
            5,
            CarriesOn,
            "(VI_1) VRRPv2 advertisement interval 0.500000s must be an integer. rounding",
            "VI_1",
            None,
        ),
        row(
            "negative-interval",
            with("advert_int 1", "advert_int -1"),
            5,
            CarriesOn,
            "Advert interval (-1) not valid! Must be > 0 - ignoring",
            "-1",
            Some(5),
        ),
        row(
            "bad-state",
            extra("    state FOO"),
            5,
            CarriesOn,
            "(VI_1) unknown state 'FOO', defaulting to BACKUP",
            "FOO",
            Some(6),
        ),
        row(
            "unmatched-quote",
            extra("    advert_int \"1"),
            2,
            Ends(2),
            "Unterminated quote",
            "quote",
            Some(6),
        ),
        row(
            "long-password",
            extra(
                "    authentication {\n        auth_type PASS\n        auth_pass 123456789\n    }",
            ),
            5,
            CarriesOn,
            "Truncating auth_pass to 8 characters",
            "auth_pass",
            Some(8),
        ),
        row(
            "v3-password",
            extra(
                "    version 3\n    authentication {\n        auth_type PASS\n        auth_pass 12345678\n    }",
            ),
            5,
            CarriesOn,
            "(VI_1) VRRP version 3 does not support authentication. Ignoring.",
            "authentication",
            None,
        ),
        row(
            "unicast-family-mix",
            extra("    unicast_src_ip 10.150.160.30\n    unicast_peer {\n        fe80::1\n    }"),
            5,
            CarriesOn,
            "unicast peer address[fe80::1] MUST be of the same family",
            "fe80::1",
            Some(8),
        ),
        row(
            "include-missing",
            format!("{good}include nothere.conf\n"),
            0,
            CarriesOn,
            "Config files missing 'nothere.conf'.",
            "nothere.conf",
            Some(10),
        ),
        row(
            "script-good",
            script(secure, check),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row(
            "script-without-security",
            script("    script_user root\n", check),
            6,
            CarriesOn,
            "SECURITY VIOLATION - scripts are being executed but script_security not enabled.",
            "SECURITY VIOLATION",
            None,
        ),
        row(
            "script-missing",
            script(secure, missing),
            5,
            CarriesOn,
            "Disabling track script chk since not found/accessible",
            "chk",
            None,
        ),
        row(
            "script-not-executable",
            script(secure, CONFIG),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row(
            "script-undefined",
            extra("    track_script {\n        nochk\n    }"),
            5,
            CarriesOn,
            "(VI_1) track script nochk not found, ignoring...",
            "nochk",
            Some(7),
        ),
        row(
            "script-no-user",
            script("    enable_script_security\n", check),
            5,
            CarriesOn,
            "(VI_1) track script chk not found, ignoring...",
            "chk",
            None,
        ),
        row(
            "script-unknown-user",
            script(
                "    enable_script_security\n    script_user nosuchuser\n",
                check,
            ),
            5,
            CarriesOn,
            "Error setting global script uid/gid",
            "script",
            None,
        ),
        row(
            "notify-missing",
            extra("    notify /nonexistent/x"),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row("empty", String::new(), 0, NotTried, "", "", None),
    ];
    // Where evervip decides otherwise (docs/deviations.md).
    let differs = |name, file, code, our_code, run, original, names| Row {
        our_code,
        ..row(name, file, code, run, original, names, None)
    };
    rows.push(differs(
        "script-other-user",
        script(
            "    enable_script_security\n    script_user nobody\n",
            check,
        ),
        143,
        0,
        NotTried,
        "",
        "",
    ));
    rows.push(differs(
        "byte-order-mark",
        format!("\u{feff}{good}"),
        5,
        5,
        OursCarriesOn,
        "Unknown keyword '\u{feff}vrrp_instance'",
        "",
    ));
    rows.push(differs(
        "long-line",
        extra(&format!("    # {long}")),
        5,
        0,
        CarriesOn,
        "Unknown keyword 'xxxxx",
        "",
    ));
    rows.push(differs(
        "include-loop",
        format!("{good}include {CONFIG}\n"),
        5,
        6,
        NotTried,
        "open problem (Too many open files) - skipping",
        CONFIG,
    ));
    rows
}

/// A good instance without anything special.
pub fn instance(name: &str, vrid: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n    interface ens192\n    virtual_router_id {vrid}\n    priority 100\n    advert_int 1\n    \
         virtual_ipaddress {{\n        10.150.160.100\n    }}\n}}\n"
    )
}
