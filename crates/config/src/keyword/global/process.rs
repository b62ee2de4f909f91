//! Processes (spec config-language 11.2).

use crate::keyword::{Keyword, flag, script, word};

pub(super) const PROCESS: &[Keyword] = &[
    flag("process_names", "Give the processes names of their own.")
        .since("2.0.16")
        .yes(),
    word(
        "process_name",
        "NAME, at most 15 bytes",
        "Name of the parent process.",
    )
    .since("2.0.16")
    .yes(),
    word(
        "vrrp_process_name",
        "NAME, at most 15 bytes",
        "Name of the VRRP process.",
    )
    .since("2.0.16")
    .yes(),
    word(
        "checker_process_name",
        "NAME, at most 15 bytes",
        "Name of the checker process.",
    )
    .since("2.2.0")
    .lvs(),
    word(
        "lvs_process_name",
        "NAME, at most 15 bytes",
        "Old spelling of checker_process_name.",
    )
    .since("2.0.16")
    .lvs(),
    word(
        "bfd_process_name",
        "NAME, at most 15 bytes",
        "Name of the BFD process.",
    )
    .since("2.0.16")
    .yes(),
    word(
        "vrrp_priority",
        "-20 to 19",
        "Nice value of the VRRP process.",
    )
    .default("0")
    .lenient()
    .yes(),
    word(
        "checker_priority",
        "-20 to 19",
        "Nice value of the checker process.",
    )
    .default("0")
    .lenient()
    .lvs(),
    word(
        "bfd_priority",
        "-20 to 19",
        "Nice value of the BFD process.",
    )
    .default("0")
    .lenient()
    .since("2.0.0")
    .yes(),
    word(
        "vrrp_rt_priority",
        "1 to 99",
        "Real-time priority of the VRRP process.",
    )
    .default("off")
    .lenient()
    .since("2.0.0")
    .yes(),
    word(
        "checker_rt_priority",
        "1 to 99",
        "Real-time priority of the checker process.",
    )
    .lenient()
    .since("2.0.0")
    .lvs(),
    word(
        "bfd_rt_priority",
        "1 to 99",
        "Real-time priority of the BFD process.",
    )
    .lenient()
    .since("2.0.0")
    .yes(),
    word(
        "vrrp_rlimit_rttime",
        "MICROSECONDS",
        "Processor time a real-time process may use without sleeping.",
    )
    .default("10000")
    .since("2.1.0")
    .yes(),
    word(
        "checker_rlimit_rttime",
        "MICROSECONDS",
        "The same for the checker process.",
    )
    .since("2.1.0")
    .lvs(),
    word(
        "bfd_rlimit_rttime",
        "MICROSECONDS",
        "The same for the BFD process.",
    )
    .since("2.1.0")
    .yes(),
    word(
        "vrrp_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of vrrp_rlimit_rttime.",
    )
    .since("2.0.0")
    .yes(),
    word(
        "checker_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of checker_rlimit_rttime.",
    )
    .since("2.0.0")
    .lvs(),
    word(
        "bfd_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of bfd_rlimit_rttime.",
    )
    .since("2.0.0")
    .yes(),
    flag("vrrp_no_swap", "Keep the VRRP process in memory.").yes(),
    flag("checker_no_swap", "Keep the checker process in memory.").lvs(),
    flag("bfd_no_swap", "Keep the BFD process in memory.").yes(),
    word(
        "vrrp_cpu_affinity",
        "CPU …",
        "Processors of the VRRP process.",
    )
    .lenient()
    .since("2.0.17")
    .yes(),
    word(
        "checker_cpu_affinity",
        "CPU …",
        "Processors of the checker process.",
    )
    .lenient()
    .since("2.0.17")
    .lvs(),
    word(
        "bfd_cpu_affinity",
        "CPU …",
        "Processors of the BFD process.",
    )
    .lenient()
    .since("2.0.17")
    .yes(),
    word(
        "max_auto_priority",
        "[-1 to 99]",
        "Upper bound of the real-time priority that is raised when timers are late.",
    )
    .default("0")
    .optional()
    .since("2.1.0")
    .yes(),
    word(
        "min_auto_priority_delay",
        "1 to 10000000 microseconds",
        "Lateness that raises the priority.",
    )
    .default("1000000")
    .lenient()
    .since("2.1.0")
    .yes(),
    word(
        "umask",
        "NUMBER or IRUSR|IWGRP|…",
        "Permissions withheld from files that are created.",
    )
    .default("0177")
    .since("2.0.9")
    .yes(),
    script("startup_script", "Run before anything else at a start.")
        .lenient()
        .since("2.1.0")
        .yes(),
    script("shutdown_script", "Run at the end of a stop.")
        .lenient()
        .since("2.1.0")
        .yes(),
    word(
        "startup_script_timeout",
        "1 to 1000 seconds",
        "Time allowed to it.",
    )
    .default("10")
    .lenient()
    .since("2.1.0")
    .yes(),
    word(
        "shutdown_script_timeout",
        "1 to 1000 seconds",
        "Time allowed to it.",
    )
    .default("10")
    .lenient()
    .since("2.1.0")
    .yes(),
];
