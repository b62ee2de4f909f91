//! `evervip dump`, put into the words of the original's dump.

use serde_json::Value;

use super::*;

/// Reads what `evervip dump` prints.
pub(super) fn facts(json: &str) -> Verdict<Facts> {
    let dump: Value =
        serde_json::from_str(json).map_err(|e| Error::new(format!("evervip dump: {e}")))?;
    let mut facts = Facts::default();
    let groups = list(&dump["vrrp_sync_group"]);
    for group in groups {
        let lines = facts.object(&format!("VRRP Sync Group = {}", text(&group["name"])));
        for member in list(&group["group"]) {
            lines.push(format!("member {}", text(member)));
        }
        hooks(&group["notify"], lines);
    }
    for instance in list(&dump["vrrp_instance"]) {
        let name = text(&instance["name"]);
        let lines = facts.object(&format!("VRRP Instance = {name}"));
        let group = groups
            .iter()
            .find(|g| list(&g["group"]).iter().any(|m| text(m) == name));
        if let Some(group) = group {
            lines.push(format!("Sync group = {}", text(&group["name"])));
        }
        router(instance, lines);
    }
    for script in list(&dump["vrrp_script"]) {
        let name = text(&script["name"]);
        let lines = facts.object(&format!("VRRP Script = {name}"));
        check(script, lines);
        for instance in list(&dump["vrrp_instance"]) {
            for track in list(&instance["track_script"]) {
                if text(&track["name"]) == name {
                    let reverse = if track["reverse"] == true {
                        " reverse"
                    } else {
                        ""
                    };
                    lines.push(format!(
                        "tracked by {}, weight {}{reverse}",
                        text(&instance["name"]),
                        track["weight"]
                    ));
                }
            }
        }
    }
    Ok(facts)
}

fn router(i: &Value, lines: &mut Vec<String>) {
    let fields = [
        ("VRRP Version", "version"),
        ("Wantstate", "state"),
        ("Gratuitous ARP delay", "garp_master_delay"),
        ("Gratuitous ARP repeat", "garp_master_repeat"),
        ("Gratuitous ARP refresh", "garp_master_refresh"),
        (
            "Gratuitous ARP refresh repeat",
            "garp_master_refresh_repeat",
        ),
        (
            "Gratuitous ARP lower priority delay",
            "garp_lower_prio_delay",
        ),
        (
            "Gratuitous ARP lower priority repeat",
            "garp_lower_prio_repeat",
        ),
        ("Down timer adverts", "down_timer_adverts"),
        (
            "Send advert after receive higher priority advert",
            "higher_prio_send_advert",
        ),
        ("Virtual Router ID", "virtual_router_id"),
        ("Priority", "priority"),
    ];
    for (title, key) in fields {
        lines.push(format!("{title} = {}", text(&i[key])));
    }
    let vmac = if i["use_vmac"].is_null() {
        ""
    } else {
        ", vmac"
    };
    lines.push(format!("Interface = {}{vmac}", text(&i["interface"])));
    lines.push(format!(
        "Send advert after receive lower priority advert = {}",
        i["lower_prio_no_advert"] != true
    ));
    let seconds = i["advert_int"].as_f64().unwrap_or_default();
    lines.push(if i["version"] == 3 {
        format!("Advert interval = {} milli-sec", (seconds * 1000.0).round())
    } else {
        format!("Advert interval = {seconds} sec")
    });
    let preempt = if i["nopreempt"] == true {
        "disabled"
    } else {
        "enabled"
    };
    lines.push(format!("Preempt = {preempt}"));
    let delay = i["preempt_delay"].as_f64().unwrap_or_default();
    if delay > 0.0 {
        lines.push(format!("Preempt delay = {delay} secs"));
    }
    match i["auth_type"].as_str() {
        Some("PASS") => lines.push("Authentication type = SIMPLE_PASSWORD".to_owned()),
        Some("AH") => lines.push("Authentication type = IPSEC_AH".to_owned()),
        _ => {}
    }
    if i["track_primary"] == false {
        lines.push("VRRP interface tracking disabled".to_owned());
    }
    if let Some(source) = i["source"].as_str() {
        lines.push(format!("Using src_ip = {source}"));
    }
    delivery(&i["delivery"], lines);
    for (key, kind) in [
        ("virtual_ipaddress", "address"),
        ("virtual_ipaddress_excluded", "excluded"),
    ] {
        for entry in list(&i[key]) {
            lines.push(format!("{kind} {}", address(entry, &text(&i["interface"]))));
        }
    }
    for entry in list(&i["virtual_routes"]) {
        lines.push(routing::route(entry));
    }
    for entry in list(&i["virtual_rules"]) {
        lines.push(routing::rule(entry));
    }
    hooks(&i["notify"], lines);
}

