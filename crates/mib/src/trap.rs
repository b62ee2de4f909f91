//! Notifications of all three.

use evervip_agentx::{Oid, Value, VarBind};
use evervip_model::{Globals, InitialState, Instance, State};
use evervip_vrrp::{InstanceNews, Trap, TrapPlace};

use crate::keepalived::router_id;
use crate::parts::{address, family_number, state_number, unspecified};
use crate::rfc2787::ip_address;
use crate::{KEEPALIVED, Surroundings, VRRP, VRRPV3};

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its name.
    pub trap: Oid,
    /// What belongs to it.
    pub values: Vec<VarBind>,
}

/// The notification that tells of a trap.
#[must_use]
pub fn notification(trap: &Trap, globals: &Globals, surroundings: &Surroundings) -> Notification {
    let router = || router_id(globals, surroundings);
    match trap {
        Trap::Instance { spec, news } => instance(spec, *news, router()),
        Trap::Group { spec, state } => keepalived(
            1,
            vec![
                column(&[1, 1, 2], Value::text(&spec.name)),
                column(&[1, 1, 3], Value::Integer(state_number(*state))),
                name_of_router(router()),
            ],
        ),
        Trap::NewMaster2 { place, source } => {
            let master = source.unwrap_or(unspecified(place.family));
            let value = ip_address(master);
            new(&VRRP, 1, vec![of_vrrp(&[1, 3, 1, 7], place, value)])
        }
        Trap::Authentication { place, from, error } => {
            let error = Value::Integer(error.number().into());
            let values = vec![
                of_vrrp(&[1, 5], place, ip_address(*from)),
                of_vrrp(&[1, 6], place, error),
            ];
            new(&VRRP, 2, values)
        }
        Trap::NewMaster3 {
            place,
            source,
            reason,
        } => {
            let master = address(source.unwrap_or(unspecified(place.family)));
            let reason = Value::Integer(reason.number().into());
            let values = vec![
                of_vrrpv3(&[1, 1, 1, 1, 3], place, master),
                of_vrrpv3(&[1, 2, 5, 1, 2], place, reason),
            ];
            new(&VRRPV3, 1, values)
        }
        Trap::Protocol { place, error } => {
            let error = Value::Integer(error.number().into());
            let values = vec![of_vrrpv3(&[1, 2, 5, 1, 6], place, error)];
            new(&VRRPV3, 2, values)
        }
    }
}

fn instance(spec: &Instance, news: InstanceNews, router: &str) -> Notification {
    let state = match news {
        InstanceNews::Entered(state) => state_number(state),
        InstanceNews::Deleted => DELETED,
    };
    let initial = match spec.initial_state {
        InitialState::Backup => State::Backup,
        InitialState::Master => State::Master,
    };
    let values = vec![
        column(&[3, 1, 2], Value::text(&spec.name)),
        column(&[3, 1, 4], Value::Integer(state)),
        column(&[3, 1, 5], Value::Integer(state_number(initial))),
        name_of_router(router),
    ];
    keepalived(2, values)
}

/// The state of an instance that a reload has removed.
const DELETED: i32 = 6;

fn new(root: &[u32], number: u32, values: Vec<VarBind>) -> Notification {
    Notification {
        trap: Oid::new(root).join(&[0, number]),
        values,
    }
}

fn keepalived(number: u32, values: Vec<VarBind>) -> Notification {
    Notification {
        trap: Oid::new(&KEEPALIVED).join(&[2, 10, 0, number]),
        values,
    }
}

/// A column of keepalived's VRRP part. The original gives no index with it.
fn column(place: &[u32], value: Value) -> VarBind {
    VarBind {
        name: Oid::new(&KEEPALIVED).join(&[2]).join(place),
        value,
    }
}

fn name_of_router(router: &str) -> VarBind {
    VarBind {
        name: Oid::new(&KEEPALIVED).join(&[1, 2, 0]),
        value: Value::text(router),
    }
}

fn of_vrrp(object: &[u32], place: &TrapPlace, value: Value) -> VarBind {
    let row = [place.interface, place.vrid.into()];
    VarBind {
        name: Oid::new(&VRRP).join(object).join(&row),
        value,
    }
}

fn of_vrrpv3(object: &[u32], place: &TrapPlace, value: Value) -> VarBind {
    let row = [
        place.interface,
        place.vrid.into(),
        family_number(place.family),
    ];
    VarBind {
        name: Oid::new(&VRRPV3).join(object).join(&row),
        value,
    }
}
