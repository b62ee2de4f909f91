//! Command lines of orchestrators, and what configuration management asks before it puts a file in
//! place.

use std::thread;

use evervip_lab::{Error, poll_for, wait_until};

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, PID_FILE, PROGRAM, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

pub(super) fn add(plan: &mut Plan) {
    for (name, arguments) in STARTS {
        plan.single(&format!("clients::{name}"), move |program| {
            with_single(program, |cluster| life(cluster, arguments))
        });
    }
    plan.compare("clients::validation", validation);
}

/// Who starts it how. `CONFIG` and `PID` stand for the paths here.
const STARTS: [(&str, &str); 6] = [
    ("start-kolla", "-nld -p PID"),
    (
        "start-k0s",
        "--dont-fork --use-file CONFIG --no-syslog --log-console --log-detail --dump-conf --pid PID",
    ),
    (
        "start-kube-vip",
        "--dont-fork --log-console --release-vips --pid PID",
    ),
    (
        "start-openshift",
        "-f CONFIG --dont-fork --vrrp --log-detail --log-console",
    ),
    (
        "start-operator",
        "--log-console --log-detail --dont-fork --config-id=pod/1 --use-file CONFIG --pid PID",
    ),
    ("start-openwrt", "-n -f CONFIG"),
];

/// Starts, reloads, and stops as told.
fn life(cluster: &mut Cluster, arguments: &str) -> Verdict {
    let conf = Conf::new(V2_MULTICAST, 0);
    let member = &mut cluster.members[0];
    // Names with a slash, and lines for one configuration id.
    let text = conf.text().replace("LB_VIP", "ns/router");
    let text = text.replace(
        "    virtual_ipaddress {",
        "@pod/1   virtual_ipaddress_excluded {\n@pod/1 10.150.160.33/32\n@pod/1 }\n    virtual_ipaddress {",
    );
    member.node.write_file(CONFIG, &text, 0o644)?;
    let arguments: Vec<&str> = arguments
        .split(' ')
        .map(|word| match word {
            "CONFIG" => CONFIG,
            "PID" => PID_FILE,
            other => other,
        })
        .collect();
    member.start_with(&arguments)?;
    cluster.settle(0, VIP.into())?;
    let node = cluster.members[0].node.clone();
    let selected = arguments.contains(&"--config-id=pod/1");
    let excluded = std::net::IpAddr::from([10, 150, 160, 33]);
    wait_until(PATIENCE, "the lines of the configuration id", || {
        node.has_address(excluded) == selected
    })?;
    let oldest = node.exec(&["sh", "-c", "pgrep -o keepalived --ns $$ --nslist net"])?;
    let pid = cluster.daemon(0).pid().to_string();
    let found = oldest.stdout.trim();
    ensure!(
        found.is_empty() || found == pid,
        "pgrep -o finds {found}, not {pid}"
    );
    let marked = cluster.capture.mark();
    node.write_file(CONFIG, text.replace("priority 150", "priority 140"), 0o644)?;
    node.exec(&["sh", "-c", &format!("kill -HUP $(cat {PID_FILE})")])?;
    cluster
        .capture
        .wait_advert(marked, PATIENCE, |advert| advert.priority == 140)?;
    ensure!(cluster.resignations(0, marked) == 0, "a reload resigned");
    cluster.stop(0)?;
    wait_until(PATIENCE, "no process is left", || node.pids().is_empty())?;
    ensure!(!node.has_address(VIP.into()), "the address is left");
    Ok(())
}

/// What puppet, and three ansible roles ask, `FILE` being the file.
const QUESTIONS: [&str; 4] = [
    "-l -t -f FILE",
    "--use-file=FILE --check --all-config --config-test",
    "--config-test --use-file FILE",
    "-t -f FILE",
];

/// The same answers: an exit code, and words when something is wrong.
fn validation(combo: &Combo) -> Verdict {
    let answers = |program: &Program| -> Verdict<Vec<(String, Option<i32>, bool)>> {
        let mut answers = Vec::new();
        with_single(program, |cluster| {
            answers = ask(cluster)?;
            Ok(())
        })?;
        Ok(answers)
    };
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| answers(&combo.peer));
        (answers(&combo.subject), other.join())
    });
    let peer = peer.map_err(|_| Error::new("asking panicked"))??;
    for (subject, peer) in subject?.into_iter().zip(peer) {
        ensure!(subject == peer, "{subject:?}, but the original: {peer:?}");
    }
    Ok(())
}

fn ask(cluster: &Cluster) -> Verdict<Vec<(String, Option<i32>, bool)>> {
    let good = Conf::new(V2_MULTICAST, 0).text();
    let files = [
        ("good", good.clone()),
        ("unknown", good.replace("priority", "prioritty")),
        ("range", good.replace("priority 150", "priority 300")),
        ("interface", good.replace("ens192", "ens999")),
        ("brace", good.trim_end().trim_end_matches('}').to_owned()),
        (
            "include",
            format!("include /etc/keepalived/none.conf\n{good}"),
        ),
        ("empty", String::new()),
    ];
    let node = &cluster.members[0].node;
    let mut answers = Vec::new();
    for (name, text) in files {
        let path = format!("/etc/keepalived/{name}.conf");
        node.write_file(&path, text, 0o644)?;
        for question in QUESTIONS {
            let words = question.replace("FILE", &path);
            let argv: Vec<&str> = [PROGRAM].into_iter().chain(words.split(' ')).collect();
            let output = poll_for(PATIENCE, "an answer", || node.exec(&argv).ok())?;
            let said = !output.stderr.trim().is_empty();
            answers.push((words, output.status.code(), said));
        }
    }
    Ok(answers)
}
