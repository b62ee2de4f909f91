//! What the processes are called, and which permissions their files lack (spec config-language 11.2).
//!
//! Both follow the configuration at a start and at every reload, as in the original.

use evervip_model::{Process, Processes};
use evervip_os::process::{set_process_name, set_umask};

/// Name of every process that the configuration does not name.
const PROGRAM: &str = "keepalived";
/// Name of the VRRP child under `process_names`.
const VRRP_CHILD: &str = "keepalived_vrrp";

/// Name of the BFD child under `process_names`.
const BFD_CHILD: &str = "keepalived_bfd";

/// Gives the guardian its name and umask.
pub(crate) fn of_guardian(processes: &Processes) {
    take(guardian_name(processes), processes);
}

/// Gives the VRRP child its name and umask.
pub(crate) fn of_child(processes: &Processes) {
    take(
        child_name(processes, &processes.vrrp, VRRP_CHILD),
        processes,
    );
}

/// Gives the BFD child its name and umask.
pub(crate) fn of_bfd_child(processes: &Processes) {
    take(child_name(processes, &processes.bfd, BFD_CHILD), processes);
}

fn take(name: &str, processes: &Processes) {
    set_umask(u32::from(processes.umask));
    // Nothing but a display depends on the name.
    let _ = set_process_name(name);
}

fn guardian_name(processes: &Processes) -> &str {
    processes.parent_name.as_deref().unwrap_or(PROGRAM)
}

/// Without a name of its own the child has that of the guardian, which forked it.
fn child_name<'a>(processes: &'a Processes, own: &'a Process, usual: &'a str) -> &'a str {
    match &own.name {
        Some(name) => name,
        None if processes.own_names => usual,
        None => guardian_name(processes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(own_names: bool, parent: Option<&str>, child: Option<&str>) -> [String; 2] {
        let mut processes = Processes {
            own_names,
            parent_name: parent.map(str::to_owned),
            ..Processes::default()
        };
        processes.vrrp.name = child.map(str::to_owned);
        [
            guardian_name(&processes),
            child_name(&processes, &processes.vrrp, VRRP_CHILD),
        ]
        .map(str::to_owned)
    }

    #[test]
    fn every_combination_of_names() {
        assert_eq!(names(false, None, None), ["keepalived", "keepalived"]);
        assert_eq!(names(true, None, None), ["keepalived", "keepalived_vrrp"]);
        assert_eq!(names(false, Some("papa"), None), ["papa", "papa"]);
        assert_eq!(names(true, Some("papa"), None), ["papa", "keepalived_vrrp"]);
        assert_eq!(names(true, None, Some("v")), ["keepalived", "v"]);
        assert_eq!(names(false, Some("papa"), Some("v")), ["papa", "v"]);
    }
}
