//! BFD sessions between the two nodes, and with a neighbour made of the test's own packets: packets,
//! states, what follows for instances and groups, reload, the process.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    time::{Duration, Instant, SystemTime},
};

use evervip_lab::{Error, Frame};
use nix::sys::signal::Signal;

use crate::{
    cluster::{BFD_PID_FILE, Cluster, PATIENCE, elapsed, mac, with_pair, with_single, within},
    conf::{Conf, NODES, V2_MULTICAST, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

const UP: &str = "(peer) Entering Up state";
const DOWN: &str = "(peer) Entering Down state";
const TRACKED_UP: &str = "VRRP_Instance(LB_VIP) Tracked BFD instance peer is UP";
const TRACKED_DOWN: &str = "VRRP_Instance(LB_VIP) Tracked BFD instance peer is DOWN";

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.pair("bfd::packets", |combo| with_pair(combo, packets));
    plan.pair("bfd::fault", |combo| with_pair(combo, fault));
    plan.pair("bfd::weight", |combo| with_pair(combo, weight));
    plan.pair("bfd::group", |combo| with_pair(combo, group));
    plan.pair("bfd::ipv6-passive", |combo| with_pair(combo, ipv6_passive));
    plan.pair("bfd::reload", |combo| with_pair(combo, reload));
    plan.pair("bfd::process", |combo| with_pair(combo, process));
    plan.single("bfd::admin-down", |program| {
        with_single(program, admin_down)
    });
    plan.single("bfd::far-away", |program| with_single(program, far_away));
    // The original takes a neighbour for dead whose packets wait in its socket.
    plan.ours_only("bfd::sleeper", |program| with_single(program, sleeper));
}

/// The other end of a node's session.
fn peer_of(node: usize) -> IpAddr {
    NODES[1 - node].into()
}

/// A session with the other node; its detection time is a second, since the machine may be busy.
fn session(node: usize, more: &str) -> String {
    format!(
        "bfd_instance peer {{\n neighbor_ip {}\n source_ip {}\n min_rx 40\n min_tx 50\n multiplier 20\n {more}\n}}\n",
        peer_of(node),
        NODES[node]
    )
}

/// The usual file of a node with blocks before it.
fn text(blocks: &str, conf: &Conf) -> String {
    blocks.to_owned() + &conf.text()
}

fn tracking(node: usize, track: &str) -> String {
    let conf = Conf::new(V3_MULTICAST, node).extra(&format!("track_bfd {{\n peer {track}\n}}"));
    text(&session(node, ""), &conf)
}

fn only_session(node: usize) -> String {
    text(&session(node, ""), &Conf::new(V3_MULTICAST, node))
}

/// Both have a session; the first tracks it.
fn start(cluster: &mut Cluster, track: &str) -> Verdict {
    cluster.members[0].start(&tracking(0, track))?;
    cluster.members[1].start(&only_session(1))?;
    for member in 0..2 {
        cluster.log(member).wait_for(UP, PATIENCE)?;
    }
    cluster.log(0).wait_for(TRACKED_UP, PATIENCE)?;
    cluster.settle(0, VIP.into())
}

/// A control packet on the wire, with IPv4 header and UDP ports.
struct Control {
    ttl: u8,
    ports: (u16, u16),
    bytes: Vec<u8>,
}

fn control(frame: &Frame) -> Option<Control> {
    let ip = frame.bytes.get(14..)?;
    let is_udp = ip.first() == Some(&0x45) && ip.get(9) == Some(&17);
    let word = |at: usize| Some(u16::from_be_bytes([*ip.get(at)?, *ip.get(at + 1)?]));
    let ports = (word(20)?, word(22)?);
    (is_udp && ports.1 == 3784).then(|| Control {
        ttl: ip[8],
        ports,
        bytes: ip[28..].to_vec(),
    })
}

impl Control {
    fn word(&self, at: usize) -> u32 {
        let field = self.bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
        u32::from_be_bytes(field.unwrap_or_default())
    }
}

/// The packets of a member that is up, and of one that is not: every field.
fn packets(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    for member in 0..2 {
        // Up, and the new interval agreed upon.
        cluster.capture.wait_for(0, PATIENCE, |frame| {
            let is_settled =
                |packet: Control| packet.bytes[1] & 0xcf == 0xc0 && packet.word(12) == 50_000;
            frame.source_mac() == mac(member) && control(frame).is_some_and(is_settled)
        })?;
        let frames = cluster.capture.frames();
        let sent: Vec<Control> = frames
            .iter()
            .filter(|frame| frame.source_mac() == mac(member))
            .filter_map(control)
            .collect();
        let [Some(first), Some(last)] = [sent.first(), sent.last()] else {
            return Err(Error::new(format!("no packets of member {member}")));
        };
        for packet in &sent {
            ensure!(packet.ttl == 255, "TTL {}", packet.ttl);
            ensure!(packet.ports.0 >= 49_152, "source port {}", packet.ports.0);
            ensure!(packet.bytes.len() == 24, "{:?}", packet.bytes);
            ensure!(packet.bytes[0] >> 5 == 1, "version of {:?}", packet.bytes);
            ensure!(packet.bytes[2..4] == [20, 24], "{:?}", packet.bytes);
            ensure!(packet.word(16) == 40_000, "min_rx {}", packet.word(16));
            ensure!(packet.word(20) == 0, "echo {}", packet.word(20));
            ensure!(packet.ports.0 == first.ports.0, "the source port changes");
        }
        ensure!(first.bytes[1] == 0x40, "first {:?}", first.bytes);
        ensure!(first.word(12) == 1_000_000, "idle {}", first.word(12));
        ensure!(first.word(4) != 0 && first.word(8) == 0, "discriminators");
        ensure!(last.bytes[1] & 0xcf == 0xc0, "last {:?}", last.bytes);
        ensure!(last.word(12) == 50_000, "min_tx {}", last.word(12));
        ensure!(last.word(8) != 0, "your discriminator");
    }
    Ok(())
}

/// The peer dies: FAULT within the detection time; it comes back: the address does, too.
fn fault(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let mark = cluster.log(0).mark();
    let died = SystemTime::now();
    cluster.members[1].crash()?;
    let line = cluster
        .log(0)
        .wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let took = elapsed(died, line.at);
    within(
        "FAULT after the death of the peer",
        took,
        Duration::from_millis(800),
        Duration::from_secs(1) + crate::cluster::SLACK,
    )?;
    in_order(
        cluster.log(0),
        mark,
        &["(peer) Expired after", "Control Detection Time Expired"],
    )?;
    let mark = cluster.log(0).mark();
    cluster.members[1].start(&only_session(1))?;
    cluster.log(0).wait_after(mark, TRACKED_UP, PATIENCE)?;
    cluster
        .log(0)
        .wait_after(mark, "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    cluster.settle(0, VIP.into())
}

/// A session that counts 60: the address moves when it ends, and back.
fn weight(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&tracking(0, "weight 60").replace("priority 150", "priority 90"))?;
    cluster.members[1].start(&only_session(1))?;
    let up = "(LB_VIP) Changing effective priority from 90 to 150";
    cluster.log(0).wait_for(up, PATIENCE)?;
    // Only then does the detection time count fast packets.
    cluster.log(1).wait_for(UP, PATIENCE)?;
    cluster.settle(0, VIP.into())?;
    let mark = cluster.log(0).mark();
    let without = Conf::new(V3_MULTICAST, 1).text();
    cluster.reload(1, &without)?;
    cluster.settle(1, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            TRACKED_DOWN,
            "(LB_VIP) Changing effective priority from 150 to 90",
            "(LB_VIP) Entering BACKUP STATE",
        ],
    )?;
    cluster.reload(1, &only_session(1))?;
    cluster.settle(0, VIP.into())
}

