//! `evervip simulate`: what nodes depend on, reloads, and what is left out.
#![expect(clippy::unwrap_used, reason = "a failure ends the test")]

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

/// Two nodes `a` and `b` in a directory of their own, with the same text but for the priority, which
/// stands for PRIORITY in it.
struct Pair(tempfile::TempDir);

impl Pair {
    fn new(text: &str) -> Self {
        let pair = Self(tempfile::tempdir().unwrap());
        pair.write("a.conf", &text.replace("PRIORITY", "150"));
        pair.write("b.conf", &text.replace("PRIORITY", "100"));
        pair
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Exit code and output under a scenario.
    fn run(&self, scenario: &str, options: &[&str]) -> (u8, String, String) {
        self.write("scenario", scenario);
        let mut arguments: Vec<OsString> = vec!["simulate".into(), "--scenario".into()];
        for name in ["scenario", "a.conf", "b.conf"] {
            arguments.push(self.path().join(name).into());
        }
        arguments.extend(options.iter().map(OsString::from));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = evervip_ctl::run(arguments.into_iter(), false, &mut out, &mut err).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    /// The output under a scenario whose expectations come true.
    #[track_caller]
    fn check(&self, scenario: &str) -> String {
        let (code, out, err) = self.run(scenario, &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        out
    }
}

fn instance(more: &str) -> String {
    format!(
        "vrrp_instance V {{\n interface eth0\n virtual_router_id 51\n priority PRIORITY\n \
         virtual_ipaddress {{\n 10.0.0.1/24\n }}\n{more}}}\n"
    )
}

#[test]
fn a_tracked_file_moves_the_addresses() {
    let pair = Pair::new(&format!(
        "track_file load {{\n file /run/load\n weight 1\n}}\n{}",
        instance(" track_file {\n load\n }\n")
    ));
    let out = pair.check(
        "at 10s expect a MASTER\nat 10s file load on a is -60\nat 20s expect b MASTER\n\
         at 20s file load on a is gone\nat 30s expect a MASTER\n\
         at 30s stop a\nat 31s file load on a is -60\nat 32s start a\nexpect b MASTER\n",
    );
    assert!(
        out.contains("-- a: file load is -60 from now on\n"),
        "{out}"
    );
    assert!(out.contains("-- a: file load is gone\n"), "{out}");
}

#[test]
fn a_file_that_is_to_be_there_from_the_start_is_there() {
    let text = format!(
        "track_file load {{\n file /run/load\n weight 1\n init_file -60\n}}\n{}",
        instance(" track_file {\n load\n }\n")
    );
    let pair = Pair::new(&text);
    pair.write("b.conf", &instance("").replace("PRIORITY", "100"));
    pair.check("at 10s expect b MASTER\nat 10s file load on a is 0\nexpect a MASTER\n");
}

#[test]
fn a_tracked_process_moves_the_addresses() {
    let pair = Pair::new(&format!(
        "vrrp_track_process web {{\n process haproxy\n quorum 2\n}}\n{}",
        instance(" track_process {\n web\n }\n")
    ));
    let out = pair.check(
        "at 10s expect a MASTER\nat 10s process web fails on a\nat 15s expect a FAULT\n\
         at 15s expect b MASTER\nat 20s process web succeeds on a\nexpect a MASTER\n",
    );
    assert!(out.contains("-- a: process web is gone\n"), "{out}");
}

/// Each node is MASTER of one instance, which is what two nodes with two instances are for.
#[test]
fn instances_are_expected_one_by_one() {
    let of = |name: &str, vrid: u8, priority: u8| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n \
             priority {priority}\n virtual_ipaddress {{\n 10.0.0.{vrid}/24\n }}\n}}\n"
        )
    };
    let pair = Pair::new("");
    pair.write("a.conf", &(of("V", 1, 150) + &of("W", 2, 100)));
    pair.write("b.conf", &(of("V", 1, 100) + &of("W", 2, 150)));
    pair.check(
        "at 10s expect a V MASTER\nat 10s expect a W BACKUP\nat 10s expect b W MASTER\n\
         at 10s kill b\nat 20s expect a MASTER\nexpect b gone\n",
    );
    let (code, out, _) = pair.run("until 10s\nexpect b V MASTER\n", &[]);
    assert_eq!(code, 1);
    assert!(out.contains("line 2: b V is BACKUP, not MASTER"), "{out}");
}

