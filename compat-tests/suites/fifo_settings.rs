//! Settings of FIFOs: several at once, changes of priority, odd names, states at a reload, scripts.

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, Mode, V2_MULTICAST, many},
    fifo::{FIFO, LINES, reader, reader_of},
    notify::Follower,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("fifo::two", |program| with_single(program, two));
    for everywhere in [false, true] {
        let name = if everywhere { "on" } else { "off" };
        plan.single(&format!("fifo::priorities::{name}"), move |program| {
            with_single(program, |cluster| priorities(cluster, everywhere))
        });
    }
    plan.single("fifo::names", |program| with_single(program, names));
    plan.single("fifo::states-on-reload::groups", |program| {
        with_single(program, states_on_reload)
    });
    plan.single("fifo::script::global", |program| {
        with_single(program, global_script)
    });
    plan.single("fifo::script::ended", |program| {
        let ours = program.is_ours();
        with_single(program, move |cluster| ended_script(cluster, ours))
    });
}

const MODE: Mode = V2_MULTICAST;

fn lines(cluster: &Cluster, wanted: &[String]) -> Verdict {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    cluster.wait_lines(0, LINES, &wanted)
}

/// Both FIFOs get every line.
fn two(cluster: &mut Cluster) -> Verdict {
    let (other, other_lines) = ("/run/other.fifo", "/run/other-lines");
    let _readers = [reader(cluster)?, reader_of(cluster, other, other_lines)?];
    let globals = format!(" notify_fifo {FIFO}\n vrrp_notify_fifo {other}");
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&globals))?;
    let mut wanted = vec![
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    for path in [LINES, other_lines] {
        cluster.wait_lines(0, path, &wanted)?;
    }
    cluster.stop(0)?;
    wanted.push("INSTANCE \"LB_VIP\" STOP 150");
    for path in [LINES, other_lines] {
        cluster.wait_lines(0, path, &wanted)?;
    }
    Ok(())
}

/// What is said of an object: nothing, or on or off.
const SETTINGS: [(Option<bool>, &str); 3] = [
    (None, ""),
    (Some(true), " notify_priority_changes\n"),
    (Some(false), " notify_priority_changes no\n"),
];

/// The instance's word counts, then its group's, then that for all.
fn priorities(cluster: &mut Cluster, everywhere: bool) -> Verdict {
    let _reader = reader(cluster)?;
    let combination = |id: u8| {
        let index = usize::from(id - 1);
        (SETTINGS[index / 3], SETTINGS[index % 3])
    };
    let track = " track_file {\n f\n }\n";
    let instances = many(9, 150, |id| combination(id).1.1.to_owned() + track);
    let groups: String = (0..3u8)
        .map(|group| {
            let first = group * 3 + 1;
            let setting = combination(first).0.1;
            let members = format!("V{first}\nV{}\nV{}", first + 1, first + 2);
            format!(
                "vrrp_sync_group G{group} {{\n group {{\n{members}\n }}\n \
                 sync_group_tracking_weight\n{setting}}}\n"
            )
        })
        .collect();
    let global = if everywhere {
        " vrrp_notify_priority_changes\n"
    } else {
        ""
    };
    let file = "vrrp_track_file f {\n file /run/f\n weight 1\n init_file 0\n}\n";
    let globals = format!("global_defs {{\n notify_fifo {FIFO}\n{global}}}\n");
    cluster.members[0].start(&(globals + file + &instances + &groups))?;
    cluster
        .log(0)
        .wait_for("(V9) Entering BACKUP STATE", PATIENCE)?;
    cluster.members[0]
        .node
        .write_file("/run/f", "-20\n", 0o644)?;
    for id in 1..=9 {
        let line = format!("(V{id}) Changing effective priority from 150 to 130");
        cluster.log(0).wait_for(&line, PATIENCE)?;
    }
    let start = (0..3)
        .map(|group| format!("GROUP \"G{group}\" BACKUP 0"))
        .chain((1..=9).map(|id| format!("INSTANCE \"V{id}\" BACKUP 150")));
    let told = (1..=9).filter(|id| {
        let ((of_group, _), (own, _)) = combination(*id);
        own.or(of_group).unwrap_or(everywhere)
    });
    let told = told.map(|id| format!("INSTANCE \"V{id}\" BACKUP_PRIORITY 130"));
    lines(cluster, &start.chain(told).collect::<Vec<_>>())
}

