//! With what identity, and from what path, scripts are run (spec cli-and-process 9).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use evervip_config::{Mode, load};
use evervip_model::Command;
use support::{FakeHost, MemoryFiles};

/// The command of a check and of a hook in a file with these global settings.
fn commands(globals: &str) -> [Command; 2] {
    let text = format!(
        "global_defs {{\nscript_user root\nenable_script_security\n{globals}\n}}\n\
         vrrp_script chk {{\nscript \"/usr/bin/symlink now\"\n}}\n\
         vrrp_instance V {{\ninterface eth0\nvirtual_router_id 1\nnotify /etc/symlink.sh\n\
         track_script {{\nchk\n}}\nvirtual_ipaddress {{\n10.0.0.100/24\n}}\n}}\n"
    );
    let files = MemoryFiles::default().with("k", text);
    let host = FakeHost::default();
    let config = load(Path::new("k"), &files, &host, Mode::Test)
        .config
        .unwrap();
    let hook = config.instances[0].notify.any.clone().unwrap();
    [config.scripts[0].command.clone(), *hook]
}

#[test]
fn supplementary_groups_are_those_of_the_user_where_they_are_wanted() {
    for command in commands("") {
        assert!(command.supplementary_groups.is_empty());
    }
    for command in commands("set_supplementary_groups") {
        assert_eq!(*command.supplementary_groups, [0, 4321]);
    }
}

#[test]
fn symbolic_links_stay_where_that_is_wanted() {
    for command in commands("") {
        assert_eq!(command.path, Path::new("/behind/the/link"));
    }
    let [check, hook] = commands("use_symlink_paths");
    assert_eq!(check.path, Path::new("/usr/bin/symlink"));
    assert_eq!(hook.path, Path::new("/etc/symlink.sh"));
}

/// The command of a hook with these words behind it.
fn hook_of(who: &str) -> Command {
    let text = format!(
        "global_defs {{\nenable_script_security\n}}\n\
         vrrp_instance V {{\ninterface eth0\nvirtual_router_id 1\nnotify /usr/bin/true {who}\n\
         virtual_ipaddress {{\n10.0.0.100/24\n}}\n}}\n"
    );
    let files = MemoryFiles::default().with("k", text);
    let config = load(Path::new("k"), &files, &FakeHost::default(), Mode::Test).config;
    *config.unwrap().instances[0].notify.any.clone().unwrap()
}

#[test]
fn a_colon_asks_for_the_other_groups_of_a_user() {
    for (who, groups) in [
        ("root", &[][..]),
        ("root root", &[]),
        ("root :", &[0, 4321]),
        ("root :root", &[0, 4321]),
    ] {
        let command = hook_of(who);
        assert_eq!(&*command.supplementary_groups, groups, "{who}");
        assert_eq!(command.credentials.gid, 0, "{who}");
    }
}
