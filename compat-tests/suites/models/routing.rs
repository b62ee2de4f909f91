//! Routes and rules of `evervip dump`, in the words of the original's dump.

use serde_json::Value;

use super::facts::words;

/// A word with its value, when there is one.
fn option(line: &mut String, title: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => *line += &format!(" {title} {text}"),
        Value::Object(locked) => *line += &format!(" {title} lock {}", locked["value"]),
        number => *line += &format!(" {title} {number}"),
    }
}

fn family(address: &Value) -> &'static str {
    if address.as_str().unwrap_or_default().contains(':') {
        "inet6"
    } else {
        "inet"
    }
}

/// A route.
pub(super) fn route(r: &Value) -> String {
    let mut line = r["insertion"].as_str().unwrap_or_default().to_owned();
    let kind = [
        "",
        "",
        "local",
        "broadcast",
        "anycast",
        "multicast",
        "blackhole",
        "unreachable",
        "prohibit",
        "throw",
    ];
    let kind = r["type"]
        .as_u64()
        .and_then(|n| kind.get(usize::try_from(n).ok()?));
    line += &format!(" {}", kind.copied().unwrap_or_default());
    let everywhere = if r["family"] == "IPv6" {
        "::/0"
    } else {
        "0.0.0.0/0"
    };
    let to = r["to"].as_str().unwrap_or_default();
    line += &format!(
        " {}",
        if to == "default" {
            everywhere
        } else {
            without_whole_prefix(to)
        }
    );
    option(&mut line, "from", &r["from"]);
    if !r["via"].is_null() {
        option(&mut line, &format!("via {}", family(&r["via"])), &r["via"]);
    }
    for (title, key) in [
        ("src", "src"),
        ("dev", "dev"),
        ("scope", "scope"),
        ("table", "table"),
        ("proto", "protocol"),
        ("metric", "metric"),
        ("tos", "tos"),
        ("mtu", "mtu"),
        ("initcwnd", "initcwnd"),
        ("hoplimit", "hoplimit"),
        ("realms", "realms"),
    ] {
        option(&mut line, title, &r[key]);
    }
    for flag in ["onlink", "no_track"] {
        if r[flag] == true {
            line += &format!(" {flag}");
        }
    }
    for hop in r["nexthop"].as_array().into_iter().flatten() {
        line += " nexthop";
        option(
            &mut line,
            &format!("via {}", family(&hop["via"])),
            &hop["via"],
        );
        option(&mut line, "dev", &hop["dev"]);
        if hop["weight"] != 1 {
            option(&mut line, "weight", &hop["weight"]);
        }
        if hop["onlink"] == true {
            line += " onlink";
        }
    }
    words("route", line.split_whitespace())
}

/// A rule.
pub(super) fn rule(r: &Value) -> String {
    let mut line = String::new();
    if r["not"] == true {
        line += "not";
    }
    if r["from"].is_null() && r["to"].is_null() {
        line += " from all";
    }
    for key in ["from", "to"] {
        if let Some(network) = r[key].as_str() {
            line += &format!(" {key} {}", without_whole_prefix(network));
        }
    }
    option(&mut line, "priority", &r["preference"]);
    let tos = r["tos"].as_u64().unwrap_or_default();
    line += &format!(" tos {tos:#x}");
    if let Some(mark) = r["fwmark"]["value"].as_u64() {
        line += &format!(" fwmark {mark:#x}");
        if let Some(mask) = r["fwmark"]["mask"].as_u64() {
            line += &format!("/{mask:#x}");
        }
    }
    for (title, key) in [
        ("iif", "iif"),
        ("oif", "oif"),
        ("suppress_prefixlen", "suppress_prefixlength"),
        ("suppress_ifgroup", "suppress_ifgroup"),
        ("tunnel-id", "tunnel_id"),
        ("uidrange", "uidrange"),
        ("protocol", "protocol"),
        ("ipproto", "ipproto"),
        ("sport", "sport"),
        ("dport", "dport"),
        ("realms", "realms"),
    ] {
        option(&mut line, title, &r[key]);
    }
    match &r["action"] {
        Value::String(name) if name == "l3mdev" => line += " l3mdev lookup 0",
        Value::String(name) => line += &format!(" type {name}"),
        action => {
            option(&mut line, "lookup", &action["table"]);
            option(&mut line, "goto", &action["goto"]);
        }
    }
    if r["no_track"] == true {
        line += " no_track";
    }
    words("rule", line.split_whitespace())
}

/// The original leaves the prefix of single addresses out.
fn without_whole_prefix(network: &str) -> &str {
    let whole = if network.contains(':') { "/128" } else { "/32" };
    network.strip_suffix(whole).unwrap_or(network)
}
