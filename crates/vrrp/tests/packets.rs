//! Packets that are not accepted (spec vrrp-runtime 5): one counter, one line, nothing else. The
//! expected lines are in `data/packets.txt`.

mod stage;

use std::net::IpAddr;

use evervip_model::{Authentication, Config, Delivery, Instance};
use evervip_testkit::craft::{CHECKSUM, Craft, IP_HEADER};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, SocketKey};
use evervip_wire::{AuthField, Body};
use stage::{Table, backup, in_every_state, master, plain, theirs, version_3};

/// Offsets in what [`Craft::bytes`] gives.
mod at {
    use evervip_testkit::craft::IP_HEADER;

    pub(super) const TOTAL_LENGTH: usize = 3;
    pub(super) const TTL: usize = 8;
    pub(super) const PROTOCOL: usize = 9;
    pub(super) const VERSION_TYPE: usize = IP_HEADER;
    pub(super) const VRID: usize = IP_HEADER + 1;
    pub(super) const COUNT: usize = IP_HEADER + 3;
    pub(super) const AUTH_TYPE: usize = IP_HEADER + 4;
    pub(super) const INTERVAL: usize = IP_HEADER + 5;
}

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

fn password() -> Instance {
    Instance {
        authentication: Authentication::Pass(*b"secret\0\0"),
        ..plain()
    }
}

fn unicast() -> Instance {
    let mut instance = Instance {
        delivery: sample::unicast(&[sample::lan(2), sample::lan(3)]),
        ..plain()
    };
    if let Delivery::Unicast { peers, .. } = &mut instance.delivery {
        (peers[0].min_ttl, peers[0].max_ttl) = (60, 70);
    }
    instance
}

