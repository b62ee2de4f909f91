//! Lines of FIFOs about sync groups: which object comes first, and what a reload writes that changes
//! the members of a group.

use crate::{
    cluster::{Cluster, with_single},
    conf::many,
    fifo::{FIFO, LINES, reader},
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("fifo::groups::order", |program| with_single(program, order));
    plan.single("fifo::groups::member-removed", |program| {
        with_single(program, member_removed)
    });
    plan.single("fifo::groups::member-added", |program| {
        with_single(program, member_added)
    });
    plan.single("fifo::groups::group-removed", |program| {
        with_single(program, group_removed)
    });
}

/// So many instances, each with a file that makes it faulty; `members` of them in a group.
fn grouped(instances: u8, members: &str) -> String {
    let file = |id: u8| {
        format!("vrrp_track_file f{id} {{\n file /run/f{id}\n weight 0\n init_file 0\n}}\n")
    };
    let files: String = (1..=instances).map(file).collect();
    let instances = many(instances, 150, |id| {
        format!(" track_file {{\n f{id}\n }}\n")
    });
    let group = if members.is_empty() {
        String::new()
    } else {
        format!("vrrp_sync_group G {{\n group {{\n{members}\n }}\n}}\n")
    };
    format!("global_defs {{\n notify_fifo {FIFO}\n}}\n{files}{instances}{group}")
}

/// What was written so far and what is to come.
#[derive(Default)]
struct Story(Vec<String>);

impl Story {
    /// All objects change to a state in this order: instances by their numbers, the group by 0.
    fn expect(&mut self, cluster: &Cluster, state: &str, order: &[u8]) -> Verdict {
        self.0.extend(order.iter().map(|id| match id {
            0 => format!("GROUP \"G\" {state} 0"),
            id => format!("INSTANCE \"V{id}\" {state} 150"),
        }));
        let lines: Vec<&str> = self.0.iter().map(String::as_str).collect();
        cluster.wait_lines(0, LINES, &lines)
    }
}

fn set_fault(cluster: &Cluster, id: u8, faulty: bool) -> Verdict {
    let text = if faulty { "1\n" } else { "0\n" };
    let node = &cluster.members[0].node;
    node.write_file(format!("/run/f{id}"), text, 0o644)
}

/// Who triggers comes first, then the other members in the order of the file, then the group; at the
/// start the group comes first.
fn order(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    cluster.members[0].start(&grouped(3, "V1\nV2\nV3"))?;
    let mut story = Story::default();
    story.expect(cluster, "BACKUP", &[0, 1, 2, 3])?;
    story.expect(cluster, "MASTER", &[3, 1, 2, 0])?;
    set_fault(cluster, 2, true)?;
    story.expect(cluster, "FAULT", &[2, 1, 3, 0])?;
    set_fault(cluster, 2, false)?;
    story.expect(cluster, "BACKUP", &[2, 1, 3, 0])?;
    story.expect(cluster, "MASTER", &[3, 1, 2, 0])?;
    cluster.stop(0)?;
    story.expect(cluster, "STOP", &[1, 2, 3, 0])
}

/// A member that is in no group any more stays what it is, and so does the group.
fn member_removed(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    cluster.members[0].start(&grouped(3, "V1\nV2\nV3"))?;
    let mut story = Story::default();
    story.expect(cluster, "BACKUP", &[0, 1, 2, 3])?;
    story.expect(cluster, "MASTER", &[3, 1, 2, 0])?;
    cluster.reload(0, &grouped(3, "V1\nV2"))?;
    set_fault(cluster, 3, true)?;
    story.expect(cluster, "FAULT", &[3])?;
    set_fault(cluster, 1, true)?;
    story.expect(cluster, "FAULT", &[1, 2, 0])
}

/// One that comes into a group of masters as a master changes nothing.
fn member_added(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    cluster.members[0].start(&grouped(3, "V1\nV2"))?;
    let mut story = Story::default();
    story.expect(cluster, "BACKUP", &[0, 1, 2, 3])?;
    story.expect(cluster, "MASTER", &[2, 1, 0, 3])?;
    cluster.reload(0, &grouped(3, "V1\nV2\nV3"))?;
    set_fault(cluster, 3, true)?;
    story.expect(cluster, "FAULT", &[3, 1, 2, 0])?;
    set_fault(cluster, 3, false)?;
    story.expect(cluster, "BACKUP", &[3, 1, 2, 0])
}

/// Without their group the members go their own ways.
fn group_removed(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    cluster.members[0].start(&grouped(2, "V1\nV2"))?;
    let mut story = Story::default();
    story.expect(cluster, "BACKUP", &[0, 1, 2])?;
    story.expect(cluster, "MASTER", &[2, 1, 0])?;
    cluster.reload(0, &grouped(2, ""))?;
    set_fault(cluster, 2, true)?;
    story.expect(cluster, "FAULT", &[2])?;
    cluster.stop(0)?;
    story.expect(cluster, "STOP", &[1, 2])
}