fn delivery(delivery: &Value, lines: &mut Vec<String>) {
    if let Some(group) = delivery["multicast"].as_str() {
        lines.push(format!("Multicast address {group}"));
    }
    let peers = list(&delivery["unicast_peer"]);
    if peers.is_empty() {
        return;
    }
    if !delivery["unicast_ttl"].is_null() {
        lines.push(format!("Unicast TTL = {}", delivery["unicast_ttl"]));
    }
    let check = if delivery["check_unicast_src"] == true {
        "yes"
    } else {
        "no"
    };
    lines.push(format!("Check unicast src : {check}"));
    for peer in peers {
        lines.push(format!(
            "peer {} min_ttl {} max_ttl {}",
            text(&peer["address"]),
            peer["min_ttl"],
            peer["max_ttl"]
        ));
    }
}

fn address(a: &Value, interface: &str) -> String {
    let ip = text(&a["address"]);
    let is_six = ip.contains(':');
    let whole = if is_six { 128 } else { 32 };
    let mut line = ip;
    if a["prefix"] != whole {
        line += &format!("/{}", a["prefix"]);
    }
    if let Some(broadcast) = a["brd"].as_str() {
        line += &format!(" brd {broadcast}");
    }
    line += &format!(" dev {}", a["dev"].as_str().unwrap_or(interface));
    let scope = match a["scope"].as_u64().unwrap_or_default() {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        255 => "nowhere".to_owned(),
        other => other.to_string(),
    };
    line += &format!(" scope {scope}");
    if let Some(label) = a["label"].as_str() {
        line += &format!(" label {label}");
    }
    if let Some(peer) = a["peer"].as_str() {
        line += &format!(" peer {peer}/{whole}");
    }
    let flags = [
        ("home", true),
        ("-nodad", is_six),
        ("mngtmpaddr", true),
        ("noprefixroute", true),
        ("autojoin", true),
        ("no_track", true),
    ];
    for (flag, applies) in flags {
        if applies && a[flag] == true {
            line += &format!(" {flag}");
        }
    }
    if is_six {
        line += &match &a["preferred_lft"] {
            Value::Null if a["prefix"] == 128 => " deprecated".to_owned(),
            Value::Null => " preferred_lft forever".to_owned(),
            lifetime => format!(" preferred_lft {}", text(lifetime)),
        };
    }
    line
}

fn hooks(notify: &Value, lines: &mut Vec<String>) {
    let hooks = [
        ("notify_master", "Master state transition"),
        ("notify_backup", "Backup state transition"),
        ("notify_fault", "Fault state transition"),
        ("notify_stop", "Stop state transition"),
        ("notify", "Generic state transition"),
        ("notify_master_rx_lower_pri", "Master rx lower pri"),
    ];
    for (key, title) in hooks {
        if notify[key].is_object() {
            lines.push(format!("{title} script = {}", command(&notify[key])));
        }
    }
}

fn command(c: &Value) -> String {
    format!("{}, uid:gid {}:{}", quoted(c), c["uid"], c["gid"])
}

/// The words, each in quotes; the first as it was resolved.
fn quoted(c: &Value) -> String {
    let words = list(&c["argv"]).iter().skip(1).map(text);
    // A command with shell syntax: the original shows the line that it gives to the shell.
    if c["path"] == "/bin/sh" && c["argv"][1] == "-c" {
        return text(&c["argv"][2]);
    }
    let all: Vec<_> = std::iter::once(text(&c["path"]))
        .chain(words)
        .map(|word| format!("'{word}'"))
        .collect();
    all.join(" ")
}

fn check(script: &Value, lines: &mut Vec<String>) {
    let command = &script["script"];
    lines.push(format!("Command = {}", quoted(command)));
    lines.push(format!("Interval = {} sec", script["interval"]));
    lines.push(format!("Timeout = {} sec", script["timeout"]));
    let reverse = if script["reverse"] == true {
        " reverse"
    } else {
        ""
    };
    lines.push(format!("Weight = {}{reverse}", script["weight"]));
    lines.push(format!("Rise = {}", script["rise"]));
    lines.push(format!("Fall = {}", script["fall"]));
    lines.push(format!(
        "Script uid:gid = {}:{}",
        command["uid"], command["gid"]
    ));
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
