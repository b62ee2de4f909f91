//! Instances.

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{Authentication, Delivery, InitialState, Instance, State, Version};
use evervip_vrrp::RouterSnapshot;

use super::table;
use crate::parts::{self, Interfaces, command, gauge, index, state_number};
use crate::rows::Rows;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene, interfaces: &Interfaces<'_>) {
    let mut rows = Rows::new(builder, table(3), 2..=35);
    for (at, router) in scene.snapshot.routers.iter().enumerate() {
        let row = [index(at)];
        standing(&mut rows, &row, router);
        let name = interfaces.own_name(router);
        rows.put(10, &row, Value::text(name));
        settings(&mut rows, &row, &router.spec);
        let group = router
            .group
            .and_then(|group| scene.snapshot.groups.get(group));
        rows.put_if(18, &row, group.map(|group| Value::text(&group.spec.name)));
        notify(&mut rows, &row, &router.spec);
        multicast(&mut rows, &row, &router.spec);
    }
}

fn standing(rows: &mut Rows<'_>, row: &[u32], router: &RouterSnapshot) {
    let spec = &router.spec;
    rows.put(2, row, Value::text(&spec.name));
    rows.put(3, row, gauge(spec.vrid.value()));
    // Who waits for the first results of scripts is a BACKUP in FAULT to the original.
    let is_waiting = router.state == State::Init && router.awaited_scripts > 0;
    let (state, want) = if is_waiting {
        (State::Fault, State::Backup)
    } else {
        (router.state, router.want)
    };
    rows.put(4, row, Value::Integer(state_number(state)));
    let initial = match spec.initial_state {
        InitialState::Backup => 1,
        InitialState::Master => 2,
    };
    rows.put(5, row, Value::Integer(initial));
    rows.put(6, row, Value::Integer(state_number(want)));
    rows.put(7, row, Value::Integer(router.base_priority.into()));
    rows.put(8, row, Value::Integer(router.effective_priority.into()));
    rows.put(9, row, Value::truth(!router.installed.is_empty()));
}

fn settings(rows: &mut Rows<'_>, row: &[u32], spec: &Instance) {
    let tracks_interfaces = !spec.own_track_lists().interfaces.is_empty();
    rows.put(11, row, Value::truth(tracks_interfaces));
    let interval = match spec.version {
        Version::V2 => gauge(spec.advert_interval.as_secs()),
        Version::V3 => gauge(spec.advert_interval.as_millis() / 10),
    };
    rows.put(12, row, interval);
    rows.put(13, row, Value::truth(!spec.nopreempt));
    rows.put(14, row, gauge(spec.preempt_delay.as_secs()));
    let authentication = match spec.authentication {
        Authentication::None => 0,
        Authentication::Pass(_) => 1,
        Authentication::Header(_) => 2,
    };
    rows.put(15, row, Value::Integer(authentication));
    // No instance leads the synchronisation of virtual servers.
    rows.put(16, row, Value::truth(false));
    rows.put(19, row, gauge(spec.garp.delay.as_secs()));
    rows.put(20, row, Value::truth(spec.smtp_alert));
    let accept = match (spec.version, spec.accept) {
        (Version::V2, _) => 0,
        (Version::V3, true) => 1,
        (Version::V3, false) => 2,
    };
    rows.put(27, row, Value::Integer(accept));
    rows.put(28, row, Value::truth(spec.promote_secondaries));
    rows.put(29, row, Value::truth(spec.linkbeat_polling));
    rows.put(30, row, Value::Integer(spec.version.number().into()));
    rows.put(33, row, Value::truth(spec.notify_deleted));
}

fn notify(rows: &mut Rows<'_>, row: &[u32], spec: &Instance) {
    let notify = &spec.notify;
    rows.put(21, row, Value::truth(!notify.is_empty()));
    let scripts = [
        (22, &notify.master),
        (23, &notify.backup),
        (24, &notify.fault),
        (25, &notify.stop),
        (26, &notify.any),
        (31, &notify.master_rx_lower_pri),
        (32, &notify.deleted),
    ];
    for (column, script) in scripts {
        rows.put_if(column, row, command(script.as_deref()));
    }
}

fn multicast(rows: &mut Rows<'_>, row: &[u32], spec: &Instance) {
    if let Delivery::Multicast { group } = spec.delivery {
        rows.put(34, row, parts::address_type(group));
        rows.put(35, row, parts::address(group));
    }
}
