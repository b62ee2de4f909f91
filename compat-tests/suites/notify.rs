//! Hooks: which scripts are called with what at which moment, and in which surroundings.
//!
//! Scripts of one transition run side by side, so only the set of calls of a stage counts; the
//! next stage begins when the calls of the one before are all there.

use evervip_lab::{Error, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{Cluster, PATIENCE, with_pair, with_single},
    conf::{Conf, INTERFACE, Mode, V2_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("notify::lifecycle", |program| {
        with_single(program, lifecycle)
    });
    plan.single("notify::owner", |program| with_single(program, owner));
    plan.single("notify::fault-at-start", |program| {
        with_single(program, fault_at_start)
    });
    plan.single("notify::effective-priority", |program| {
        with_single(program, effective_priority)
    });
    plan.single("notify::surroundings", |program| {
        with_single(program, surroundings)
    });
    plan.single("notify::group", |program| with_single(program, group));
    plan.single("notify::slow-script", |program| {
        with_single(program, slow_script)
    });
    plan.pair("notify::yield", |combo| with_pair(combo, yields));
}

/// With seconds between the stages, so that slow scripts of one are not mixed with the next.
const MODE: Mode = V2_MULTICAST;
const HOOK: &str = "/etc/keepalived/hook.sh";
const CALLS: &str = "/run/calls";
/// One line per call: its arguments, and how many interfaces have the address at that moment.
const HOOK_TEXT: &str = "#!/bin/sh\nvip=$(ip -o addr show to 10.150.160.32 | wc -l)\necho \"$* vip=$vip\" >> /run/calls\n";

/// All hooks of an instance; the first word tells which one was called.
fn hooks() -> String {
    let hook = |keyword: &str, word: &str| format!("    {keyword} \"{HOOK} {word}\"\n");
    let specific =
        ["master", "backup", "fault", "stop"].map(|word| hook(&format!("notify_{word}"), word));
    specific.concat() + &hook("notify", "any")
}

/// The calls that a transition of the instance makes.
fn calls(state: &str, priority: u8) -> [String; 2] {
    let vip = u8::from(state == "MASTER");
    let specific = format!("{} vip={vip}", state.to_lowercase());
    [
        specific,
        format!("any INSTANCE LB_VIP {state} {priority} vip={vip}"),
    ]
}

/// Follows the calls of a member stage by stage.
pub struct Follower {
    member: usize,
    seen: usize,
}

impl Follower {
    fn start(cluster: &mut Cluster, conf: &Conf) -> Verdict<Self> {
        Self::start_with(
            cluster,
            conf.node,
            HOOK_TEXT,
            &conf.clone().extra(&hooks()).text(),
        )
    }

    pub fn start_with(
        cluster: &mut Cluster,
        member: usize,
        hook: &str,
        conf: &str,
    ) -> Verdict<Self> {
        cluster.members[member].node.write_file(HOOK, hook, 0o755)?;
        cluster.members[member].start(conf)?;
        Ok(Self { member, seen: 0 })
    }

    /// Waits for the next stage, which must consist of these calls in any order.
    pub fn expect<S: AsRef<str>>(&mut self, cluster: &Cluster, wanted: &[S]) -> Verdict {
        let node = &cluster.members[self.member].node;
        let lines = || -> Vec<String> {
            let text = node.read_file(CALLS).unwrap_or_default();
            text.lines().skip(self.seen).map(str::to_owned).collect()
        };
        let waited = wait_until(PATIENCE, "hook calls", || lines().len() >= wanted.len());
        let mut got = lines();
        got.sort_unstable();
        let mut sorted: Vec<_> = wanted.iter().map(|call| call.as_ref().to_owned()).collect();
        sorted.sort_unstable();
        ensure!(
            waited.is_ok() && got == sorted,
            "calls: {got:?}, expected {sorted:?}"
        );
        self.seen += got.len();
        Ok(())
    }
}

/// Start, takeover, fault, recovery, stop.
fn lifecycle(cluster: &mut Cluster) -> Verdict {
    let mut follower = Follower::start(cluster, &Conf::new(MODE, 0).check())?;
    follower.expect(cluster, &calls("BACKUP", 150))?;
    follower.expect(cluster, &calls("MASTER", 150))?;
    cluster.members[0].set_check(false)?;
    follower.expect(cluster, &calls("FAULT", 150))?;
    cluster.members[0].set_check(true)?;
    follower.expect(cluster, &calls("BACKUP", 150))?;
    follower.expect(cluster, &calls("MASTER", 150))?;
    cluster.stop(0)?;
    follower.expect(cluster, &calls("STOP", 150))
}

/// Address owners are never BACKUP, also not for a moment.
fn owner(cluster: &mut Cluster) -> Verdict {
    let mut follower = Follower::start(cluster, &Conf::new(MODE, 0).priority(255))?;
    follower.expect(cluster, &calls("MASTER", 255))?;
    cluster.stop(0)?;
    follower.expect(cluster, &calls("STOP", 255))
}

/// No link at the start.
fn fault_at_start(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.set_carrier(INTERFACE, false)?;
    let mut follower = Follower::start(cluster, &Conf::new(MODE, 0))?;
    follower.expect(cluster, &calls("FAULT", 150))?;
    cluster.log(0).wait_for(
        "(LB_VIP): entering FAULT state (interface ens192 down)",
        PATIENCE,
    )?;
    cluster.members[0].node.set_carrier(INTERFACE, true)?;
    follower.expect(cluster, &calls("BACKUP", 150))?;
    follower.expect(cluster, &calls("MASTER", 150))
}

/// The last argument is the priority with the weights of the checks.
fn effective_priority(cluster: &mut Cluster) -> Verdict {
    let check = "    track_script {\n        chk_haproxy weight -30\n    }";
    let checked = Conf::new(MODE, 0).check().text();
    let block = checked
        .split_once("vrrp_instance")
        .map(|(script, _)| script.to_owned());
    let conf = Conf::new(MODE, 0).extra(check).extra(&hooks()).text();
    let text = block.ok_or_else(|| Error::new("no script block"))? + &conf;
    cluster.members[0].set_check(false)?;
    let mut follower = Follower::start_with(cluster, 0, HOOK_TEXT, &text)?;
    // A weighted check counts for nothing until it has spoken, and delays nothing.
    follower.expect(cluster, &calls("BACKUP", 150))?;
    follower.expect(cluster, &calls("MASTER", 120))?;
    cluster.log(0).wait_for(
        "(LB_VIP) Changing effective priority from 150 to 120",
        PATIENCE,
    )?;
    cluster.members[0].set_check(true)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_advert(mark, PATIENCE, |advert| advert.priority == 150)?;
    cluster.stop(0)?;
    follower.expect(cluster, &calls("STOP", 150))
}

/// What scripts in the field rely on without knowing.
fn surroundings(cluster: &mut Cluster) -> Verdict {
    // Descriptors are read before anything is redirected. The signal masks are read by a program
    // in the shell's place, because the shell blocks signals for moments of its own.
    let hook = r#"#!/bin/sh
fds=$(for n in 0 1 2; do readlink /proc/$$/fd/$n; done)
{
    echo "umask $(umask)"
    echo "cwd $(pwd)"
    echo "fds" $fds
    set -- $(cat /proc/$$/stat)
    [ "$5" = $$ ] && echo "group own"
} > /run/calls 2>&1
exec grep -E 'Uid|SigBlk|SigIgn' /proc/self/status >> /run/calls
"#;
    let conf = Conf::new(MODE, 0)
        .extra(&format!("    notify_master {HOOK}"))
        .text();
    Follower::start_with(cluster, 0, hook, &conf)?;
    let node = &cluster.members[0].node;
    let complete = || {
        node.read_file(CALLS)
            .is_ok_and(|text| text.contains("SigIgn"))
    };
    wait_until(PATIENCE, "hook", complete)?;
    let text = node.read_file(CALLS)?;
    let lines = [
        "umask 0177",
        "cwd /",
        "fds /dev/null /dev/null /dev/null",
        "group own",
        "Uid:\t0\t0\t0\t0",
        "SigBlk:\t0000000000000000",
    ];
    for line in lines {
        ensure!(
            text.lines().any(|got| got == line),
            "`{line}` expected; the script saw:\n{text}"
        );
    }
    let ignored = text
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:\t")?, 16).ok());
    // The C library's own two signals (32, 33) may be ignored, those that scripts know may not.
    ensure!(
        ignored.is_some_and(|mask| mask & 0x7fff_ffff == 0),
        "ignored signals; the script saw:\n{text}"
    );
    Ok(())
}

/// Hooks of a sync group come with those of its members.
fn group(cluster: &mut Cluster) -> Verdict {
    let first = Conf::new(MODE, 0).extra(&hooks()).text();
    let second = first
        .replace("LB_VIP", "OTHER")
        .replace("virtual_router_id 50", "virtual_router_id 51");
    let second = second.replace("10.150.160.32/32", "10.150.160.33/32");
    let group = "vrrp_sync_group G {\n    group {\n        LB_VIP\n        OTHER\n    }\n    \
                 notify \"/etc/keepalived/hook.sh any\"\n    notify_master \"/etc/keepalived/hook.sh group-master\"\n}\n";
    // Members become MASTER one after another: whether the address is there yet is not asked.
    let hook = "#!/bin/sh\necho \"$*\" >> /run/calls\n";
    let mut follower = Follower::start_with(cluster, 0, hook, &[group, &first, &second].concat())?;
    let stage = |state: &str, more: &[&str]| -> Vec<String> {
        let word = state.to_lowercase();
        let own = [
            word.clone(),
            word,
            format!("any INSTANCE LB_VIP {state} 150"),
            format!("any INSTANCE OTHER {state} 150"),
        ];
        own.into_iter()
            .chain(more.iter().map(|&call| call.to_owned()))
            .collect()
    };
    follower.expect(cluster, &stage("BACKUP", &["any GROUP G BACKUP 0"]))?;
    follower.expect(
        cluster,
        &stage("MASTER", &["any GROUP G MASTER 0", "group-master"]),
    )?;
    cluster.stop(0)?;
    follower.expect(cluster, &stage("STOP", &["any GROUP G STOP 0"]))
}

/// A hook that hangs holds nothing up: neither adverts nor the hooks of later transitions.
fn slow_script(cluster: &mut Cluster) -> Verdict {
    let hook = "#!/bin/sh\necho \"$*\" >> /run/calls\nexec sleep 100\n";
    let conf = Conf::new(MODE, 0)
        .extra(&format!("    notify \"{HOOK} any\""))
        .check()
        .text();
    let mut follower = Follower::start_with(cluster, 0, hook, &conf)?;
    follower.expect(cluster, &["any INSTANCE LB_VIP BACKUP 150"])?;
    follower.expect(cluster, &["any INSTANCE LB_VIP MASTER 150"])?;
    cluster.settle(0, VIP.into())?;
    cluster.members[0].set_check(false)?;
    follower.expect(cluster, &["any INSTANCE LB_VIP FAULT 150"])?;
    cluster.daemon(0).signal(Signal::SIGTERM)?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(status.code() == Some(0), "{status}");
    follower.expect(cluster, &["any INSTANCE LB_VIP STOP 150"])
}

/// Yielding to a higher priority calls the BACKUP hooks, after the address has gone.
fn yields(cluster: &mut Cluster) -> Verdict {
    let mut follower = Follower::start(cluster, &Conf::new(MODE, 0).priority(90))?;
    follower.expect(cluster, &calls("BACKUP", 90))?;
    follower.expect(cluster, &calls("MASTER", 90))?;
    cluster.start(&Conf::new(MODE, 1))?;
    follower.expect(cluster, &calls("BACKUP", 90))?;
    cluster.settle(1, VIP.into())?;
    cluster.stop(1)?;
    follower.expect(cluster, &calls("MASTER", 90))
}
