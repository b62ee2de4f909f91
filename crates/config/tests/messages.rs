//! One row per message that keepalived 2.2.7 was seen to give (spec vrrp-keywords 20), with the
//! exit code of a file that has only this fault. One table in one file although it is long: it is
//! searched for a message, not read.

mod support;

use std::path::Path;

use evervip_config::{Class, Loaded, Mode, load};
use support::{FakeHost, MemoryFiles};

fn read(text: &str, mode: Mode) -> Loaded {
    let files = MemoryFiles::default().with("k", text);
    load(Path::new("k"), &files, &FakeHost::default(), mode)
}

/// What `-t` says in the original's words: without our remedies, and without the place that we add
/// where the original names none.
fn said(loaded: &Loaded) -> Vec<String> {
    loaded
        .diagnostics
        .iter()
        .filter(|d| d.class > Class::Log)
        .map(|d| {
            let mut d = d.clone();
            d.help = None;
            d.labels.clear();
            d.one_line(&loaded.sources)
        })
        .collect()
}

#[track_caller]
fn file(text: &str, exit: u8, expect: &[&str]) {
    let loaded = read(text, Mode::Test);
    assert_eq!(said(&loaded), expect, "{text}");
    assert_eq!(loaded.test_exit_code(), exit, "{text}");
}

#[test]
fn every_complaint_names_a_line_even_where_the_original_does_not() {
    let loaded = read("vrrp_instance i {\ninterface eth0\n}\n", Mode::Test);
    let lines: Vec<String> = loaded.test_lines().collect();
    assert!(
        lines[0] == "(i) the virtual router id must be set"
            && lines[1].starts_with("    ")
            && lines[1].ends_with(" (k: Line 1)"),
        "{lines:?}"
    );
}

/// A good instance with further lines; these are lines 4 and following.
#[track_caller]
fn instance(lines: &str, exit: u8, expect: &[&str]) {
    file(&with(lines), exit, expect);
}

fn with(lines: &str) -> String {
    format!(
        "vrrp_instance i {{\ninterface eth0\nvirtual_router_id 5\n{lines}\nvirtual_ipaddress {{\n10.0.0.9/24\n}}\n}}\n"
    )
}

/// An address entry; it is line 5.
#[track_caller]
fn address(entry: &str, exit: u8, expect: &[&str]) {
    let text = format!(
        "vrrp_instance i {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n{entry}\n10.0.0.9/24\n}}\n}}\n"
    );
    file(&text, exit, expect);
}

const NO_SUCH_INTERFACE: &str = "Non-existent interface specified in configuration";
const INSECURE: &str =
    "SECURITY VIOLATION - scripts are being executed but script_security not enabled.";

#[test]
fn good_files_are_silent() {
    file("", 0, &[]);
    instance(
        "priority 100\nadvert_int 1\nauthentication {\nauth_type PASS\nauth_pass 1111\n}",
        0,
        &[],
    );
    instance("priority 100 200\nnopreempt yes\naccept no", 0, &[]);
}

#[test]
fn interfaces() {
    file(
        "vrrp_instance i {\nvirtual_router_id 5\n}\n",
        5,
        &["(i) Unknown interface!"],
    );
    let without = |lines: &str| format!("vrrp_instance i {{\nvirtual_router_id 5\n{lines}\n}}\n");
    file(
        &without("unicast_src_ip 10.0.0.1"),
        5,
        &["(i) Unknown interface!"],
    );
    file(
        &without("unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n}"),
        5,
        &["(i) No VIP specified; at least one is sensible"],
    );
    let text = "vrrp_instance i {\ninterface eth9\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n";
    file(
        text,
        5,
        &[
            "(k: Line 2) WARNING - interface eth9 for vrrp_instance i doesn't exist",
            NO_SUCH_INTERFACE,
        ],
    );
    file(
        &format!("global_defs {{\ndynamic_interfaces\n}}\n{text}"),
        0,
        &[],
    );
    instance(
        "interface lo",
        5,
        &[
            "(k: Line 4) (i) cannot use a loopback interface (lo) for vrrp - ignoring",
            "(i) Unknown interface!",
        ],
    );
    instance(
        "interface abcdefghijklmnopqrst",
        5,
        &["(k: Line 4) Interface name 'abcdefghijklmnopqrst' too long - ignoring"],
    );
}

