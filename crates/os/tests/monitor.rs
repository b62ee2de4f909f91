//! The monitor reports what happens to links and addresses, and notices when it missed something.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::IpAddr;

use evervip_model::VirtualAddress;
use evervip_os::netlink::{KernelEvent, Link, Monitor, Requests};
use support::{Namespace, namespaces, one_node, wait_for, wait_until};

/// A monitor and all that it has reported.
struct Watch {
    monitor: Monitor,
    events: Vec<KernelEvent>,
}

impl Watch {
    fn new(node: &Namespace) -> Self {
        let monitor = node.run(Monitor::open).unwrap();
        Self {
            monitor,
            events: Vec::new(),
        }
    }

    /// Waits for the next event that `pick` takes; those before it are forgotten.
    #[track_caller]
    fn next<T>(&mut self, what: &str, pick: impl Fn(&KernelEvent) -> Option<T>) -> T {
        wait_for(what, || {
            self.monitor.read(&mut self.events).unwrap();
            let position = self.events.iter().position(|event| pick(event).is_some())?;
            let found = pick(&self.events[position]);
            self.events.drain(..=position);
            found
        })
    }

    #[track_caller]
    fn link(&mut self, what: &str, is: impl Fn(&Link) -> bool) -> Link {
        self.next(what, |event| match event {
            KernelEvent::LinkChanged(link) if is(link) => Some(link.clone()),
            _ => None,
        })
    }
}

#[test]
fn a_link_is_followed_from_its_making_to_its_end() {
    let Some([node]) = namespaces() else { return };
    let mut watch = Watch::new(&node);
    node.ip("link add a0 address 02:00:00:00:00:0a mtu 1400 type veth peer name a1");
    let made = watch.link("a0 is made", |link| link.name == "a0");
    assert!(!made.up && !made.running && !made.is_usable());
    assert!(made.multicast && made.arp && !made.loopback);
    assert_eq!((made.mtu, made.hardware_type), (1400, 1));
    assert_eq!(made.hardware_address.to_string(), "02:00:00:00:00:0a");
    assert_eq!(made.broadcast_address.as_bytes(), [0xff; 6]);
    assert_eq!((made.kind.as_deref(), made.base), (Some("veth"), None));
    let index = made.index;

    node.ip("link set a0 up");
    node.ip("link set a1 up");
    watch.link("a0 is usable", |link| {
        link.index == index && link.is_usable()
    });
    node.ip("link set a1 down");
    let cut = watch.link("the carrier is lost", |l| l.index == index && !l.running);
    assert!(cut.up && !cut.is_usable());
    node.ip("link set a1 up");
    watch.link("the carrier is back", |l| l.index == index && l.is_usable());
    node.ip("link set a0 down");
    watch.link("a0 is down", |link| link.index == index && !link.up);
    node.ip("link set a0 name b0");
    watch.link("a0 is called b0", |link| {
        link.index == index && link.name == "b0"
    });
    node.ip("link set b0 arp off mtu 1300");
    watch.link("b0 is without ARP", |l| {
        l.index == index && !l.arp && l.mtu == 1300
    });
    node.ip("link del b0");
    let name = watch.next("b0 is gone", |event| match event {
        KernelEvent::LinkRemoved { index: i, name } if *i == index => Some(name.clone()),
        _ => None,
    });
    assert_eq!(name, "b0");
}

#[test]
fn addresses_are_reported_with_who_did_it() {
    let Some(node) = one_node() else { return };
    let mut watch = Watch::new(&node);
    let mut requests = node.run(Requests::open).unwrap();
    let index = node.index("a0");
    let added = |wanted: &str| {
        let wanted: IpAddr = wanted.parse().unwrap();
        move |event: &KernelEvent| match event {
            KernelEvent::AddressAdded { address, by } if address.address == wanted => {
                Some((address.clone(), *by))
            }
            _ => None,
        }
    };
    for text in ["10.0.0.5", "2001:db8::5"] {
        let vip = VirtualAddress::new(text.parse().unwrap(), 24);
        requests
            .add_addresses(&[(index, &vip)])
            .pop()
            .unwrap()
            .unwrap();
        let (address, by) = watch.next("our address is there", added(text));
        assert_eq!((address.index, address.prefix), (index, 24));
        // For IPv6 the kernel tells in its own name.
        if address.address.is_ipv4() {
            assert_eq!(by, requests.port());
        }
        node.ip(&format!("addr del {text}/24 dev a0"));
        let by = watch.next("our address is gone", |event| match event {
            KernelEvent::AddressRemoved { address, by } if address.address == vip.address => {
                Some(*by)
            }
            _ => None,
        });
        assert_ne!(by, requests.port());
    }
}

