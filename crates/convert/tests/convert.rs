//! Files of failover and what comes of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use evervip_convert::{ConvertError, Problem, convert, is_json};
use proptest::prelude::*;

const ARRAY: &str = r#"[
    {
        "name": "VR_1",
        "vrid": 51,
        "interface_name": "wlo1",
        "ip_addresses": [ "192.0.2.100/24" ],
        "priority": 101,
        "advert_interval": 2,
        "preempt_mode": false
    },
    {
        "vrid": 53,
        "interface_name": "wlo1",
        "ip_addresses": [ "192.0.2.100/24", "2001:db8::1/64" ],
        "colour": "red"
    }
]
"#;

const ARRAY_CONVERTED: &str = "
vrrp_instance VR_1 {
    state BACKUP
    interface wlo1
    virtual_router_id 51
    priority 101
    advert_int 2
    version 3  # failover's default
    nopreempt
    use_vmac
    virtual_ipaddress {
        192.0.2.100/24
    }
}

# Fields without a meaning: \"colour\".
vrrp_instance VR_53 {  # has no name
    state BACKUP
    interface wlo1
    virtual_router_id 53
    priority 100  # failover's default
    advert_int 1  # failover's default
    version 3  # failover's default
    use_vmac
    virtual_ipaddress {
        192.0.2.100/24
    }
}

# An instance has one family: the IPv6 addresses of VR_53.
# Fields without a meaning: \"colour\".
vrrp_instance VR_53_6 {  # has no name
    state BACKUP
    interface wlo1
    virtual_router_id 53
    priority 100  # failover's default
    advert_int 1  # failover's default
    version 3  # failover's default
    use_vmac
    virtual_ipaddress {
        2001:db8::1/64
    }
}
";

/// The text behind the head.
fn body(json: &str) -> String {
    let text = convert(json).unwrap();
    let (head, rest) = text.split_at(text.find("\n\n").unwrap() + 1);
    assert!(head.lines().all(|line| line.starts_with('#')), "{head}");
    rest.to_owned()
}

#[test]
fn an_array() {
    assert!(is_json(ARRAY.as_bytes()));
    assert_eq!(body(ARRAY), ARRAY_CONVERTED);
}

#[test]
fn one_object() {
    let json = r#"
        {"vrid": 7, "interface_name": "eth0", "ip_addresses": ["2001:db8::7/128"], "version": 3, "priority": 255}"#;
    assert!(is_json(json.as_bytes()));
    let body = body(json);
    assert!(body.contains("vrrp_instance VR_7 {"), "{body}");
    assert!(body.contains("    priority 255\n"), "{body}");
    assert!(body.contains("        2001:db8::7/128\n"), "{body}");
    assert_eq!(convert("[]").unwrap().matches("vrrp_instance").count(), 0);
}

#[test]
fn the_first_sixteen_addresses() {
    let addresses: Vec<String> = (1..=18).map(|i| format!("\"192.0.2.{i}/24\"")).collect();
    let json = format!(
        r#"{{"vrid": 7, "interface_name": "eth0", "ip_addresses": [{}]}}"#,
        addresses.join(",")
    );
    let body = body(&json);
    assert!(body.contains("        192.0.2.16/24\n"), "{body}");
    assert!(!body.contains("        192.0.2.17/24\n"), "{body}");
    let left_out = "16 addresses: \"192.0.2.17/24\", \"192.0.2.18/24\".";
    assert!(body.contains(left_out), "{body}");
}

#[test]
fn a_name_becomes_a_word_and_its_comment_one_line() {
    let json = r#"{"name": "my {VR}\n1", "vrid": 7, "interface_name": "eth0", "ip_addresses": ["192.0.2.1/24"]}"#;
    let body = body(json);
    assert!(body.contains("\nvrrp_instance my__VR__1 {\n"), "{body}");
    assert!(body.contains("# The name was \"my {VR}\\n1\";"), "{body}");
}

