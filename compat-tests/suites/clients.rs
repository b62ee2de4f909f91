//! Programs that others have built around keepalived: what they read, send and start, done as they do
//! it. Each case holds for both daemons.

mod commands;
mod monitoring;
mod openstack;
mod readers;

use crate::plan::Plan;

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    readers::add(plan);
    monitoring::add(plan);
    commands::add(plan);
    openstack::add(plan);
}