/// A group tracks: every member is in FAULT.
fn group(cluster: &mut Cluster) -> Verdict {
    let group = "vrrp_sync_group G {\n group {\n LB_VIP\n }\n track_bfd {\n peer\n }\n}\n";
    let conf = Conf::new(V3_MULTICAST, 0);
    cluster.members[0].start(&(session(0, "") + group + &conf.text()))?;
    cluster.members[1].start(&only_session(1))?;
    cluster.log(0).wait_for(TRACKED_UP, PATIENCE)?;
    cluster.log(1).wait_for(UP, PATIENCE)?;
    cluster.settle(0, VIP.into())?;
    let mark = cluster.log(0).mark();
    cluster.reload(1, &Conf::new(V3_MULTICAST, 1).text())?;
    cluster.log(0).wait_after(mark, TRACKED_DOWN, PATIENCE)?;
    cluster
        .log(0)
        .wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    cluster.settle(1, VIP.into())
}

/// Over IPv6, and one end waits for the other.
fn ipv6_passive(cluster: &mut Cluster) -> Verdict {
    for (member, passive) in [(0, "passive"), (1, "")] {
        let address = format!("fd66::{}/64", member + 1);
        let add = ["addr", "add", &address, "dev", "ens192", "nodad"];
        cluster.members[member].node.ip(&add)?;
        let session = format!(
            "bfd_instance peer {{\n neighbor_ip fd66::{}\n min_rx 40\n min_tx 50\n {passive}\n}}\n",
            2 - member
        );
        let conf = Conf::new(V3_MULTICAST, member);
        cluster.members[member].start(&text(&session, &conf))?;
    }
    for member in 0..2 {
        cluster.log(member).wait_for(UP, PATIENCE)?;
    }
    Ok(())
}

