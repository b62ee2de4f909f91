//! What lints must say, and above all where they must be silent.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use evervip_config::Code;
use support::{Text, codes_of, input, read};

#[track_caller]
fn check(text: &str, expect: &[Code]) {
    let shown = codes_of(&Text(text.to_owned()), Path::new("k.conf"));
    // What this version does not do yet is no matter of lints.
    let shown: BTreeSet<_> = shown
        .into_iter()
        .filter(|c| *c != Code::NotSupported)
        .collect();
    assert_eq!(shown, expect.iter().copied().collect(), "{text}");
}

const GLOBALS: &str = "global_defs {\n script_user root\n enable_script_security\n}\n";

/// Lines of an instance that is otherwise in order.
#[track_caller]
fn instance(lines: &str, expect: &[Code]) {
    let text = format!(
        "{GLOBALS}{SCRIPTS}vrrp_instance I {{\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {{\n 192.0.2.9/24\n }}\n track_script {{\n check\n }}\n{lines}\n}}\n"
    );
    check(&text, expect);
}

const SCRIPTS: &str = "vrrp_script check {\n script /bin/check\n}\n";

/// Lines of a tracked check, beside its name.
#[track_caller]
fn script(lines: &str, expect: &[Code]) {
    let text = format!(
        "{GLOBALS}vrrp_script check {{\n{lines}\n}}\nvrrp_instance I {{\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {{\n 192.0.2.9/24\n }}\n track_script {{\n check\n }}\n}}\n"
    );
    check(&text, expect);
}

#[test]
fn surplus_words() {
    instance("priority 100", &[]);
    instance("priority 100 # preferred", &[]);
    instance("priority 100 preferred", &[Code::SurplusWords]);
    instance("priority 100 // preferred", &[Code::SlashComment]);
    instance("priority 100 nopreempt", &[Code::OneLineBlock]);
    instance("nopreempt yes", &[]);
    instance("nopreempt no", &[Code::OffMeansOn]);
    instance("preempt off", &[Code::OffMeansOn]);
    instance("skip_check_adv_addr off", &[Code::OffMeansOn]);
    instance("smtp_alert off", &[]);
    instance("smtp_alert on", &[Code::AlertWithoutRelay]);
    instance("use_vmac vrrp.5 02:00:00:00:00:01", &[]);
    instance("notify /bin/n root root", &[]);
    instance("notify \"/bin/n a b\" root", &[]);
    instance("virtual_ipaddress { 192.0.2.8/24 }", &[]);
}

#[test]
fn quotes_and_repetition() {
    instance(
        "authentication {\n auth_type PASS\n auth_pass 'abc'\n }",
        &[Code::WrongQuotes],
    );
    instance(
        "authentication {\n auth_type PASS\n auth_pass \"abc\"\n }",
        &[],
    );
    instance("notify '/bin/n a'", &[]);
    instance("notify “/bin/n a”", &[Code::WrongQuotes, Code::UnknownUser]);
    instance("priority 10\n priority 10", &[]);
    instance("priority 10\n priority 11", &[Code::RepeatedKeyword]);
    instance("authentication {\n auth_pass abc\n auth_type PASS\n }", &[]);
}

#[test]
fn commands() {
    script("script /bin/check", &[]);
    script("script \"/bin/check a b\"", &[]);
    script("script /bin/check a", &[Code::UnquotedArguments]);
    script("script \"/bin/check 'a | b'\"", &[]);
    script("script \"/bin/check | grep b\"", &[Code::ShellSyntax]);
    script("script \"/bin/sh -c '/bin/check | grep b'\"", &[]);
    script("script \"/bin/sh -c /bin/check -a\"", &[Code::ShellSyntax]);
    script("script \"</dev/tcp/127.0.0.1/80\"", &[]);
    script("script \"/usr/bin/curl http://192.0.2.1/?a=1&b=*\"", &[]);
    script("script \"/usr/bin/systemctl status x\"", &[]);
    script(
        "script \"/usr/sbin/service x restart\"",
        &[Code::CheckStartsService],
    );
    script("script \"/usr/bin/start\"", &[]);
    instance("notify_backup /bin/n backup", &[Code::UnquotedArguments]);
    instance("notify_backup /bin/n -v", &[Code::UnquotedArguments]);
    instance("notify_backup /bin/n operator", &[Code::UnknownUser]);
    instance("notify \"/bin/n\" > /dev/null", &[Code::UnquotedArguments]);
}

#[test]
fn times_of_checks() {
    script("script /bin/c\n interval 5\n timeout 5", &[]);
    script("script /bin/c\n timeout 2", &[Code::TimeoutExceedsInterval]);
    script("script /bin/c\n interval 10\n timeout 2", &[]);
}