#[test]
fn virtual_router_id() {
    let text = |vrid: &str| {
        format!(
            "vrrp_instance i {{\ninterface eth0\n{vrid}\nvirtual_ipaddress {{\n10.0.0.9\n}}\n}}\n"
        )
    };
    file(&text(""), 5, &["(i) the virtual router id must be set"]);
    file(
        &text("virtual_router_id 256"),
        5,
        &[
            "(k: Line 3) number '256' outside range [1, 255]",
            "(k: Line 3) (i): VRID '256' not valid - must be between 1 & 255",
            "(i) the virtual router id must be set",
        ],
    );
    assert_eq!(read(&text(""), Mode::Start).start_failure(), Some(2));
}

#[test]
fn priority() {
    let message = "(k: Line 4) (i) Priority not valid! must be between 1 & 255. Using default 100";
    instance(
        "priority 0",
        5,
        &["(k: Line 4) number '0' outside range [1, 255]", message],
    );
    instance(
        "priority 256",
        5,
        &["(k: Line 4) number '256' outside range [1, 255]", message],
    );
    instance(
        "priority 100x",
        5,
        &["(k: Line 4) invalid number '100x'", message],
    );
}

#[test]
fn advert_interval() {
    let rows = [
        ("0", "number '0' outside range [0.010000, 255.000000]"),
        ("256", "number '256' outside range [0.010000, 255.000000]"),
        ("1s", "invalid number '1s'"),
        ("-1", "negative number '-1'"),
    ];
    for (word, number) in rows {
        instance(
            &format!("advert_int {word}"),
            5,
            &[
                &format!("(k: Line 4) {number}"),
                &format!(
                    "(k: Line 4) (i) Advert interval ({word}) not valid! Must be > 0 - ignoring"
                ),
            ],
        );
    }
    instance(
        "advert_int 1.5",
        5,
        &["(i) VRRPv2 advertisement interval 1.500000s must be an integer. rounding"],
    );
    instance(
        "version 3\nadvert_int 41",
        5,
        &[
            "(i) VRRPv3 advertisement interval 41.00s is out of range. Must be less than 40.96s. Setting to 40.95s",
        ],
    );
    instance(
        "version 3\nadvert_int 0.015",
        5,
        &["(i) VRRPv3 advertisement interval 0.015000s must be in units of 10ms - rounding"],
    );
}

#[test]
fn state_and_version() {
    instance(
        "state FOO",
        5,
        &["(k: Line 4) (i) unknown state 'FOO', defaulting to BACKUP"],
    );
    instance(
        "state MASTER\nstate BACKUP",
        5,
        &["(k: Line 5) (i) state previously set as MASTER - ignoring BACKUP"],
    );
    instance(
        "version 4",
        5,
        &[
            "(k: Line 4) number '4' outside range [2, 3]",
            "(k: Line 4) (i): Version must be either 2 or 3",
        ],
    );
    instance(
        "version 3\nversion 2",
        5,
        &[
            "(k: Line 5) (i) vrrp_version 2 conflicts with configured or deduced version 3; ignoring.",
        ],
    );
}

#[test]
fn authentication() {
    let auth = |lines: &str| format!("authentication {{\n{lines}\n}}");
    instance(
        &format!("version 3\n{}", auth("auth_type PASS\nauth_pass x")),
        5,
        &["(i) VRRP version 3 does not support authentication. Ignoring."],
    );
    instance(
        &auth("auth_type PASS"),
        5,
        &["(i) Authentication specified but no password given. Ignoring"],
    );
    instance(
        &auth("auth_pass 123456789\nauth_type PASS"),
        5,
        &["(k: Line 5) Truncating auth_pass to 8 characters"],
    );
    instance(
        &auth("auth_type FOO"),
        5,
        &["(k: Line 5) (i) unknown authentication type 'FOO'"],
    );
    instance(&auth("auth_pass x"), 0, &[]);
    instance(
        &format!(
            "state MASTER\npriority 90\n{}",
            auth("auth_type AH\nauth_pass x")
        ),
        5,
        &["(i) Initial state master is incompatible with AH authentication - clearing"],
    );
}

