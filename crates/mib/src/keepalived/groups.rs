//! Sync groups and their members.

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;

use super::table;
use crate::parts::{command, index, state_number};
use crate::rows::Rows;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    let mut rows = Rows::new(builder, table(1), 2..=11);
    for (at, group) in scene.snapshot.groups.iter().enumerate() {
        let row = [index(at)];
        let (spec, notify) = (&group.spec, &group.spec.notify);
        rows.put(2, &row, Value::text(&spec.name));
        rows.put(3, &row, Value::Integer(state_number(group.state)));
        rows.put(4, &row, Value::truth(spec.smtp_alert));
        rows.put(5, &row, Value::truth(!notify.is_empty()));
        rows.put_if(6, &row, command(notify.master.as_deref()));
        rows.put_if(7, &row, command(notify.backup.as_deref()));
        rows.put_if(8, &row, command(notify.fault.as_deref()));
        rows.put_if(9, &row, command(notify.any.as_deref()));
        rows.put(10, &row, Value::truth(spec.tracking_weight));
        rows.put_if(11, &row, command(notify.stop.as_deref()));
    }
    let mut rows = Rows::new(builder, table(2), 2..=2);
    for (at, group) in scene.snapshot.groups.iter().enumerate() {
        for (place, member) in group.members.iter().enumerate() {
            if let Some(member) = scene.snapshot.routers.get(*member) {
                let row = [index(at), index(place)];
                rows.put(2, &row, Value::text(&member.spec.name));
            }
        }
    }
}