/// What a reload leaves alone, changes and ends.
fn reload(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let marks = [cluster.log(0).mark(), cluster.log(1).mark()];
    let frames = cluster.capture.mark();
    cluster.reload(0, &tracking(0, ""))?;
    cluster.reload(0, &tracking(0, "").replace("min_tx 50", "min_tx 80"))?;
    cluster.capture.wait_for(frames, PATIENCE, |frame| {
        frame.source_mac() == mac(0) && control(frame).is_some_and(|p| p.word(12) == 80_000)
    })?;
    std::thread::sleep(Duration::from_millis(1300));
    for (member, mark) in marks.into_iter().enumerate() {
        let text = cluster.log(member).text_after(mark);
        ensure!(!text.contains(DOWN), "member {member} went down:\n{text}");
        ensure!(!text.contains("FAULT"), "member {member} failed:\n{text}");
    }
    ensure!(cluster.resignations(0, frames) == 0, "resigned");
    // A session that ends is silent: the other finds out by itself.
    let mark = cluster.log(1).mark();
    cluster.reload(0, &Conf::new(V3_MULTICAST, 0).text())?;
    cluster.log(1).wait_after(mark, DOWN, PATIENCE)?;
    cluster.owned_by(0, VIP.into())
}

fn number(cluster: &Cluster, path: &str) -> Verdict<i32> {
    let text = cluster.members[0].node.read_file(path)?;
    text.trim()
        .parse()
        .map_err(|error| Error::new(format!("{path} is {text:?}: {error}")))
}

fn signal(cluster: &Cluster, pid: i32, signal: &str) -> Verdict {
    let kill = format!("kill -{signal} {pid}");
    cluster.members[0].node.exec(&["sh", "-c", &kill]).map(drop)
}

/// A process of its own: its pid file, its dump, its death and its end.
fn process(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let pid = number(cluster, BFD_PID_FILE)?;
    ensure!(
        cluster.daemon(0).children().contains(&pid),
        "{BFD_PID_FILE} names no child"
    );
    signal(cluster, pid, "USR1")?;
    let line = format!("Printing BFD data for process({pid}) on signal");
    cluster.log(0).wait_for(&line, PATIENCE)?;
    let dump = wait_dump(cluster)?;
    for wanted in [
        "------< BFD Topology >------\n BFD Instance = peer\n",
        "   Required min RX interval = 40000 us\n",
        "   Desired min TX interval = 50000 us\n",
        "   local state = Up\n",
        "   remote state = Up\n",
        "   local tx intv = 50000 us\n",
        "   local detection time = 1000000 us\n",
    ] {
        ensure!(dump.contains(wanted), "{wanted:?} is missing in\n{dump}");
    }
    let mark = cluster.log(0).mark();
    signal(cluster, pid, "KILL")?;
    let died = format!("BFD child process({pid}) died: Respawning");
    cluster.log(0).wait_after(mark, &died, PATIENCE)?;
    cluster.log(0).wait_after(mark, TRACKED_DOWN, PATIENCE)?;
    cluster.log(0).wait_after(mark, TRACKED_UP, PATIENCE)?;
    ensure!(
        number(cluster, BFD_PID_FILE)? != pid,
        "the pid file is the old"
    );
    cluster.stop(0)?;
    ensure!(
        cluster.members[0].node.metadata(BFD_PID_FILE).is_none(),
        "{BFD_PID_FILE} is left behind"
    );
    Ok(())
}