/// Names of several words and with odd characters, on the FIFO and as one argument of a hook.
fn names(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let hook = "#!/bin/sh\necho \"$#|$1|$2|$3|$4\" >>/run/calls\n";
    let conf = Conf::new(MODE, 0).extra("    notify /etc/keepalived/hook.sh");
    let text = conf.with_globals(&format!(" notify_fifo {FIFO}"));
    let text = text.replace("vrrp_instance LB_VIP", "vrrp_instance \"two words+.;\"");
    let mut follower = Follower::start_with(cluster, 0, hook, &text)?;
    for state in ["BACKUP", "MASTER"] {
        follower.expect(cluster, &[format!("4|INSTANCE|two words+.;|{state}|150")])?;
    }
    let wanted = ["BACKUP", "MASTER"].map(|state| format!("INSTANCE \"two words+.;\" {state} 150"));
    lines(cluster, &wanted)
}

/// `fifo_write_vrrp_states_on_reload`: every group, and every instance that is no master.
fn states_on_reload(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let file = |id: u8| {
        format!("vrrp_track_file f{id} {{\n file /run/f{id}\n weight 0\n init_file 0\n}}\n")
    };
    let files: String = (1..=4).map(file).collect();
    let instances = many(4, 150, |id| format!(" track_file {{\n f{id}\n }}\n"));
    let group = "vrrp_sync_group G {\n group {\n V1\n V2\n }\n}\n";
    let text = format!(
        "global_defs {{\n notify_fifo {FIFO}\n fifo_write_vrrp_states_on_reload\n}}\n\
         {files}{instances}{group}"
    );
    let node = &cluster.members[0].node;
    for id in [1, 4] {
        node.write_file(format!("/run/f{id}"), "1\n", 0o644)?;
    }
    cluster.members[0].start(&text)?;
    let line = |name: &str, state: &str| {
        if name == "G" {
            format!("GROUP \"G\" {state} 0")
        } else {
            format!("INSTANCE \"{name}\" {state} 150")
        }
    };
    let mut wanted: Vec<String> = [("V1", "FAULT"), ("V2", "FAULT"), ("V4", "FAULT")]
        .into_iter()
        .chain([("G", "FAULT"), ("V3", "BACKUP"), ("V3", "MASTER")])
        .map(|(name, state)| line(name, state))
        .collect();
    lines(cluster, &wanted)?;
    cluster.reload(0, &text)?;
    wanted.extend(["G", "V1", "V2", "V4"].map(|name| line(name, "FAULT")));
    lines(cluster, &wanted)
}

/// The script of the FIFO for all processes; there is one process here.
fn global_script(cluster: &mut Cluster) -> Verdict {
    let text = format!(
        "#!/bin/sh\necho \"$@\" >{LINES}\nwhile read line; do echo \"$line\" >>{LINES}; done <\"$2\"\n"
    );
    let node = &cluster.members[0].node;
    node.write_file("/etc/keepalived/listen.sh", &text, 0o755)?;
    let globals = format!(
        " script_user root\n notify_fifo {FIFO}\n \
         notify_fifo_script \"/etc/keepalived/listen.sh own\""
    );
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&globals))?;
    let wanted = [
        &format!("own {FIFO}"),
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    cluster.wait_lines(0, LINES, &wanted)
}

/// A script that ends is told of (2.2.7 says nothing), and changes nothing else.
fn ended_script(cluster: &mut Cluster, ours: bool) -> Verdict {
    let node = &cluster.members[0].node;
    node.write_file("/etc/keepalived/listen.sh", "#!/bin/sh\nexit 1\n", 0o755)?;
    let globals = format!(
        " script_user root\n vrrp_notify_fifo {FIFO}\n \
         vrrp_notify_fifo_script /etc/keepalived/listen.sh"
    );
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&globals))?;
    if ours {
        cluster
            .log(0)
            .wait_for("vrrp notify fifo script terminated", PATIENCE)?;
    }
    cluster.settle(0, MODE.vip())?;
    cluster.stop(0)
}