#[test]
fn lost_reports_are_noticed_and_the_tables_tell_the_rest() {
    let Some(node) = one_node() else { return };
    let index = node.index("a0");
    let mut requests = node.run(Requests::open).unwrap();
    let mut monitor = node.run(|| Monitor::with_receive_buffer(4096)).unwrap();
    let many: Vec<_> = (0..200_u32)
        .map(|n| VirtualAddress::new(IpAddr::from([10, 0, 0, n.to_le_bytes()[0]]), 32))
        .collect();
    let batch: Vec<_> = many.iter().map(|address| (index, address)).collect();
    requests.add_addresses(&batch);
    let mut events = Vec::new();
    while monitor.read(&mut events).unwrap() {}
    assert!(events.contains(&KernelEvent::Overrun));
    let reported = |events: &[KernelEvent]| {
        let added = |e: &&KernelEvent| matches!(e, KernelEvent::AddressAdded { .. });
        events.iter().filter(added).count()
    };
    assert!(reported(&events) < 200);
    let there = requests.addresses().unwrap();
    assert_eq!(
        there
            .iter()
            .filter(|a| a.index == index && a.address.is_ipv4())
            .count(),
        200
    );

    // After that it works as before.
    events.clear();
    requests.remove_addresses(&batch[..1]);
    wait_until("the monitor reports again", || {
        monitor.read(&mut events).unwrap();
        events.iter().any(|e| matches!(e, KernelEvent::AddressRemoved { address, .. } if address.address == many[0].address))
    });
    assert!(!events.contains(&KernelEvent::Overrun));
}

#[test]
fn a_storm_of_reports_does_not_fill_the_usual_monitor() {
    let Some(node) = one_node() else { return };
    let mut watch = Watch::new(&node);
    let mut requests = node.run(Requests::open).unwrap();
    let index = node.index("a0");
    let many: Vec<_> = (0..500_u32)
        .map(|n| {
            VirtualAddress::new(
                IpAddr::from([10, 0, n.to_le_bytes()[1], n.to_le_bytes()[0]]),
                32,
            )
        })
        .collect();
    let batch: Vec<_> = many.iter().map(|address| (index, address)).collect();
    requests.add_addresses(&batch);
    while watch.monitor.read(&mut watch.events).unwrap() {}
    let added = |e: &&KernelEvent| matches!(e, KernelEvent::AddressAdded { .. });
    assert_eq!(watch.events.iter().filter(added).count(), 500);
}

#[test]
fn a_base_interface_is_known_and_a_bridge_port_is_no_removed_link() {
    let Some(node) = one_node() else { return };
    let mut requests = node.run(Requests::open).unwrap();
    let base = node.index("a0");
    match node.try_ip("link add link a0 name mv0 type macvlan mode private") {
        Ok(_) => {
            let links = requests.links().unwrap();
            let macvlan = links.iter().find(|link| link.name == "mv0").unwrap();
            assert_eq!(macvlan.base, Some(base));
            assert_eq!(macvlan.kind.as_deref(), Some("macvlan"));
            node.ip("link del mv0");
        }
        Err(reason) => println!("SKIPPED: no macvlan here: {reason}"),
    }
    if let Err(reason) = node.try_ip("link add br0 type bridge") {
        println!("SKIPPED: no bridge here: {reason}");
        return;
    }
    let mut watch = Watch::new(&node);
    node.ip("link set a0 master br0");
    let port = watch.link("a0 is a port", |link| {
        link.index == base && link.master.is_some()
    });
    assert_eq!(port.master, Some(node.index("br0")));
    node.ip("link set a0 nomaster");
    node.ip("link set a0 alias seen");
    watch.link("a0 is alone", |link| {
        link.index == base && link.master.is_none()
    });
    node.ip("link set a1 down");
    watch.next("a1 is down", |event| match event {
        KernelEvent::LinkRemoved { name, .. } => panic!("{name} was not removed"),
        KernelEvent::LinkChanged(link) => (link.name == "a1" && !link.up).then_some(()),
        _ => None,
    });
}

#[test]
fn links_are_listed_with_the_loopback() {
    let Some(node) = one_node() else { return };
    let links = node.run(Requests::open).unwrap().links().unwrap();
    let names: Vec<_> = links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["lo", "a1", "a0"]);
    assert!(links[0].loopback && links[0].up && !links[0].multicast);
    assert!(links[1].is_usable() && links[2].is_usable());
}