#[test]
fn an_interface_goes_down_and_comes_back() {
    let pair = Pair::new(&instance(" track_interface {\n eth9\n }\n"));
    pair.check(
        "at 10s link eth9 down on a\nat 11s expect a FAULT\nat 15s expect b MASTER\n\
         at 15s link eth9 up on a\nexpect a MASTER\nexpect b BACKUP\n",
    );
}

#[test]
fn somebody_removes_the_addresses() {
    let pair = Pair::new(&instance(""));
    let out = pair.check("at 10s remove addresses on a\nuntil 20s\nexpect a MASTER\n");
    assert!(
        out.contains("-- a: somebody removes its addresses\n"),
        "{out}"
    );
}

/// Their adverts go where the routing table sends them.
#[test]
fn instances_without_interface_hear_each_other() {
    let of = |priority: u8, own: u8, peer: u8, dev: &str| {
        format!(
            "vrrp_instance V {{\n virtual_router_id 51\n priority {priority}\n \
             unicast_src_ip 192.0.2.{own}\n unicast_peer {{\n 192.0.2.{peer}\n }}\n \
             virtual_ipaddress {{\n 10.0.0.1/24{dev}\n }}\n}}\n"
        )
    };
    let pair = Pair::new("");
    pair.write("a.conf", &of(150, 1, 2, " dev eth3"));
    pair.write("b.conf", &of(100, 2, 1, " dev eth3"));
    pair.check(
        "at 10s expect a MASTER\nat 10s expect b BACKUP\nat 10s link eth3 down on a\n\
         at 20s expect b MASTER\nat 20s link eth3 up on a\nexpect a MASTER\nexpect b BACKUP\n",
    );
}

/// Signed adverts with a time that cannot be are as if they were none.
#[test]
fn a_clock_that_is_wrong_matters_to_signed_adverts() {
    let key = "0123456789abcdef".repeat(4);
    let pair = Pair::new(&instance(&format!(
        " version 3\n auth_hmac {{\n key 1 {key}\n active_key 1\n time_window 30\n }}\n"
    )));
    let out = pair.check(
        "at 5s expect b BACKUP\nat 5s clock 20s ahead on a\nat 10s expect b BACKUP\n\
         at 10s clock 5m ahead on a\nat 20s expect b MASTER\nat 20s clock 1s behind on a\n\
         until 90s\nexpect b BACKUP\nexpect a MASTER\n",
    );
    for line in [
        "-- a: the clock is 300000 ms ahead\n",
        "-- a: the clock is 1000 ms behind\n",
    ] {
        assert!(out.contains(line), "{out}");
    }
}

#[test]
fn a_reload_reads_the_file_beside_the_scenario() {
    let pair = Pair::new(&instance(""));
    let other = "vrrp_instance W {\n interface eth1\n virtual_router_id 52\n priority 90\n \
                 virtual_ipaddress {\n 10.0.1.1/24\n }\n}\n";
    pair.write(
        "less.conf",
        &(instance("").replace("PRIORITY", "50") + other),
    );
    let out = pair.check(
        "at 10s expect a MASTER\nat 10s reload a with less.conf\nat 20s expect b MASTER\nuntil 30s\n",
    );
    assert!(out.contains("   10.000 -- a reloads less.conf\n"), "{out}");
    assert!(out.contains(" a W MASTER: "), "{out}");
    assert!(
        out.contains("\n10.0.1.1: 0 ms without owner, 0 ms with two\n"),
        "{out}"
    );
}