fn wait_dump(cluster: &Cluster) -> Verdict<String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let text = cluster.members[0]
            .node
            .read_file("/tmp/keepalived_bfd.data");
        match text {
            Ok(text) if text.contains("last seen") => return Ok(text),
            _ if Instant::now() > end => return Err(Error::new("no dump".to_owned())),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// A neighbour made of the test's own packets, in the second node.
struct Neighbor {
    receive: UdpSocket,
    send: UdpSocket,
    ours: u32,
    state: u8,
}

const ADMIN_DOWN: u8 = 0;
const STATE_DOWN: u8 = 1;
const STATE_INIT: u8 = 2;
const STATE_UP: u8 = 3;

impl Neighbor {
    fn new(cluster: &Cluster, ttl: u32) -> Verdict<Self> {
        let sockets = cluster.members[1].node.enter(|| {
            let receive = UdpSocket::bind((NODES[1], 3784))?;
            receive.set_read_timeout(Some(Duration::from_millis(20)))?;
            let send = UdpSocket::bind((NODES[1], 50_000))?;
            send.set_ttl(ttl)?;
            Ok::<_, std::io::Error>((receive, send))
        })?;
        let (receive, send) = sockets.map_err(Error::from)?;
        Ok(Self {
            receive,
            send,
            ours: 0,
            state: STATE_DOWN,
        })
    }

    /// Sends a packet and takes those that came meanwhile.
    fn tell(&mut self, state: u8) -> Verdict {
        let mut packet = vec![0x20, state << 6, 5, 24, 0x11, 0x22, 0x33, 0x44];
        let known = if state == STATE_DOWN { 0 } else { self.ours };
        for word in [known, 100_000, 50_000, 0] {
            packet.extend(u32::to_be_bytes(word));
        }
        let to = SocketAddr::from((NODES[0], 3784));
        self.send.send_to(&packet, to).map_err(Error::from)?;
        let mut buffer = [0; 64];
        while let Ok(24) = self.receive.recv(&mut buffer) {
            self.ours = u32::from_be_bytes([buffer[4], buffer[5], buffer[6], buffer[7]]);
            self.state = buffer[1] >> 6;
        }
        Ok(())
    }

    fn tell_for(&mut self, time: Duration, state: u8) -> Verdict {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.tell(state)?;
        }
        Ok(())
    }

    fn come_up(&mut self) -> Verdict {
        let end = Instant::now() + PATIENCE;
        while self.state != STATE_UP {
            ensure!(Instant::now() < end, "the session does not come up");
            self.tell(if self.state == STATE_DOWN {
                STATE_DOWN
            } else {
                STATE_INIT
            })?;
        }
        self.tell_for(Duration::from_millis(300), STATE_UP)
    }
}

/// A neighbour that is taken out of service is no failure; one that says that it is down is.
fn admin_down(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&tracking(0, ""))?;
    let mut neighbor = Neighbor::new(cluster, 255)?;
    neighbor.come_up()?;
    cluster.log(0).wait_for(TRACKED_UP, PATIENCE)?;
    let mark = cluster.log(0).mark();
    neighbor.tell_for(Duration::from_millis(1500), ADMIN_DOWN)?;
    ensure!(neighbor.state == STATE_DOWN, "state {}", neighbor.state);
    let text = cluster.log(0).text_after(mark);
    ensure!(!text.contains(TRACKED_DOWN), "it is a failure:\n{text}");
    neighbor.come_up()?;
    neighbor.tell(STATE_DOWN)?;
    cluster.log(0).wait_after(mark, TRACKED_DOWN, PATIENCE)?;
    cluster
        .log(0)
        .wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)
        .map(drop)
}

/// Packets that have passed a router are for no session, unless `max_hops` says so.
fn far_away(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&tracking(0, ""))?;
    let mut neighbor = Neighbor::new(cluster, 254)?;
    neighbor.tell_for(Duration::from_millis(1500), STATE_DOWN)?;
    ensure!(neighbor.state == STATE_DOWN, "state {}", neighbor.state);
    let near = session(0, "max_hops 1");
    let conf = Conf::new(V2_MULTICAST, 0);
    cluster.reload(0, &text(&near, &conf))?;
    neighbor.come_up()?;
    cluster.log(0).wait_for(UP, PATIENCE).map(drop)
}

/// A process that was stopped reads what waits before it judges.
fn sleeper(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&tracking(0, ""))?;
    let mut neighbor = Neighbor::new(cluster, 255)?;
    neighbor.come_up()?;
    cluster.log(0).wait_for(TRACKED_UP, PATIENCE)?;
    let mark = cluster.log(0).mark();
    let pid = nix::unistd::Pid::from_raw(number(cluster, BFD_PID_FILE)?);
    let kill = |signal| nix::sys::signal::kill(pid, signal);
    kill(Signal::SIGSTOP).map_err(|error| Error::new(error.to_string()))?;
    // Longer than the detection time, 500 ms.
    neighbor.tell_for(Duration::from_millis(1200), STATE_UP)?;
    kill(Signal::SIGCONT).map_err(|error| Error::new(error.to_string()))?;
    neighbor.tell_for(Duration::from_millis(1200), STATE_UP)?;
    let text = cluster.log(0).text_after(mark);
    ensure!(!text.contains(DOWN), "it went down:\n{text}");
    ensure!(neighbor.state == STATE_UP, "state {}", neighbor.state);
    Ok(())
}
