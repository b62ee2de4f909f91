//! Signals that have no meaning: nobody shall be able to end a router by one.

use nix::{sys::signal::Signal, unistd::Pid};

use crate::{
    adverts_go_on::{MODE, beside},
    cluster::{Cluster, with_single},
    conf::{Conf, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("signals::without-meaning", |program| {
        with_single(program, without_meaning)
    });
}

/// What ends or stops a process that does not care.
const NAMED: [Signal; 9] = [
    Signal::SIGQUIT,
    Signal::SIGTRAP,
    Signal::SIGALRM,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGIO,
];
/// Of the real-time ones: the first, one beside that of the JSON dump, and the last.
const REAL_TIME: [i32; 4] = [34, 35, 37, 64];

fn without_meaning(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(MODE, 0))?;
    cluster.settle(0, VIP.into())?;
    let parent = cluster.daemon(0).pid();
    let children = cluster.daemon(0).children();
    beside(cluster, || {
        for pid in [&[parent], &children[..]].concat() {
            for signal in NAMED {
                nix::sys::signal::kill(Pid::from_raw(pid), signal)?;
            }
            for number in REAL_TIME {
                let line = format!("kill -{number} {pid}");
                let status = std::process::Command::new("sh")
                    .args(["-c", &line])
                    .status()?;
                ensure!(status.success(), "{line}: {status}");
            }
        }
        Ok(())
    })?;
    ensure!(cluster.daemon(0).children() == children, "another child");
    cluster.stop(0)
}
