use super::*;
use evervip_model::{VirtualMac, Vrid};

fn instance(vrid: u8, family: Family, addresses: &[&str]) -> Instance {
    let mut instance = Instance::new("I".into(), Vrid::new(vrid).unwrap());
    instance.interface = Some("eth0".to_owned());
    instance.family = family;
    for text in addresses {
        instance.addresses.push(address(text));
    }
    instance
}

/// `10.0.0.1`, `10.0.0.1@eth1` (on another interface), `10.0.0.1@eth1!` (with `use_vmac`).
fn address(text: &str) -> VirtualAddress {
    let (text, use_vmac) = match text.strip_suffix('!') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (text, dev) = match text.split_once('@') {
        Some((text, dev)) => (text, Some(dev)),
        None => (text, None),
    };
    let mut address = VirtualAddress::new(text.parse().unwrap(), 32);
    address.dev = dev.map(Into::into);
    address.use_vmac = use_vmac;
    address
}

fn wanted(instances: Vec<Instance>) -> Vec<String> {
    let config = Config {
        instances,
        ..Config::default()
    };
    virtual_interfaces(&config)
        .iter()
        .map(|wanted| {
            let VirtualInterfaceKind::MacVlan(mac) = wanted.key.kind else {
                return format!("ipvlan on {}", wanted.key.base);
            };
            format!(
                "{:x}:{:x} on {}{}{}{}",
                mac[4],
                mac[5],
                wanted.key.base,
                if wanted.ipv6 { " ipv6" } else { "" },
                if wanted.reports.ipv4 { " igmp" } else { "" },
                if wanted.reports.ipv6 { " mld" } else { "" },
            )
        })
        .collect()
}

#[test]
fn an_instance_without_virtual_mac_wants_none() {
    let plain = instance(51, Family::Inet, &["10.0.0.1", "10.1.0.1@eth1"]);
    assert!(wanted(vec![plain]).is_empty());
}

/// As keepalived 2.2.7 was seen to do.
#[test]
fn addresses_of_the_other_family_stay_on_the_base() {
    let mut one = instance(51, Family::Inet, &["10.0.0.1", "10.1.0.1@eth1"]);
    one.virtual_mac = Some(Box::default());
    one.excluded_addresses.push(address("2001:db8::1"));
    assert_eq!(wanted(vec![one.clone()]), ["1:33 on eth0 ipv6 igmp mld"]);
    one.virtual_mac_for_addresses = true;
    assert_eq!(
        wanted(vec![one]),
        [
            "1:33 on eth0 ipv6 igmp mld",
            "1:33 on eth1 igmp",
            "2:33 on eth0 ipv6 mld",
        ]
    );
}

#[test]
fn addresses_share_the_virtual_mac_of_their_interface() {
    let one = instance(
        51,
        Family::Inet,
        &["10.0.0.1!", "10.1.0.1@eth1!", "10.1.0.2@eth1!"],
    );
    assert_eq!(wanted(vec![one]), ["1:33 on eth0", "1:33 on eth1"]);
}

#[test]
fn an_ipvlan_serves_its_own_family() {
    let mut one = instance(7, Family::Inet, &["10.0.0.1"]);
    one.ipvlan = Some(Box::default());
    assert_eq!(wanted(vec![one]), ["ipvlan on eth0"]);
}

fn named(name: Option<&str>, family: Family) -> VirtualInterface {
    let mut one = instance(51, family, &[]);
    one.virtual_mac = Some(Box::new(VirtualMac {
        name: name.map(str::to_owned),
        ..VirtualMac::default()
    }));
    let config = Config {
        instances: vec![one],
        ..Config::default()
    };
    virtual_interfaces(&config).remove(0)
}

/// What has the names: `(name, matches, same kind, taken)`.
fn choose(wanted: &VirtualInterface, existing: &[(&str, bool, bool, bool)]) -> Option<Choice> {
    wanted.choose(|name| {
        let position = existing.iter().position(|(other, ..)| *other == name)?;
        let (_, matches, same_kind, taken) = existing[position];
        Some(Existing {
            index: u32::try_from(position).unwrap(),
            matches,
            same_kind,
            taken,
        })
    })
}

fn create(name: &str) -> Choice {
    Choice::Create(name.to_owned())
}

#[test]
fn automatic_names_avoid_what_is_there() {
    let inet = named(None, Family::Inet);
    assert_eq!(choose(&inet, &[]), Some(create("vrrp.51")));
    let foreign = [("vrrp.51", false, true, false)];
    assert_eq!(choose(&inet, &foreign), Some(create("vrrp1.51")));
    assert_eq!(
        choose(&named(None, Family::Inet6), &foreign),
        Some(create("vrrp6.51"))
    );
    let ours = [("vrrp.51", true, true, false)];
    assert_eq!(choose(&inet, &ours), Some(Choice::TakeOver(0)));
    let taken = [("vrrp.51", true, true, true)];
    assert_eq!(choose(&inet, &taken), Some(create("vrrp1.51")));
}

#[test]
fn a_configured_name_is_had_by_replacing_its_like() {
    let vmac = named(Some("vm0"), Family::Inet);
    assert_eq!(choose(&vmac, &[]), Some(create("vm0")));
    assert_eq!(
        choose(&vmac, &[("vm0", false, true, false)]),
        Some(Choice::Replace(0, "vm0".to_owned()))
    );
    assert_eq!(
        choose(&vmac, &[("vm0", false, false, false)]),
        Some(create("vrrp.51"))
    );
}