#[test]
fn a_refused_reload_changes_nothing() {
    let pair = Pair::new(&instance(""));
    pair.write(
        "bad.conf",
        "vrrp_instance V {\n interface eth0\n virtual_router_id 300\n}\n",
    );
    let (code, out, _) = pair.run(
        "at 10s reload a with bad.conf\nat 11s reload a with none.conf\nexpect a MASTER\n",
        &[],
    );
    assert_eq!(code, 0, "{out}");
    let refused =
        "   10.000 -- a reloads bad.conf\n             refused: it goes on with what it has\n";
    assert!(out.contains(refused), "{out}");
    assert!(
        out.contains("bad.conf: Line 3)"),
        "the diagnostics are shown: {out}"
    );
    assert!(out.contains("none.conf"), "{out}");
    assert_eq!(out.matches("refused").count(), 2, "{out}");
}

#[test]
fn virtual_macs_are_the_interface_below() {
    let pair = Pair::new(&instance(" use_vmac\n vmac_xmit_base\n"));
    let out =
        pair.check("at 10s expect a MASTER\nat 10s kill a\nexpect b MASTER\nexpect gap < 5s\n");
    let line = "not simulated: virtual MACs and ipvlans: the interfaces below them are used (a, b)";
    assert!(out.contains(line), "{out}");
}

#[test]
fn routes_and_rules_are_shown_where_they_are() {
    let more = " virtual_routes {\n 10.9.0.0/16 via 10.0.0.254 dev eth4\n }\n \
                virtual_rules {\n from 10.9.0.0/16 table 7 preference 99\n }\n";
    let pair = Pair::new(&instance(more));
    let (code, out, _) = pair.run("at 10s kill a\nuntil 20s\n", &["--format=json"]);
    assert_eq!(code, 0, "{out}");
    let all: Value = serde_json::from_str(&out).unwrap();
    let routing = all["routing"].as_array().unwrap();
    assert_eq!(routing.len(), 2, "{routing:?}");
    for entry in routing {
        assert!(entry["entry"].as_str().unwrap().contains("10.9.0.0/16"));
        let owners = entry["owners"].as_array().unwrap();
        let nodes: Vec<&Value> = owners.iter().map(|owner| &owner["nodes"]).collect();
        let all: Vec<Value> = serde_json::from_str("[[\"a\"], [], [\"b\"]]").unwrap();
        assert_eq!(nodes, all.iter().collect::<Vec<_>>());
    }
    let left_out = all["not_simulated"].as_array().unwrap();
    let line = "routes and rules: they are shown, and no packet follows them (a, b)";
    assert_eq!(left_out, &[Value::from(line)]);
}

#[test]
fn what_is_left_out_is_named() {
    let pair = Pair::new(&format!(
        "virtual_server 10.0.0.1 80 {{\n}}\n{}",
        instance(" notify /bin/true\n")
    ));
    let (_, out, _) = pair.run("until 5s\n", &[]);
    for part in [
        "not simulated: notify scripts, FIFOs and mails: nothing is run, written or sent (a, b)\n",
        "not simulated: keywords that this version does not honour, see evervip check (a, b)\n",
    ] {
        assert!(out.contains(part), "{out}");
    }
}

#[test]
fn nobody_dies_where_nobody_is_master() {
    let pair = Pair::new(&format!(
        "track_file down {{\n file /run/down\n weight 0\n init_file 1\n}}\n{}",
        instance(" track_file {\n down\n }\n")
    ));
    let files = ["a.conf", "b.conf"].map(|name| pair.path().join(name).into());
    let arguments = [OsString::from("simulate")].into_iter().chain(files);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = evervip_ctl::run(arguments, false, &mut out, &mut err).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("   20.000 -- nobody is MASTER, nobody dies\n"),
        "{out}"
    );
}