#[test]
fn preemption() {
    instance(
        "state MASTER\npriority 100\nnopreempt",
        5,
        &["(i) Warning - nopreempt will not work with initial state MASTER - clearing"],
    );
    instance(
        "state MASTER\npriority 100\npreempt_delay 5",
        5,
        &["(i) Warning - preempt delay will not work with initial state MASTER - clearing"],
    );
    instance(
        "priority 255\nnopreempt",
        5,
        &["(i) nopreempt is incompatible with priority 255. resetting nopreempt"],
    );
    instance(
        "nopreempt\npreempt_delay 5",
        5,
        &["(i) preempt_delay is incompatible with nopreempt mode - resetting"],
    );
    instance(
        "preempt_delay 1001",
        5,
        &[
            "(k: Line 4) number '1001' outside range [0.000000, 1000.000000]",
            "(k: Line 4) (i) Preempt_delay not valid! must be between 0-1000",
        ],
    );
}

#[test]
fn addresses() {
    let text = |version: &str| {
        format!("vrrp_instance i {{\ninterface eth0\nvirtual_router_id 5\n{version}\n}}\n")
    };
    file(
        &text(""),
        5,
        &["(i) No VIP specified; at least one is sensible"],
    );
    file(
        &text("version 3"),
        5,
        &["(i) No VIP specified; at least one is required"],
    );
    assert_eq!(read(&text(""), Mode::Start).start_failure(), None);
    assert_eq!(
        read(&text("version 3"), Mode::Start).start_failure(),
        Some(2)
    );
    address(
        "10.0.0.8/24\nfe80::1/64",
        5,
        &["(k: Line 6) (i): address family must match VRRP instance [fe80::1/64] - ignoring"],
    );
    address(
        "10.0.0.1-2",
        5,
        &["(k: Line 5) VRRP parsed invalid IP 10.0.0.1-2. skipping IP..."],
    );
    address(
        "10.0.0.1/33",
        5,
        &[
            "(k: Line 5) number '33' outside range [0, 32]",
            "(k: Line 5) Invalid address prefix len 33 for address 10.0.0.1/33 - using 32",
        ],
    );
    address(
        "10.0.0.1/24, 10.0.0.2/24",
        5,
        &[
            "(k: Line 5) invalid number '24,'",
            "(k: Line 5) Invalid address prefix len 24, for address 10.0.0.1/24, - using 32",
            "(k: Line 5) Unknown configuration entry '10.0.0.2/24' for ip address - ignoring",
        ],
    );
    address(
        "10.0.0.1/24 dev eth9",
        5,
        &[
            "(k: Line 5) WARNING - interface eth9 for ip address 10.0.0.1/24 doesn't exist",
            NO_SUCH_INTERFACE,
        ],
    );
    address(
        "10.0.0.1 foo",
        5,
        &["(k: Line 5) Unknown configuration entry 'foo' for ip address - ignoring"],
    );
    address(
        "10.0.0.1 label abcdefghijklmnop",
        5,
        &[
            "(k: Line 5) Address label abcdefghijklmnop is longer than maximum length 15 - removing address",
        ],
    );
    address(
        "10.0.0.1 dev",
        5,
        &["(k: Line 5) No dev parameter specified for 10.0.0.1"],
    );
    address("10.0.0.1/", 0, &[]);
}

#[test]
fn too_many_addresses() {
    let many: String = (0..264)
        .map(|n| format!("10.1.{}.{}\n", n / 200, n % 200 + 1))
        .collect();
    let text = format!(
        "vrrp_instance i {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n{many}}}\n}}\n"
    );
    file(
        &text,
        5,
        &[
            "(i) Number of VIPs (264) exceeds maximum/space available in packet (max 255 addresses) - excess moved to eVIPs",
        ],
    );
}

