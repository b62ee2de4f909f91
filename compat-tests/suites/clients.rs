//! Programs that others have built around keepalived: what they read, send and start, done as they do
//! it. Each case holds for both daemons.

mod commands;
mod openstack;
mod readers;

use crate::plan::Plan;

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    readers::add(plan);
    commands::add(plan);
    openstack::add(plan);
}
