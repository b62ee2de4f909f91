//! The network: two nodes, a route server that forwards as its routes say, a client.

use std::{fs, net::Ipv4Addr, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use evervip_lab::{Asker, Interface, Lab, Node, Process, wait_until};

use crate::{client, member::Member, variant::Variant};

/// The address that is announced (from the configuration files).
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 5);

/// Everything of one set-up.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) client: Asker,
    pub(crate) primary: Member,
    pub(crate) secondary: Member,
    route_server: Node,
    _birds: [Process; 2],
    // Last, so that the processes above end before their namespaces.
    _lab: Lab,
}

/// A path to the address as the route server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Name of the node that it leads to.
    pub(crate) node: String,
    /// Whether it is the one that is used.
    pub(crate) best: bool,
    /// AS path and MED in words.
    pub(crate) attributes: String,
}

impl Site {
    /// Builds the network; web servers, route server and client run.
    pub(crate) fn build(variant: &Variant, daemon: &Path) -> Result<Self> {
        let lab = Lab::new(variant.name).map_err(|e| anyhow!("{e}"))?;
        let member = |name, last, files| {
            Member::build(&lab, name, Ipv4Addr::new(10, 0, 0, last), files, daemon)
        };
        let mut primary = member(PRIMARY, 4, variant.primary)?;
        let mut secondary = member(SECONDARY, 5, variant.secondary)?;
        let route_server = build_route_server(&lab)?;
        let birds = [start_bird(&route_server, 1)?, start_bird(&route_server, 2)?];
        primary.start_web()?;
        secondary.start_web()?;
        let client = lab
            .node("client")
            .interface(
                Interface::new("eth0")
                    .segment("clients")
                    .address("10.0.2.10/24"),
            )
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        client
            .ip(&["route", "add", "default", "via", "10.0.2.1"])
            .map_err(|e| anyhow!("{e}"))?;
        Ok(Self {
            client: client::start(client, ADDRESS)?,
            primary,
            secondary,
            route_server,
            _birds: birds,
            _lab: lab,
        })
    }

    /// Both nodes.
    pub(crate) fn members(&self) -> [&Member; 2] {
        [&self.primary, &self.secondary]
    }

    /// Name of the node to which the route server's kernel forwards. `None`: no route.
    pub(crate) fn forwarded_to(&self) -> Option<&str> {
        let table = self.route_server.read_file(KERNEL_ROUTES).ok()?;
        let gateway = best_gateway(&table, ADDRESS)?;
        let member = self
            .members()
            .into_iter()
            .find(|member| member.own_address() == gateway);
        member.map(Member::name)
    }

    /// What an instance (1, 2) of the route server knows about the address.
    pub(crate) fn routes(&self, instance: u8) -> Result<Vec<Route>> {
        let socket = control_socket(instance);
        let address = ADDRESS.to_string();
        let output = self.route_server.exec(&[
            "birdc", "-s", &socket, "show", "route", "for", &address, "all",
        ]);
        let output = output.map_err(|e| anyhow!("{e}"))?;
        Ok(parse_routes(&output.stdout))
    }

    /// Whether both instances of the route server know a path to the node.
    pub(crate) fn is_known(&self, node: &str) -> bool {
        [1, 2].into_iter().all(|instance| {
            let routes = self.routes(instance).unwrap_or_default();
            routes.iter().any(|route| route.node == node)
        })
    }

    /// Whether no instance of the route server knows a path to the node any more.
    pub(crate) fn is_forgotten(&self, node: &str) -> bool {
        [1, 2].into_iter().all(|instance| {
            let routes = self.routes(instance);
            routes.is_ok_and(|routes| routes.iter().all(|route| route.node != node))
        })
    }

    /// What all programs have written, for the report of a failure.
    pub(crate) fn logs(&self) -> String {
        let routes = [1, 2].map(|instance| format!("{:?}\n", self.routes(instance)));
        self.members().map(Member::logs).concat() + &routes.concat()
    }
}