#[test]
fn what_is_repeated_happens_each_time() {
    let pair = Pair::new(&instance(""));
    let out = pair.check(
        "at 10s every 20s pause a for 5s\nat 16s every 20s expect b BACKUP\nuntil 60s\n\
         expect a MASTER\n",
    );
    assert_eq!(out.matches("-- a sleeps for 5000 ms").count(), 3, "{out}");
}

/// Packets that arrive twice or overtake each other do not matter; lost ones do.
#[test]
fn weather_changes() {
    let pair = Pair::new(&instance(""));
    let out = pair.check(
        "at 10s duplicate 100%\nat 10s jitter 20ms\nat 20s expect b BACKUP\nat 20s loss 100%\n\
         at 30s expect b MASTER\nat 30s loss 0%\nexpect b BACKUP\n",
    );
    for line in [
        "100% of packets arrive twice",
        "packets take up to 20 ms longer",
    ] {
        assert!(out.contains(line), "{out}");
    }
}

#[test]
fn a_bfd_session_that_goes_down_moves_the_addresses() {
    let bfd = "bfd_instance uplink {\n neighbor_ip 10.0.0.254\n}\n";
    let pair = Pair::new(&(bfd.to_owned() + &instance(" track_bfd {\n uplink\n }\n")));
    let out = pair.check(
        "at 10s bfd uplink down on a\nat 20s expect a FAULT\nat 20s expect b MASTER\n\
         at 21s kill a\nat 22s start a\nat 30s expect a FAULT\n\
         at 30s bfd uplink up on a\nexpect a MASTER\nexpect b BACKUP\n",
    );
    let lines = [
        "   10.000 -- a: BFD session uplink goes down\n",
        "   30.000 -- a: BFD session uplink comes up\n",
    ];
    for line in lines {
        assert!(out.contains(line), "{out}");
    }
    let (code, _, err) = pair.run("at 1s bfd other down on a\n", &[]);
    assert_eq!(code, 1);
    assert!(err.contains("a has no BFD session 'other'"), "{err}");
    assert!(err.contains("it has uplink"), "{err}");
}

#[test]
fn a_machine_that_stood_still_has_lost_what_was_sent_to_it() {
    let pair = Pair::new(&instance(""));
    // The master: somebody else has the address when it goes on, and the first word decides.
    let out = pair.check(
        "at 10s freeze a for 10s\nat 19s expect b MASTER\nuntil 40s\n\
         expect a MASTER\nexpect b BACKUP\n",
    );
    let line = "   10.000 -- the machine of a stands still for 10000 ms\n";
    assert!(out.contains(line), "{out}");
    // The backup: no advert waits for it, but the master is heard again before it acts.
    let out = pair.check(
        "at 10s freeze b for 10s\nuntil 40s\nexpect a MASTER\nexpect b BACKUP\nexpect double < 1ms\n",
    );
    assert!(!out.contains("b V MASTER"), "{out}");
}

#[test]
fn an_operator_clears_a_fault_that_stays() {
    let latch = "@evervip fault_latch\n";
    let script = "vrrp_script chk {\n script /bin/true\n interval 1\n}\n";
    let text = format!(
        "{script}{}",
        instance(&format!(" track_script {{\n chk\n }}\n{latch}"))
    );
    let out = Pair::new(&text).check(
        "at 10s script chk fails on a\nat 15s script chk succeeds on a\nat 25s expect a FAULT\n\
         at 26s stop a\nat 27s start a\nat 35s expect a FAULT\n\
         at 36s clear-fault V on a\nexpect a MASTER\nexpect b BACKUP\n",
    );
    let line = "   36.000 -- a: an operator clears the fault of V\n";
    assert!(out.contains(line), "{out}");
    let (code, _, err) = Pair::new(&text).run("at 1s clear-fault W on a\n", &[]);
    assert_eq!(code, 1);
    assert!(err.contains("a has no instance 'W'"), "{err}");
}
