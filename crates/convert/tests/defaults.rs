//! Every field of failover's JSON with its default, its limits and its kind, one row each (spec seeds 2).

use evervip_convert::{Problem, convert};

/// Fields beyond the three that must be there, and a line that the text then has.
const ROWS: &[(&str, &str)] = &[
    // name: default VR_ and something of failover's choice.
    ("", "vrrp_instance VR_51 {  # has no name"),
    (r#""name": "VR_1""#, "vrrp_instance VR_1 {"),
    ("", "    virtual_router_id 51"),
    ("", "    interface wlo1"),
    ("", "        192.168.100.100/24"),
    // priority: u8, default 100.
    ("", "    priority 100  # failover's default"),
    (r#""priority": 1"#, "    priority 1"),
    (r#""priority": 255"#, "    priority 255"),
    // advert_interval: u8, seconds, default 1; version 3 has at most 40.
    ("", "    advert_int 1  # failover's default"),
    (r#""advert_interval": 40"#, "    advert_int 40"),
    (
        r#""advert_interval": 255, "version": 2"#,
        "    advert_int 255",
    ),
    // preempt_mode: default true.
    (r#""preempt_mode": false"#, "    nopreempt"),
    // version: 2 or 3, default 3.
    ("", "    version 3  # failover's default"),
    (r#""version": 2"#, "    version 2"),
    (r#""version": 3"#, "    version 3"),
    // A virtual router begins as BACKUP, on a macvlan with the virtual MAC.
    ("", "    state BACKUP"),
    ("", "    use_vmac"),
    // Releases before had it; failover's own sample files do not.
    (
        r#""action": "Run""#,
        r#"# Fields without a meaning: "action"."#,
    ),
];

fn entry(fields: &str) -> String {
    let separator = if fields.is_empty() { "" } else { ", " };
    format!(
        r#"{{"vrid": 51, "interface_name": "wlo1", "ip_addresses": ["192.168.100.100/24"]{separator}{fields}}}"#
    )
}

#[test]
fn every_field_and_default() {
    for (fields, line) in ROWS {
        let text = convert(&entry(fields)).unwrap();
        assert!(
            text.lines().any(|l| l == *line),
            "{fields}: no {line:?} in\n{text}"
        );
        // One object and an array of one are the same.
        assert_eq!(convert(&format!("[{}]", entry(fields))).unwrap(), text);
    }
}

#[test]
fn without_preempt_mode_it_preempts() {
    for fields in ["", r#""preempt_mode": true"#] {
        assert!(
            !convert(&entry(fields)).unwrap().contains("nopreempt"),
            "{fields}"
        );
    }
}

#[test]
fn what_must_be_there() {
    for missing in ["vrid", "interface_name", "ip_addresses"] {
        let json = entry("").replacen(&format!("\"{missing}\""), "\"other\"", 1);
        let error = convert(&json).unwrap_err().to_string();
        assert!(
            error.contains(&format!("missing field `{missing}`")),
            "{error}"
        );
    }
}

#[test]
fn out_of_range() {
    for fields in [
        r#""priority": 256"#,
        r#""advert_interval": 256"#,
        r#""advert_interval": 41"#,
        r#""version": 1"#,
        r#""version": 4"#,
    ] {
        assert!(convert(&entry(fields)).is_err(), "{fields}");
    }
}

/// failover makes up a name for each of these; ours come from the VRID, and are not alike either.
#[test]
fn routers_without_a_name_do_not_clash() {
    let on = |interface: &str| entry("").replace("wlo1", interface);
    let text = convert(&format!("[{}, {}]", on("eth0"), on("eth1"))).unwrap();
    assert!(text.contains("vrrp_instance VR_51 {"), "{text}");
    assert!(text.contains("vrrp_instance VR_51_eth1 {"), "{text}");
}

/// A name that was given is not changed.
#[test]
fn names_that_are_given_must_differ() {
    let named = |vrid: u8| entry(r#""name": "x""#).replace("51", &vrid.to_string());
    let error = convert(&format!("[{}, {}]", named(1), named(2))).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&Problem::SameName("x".into()).to_string()),
        "{error}"
    );
}