#[test]
fn structure() {
    file(
        "virtual_ipaddress {\n10.0.0.1\n}\n",
        5,
        &["(k: Line 1) Unknown keyword 'virtual_ipaddress'"],
    );
    instance("foo bar", 5, &["(k: Line 4) Unknown keyword 'foo'"]);
    instance(
        "priority",
        2,
        &[
            "(k: Line 4) *** Configuration line starting `priority` is missing a parameter after keyword `priority` at word position 2",
        ],
    );
    let text = with("");
    let open = text.trim_end().trim_end_matches('}');
    file(open, 5, &["There are 1 missing '}'s or extra '{'s"]);
    file(&format!("{text}}}\n"), 5, &["(k: Line 9) Extra '}' found"]);
    assert_eq!(read(open, Mode::Start).config.unwrap().instances.len(), 1);
    file(
        "vrrp_instance {\nfoo\n}\n",
        5,
        &["(k: Line 1) vrrp_instance must have a name"],
    );
    let twice = format!("{text}vrrp_instance i {{\nfoo\n}}\n");
    file(&twice, 5, &["(k: Line 9) vrrp instance i already defined"]);
    instance(
        "notify_master \"/x",
        5,
        &[
            "(k: Line 4) Unterminated quote 'notify_master \"/x'",
            "(k: Line 4) String 'notify_master \"/x': missing terminating \"",
            "(k: Line 4) Unmatched quote: 'notify_master \"/x'",
        ],
    );
}

#[test]
fn duplicate_routers() {
    let two = |extra_a: &str, extra_b: &str| {
        let one = |name: &str, extra: &str| {
            format!(
                "vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id 5\n{extra}\nvirtual_ipaddress {{\n10.0.0.9\n}}\n}}\n"
            )
        };
        one("a", extra_a) + &one("b", extra_b)
    };
    let peer = |ip: &str| format!("unicast_src_ip 10.0.0.1\nunicast_peer {{\n{ip}\n}}");
    file(
        &two("", ""),
        5,
        &["a and b both use VRID 5 with IPv4 on interface eth0"],
    );
    file(&two("", "interface eth1"), 0, &[]);
    file(&two("", "mcast_dst_ip 224.0.0.19"), 0, &[]);
    file(&two("", &peer("10.0.0.2")), 0, &[]);
    file(
        &two(&peer("10.0.0.2"), &peer("10.0.0.2")),
        5,
        &["(a) duplicate VRID conflict with b VRID 5"],
    );
    file(&two(&peer("10.0.0.2"), &peer("10.0.0.3")), 0, &[]);
    assert_eq!(read(&two("", ""), Mode::Start).start_failure(), Some(2));
}

