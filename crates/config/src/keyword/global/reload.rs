//! Reload and files (spec config-language 11.5).

use crate::keyword::{Keyword, boolean, flag, word};

pub(super) const RELOAD: &[Keyword] = &[
    word(
        "reload_check_config",
        "[LOGFILE]",
        "Reload only what passes -t without a complaint.",
    )
    .optional()
    .since("2.2.0")
    .yes(),
    word(
        "reload_time_file",
        "PATH",
        "File that names the time of a reload.",
    )
    .lenient()
    .since("2.1.0")
    .yes(),
    flag("reload_repeat", "Keep that file: reload every day.")
        .since("2.1.0")
        .yes(),
    word(
        "reload_file",
        "[PATH]",
        "File that exists while a configuration is read.",
    )
    .optional()
    .since("2.2.0")
    .yes(),
    word(
        "include_check",
        "[read|match|wildcard_match|brace_match] …",
        "Include faults that end a start.",
    )
    .optional()
    .since("2.2.0")
    .yes(),
    word(
        "config_save_dir",
        "DIRECTORY",
        "Keeps a copy of every configuration, and the states around a reload.",
    )
    .since("2.2.3")
    .yes(),
    word(
        "tmp_config_directory",
        "DIRECTORY",
        "Where the text is kept for the children. Not needed here.",
    )
    .lenient()
    .since("2.2.0")
    .accepted(),
    word("random_seed", "NUMBER", "Seed of ${_RANDOM}.")
        .since("2.0.15")
        .yes(),
    boolean(
        "data_use_instance",
        "Instance and namespace in names of dump files.",
    )
    .since("2.2.3")
    .yes(),
    word("state_dump_file", "PATH", "Name of the state dump.")
        .lenient()
        .since("2.3.3")
        .yes(),
    word("stats_dump_file", "PATH", "Name of the statistics dump.")
        .lenient()
        .since("2.3.3")
        .yes(),
    word("json_dump_file", "PATH", "Name of the JSON dump.")
        .lenient()
        .since("2.3.3")
        .yes(),
    word("json_version", "1 or 2", "Layout of the JSON dump.")
        .default("1")
        .lenient()
        .since("2.2.8")
        .yes(),
];