type Packet = (&'static str, Vec<u8>);

/// What no instance accepts. The priority is one that would matter if it were.
fn invalid(instance: &Instance) -> Vec<Packet> {
    let craft = Craft::of(instance).priority(200);
    let change = |position: usize, value: u8| craft.bytes_with(true, |b| b[position] = value);
    let bits = craft.bytes()[at::VERSION_TYPE];
    vec![
        ("empty", Vec::new()),
        ("no whole IP header", craft.bytes()[..19].to_vec()),
        ("no whole VRRP header", craft.bytes()[..27].to_vec()),
        (
            "another protocol",
            craft.bytes_with(false, |b| b[at::PROTOCOL] = 6),
        ),
        (
            "too short",
            craft.bytes_with(true, |b| b.truncate(b.len() - 1)),
        ),
        ("too long", craft.bytes_with(true, |b| b.push(0))),
        ("more addresses claimed", change(at::COUNT, 2)),
        ("no address claimed", change(at::COUNT, 0)),
        ("TTL 254", craft.bytes_with(false, |b| b[at::TTL] = 254)),
        ("version 1", change(at::VERSION_TYPE, 0x11)),
        ("version 4", change(at::VERSION_TYPE, 0x41)),
        ("the other version", change(at::VERSION_TYPE, bits ^ 0x10)),
        ("type 2", change(at::VERSION_TYPE, bits ^ 0x03)),
        ("type 0", change(at::VERSION_TYPE, bits ^ 0x01)),
        (
            "wrong total length",
            craft.bytes_with(false, |b| b[at::TOTAL_LENGTH] += 4),
        ),
        (
            "wrong checksum",
            craft.bytes_with(false, |b| b[CHECKSUM] ^= 1),
        ),
        ("unknown VRID", change(at::VRID, 9)),
    ]
}

fn invalid_version_2(instance: &Instance) -> Vec<Packet> {
    let craft = Craft::of(instance).priority(0);
    let change = |position: usize, value: u8| craft.bytes_with(true, |b| b[position] = value);
    let own = craft.bytes()[at::AUTH_TYPE];
    let with = |password| {
        let body = Body::V2 {
            interval_seconds: 1,
            authentication: AuthField::Password(password),
        };
        Craft {
            body,
            ..craft.clone()
        }
        .bytes()
    };
    vec![
        ("authentication type 3", change(at::AUTH_TYPE, 3)),
        ("authentication type 255", change(at::AUTH_TYPE, 255)),
        ("authentication header expected", change(at::AUTH_TYPE, 2)),
        (
            "the other authentication type",
            change(at::AUTH_TYPE, own ^ 1),
        ),
        ("wrong password", with(*b"secret\0x")),
        ("interval 2 s", change(at::INTERVAL, 2)),
        ("interval 0 s", change(at::INTERVAL, 0)),
    ]
}

fn run(stage: &mut Transcript, socket: SocketKey, packets: &[Packet]) {
    for (label, bytes) in packets {
        stage.packet(label, socket, bytes);
    }
}

#[test]
fn every_kind_of_invalid_packet() {
    let mut table = Table::default();
    let socket = sample::multicast_socket();
    let second = [plain(), password()].map(|instance| {
        let mut packets = invalid(&instance);
        packets.extend(invalid_version_2(&instance));
        (instance, packets)
    });
    for (instance, packets) in &second {
        let title = format!("version 2, {:?}", instance.authentication);
        table.row(
            &format!("BACKUP: {title}"),
            backup(one(instance.clone())),
            |stage| {
                run(stage, socket, packets);
            },
        );
        table.row(
            &format!("MASTER: {title}"),
            master(one(instance.clone())),
            |stage| {
                run(stage, socket, packets);
            },
        );
    }
    table.row("BACKUP: version 3", backup(one(version_3())), |stage| {
        run(stage, socket, &invalid(&version_3()));
    });
    table.row(
        "BACKUP: version 2 hears version 3",
        backup(one(plain())),
        |stage| {
            stage.advert("version 3", &Craft::of(&version_3()).priority(200));
        },
    );
    table.row(
        "BACKUP: version 3 hears version 2",
        backup(one(version_3())),
        |stage| {
            stage.advert("version 2", &theirs(200, 2));
        },
    );
    unicast_and_multicast(&mut table);
    unknown_vrids(&mut table);
    remarks(&mut table);
    rate(&mut table);
    table.expect("packets.txt");
}

fn unicast_and_multicast(table: &mut Table) {
    table.row(
        "BACKUP: unicast to a multicast instance",
        backup(one(plain())),
        |stage| {
            let mut craft = theirs(200, 2);
            craft.destination = sample::OWN;
            stage.advert("unicast", &craft);
        },
    );
    table.row(
        "BACKUP: unicast instance",
        backup(one(unicast())),
        |stage| {
            let socket = sample::unicast_socket();
            let craft = |last, ttl| {
                let craft = Craft::of(&unicast()).priority(200).from(last);
                Craft { ttl, ..craft }
            };
            let mut multicast = craft(3, 64);
            multicast.destination = sample::GROUP;
            stage.packet("multicast", socket, &multicast.bytes());
            stage.packet("from no peer", socket, &craft(7, 64).bytes());
            stage.packet("TTL 59 of 60 to 70", socket, &craft(2, 59).bytes());
            stage.packet("TTL 71 of 60 to 70", socket, &craft(2, 71).bytes());
            stage.packet("TTL 60 of 60 to 70", socket, &craft(2, 60).bytes());
            stage.packet("TTL 1", socket, &craft(3, 1).bytes());
            stage.packet(
                "on the multicast socket",
                sample::multicast_socket(),
                &craft(3, 64).bytes(),
            );
        },
    );
    let mut anybody = unicast();
    if let Delivery::Unicast { check_source, .. } = &mut anybody.delivery {
        *check_source = false;
    }
    table.row(
        "BACKUP: unicast instance that does not check sources",
        backup(one(anybody.clone())),
        |stage| {
            let craft = Craft::of(&anybody).priority(200).from(7);
            stage.packet("from no peer", sample::unicast_socket(), &craft.bytes());
        },
    );
    let mut twin = unicast();
    twin.name = "W".into();
    twin.delivery = sample::unicast(&[sample::lan(4)]);
    table.row(
        "BACKUP: two unicast instances of one VRID",
        backup(sample::config([unicast(), twin])),
        |stage| {
            for (label, last) in [("for W", 4), ("for V", 3), ("for nobody", 9)] {
                let bytes = Craft::of(&unicast()).priority(0).from(last).bytes();
                stage.packet(label, sample::unicast_socket(), &bytes);
            }
        },
    );
}

fn unknown_vrids(table: &mut Table) {
    let mut config = one(plain());
    config.globals.log_unknown_vrids = true;
    table.row("BACKUP: log_unknown_vrids", backup(config), |stage| {
        let mut craft = theirs(200, 2);
        craft.vrid = 9;
        stage.advert("unknown VRID", &craft);
    });
}

fn remarks(table: &mut Table) {
    let mut two = plain();
    two.addresses.push(sample::vip("10.0.0.150"));
    let with = |addresses: &[IpAddr]| Craft {
        addresses: addresses.to_vec(),
        ..theirs(200, 2)
    };
    let (first, second, other) = (sample::lan(101), sample::lan(150), sample::lan(99));
    table.row("BACKUP: address lists", backup(one(two.clone())), |stage| {
        stage.advert("same", &with(&[first, second]));
        stage.advert("another order", &with(&[second, first]));
        stage.advert("one missing", &with(&[first]));
        stage.advert("one differs", &with(&[first, other]));
        stage.advert("one twice", &with(&[first, first]));
        stage.advert("none", &with(&[]));
    });
    table.row(
        "BACKUP: another master with another list",
        backup(one(two.clone())),
        |stage| {
            stage.advert("one missing", &with(&[first]));
            stage.advert("one missing, another sender", &with(&[first]).from(3));
            stage.advert("and again", &with(&[first]).from(3));
        },
    );
    let lazy = Instance {
        skip_check_adv_addr: true,
        ..two
    };
    table.row(
        "BACKUP: skip_check_adv_addr",
        backup(one(lazy.clone())),
        |stage| {
            stage.advert("one differs, new master", &with(&[first, other]));
            stage.advert("one differs, same master", &with(&[first, other]));
        },
    );
    table.row("MASTER: skip_check_adv_addr", master(one(lazy)), |stage| {
        stage.advert(
            "one differs, lower priority",
            &with(&[first, other]).priority(5),
        );
    });
}

/// The line is written once, the counter goes on; a change of state allows one more line.
fn rate(table: &mut Table) {
    table.row(
        "BACKUP to MASTER: the same complaint again",
        backup(one(plain())),
        |stage| {
            let bytes = theirs(200, 2).bytes_with(false, |b| b[CHECKSUM] ^= 1);
            let socket = sample::multicast_socket();
            for label in ["first", "second"] {
                stage.packet(label, socket, &bytes);
            }
            stage.quietly(|stage| {
                stage.next_deadline();
            });
            for label in ["first as MASTER", "second as MASTER"] {
                stage.packet(label, socket, &bytes);
            }
        },
    );
}

/// What the table shows for some states holds for all: nothing but the log, and no timer moved.
#[test]
fn invalid_packets_move_nothing_in_any_state() {
    for instance in [plain(), password(), version_3()] {
        let mut packets = invalid(&instance);
        if instance != version_3() {
            packets.extend(invalid_version_2(&instance));
        }
        for (state, mut stage) in in_every_state(&one(instance)) {
            for (label, bytes) in &packets {
                let before = (stage.engine.next_deadline(), stage.engine.status()[0].state);
                let actions = stage.packet(label, sample::multicast_socket(), bytes);
                let after = (stage.engine.next_deadline(), stage.engine.status()[0].state);
                assert_eq!(before, after, "{state}: {label}");
                assert!(
                    actions
                        .iter()
                        .all(|action| matches!(action, Action::Log(_)))
                        && actions.len() <= 1,
                    "{state}: {label}: {actions:?}"
                );
                assert_eq!(stage.engine.status()[0].statistics.advert_rcvd, 0);
            }
        }
    }
}

/// Every prefix of a right packet, and every single bit of it turned over, is either accepted or
/// moves nothing; the version 2 checksum finds every such bit behind the IP header.
#[test]
fn no_damaged_packet_is_accepted() {
    for instance in [password(), version_3()] {
        let right = Craft::of(&instance).priority(200).bytes();
        let mut stage = backup(one(instance));
        let deadline = stage.engine.next_deadline();
        let socket = sample::multicast_socket();
        stage.quietly(|stage| {
            for length in 0..right.len() {
                stage.packet("prefix", socket, &right[..length]);
            }
            for bit in IP_HEADER * 8..right.len() * 8 {
                let mut damaged = right.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                stage.packet("bit", socket, &damaged);
            }
        });
        assert_eq!(stage.engine.next_deadline(), deadline);
        assert_eq!(stage.engine.status()[0].statistics.advert_rcvd, 0);
        stage.quietly(|stage| {
            stage.packet("right", socket, &right);
        });
        assert_eq!(stage.engine.status()[0].statistics.advert_rcvd, 1);
    }
}
