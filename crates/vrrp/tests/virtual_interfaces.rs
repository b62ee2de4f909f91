//! Routers on interfaces of their own, and closed addresses (spec vrrp-runtime 13 to 15). The
//! expected actions are in `data/virtual_interfaces.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, ExtraAnnouncements, Instance, VirtualMac};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Event, SocketKey};
use stage::{Table, is_master, master, plain, theirs};

/// Index of the virtual MAC interface of the tests.
const VMAC: u32 = 51;

fn on_virtual_mac() -> Instance {
    Instance {
        virtual_mac: Some(Box::default()),
        ..plain()
    }
}

fn closed() -> Instance {
    Instance {
        accept: false,
        ..plain()
    }
}

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

/// The driver makes the interface that is wanted first.
fn make(stage: &mut Transcript, index: u32) {
    stage.link(index, "vrrp.1", true);
    let key = stage.engine.virtual_interfaces()[0].key.clone();
    stage.event(
        "interface made",
        Event::VirtualInterfaceMade {
            key,
            index,
            fresh: true,
        },
    );
}

/// A master on its own interface.
fn running(instance: Instance) -> Transcript {
    let mut stage = Transcript::new(one(instance));
    stage.quietly(|stage| {
        make(stage, VMAC);
        stage.start();
        while !is_master(stage) {
            stage.next_deadline();
        }
    });
    stage
}

#[test]
fn virtual_interfaces() {
    let mut table = Table::default();
    table.row(
        "before the start: packets and addresses use the interface",
        Transcript::new(one(on_virtual_mac())),
        |stage| {
            make(stage, VMAC);
            stage.start();
            stage.next_deadline();
        },
    );
    table.row(
        "adverts by the base, addresses on the interface",
        Transcript::new(one(Instance {
            transmit_on_base: true,
            ..on_virtual_mac()
        })),
        |stage| {
            make(stage, VMAC);
            stage.start();
            stage.next_deadline();
        },
    );
    table.row(
        "without the interface at start",
        Transcript::new(one(on_virtual_mac())),
        |stage| {
            stage.start();
            make(stage, VMAC);
        },
    );
    table.row(
        "deleted and made anew",
        running(on_virtual_mac()),
        |stage| {
            stage.link(VMAC, "vrrp.1", false);
            stage.event("deleted", Event::LinkRemoved { index: VMAC });
            make(stage, VMAC + 1);
            stage.next_deadline();
        },
    );
    table.row("base down and up", running(on_virtual_mac()), |stage| {
        stage.link(sample::ETH0, "eth0", false);
        stage.link(VMAC, "vrrp.1", false);
        stage.link(sample::ETH0, "eth0", true);
        stage.link(VMAC, "vrrp.1", true);
    });
    table.row(
        "reload: another name, and the interface is made anew",
        running(on_virtual_mac()),
        |stage| {
            let name = Some("other".to_owned());
            stage.reload(
                "other",
                one(Instance {
                    virtual_mac: Some(Box::new(VirtualMac {
                        name,
                        ..VirtualMac::default()
                    })),
                    ..plain()
                }),
            );
            make(stage, VMAC + 1);
            stage.event("deleted", Event::LinkRemoved { index: VMAC });
        },
    );
    table.row("stop", running(on_virtual_mac()), |stage| {
        stage.event("stop", Event::StopRequested);
    });
    table.expect("virtual_interfaces.txt");
}

/// A backup, on its own interface if it has one, that hears a master of this priority until it takes over.
fn preempting(config: Config, priority: u8) -> Transcript {
    let mut stage = Transcript::new(config);
    stage.quietly(|stage| {
        let mut interface = sample::ETH0;
        if !stage.engine.virtual_interfaces().is_empty() {
            make(stage, VMAC);
            interface = VMAC;
        }
        stage.start();
        let socket = SocketKey {
            interface,
            ..sample::multicast_socket()
        };
        stage.packet("the old master", socket, &theirs(priority, 2).bytes());
    });
    stage
}

