//! What belongs to the whole daemon.

use std::net::{IpAddr, Ipv4Addr};

use evervip_agentx::{Oid, TreeBuilder, Value};
use evervip_model::{Globals, Mail};

use crate::parts::{address, gauge, index};
use crate::rows::Rows;
use crate::{KEEPALIVED, Surroundings};

/// Behind each scalar.
const SCALAR: [u32; 1] = [0];

pub(super) fn write(builder: &mut TreeBuilder, globals: &Globals, surroundings: &Surroundings) {
    let root = Oid::new(&KEEPALIVED).join(&[1]);
    mail(builder, &root.join(&[3]), &globals.mail, surroundings);
    recipients(builder, root.join(&[3, 5, 1]), &globals.mail);
    // 3 is the group of mail.
    for object in [1, 2, 4, 5, 6, 7, 8, 9, 10, 11] {
        builder.object(root.join(&[object]));
    }
    let mut put = |object, value| builder.instance(root.join(&[object]).join(&SCALAR), value);
    put(1, Value::text(&surroundings.version));
    put(2, Value::text(router_id(globals, surroundings)));
    put(4, Value::truth(globals.snmp.traps));
    // Linkbeat by netlink, no flushing of virtual servers, their counters of 64 bits.
    put(5, Value::Integer(1));
    put(6, Value::truth(false));
    put(7, Value::truth(true));
    let namespace = globals.daemon.net_namespace.as_deref();
    put(8, Value::text(namespace.unwrap_or_default()));
    put(9, Value::truth(globals.dbus.enabled));
    put(10, Value::truth(globals.dynamic_interfaces));
    put(11, Value::truth(false));
}

/// What the daemon calls its machine.
pub(crate) fn router_id<'a>(globals: &'a Globals, surroundings: &'a Surroundings) -> &'a str {
    let configured = globals.router_id.as_deref();
    configured.unwrap_or(&surroundings.host_name)
}

fn mail(builder: &mut TreeBuilder, root: &Oid, mail: &Mail, surroundings: &Surroundings) {
    for object in [1, 2, 3, 4, 6, 7, 8, 9, 10] {
        builder.object(root.join(&[object]));
    }
    let mut put = |object, value| builder.instance(root.join(&[object]).join(&SCALAR), value);
    let relay = mail.server.as_ref().and(surroundings.relay);
    // Without a relay the original gives the type of version 6 and an address of version 4.
    let is_v4 = relay.is_some_and(|relay| relay.is_ipv4());
    put(1, Value::Integer(if is_v4 { 1 } else { 2 }));
    put(
        2,
        address(relay.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
    );
    let (port, timeout) = mail
        .server
        .as_ref()
        .map_or((0, 0), |(_, port)| (*port, mail.connect_timeout.as_secs()));
    put(3, gauge(timeout));
    let sender = mail.server.is_some().then(|| sender(mail, surroundings));
    if let Some(sender) = sender.or_else(|| mail.from.clone()) {
        put(4, Value::text(&sender));
    }
    put(6, gauge(port));
    put(7, Value::truth(!mail.no_faults));
    put(8, choice(mail.alerts));
    put(9, choice(mail.vrrp_alerts));
    put(10, choice(None));
}

fn sender(mail: &Mail, surroundings: &Surroundings) -> String {
    let configured = mail.from.clone();
    configured.unwrap_or_else(|| format!("root@{}", surroundings.host_name))
}

/// 1 and 2 as a truth value, 3 where nothing is said.
fn choice(choice: Option<bool>) -> Value {
    choice.map_or(Value::Integer(3), Value::truth)
}

fn recipients(builder: &mut TreeBuilder, entry: Oid, mail: &Mail) {
    let mut rows = Rows::new(builder, entry, 2..=2);
    for (at, recipient) in mail.recipients.iter().enumerate() {
        rows.put(2, &[index(at)], Value::text(recipient));
    }
}
