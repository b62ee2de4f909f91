//! Scripts and FIFOs (spec config-language 11.2 and 11.3).

use crate::keyword::{Keyword, boolean, flag, script, word};

pub(super) const SCRIPT: &[Keyword] = &[
    word(
        "script_user",
        "USER [[:][GROUP]]",
        "Who runs scripts that name nobody.",
    )
    .default("keepalived_script if that account exists, else the daemon's user")
    .lenient()
    .yes(),
    flag(
        "enable_script_security",
        "Scripts that others than root could replace are not run as root.",
    )
    .yes(),
    boolean("use_symlink_paths", "Keep symbolic links in script paths.")
        .since("2.3.0")
        .yes(),
    boolean(
        "set_supplementary_groups",
        "Scripts get the supplementary groups of their user.",
    )
    .since("after 2.4.3")
    .yes(),
    word(
        "notify_fifo",
        "PATH [USER [GROUP]]",
        "FIFO that gets a line for every state change.",
    )
    .lenient()
    .since("1.3.6")
    .yes(),
    word(
        "vrrp_notify_fifo",
        "PATH [USER [GROUP]]",
        "The same, for instances and groups alone.",
    )
    .lenient()
    .since("1.3.6")
    .yes(),
    word(
        "lvs_notify_fifo",
        "PATH [USER [GROUP]]",
        "The same, for LVS.",
    )
    .lenient()
    .since("1.3.6")
    .lvs(),
    script("notify_fifo_script", "Program that reads notify_fifo.")
        .lenient()
        .since("1.3.6")
        .yes(),
    script(
        "vrrp_notify_fifo_script",
        "Program that reads vrrp_notify_fifo.",
    )
    .lenient()
    .since("1.3.6")
    .yes(),
    script(
        "lvs_notify_fifo_script",
        "Program that reads lvs_notify_fifo.",
    )
    .lenient()
    .since("1.3.6")
    .lvs(),
    boolean(
        "vrrp_notify_priority_changes",
        "Priority changes are written to the FIFOs too.",
    )
    .since("2.0.16")
    .yes(),
    flag(
        "fifo_write_vrrp_states_on_reload",
        "All states are written to the FIFOs after a reload.",
    )
    .since("2.2.5")
    .yes(),
];
