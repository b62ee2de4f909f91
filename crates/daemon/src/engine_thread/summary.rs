//! `-d`: the configuration in the log, in the order and wording of keepalived's dump
//! (spec vrrp-runtime 19). Passwords are never shown.

use evervip_model::{Authentication, Config, Delivery, InitialState, Instance, VirtualAddress};

/// Logs every instance, group and script of the configuration.
pub(super) fn log(config: &Config) {
    for line in lines(config) {
        tracing::info!("{line}");
    }
}

fn lines(config: &Config) -> Vec<String> {
    let mut lines = vec!["------< Global definitions >------".to_owned()];
    if let Some(router_id) = &config.globals.router_id {
        lines.push(format!(" Router ID = {router_id}"));
    }
    let security = if config.globals.script_security {
        "enabled"
    } else {
        "disabled"
    };
    lines.push(format!(" Script security {security}"));
    if !config.instances.is_empty() {
        lines.push("------< VRRP Topology >------".to_owned());
    }
    for instance in &config.instances {
        describe(instance, config, &mut lines);
    }
    if !config.sync_groups.is_empty() {
        lines.push("------< VRRP Sync groups >------".to_owned());
    }
    for group in &config.sync_groups {
        lines.push(format!(" VRRP Sync Group = {}", group.name));
        lines.push("   VRRP member instances :".to_owned());
        let members = group
            .members
            .iter()
            .filter_map(|member| config.instances.get(member.0));
        lines.extend(members.map(|member| format!("     {}", member.name)));
    }
    if !config.scripts.is_empty() {
        lines.push("------< VRRP Scripts >------".to_owned());
    }
    for script in &config.scripts {
        let words: Vec<String> = script
            .command
            .argv
            .iter()
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        lines.push(format!(" VRRP Script = {}", script.name));
        lines.push(format!("   Command = {}", words.join(" ")));
        lines.push(format!(
            "   Interval = {} sec",
            script.interval.as_secs_f64()
        ));
        lines.push(format!("   Timeout = {} sec", script.timeout.as_secs_f64()));
        lines.push(format!("   Weight = {}", script.weight));
        lines.push(format!("   Rise = {}", script.rise));
        lines.push(format!("   Fall = {}", script.fall));
    }
    lines
}

fn describe(instance: &Instance, config: &Config, lines: &mut Vec<String>) {
    let state = if instance.initial_state == InitialState::Master {
        "MASTER"
    } else {
        "BACKUP"
    };
    let interface = instance.interface.as_deref().unwrap_or("none");
    lines.extend([
        format!(" VRRP Instance = {}", instance.name),
        format!("   VRRP Version = {}", instance.version.number()),
        format!("   Wantstate = {state}"),
        format!("   Interface = {interface}"),
    ]);
    if let Some(source) = instance.source {
        lines.push(format!("   Using src_ip = {source}"));
    }
    if let Delivery::Multicast { group } = &instance.delivery {
        lines.push(format!("   Multicast address {group}"));
    }
    lines.extend([
        format!(
            "   Gratuitous ARP delay = {}",
            instance.garp.delay.as_secs()
        ),
        format!("   Gratuitous ARP repeat = {}", instance.garp.repeat),
        format!(
            "   Gratuitous ARP refresh = {}",
            instance.garp.refresh.as_secs()
        ),
        format!(
            "   Gratuitous ARP refresh repeat = {}",
            instance.garp.refresh_repeat
        ),
        format!("   Down timer adverts = {}", instance.down_timer_adverts),
        format!("   Virtual Router ID = {}", instance.vrid),
        format!("   Priority = {}", instance.priority),
        format!(
            "   Advert interval = {} milli-sec",
            instance.advert_interval.as_millis()
        ),
        format!(
            "   Preempt = {}",
            if instance.nopreempt {
                "disabled"
            } else {
                "enabled"
            }
        ),
        format!("   Authentication type = {}", authentication(instance)),
    ]);
    addresses("Virtual IP", &instance.addresses, interface, lines);
    addresses(
        "Virtual IP Excluded",
        &instance.excluded_addresses,
        interface,
        lines,
    );
    if let Delivery::Unicast { peers, ttl, .. } = &instance.delivery {
        lines.extend(ttl.map(|ttl| format!("   Unicast TTL = {ttl}")));
        lines.push("   Unicast Peer :".to_owned());
        lines.extend(peers.iter().map(|p| {
            format!(
                "     {} min_ttl {} max_ttl {}",
                p.address, p.min_ttl, p.max_ttl
            )
        }));
    }
    if !instance.track_scripts.is_empty() {
        lines.push("   Tracked scripts :".to_owned());
    }
    for track in &instance.track_scripts {
        if let Some(script) = config.scripts.get(track.script.0) {
            lines.push(format!("     {} weight {}", script.name, track.weight));
        }
    }
}

fn authentication(instance: &Instance) -> &'static str {
    match instance.authentication {
        Authentication::None => "none",
        Authentication::Pass(_) => "SIMPLE_PASSWORD",
        Authentication::Header(_) => "IPSEC_AH",
    }
}

fn addresses(title: &str, list: &[VirtualAddress], interface: &str, lines: &mut Vec<String>) {
    if list.is_empty() {
        return;
    }
    lines.push(format!("   {title} ({}):", list.len()));
    for address in list {
        let dev = address.dev.as_deref().unwrap_or(interface);
        lines.push(format!(
            "     {}/{} dev {dev}",
            address.address, address.prefix
        ));
    }
}

#[cfg(test)]
mod tests {
    use evervip_testkit::sample;

    use super::{Authentication, Instance, lines};

    #[test]
    fn tells_what_is_configured_but_no_password() {
        let config = sample::config([Instance {
            authentication: Authentication::Pass(*b"topsecre"),
            ..sample::instance("VI_1", 51, 120)
        }]);
        let text = lines(&config).join("\n");
        for line in [
            " VRRP Instance = VI_1",
            "   Virtual Router ID = 51",
            "   Priority = 120",
            "   Authentication type = SIMPLE_PASSWORD",
        ] {
            assert!(
                text.lines().any(|l| l == line),
                "{line:?} is not in\n{text}"
            );
        }
        assert!(!text.contains("topsecre"), "{text}");
    }
}