#[test]
fn unicast() {
    instance(
        "unicast_src_ip 10.0.0.1",
        5,
        &[
            "(i) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    );
    let peers = |lines: &str| format!("unicast_peer {{\n10.0.0.2\n{lines}\n}}");
    instance(
        &peers("host"),
        5,
        &[
            "(k: Line 6) Configuration error: VRRP instance[i] malformed unicast peer address[host]. Skipping...",
        ],
    );
    instance(
        &peers("fe80::1"),
        5,
        &[
            "(k: Line 6) Configuration error: VRRP instance[i] and unicast peer address[fe80::1] MUST be of the same family !!! Skipping...",
        ],
    );
    instance(
        &peers("10.0.0.3 10.0.0.4"),
        5,
        &["(k: Line 6) (i) 10.0.0.4 is missing a value"],
    );
    instance(
        "mcast_src_ip foo",
        5,
        &[
            "(k: Line 4) Configuration error: VRRP instance[i] malformed src address[foo]. Skipping...",
        ],
    );
    instance(
        "unicast_ttl 5",
        5,
        &["(k: Line 8) (i): Cannot use unicast_ttl without unicast peers - resetting"],
    );
    instance(
        "mcast_dst_ip 10.0.0.1",
        5,
        &["(k: Line 4) (i) mcast_dst_ip 10.0.0.1 not multicast. Skipping..."],
    );
    instance(
        &format!("mcast_dst_ip 224.0.0.20\n{}", peers("")),
        5,
        &["(i) multicast destination specified with unicast - ignoring"],
    );
}

#[test]
fn strict_mode() {
    instance(
        "strict_mode\nstate MASTER\npriority 100\ndown_timer_adverts 5\naccept\nauthentication {\nauth_type PASS\nauth_pass x\n}",
        5,
        &[
            "(i) State MASTER must match being address owner",
            "(i) Strict mode does not support authentication. Ignoring.",
            "(i) down_timer_adverts is incompatible with strict mode - resetting",
            "(i) warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
        ],
    );
    instance(
        "strict_mode\nunicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n}",
        0,
        &[],
    );
}

#[test]
fn tracking() {
    instance(
        "track_script {\nchk\n}",
        5,
        &["(k: Line 5) (i) track script chk not found, ignoring..."],
    );
    instance(
        "track_interface {\neth1 weight 254\n}",
        5,
        &["(k: Line 5) (i) weight for eth1 cannot be +/-254. Setting to +/-253"],
    );
    instance(
        "track_interface {\neth1 weight 300\n}",
        5,
        &[
            "(k: Line 5) number '300' outside range [-254, 254]",
            "(k: Line 5) (i) weight 300 for eth1 must be between [-253..253] inclusive. Ignoring...",
        ],
    );
    instance(
        "track_interface {\neth0\n}",
        5,
        &["(i) Ignoring track_interface eth0 since own interface"],
    );
    instance(
        "track_interface {\neth9\n}",
        5,
        &[
            "(k: Line 5) (i) tracked interface eth9 doesn't exist",
            NO_SUCH_INTERFACE,
        ],
    );
    instance(
        "priority 255\ntrack_interface {\neth1 weight 5\n}",
        5,
        &["(i) ignoring eth1 tracked interface due to address owner"],
    );
}

const SECURE: &str = "global_defs {\nscript_user root\nenable_script_security\n}\n";

fn script(lines: &str) -> String {
    format!("vrrp_script s1 {{\n{lines}\n}}\n")
}

#[test]
fn groups() {
    let group = "vrrp_sync_group G1 {\ngroup {\ni\n}\n}\n";
    let lonely = "Sync group G1 has only 1 virtual router(s) - this probably isn't what you want";
    file(&format!("{}{group}", with("")), 5, &[lonely]);
    let weighted = with("track_interface {\neth1 weight 5\n}\ntrack_script {\ns1\n}");
    let script = script("script /x\nweight 2");
    file(
        &format!("{SECURE}{script}{weighted}{group}"),
        5,
        &[
            lonely,
            "(i) ignoring eth1 tracked interface weight due to SYNC group",
            "(i) ignoring tracked script s1 with weights due to SYNC group",
        ],
    );
    file(
        &format!("{}vrrp_sync_group G1 {{\ngroup {{\nX\n}}\n}}\n", with("")),
        5,
        &[
            "Virtual router X specified in sync group G1 doesn't exist - ignoring",
            "Sync group G1, no matching virtual router found in group declaration - removing",
        ],
    );
    file(
        &format!("vrrp_sync_group G1 {{\n}}\n{}", with("")),
        5,
        &["Sync group G1 has no virtual router(s). removing"],
    );
}

#[test]
fn scripts() {
    let tracked = with("track_script {\ns1\n}");
    file(&format!("{}{tracked}", script("script /x")), 6, &[INSECURE]);
    file(&format!("{SECURE}{}{tracked}", script("script /x")), 0, &[]);
    file(&script("script /x"), 0, &[]);
    file(
        &format!("{}{}", script("script /x"), with("")),
        6,
        &[INSECURE],
    );
    file(&with("notify_master /x"), 6, &[INSECURE]);
    file(&with("notify_master /absent"), 0, &[]);
    file(
        &format!("{SECURE}{}{tracked}", script("script /absent")),
        5,
        &["Disabling track script s1 since not found/accessible"],
    );
    file(
        &format!("{SECURE}{}{tracked}", script("script /insecure.sh")),
        5,
        &["Disabling track script s1 due to insecure"],
    );
    file(
        &format!("{}{tracked}", script("script /insecure.sh")),
        6,
        &[&format!("{INSECURE} There are insecure scripts.")],
    );
    file(
        &format!(
            "{SECURE}{}{tracked}",
            script("script \"/x a\"\nuser nosuch")
        ),
        5,
        &[
            "(k: Line 7) Unable to set uid/gid for script '/x' 'a'",
            "(k: Line 13) (i) track script s1 not found, ignoring...",
        ],
    );
    file(
        &format!(
            "global_defs {{\nenable_script_security\n}}\n{}{tracked}",
            script("script /x")
        ),
        5,
        &[
            "(k: Line 6) Unable to set default user keepalived_script for script",
            "(k: Line 6) Unable to set default user for vrrp script s1 - removing",
            "(k: Line 11) (i) track script s1 not found, ignoring...",
        ],
    );
    file(
        "global_defs {\nscript_user nosuch\n}\n",
        5,
        &["(k: Line 2) Error setting global script uid/gid"],
    );
    file(
        "vrrp_script {\n}\n",
        2,
        &[
            "(k: Line 1) *** Configuration line starting `vrrp_script` is missing a parameter after keyword `vrrp_script` at word position 2",
        ],
    );
    instance(
        "notify_master /absent\nnotify_master \"/b",
        5,
        &[
            "(k: Line 5) Unterminated quote 'notify_master \"/b'",
            "(k: Line 5) (i) notify_master script already specified - ignoring ",
            "(k: Line 5) Unmatched quote: 'notify_master \"/b'",
        ],
    );
    instance(
        "notify_master /absent\nnotify_master \"/b c\"",
        5,
        &["(k: Line 5) (i) notify_master script already specified - ignoring /b c"],
    );
}

#[test]
fn a_lenient_number_works_at_a_start_only() {
    let text = with("garp_master_delay 7s");
    let loaded = read(&text, Mode::Start);
    assert_eq!(loaded.config.unwrap().instances[0].garp.delay.as_secs(), 7);
    file(
        &text,
        5,
        &[
            "(k: Line 4) invalid number '7s'",
            "(k: Line 4) (i): garp_master_delay '7s' invalid - ignoring",
        ],
    );
}

#[test]
fn a_file_that_cannot_be_read_is_no_configuration() {
    let files = MemoryFiles::default().with("d/x", "");
    for path in ["absent", "d"] {
        let loaded = load(Path::new(path), &files, &FakeHost::default(), Mode::Test);
        assert_eq!(loaded.test_exit_code(), 4);
        assert_eq!(loaded.start_failure(), Some(6));
        assert!(loaded.config.is_none());
    }
}

#[test]
fn includes() {
    let base = MemoryFiles::default()
        .with("d/k", "include sub/*.conf\ninclude absent\n")
        .with("d/sub/a.conf", "foo\ninclude b.inc\n")
        .with("d/sub/b.inc", "\nbar\n");
    let read =
        |files: &MemoryFiles| load(Path::new("d/k"), files, &FakeHost::default(), Mode::Test);
    let loaded = read(&base);
    assert_eq!(
        said(&loaded),
        [
            "(d/k: Line 2) Config files missing 'absent'.",
            "(sub/a.conf: Line 1) Unknown keyword 'foo'",
            "(b.inc: Line 2) Unknown keyword 'bar'",
        ]
    );
    assert_eq!(loaded.test_exit_code(), 5);
    let required = MemoryFiles::default().with("d/k", "includem absent\n");
    assert_eq!(read(&required).test_exit_code(), 6);
    assert_eq!(read(&required).start_failure(), Some(6));
    let harmless = MemoryFiles::default().with("d/k", "include absent\ninclude x*\n");
    assert_eq!(read(&harmless).test_exit_code(), 0);
    let loop_ = MemoryFiles::default()
        .with("d/k", "include a\n")
        .with("d/a", "include k\n");
    let loaded = read(&loop_);
    assert_eq!(
        said(&loaded),
        ["(a: Line 1) include loop: d/k -> d/a -> d/k"]
    );
    assert!(loaded.config.is_none());
}

#[test]
fn conditional_lines_follow_the_node_name() {
    let loaded = read(
        "@node1 foo\n@other bar\n@^other baz\n@^node1 qux\n",
        Mode::Test,
    );
    assert_eq!(
        said(&loaded),
        [
            "(k: Line 1) Unknown keyword 'foo'",
            "(k: Line 3) Unknown keyword 'baz'"
        ]
    );
}

#[test]
fn an_unknown_block_is_skipped_as_a_unit() {
    let text = with("foo {\nbar {\n}\n}\npriority 77");
    file(&text, 5, &["(k: Line 4) Unknown keyword 'foo'"]);
    let config = read(&text, Mode::Start).config.unwrap();
    assert_eq!(config.instances[0].priority.value(), 77);
    assert_eq!(config.instances[0].addresses.len(), 1);
}

#[test]
fn what_is_not_honoured_is_named_once_per_use() {
    let text = with("lvs_sync_daemon_interface eth0")
        + "bfd_instance b {\nneighbor_ip 10.0.0.2\n}\nvirtual_server 1.2.3.4 80 {\nfoo {\n}\n}\nvirtual_server 1.2.3.5 80 {\n}\n@evervip reinstate_address off\n";
    let loaded = read(&text, Mode::Test);
    let named: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|d| d.class <= Class::Notice)
        .map(|d| d.one_line(&loaded.sources))
        .collect();
    assert_eq!(
        named,
        [
            "(k: Line 4) virtual servers are not run by this build - run them with keepalived -C; all LVS keywords and blocks of the file are skipped",
            "(k: Line 18) Unknown keyword '@evervip reinstate_address' - did you mean 'reinstate_addresses'?",
        ]
    );
    assert!(loaded.has_lvs && loaded.has_vrrp);
}

#[test]
fn a_missing_brace_costs_only_the_block_it_is_missing_from() {
    let one = |name: &str, vrid: u8| {
        format!(
            "vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id {vrid}\nvirtual_ipaddress {{\n10.0.0.{vrid}\n}}\n"
        )
    };
    let names = |text: &str| -> Vec<String> {
        let config = read(text, Mode::Start).config.unwrap();
        config
            .instances
            .iter()
            .map(|i| i.name.to_string())
            .collect()
    };
    let text = one("a", 1) + &one("b", 2) + "}\n";
    assert_eq!(names(&text), ["a", "b"]);
    file(
        &text,
        5,
        &[
            "(k: Line 7) Unknown keyword 'vrrp_instance'",
            "There are 1 missing '}'s or extra '{'s",
        ],
    );
    // A block that nobody knows, and that nobody closes.
    let text = format!("track_interface {{\n{}}}\n", one("a", 1));
    assert_eq!(names(&text), ["a"]);
    // A brace behind a keyword that has no block.
    let text = one("a", 1) + "priority 77 {\ngarp_master_delay 9\n}\n" + &one("b", 2) + "}\n";
    assert_eq!(names(&text), ["a", "b"]);
    let config = read(&text, Mode::Start).config.unwrap();
    assert_eq!(config.instances[0].garp.delay.as_secs(), 9);
    // When the braces match, a brace behind such a keyword begins a block to skip.
    let text = one("a", 1) + "priority 77 {\ngarp_master_delay 9\n}\n}\n" + &one("b", 2) + "}\n";
    assert_eq!(names(&text), ["a", "b"]);
}

#[test]
fn what_the_original_cannot_read_is_read_as_meant_and_named() {
    let text = format!(
        "\u{feff}vrrp_instance i {{\ninterface\u{200b} eth0\n\u{a0}virtual_router_id 5\nnotify \"/x {}\"\nvirtual_ipaddress {{\n10.0.0.9\n}}\n}}\n",
        "y".repeat(3000)
    );
    let loaded = read(&text, Mode::Test);
    let lines: Vec<_> = loaded.log_lines().collect();
    assert!(
        lines[0].starts_with("(k: Line 1) invisible character"),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("(k: Line 4) line of 3012 bytes, read whole")),
        "{lines:?}"
    );
    assert_eq!(loaded.test_exit_code(), 6);
    let instance = &read(&text, Mode::Start).config.unwrap().instances[0];
    assert_eq!(instance.interface.as_deref(), Some("eth0"));
    assert_eq!(instance.notify.any.as_ref().unwrap().argv[1].len(), 3000);
}