#[test]
fn what_cannot_be() {
    let entry = |fields: &str| {
        format!(
            r#"[{{"vrid": 1, "interface_name": "eth0", "ip_addresses": ["192.0.2.1/24"]}},
 {{{fields}}}]"#
        )
    };
    let rest = r#""interface_name": "eth1", "ip_addresses": ["192.0.2.1/24"]"#;
    let addresses = r#""vrid": 2, "interface_name": "eth1", "ip_addresses""#;
    let cases = [
        (format!(r#""vrid": 0, {rest}"#), Problem::VridZero),
        (
            format!(r#""name": "VR_1", "vrid": 2, {rest}"#),
            Problem::SameName("VR_1".into()),
        ),
        (
            r#""name": "b", "vrid": 1, "interface_name": "eth0", "ip_addresses": ["192.0.2.1/24"]"#
                .to_owned(),
            Problem::SameVrid {
                vrid: 1,
                other: "VR_1".into(),
            },
        ),
        (
            format!(r#""vrid": 2, "priority": 0, {rest}"#),
            Problem::PriorityZero,
        ),
        (
            format!(r#""vrid": 2, "version": 4, {rest}"#),
            Problem::Version(4),
        ),
        (
            format!(r#""vrid": 2, "advert_interval": 0, {rest}"#),
            Problem::NoInterval,
        ),
        (
            format!(r#""vrid": 2, "advert_interval": 41, {rest}"#),
            Problem::Interval(41),
        ),
        (format!("{addresses}: []"), Problem::NoAddress),
        (
            format!(r#"{addresses}: ["192.0.2.1"]"#),
            Problem::Address("192.0.2.1".into()),
        ),
        (
            format!(r#"{addresses}: ["192.0.2.1/33"]"#),
            Problem::Address("192.0.2.1/33".into()),
        ),
        (
            format!(r#"{addresses}: ["2001:db8::1/64"], "version": 2"#),
            Problem::Ipv6InVersion2("2001:db8::1".into()),
        ),
        (
            r#""vrid": 2, "interface_name": "eth 1", "ip_addresses": ["192.0.2.1/24"]"#.to_owned(),
            Problem::Interface("eth 1".into()),
        ),
    ];
    for (fields, problem) in cases {
        let expected = ConvertError::Entry {
            entry: 2,
            line: 2,
            problem,
        };
        assert_eq!(convert(&entry(&fields)), Err(expected), "{fields}");
    }
    // Forty seconds are not too long, and version 2 takes more.
    assert!(
        convert(&entry(&format!(
            r#""vrid": 2, "advert_interval": 40, {rest}"#
        )))
        .is_ok()
    );
    assert!(
        convert(&entry(&format!(
            r#""vrid": 2, "advert_interval": 255, "version": 2, {rest}"#
        )))
        .is_ok()
    );
}

#[test]
fn errors_have_a_place() {
    let place = |json: &str| match convert(json) {
        Err(ConvertError::Json {
            line,
            column,
            message,
        }) => (line, column, message),
        other => panic!("{other:?}"),
    };
    let (line, column, message) = place("[\n  {\"vrid\": 1,\n   \"priority\": \"high\"}\n]");
    assert_eq!((line, column), (3, 21));
    assert!(message.starts_with("invalid type: string"), "{message}");
    let (line, _, message) = place("[\n\n  {\"vrid\": 1}\n]");
    assert_eq!(line, 3);
    assert!(message.starts_with("missing field"), "{message}");
    let (line, ..) = place("[\n{\"vrid\": 1,}\n]");
    assert_eq!(line, 2);
}

#[test]
fn a_keepalived_conf_is_not_taken_for_json() {
    for text in [
        "",
        "global_defs {\n}\n",
        "! comment",
        "{\n  vrid",
        "[x]",
        "# {\"a\": 1}",
    ] {
        assert!(!is_json(text.as_bytes()), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = convert(&text);
    }

    #[test]
    fn no_field_makes_it_panic_or_breaks_out_of_its_line(
        name in ".{0,20}", interface in ".{0,20}", address in ".{0,30}", field in ".{0,20}",
    ) {
        let json = serde_json::json!({
            "name": name, "vrid": 1, "interface_name": interface,
            "ip_addresses": ["192.0.2.1/24", address], (field.clone()): 1,
        });
        let _ = convert(&json.to_string());
        let json = serde_json::json!({
            "name": name, "vrid": 1, "interface_name": "eth0",
            "ip_addresses": ["192.0.2.1/24"], (format!("x{field}")): 1,
        });
        let text = convert(&json.to_string()).unwrap();
        let words: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        prop_assert_eq!(words, [
            "vrrp_instance", "state", "interface", "virtual_router_id", "priority", "advert_int",
            "version", "use_vmac", "virtual_ipaddress", "192.0.2.1/24", "}", "}",
        ]);
    }
}