fn build_route_server(lab: &Lab) -> Result<Node> {
    let node = lab
        .node("route-server")
        .interface(
            Interface::new("eth0")
                .segment("nodes")
                .address("10.0.0.1/24"),
        )
        .interface(
            Interface::new("eth1")
                .segment("servers")
                .address("10.0.1.4/24")
                .address("10.0.1.5/24"),
        )
        .interface(
            Interface::new("eth2")
                .segment("clients")
                .address("10.0.2.1/24"),
        )
        .file("/etc/bird/1/bird.conf", BIRD, 0o644)
        .file("/etc/bird/1/instance.conf", BIRD_1, 0o644)
        .file("/etc/bird/2/bird.conf", BIRD, 0o644)
        .file("/etc/bird/2/instance.conf", BIRD_2, 0o644)
        .start()
        .map_err(|e| anyhow!("{e}"))?;
    node.enter(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1"))
        .map_err(|e| anyhow!("{e}"))?
        .context("forwarding")?;
    Ok(node)
}

/// Starts one instance of the route server and waits until it answers.
fn start_bird(node: &Node, instance: u8) -> Result<Process> {
    let (directory, socket) = (format!("/etc/bird/{instance}"), control_socket(instance));
    let mut command = Command::new("bird");
    command
        .args(["-f", "-c", &format!("{directory}/bird.conf"), "-s", &socket])
        .args(["-P", &format!("/run/bird-{instance}.pid")]);
    let bird = node.spawn("bird", command).map_err(|e| anyhow!("{e}"))?;
    let ready = wait_until(Duration::from_secs(15), "BIRD answers", || {
        let output = node.exec(&["birdc", "-s", &socket, "show", "status"]);
        output.is_ok_and(|output| output.status.success())
    });
    ready.map_err(|e| anyhow!("{e}\n{}", bird.log().text()))?;
    ensure!(bird.try_status().is_none(), "BIRD: {}", bird.log().text());
    Ok(bird)
}

fn control_socket(instance: u8) -> String {
    format!("/run/bird-{instance}.ctl")
}

/// The gateway of the best route to `address` in what the kernel shows as `/proc/net/route`:
/// interface, destination, gateway, flags, two counters, metric, ..., numbers in hexadecimal
/// and addresses in network byte order.
fn best_gateway(table: &str, address: Ipv4Addr) -> Option<Ipv4Addr> {
    let parse = |field: &str| u32::from_str_radix(field, 16).ok();
    let wanted = u32::from_ne_bytes(address.octets());
    let routes = table.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let destination = parse(fields.get(1)?)?;
        let gateway = parse(fields.get(2)?)?;
        let metric: u32 = fields.get(6)?.parse().ok()?;
        (destination == wanted).then_some((metric, gateway))
    });
    let (_, gateway) = routes.min()?;
    Some(Ipv4Addr::from(gateway.to_ne_bytes()))
}

/// Paths from BIRD's `show route all`: each begins with `unicast [to_NODE ...`, with a star
/// behind when it is the best; attributes follow on lines of their own.
fn parse_routes(text: &str) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("unicast [to_") {
            let node = rest.split_whitespace().next().unwrap_or_default();
            routes.push(Route {
                node: node.to_owned(),
                best: rest.contains("] * "),
                attributes: String::new(),
            });
        }
        let Some(route) = routes.last_mut() else {
            continue;
        };
        if let Some((_, path)) = line.split_once("BGP.as_path: ") {
            route.attributes = format!("AS path {path}");
        }
        if let Some((_, med)) = line.split_once("BGP.med: ") {
            route.attributes += &format!(", MED {med}");
        }
    }
    routes
}

/// Name of the node that has the traffic when all is well.
pub(crate) const PRIMARY: &str = "primary";

/// Name of the other one.
pub(crate) const SECONDARY: &str = "secondary";

const BIRD: &str = include_str!("../bird.conf");
const BIRD_1: &str = include_str!("../bird-instance-1.conf");
const BIRD_2: &str = include_str!("../bird-instance-2.conf");

/// The table of the calling thread's namespace; `/proc/net` would be the main thread's.
const KERNEL_ROUTES: &str = "/proc/thread-self/net/route";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_of_the_lowest_metric_counts() {
        let table = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
                     eth0 0500010A 0500000A 0007 0 0 33 FFFFFFFF 0 0 0\n\
                     eth0 0500010A 0400000A 0007 0 0 32 FFFFFFFF 0 0 0\n\
                     eth0 0000000A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n";
        let expected = Ipv4Addr::new(10, 0, 0, 4);
        assert_eq!(best_gateway(table, ADDRESS), Some(expected));
        assert_eq!(best_gateway("", ADDRESS), None);
    }

    #[test]
    fn routes_are_read_with_their_attributes() {
        let text = "BIRD 2.0.12 ready.\nTable master4:\n\
            10.1.0.5/32  unicast [to_primary 18:12:40.931] * (100) [AS65010i]\n\
            \tvia 10.0.0.4 on eth0\n\tBGP.as_path: 65010\n\tBGP.med: 7\n\
            \x20            unicast [to_secondary 18:12:41.369] (100) [AS65010i]\n\
            \tvia 10.0.0.5 on eth0\n\tBGP.as_path: 65010 65010\n";
        let routes = parse_routes(text);
        let words: Vec<_> = routes
            .iter()
            .map(|route| (route.node.as_str(), route.best, route.attributes.as_str()))
            .collect();
        let expected = [
            ("primary", true, "AS path 65010, MED 7"),
            ("secondary", false, "AS path 65010 65010"),
        ];
        assert_eq!(words, expected);
    }
}