/// Wakes the engine until it is MASTER, and four times more.
fn take_over(stage: &mut Transcript) {
    stage.quietly(|stage| {
        while !is_master(stage) {
            stage.next_deadline();
        }
    });
    for _ in 0..4 {
        stage.next_deadline();
    }
}

#[test]
fn confirmation() {
    let mut table = Table::default();
    let both = || {
        let mut instance = on_virtual_mac();
        instance.excluded_addresses = vec![sample::vip("2001:db8::1")].into();
        instance
    };
    let mut row = |title: &str, config: Config, priority: u8| {
        table.row(title, preempting(config, priority), take_over);
    };
    row(
        "a live master is preempted: its IPv4 addresses once more",
        one(both()),
        90,
    );
    row("a master of higher priority had gone", one(both()), 200);
    row("no virtual MAC", one(plain()), 90);
    let mut fewest = both();
    fewest.garp.repeat = 1;
    fewest.garp.delay = Duration::ZERO;
    row("vrrp_min_garp", one(fewest), 90);
    let mut none = both();
    none.garp.repeat = 0;
    row("garp_master_repeat 0", one(none), 90);
    let mut spaced = one(both());
    spaced.globals.garp_interval = Duration::from_millis(400);
    row("vrrp_garp_interval: the burst lasts longer", spaced, 90);
    table.row(
        "a master that yields says no more",
        preempting(one(both()), 90),
        |stage| {
            stage.quietly(|stage| {
                while !is_master(stage) {
                    stage.next_deadline();
                }
            });
            let socket = SocketKey {
                interface: VMAC,
                ..sample::multicast_socket()
            };
            stage.packet("higher", socket, &theirs(200, 2).bytes());
            stage.next_deadline();
        },
    );
    table.expect("confirmation.txt");
}

/// An address on the instance's interface, two on another one, and one on a virtual MAC there.
fn on_many_interfaces(all: bool) -> Instance {
    let mut instance = plain();
    for (text, use_vmac) in [("10.1.0.5", false), ("10.1.0.6", false), ("10.1.0.7", true)] {
        let mut address = sample::vip(text);
        address.dev = Some("eth1".into());
        address.use_vmac = use_vmac;
        instance.excluded_addresses.push(address);
    }
    instance.garp.delay = Duration::ZERO;
    instance.garp.extra = Some(ExtraAnnouncements {
        interval: Duration::from_millis(2500),
        all,
    });
    instance
}

#[test]
fn extra_announcements() {
    let mut table = Table::default();
    for all in [false, true] {
        table.row(
            &format!("single ones on other interfaces, all: {all}"),
            running(on_many_interfaces(all)),
            |stage| {
                for _ in 0..6 {
                    stage.next_deadline();
                }
                stage.event("stop", Event::StopRequested);
            },
        );
    }
    table.row("reload: none", running(on_many_interfaces(true)), |stage| {
        let mut without = on_many_interfaces(true);
        without.garp.extra = None;
        stage.reload("none", one(without));
        for _ in 0..4 {
            stage.next_deadline();
        }
    });
    table.expect("extra_announcements.txt");
}

#[test]
fn closed_addresses() {
    let mut table = Table::default();
    table.rows(&one(closed()), "stop", |stage| {
        stage.event("stop", Event::StopRequested);
    });
    table.row("becoming master", stage::backup(one(closed())), |stage| {
        stage.next_deadline();
    });
    table.row(
        "an address owner's are open",
        Transcript::new(one(Instance {
            priority: evervip_model::Priority::new(255).unwrap(),
            ..closed()
        })),
        |stage| {
            stage.start();
            stage.next_deadline();
        },
    );
    table.row("reload: closed", master(one(plain())), |stage| {
        stage.reload("again", one(closed()));
    });
    table.row("reload: open", master(one(closed())), |stage| {
        stage.reload("again", one(plain()));
    });
    let mut more = closed();
    more.addresses.push(sample::vip("10.0.0.110"));
    table.row("reload: one more", master(one(closed())), |stage| {
        stage.reload("again", one(more.clone()));
    });
    table.row("reload: one less", master(one(more.clone())), |stage| {
        stage.reload("again", one(closed()));
    });
    table.expect("closed_addresses.txt");
}
