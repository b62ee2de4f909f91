//! Groups of address owners and others: when keepalived 2.2.7 complains, seen with its `-t`.

mod support;

use std::path::Path;

use evervip_config::{Class, Mode, load};
use support::{FakeHost, MemoryFiles};

/// Priority and state of a member, as written.
type Member = &'static str;

const OWNER: Member = "priority 255\nstate MASTER";
const OWNER_AS_BACKUP: Member = "priority 255\nstate BACKUP";
const OWNER_SAYS_NOTHING: Member = "priority 255";
const MASTER: Member = "priority 200\nstate MASTER";
const BACKUP: Member = "priority 200\nstate BACKUP";
const SAYS_NOTHING: Member = "priority 200";
const OWNER_BY_DEFAULT: Member = "state MASTER";

/// How many complaints there are about a group of these members.
fn complaints(members: &[Member]) -> usize {
    let mut names = String::new();
    let mut instances = String::new();
    for (number, member) in members.iter().enumerate() {
        names += &format!("I{number}\n");
        instances += &format!(
            "vrrp_instance I{number} {{\ninterface eth0\nvirtual_router_id {}\n{member}\n\
             virtual_ipaddress {{\n10.0.0.{}/24\n}}\n}}\n",
            number + 1,
            number + 100
        );
    }
    let text = format!("vrrp_sync_group G {{\ngroup {{\n{names}}}\n}}\n{instances}");
    let files = MemoryFiles::default().with("k", text);
    let loaded = load(Path::new("k"), &files, &FakeHost::default(), Mode::Test);
    let said = loaded.diagnostics.iter().filter(|d| d.class > Class::Log);
    said.map(|d| d.original_line(&loaded.sources))
        .inspect(|line| {
            assert!(
                line.starts_with("Sync group G has some member(s)"),
                "{line}"
            );
        })
        .count()
}

#[test]
fn owners_that_say_master_before_one_that_says_backup() {
    for members in [
        &[OWNER, BACKUP][..],
        &[OWNER, OWNER_AS_BACKUP],
        &[OWNER, BACKUP, BACKUP],
        &[OWNER, BACKUP, SAYS_NOTHING],
        &[OWNER, OWNER, BACKUP],
        &[OWNER, BACKUP, OWNER],
        &[OWNER, BACKUP, MASTER],
    ] {
        assert_eq!(complaints(members), 1, "{members:?}");
    }
}

#[test]
fn in_another_order_or_less_outspoken_they_pass() {
    for members in [
        &[OWNER, OWNER][..],
        &[OWNER, SAYS_NOTHING],
        &[OWNER, MASTER],
        &[BACKUP, OWNER],
        &[MASTER, OWNER_AS_BACKUP],
        &[OWNER_SAYS_NOTHING, BACKUP],
        &[OWNER_BY_DEFAULT, BACKUP],
        &[OWNER, OWNER_SAYS_NOTHING, BACKUP],
        &[OWNER, SAYS_NOTHING, BACKUP],
        &[OWNER, MASTER, BACKUP],
        &[MASTER, OWNER, BACKUP],
        &[OWNER_AS_BACKUP, OWNER, BACKUP],
        &[BACKUP, OWNER, SAYS_NOTHING],
    ] {
        assert_eq!(complaints(members), 0, "{members:?}");
    }
}