#[test]
fn who_is_master() {
    instance("state MASTER\n priority 150", &[]);
    instance("state MASTER", &[Code::MasterWithoutPriority]);
    instance("state BACKUP", &[]);
    instance("nopreempt", &[]);
    instance("nopreempt\n track_interface {\n eth1\n }", &[]);
    let weighted = "track_interface {\n eth1 weight -20\n }";
    instance(
        &format!("nopreempt\n {weighted}"),
        &[Code::NopreemptWithWeights],
    );
    instance(&format!("nopreempt\n preempt\n {weighted}"), &[]);
    instance(weighted, &[]);
}

#[test]
fn sums_of_weights() {
    let tracked = |weight: &str| format!("track_interface {{\n eth1 weight {weight}\n }}");
    instance(&format!("priority 254\n {}", tracked("-20")), &[]);
    instance(
        &format!("priority 253\n {}", tracked("2")),
        &[Code::WeightClamped],
    );
    instance(
        &format!("priority 254\n {}", tracked("2")),
        &[Code::WeightWithoutEffect],
    );
    instance(
        &format!("priority 1\n {}", tracked("-5")),
        &[Code::WeightWithoutEffect],
    );
    instance(&format!("priority 254\n {}", tracked("20 reverse")), &[]);
    instance(&format!("priority 100\n {}", tracked("-150")), &[]);
    let huge = format!("priority 2147483647\n {}", tracked("-2147483648 reverse"));
    instance(&huge, &[Code::OutOfRange]);
}

#[test]
fn addresses() {
    instance(
        "virtual_ipaddress {\n 192.0.2.8\n }",
        &[Code::AddressWithoutPrefix],
    );
    instance("virtual_ipaddress {\n 198.51.100.8\n }", &[]);
    instance("virtual_ipaddress {\n 192.0.2.8/32\n }", &[]);
    instance(
        "virtual_ipaddress_excluded {\n 192.0.2.9/24\n }",
        &[Code::DuplicateAddress],
    );
    let peers = |source: &str, peer: &str| format!("{source}\n unicast_peer {{\n {peer}\n }}");
    instance(&peers("unicast_src_ip 192.0.2.1", "192.0.2.2"), &[]);
    instance(
        &peers("unicast_src_ip 192.0.2.1", "192.0.2.1"),
        &[Code::OwnAddressAsPeer],
    );
    instance(
        &peers("mcast_src_ip 192.0.2.1", "192.0.2.2"),
        &[Code::McastSrcIpWithUnicast],
    );
    instance("mcast_src_ip 192.0.2.1", &[]);
    instance("mcast_src_ip 192.0.2.9", &[Code::VirtualAddressAsSource]);
    instance("priority 255\n mcast_src_ip 192.0.2.9", &[]);
}

/// What two instances with one address do to each other depends on the interface that it is on.
#[test]
fn an_address_of_two_instances() {
    let note = |more: &str| {
        let instance = |name: &str, id: u8| {
            format!(
                "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {id}\n{more}\n virtual_ipaddress {{\n 192.0.2.9/24\n }}\n}}\n"
            )
        };
        let text = instance("I", 5) + &instance("J", 6);
        let read = read(&Text(text), Path::new("k.conf"));
        let found = evervip_lint::check(&input(&read));
        let duplicate = found.iter().find(|d| d.code == Code::DuplicateAddress);
        duplicate.unwrap().notes.join(" ")
    };
    assert!(note("").contains("from under the other"));
    assert!(note("use_vmac").contains("two MAC addresses"));
}

#[test]
fn router_ids() {
    let two = |a: &str, b: &str| {
        format!(
            "vrrp_instance A {{\n interface eth0\n virtual_router_id 5\n {a}\n}}\nvrrp_instance B {{\n virtual_router_id 5\n {b}\n}}\n"
        )
    };
    let first = "virtual_ipaddress {\n 192.0.2.9/24\n }";
    let second = "virtual_ipaddress {\n 192.0.2.10/24\n }";
    check(&two(first, &format!("interface eth1\n {second}")), &[]);
    check(
        &two(first, &format!("interface eth0\n {second}")),
        &[Code::VridReused],
    );
    let inet6 = "interface eth0\n virtual_ipaddress {\n fe80::9\n }";
    check(&two(first, inet6), &[]);
    let link_local = "virtual_ipaddress {\n fe80::9\n }";
    check(
        &two(link_local, &format!("interface eth1\n {link_local}")),
        &[],
    );
}

#[test]
fn strict_mode() {
    instance("strict_mode off", &[]);
    instance("strict_mode on", &[Code::StrictBlocksAddresses]);
    instance("strict_mode on\n version 3\n accept", &[]);
    instance("strict_mode on\n priority 255\n state MASTER", &[]);
}
