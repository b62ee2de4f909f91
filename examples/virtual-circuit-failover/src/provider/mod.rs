//! A provider's fabric, as its customers see it: ports, virtual circuits with a VLAN each, and the
//! time that every change takes. Pure: the time is told.
//!
//! A circuit goes `active` → `deactivating` → `waiting_on_customer_vlan` → `activating` → `active`.
//! Of the two circuits of a connection the one with the live VLAN carries the traffic.

mod http;

use std::fmt;
use std::time::{Duration, Instant};

pub(crate) use http::{Api, serve};

/// The VLAN that leads to the customer's network.
pub(crate) const LIVE: &str = "1529";
/// The VLAN that leads nowhere.
pub(crate) const PARKED: &str = "2084";
/// What every request has to bring in `X-Auth-Token`.
pub(crate) const TOKEN: &str = "example-token";
/// Connections of the customer, each with a circuit at either node.
pub(crate) const CONNECTIONS: [u8; 2] = [1, 2];
/// Nodes, each at a port of its own.
pub(crate) const NODES: [u8; 2] = [1, 2];

/// How long the provider works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// To let a VLAN go.
    pub(crate) release: Duration,
    /// To put a VLAN on a circuit.
    pub(crate) attach: Duration,
}

impl Delays {
    /// With the questions of the posted script between them 20 s, which were published for the set-up that the
    /// example is about, nearly all of them the API's.
    pub(crate) const REAL: Self = Self {
        release: Duration::from_secs(12),
        attach: Duration::from_secs(6),
    };

    pub(crate) fn total(self) -> Duration {
        self.release + self.attach
    }
}

impl std::ops::Div<u32> for Delays {
    type Output = Self;

    fn div(self, by: u32) -> Self {
        Self {
            release: self.release / by,
            attach: self.attach / by,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Deactivating,
    Waiting,
    Activating,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Deactivating => "deactivating",
            Self::Waiting => "waiting_on_customer_vlan",
            Self::Activating => "activating",
        })
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    /// The circuit is in no state for it.
    WrongState,
    /// The other circuit of the connection still has the VLAN.
    VlanInUse,
    /// The provider has a bad moment.
    Unavailable,
}

impl Refusal {
    pub(crate) const fn http_status(self) -> (u16, &'static str) {
        match self {
            Self::NotFound => (404, "not found"),
            Self::WrongState => (422, "the circuit is in no state for this"),
            Self::VlanInUse => (422, "the VLAN is in use"),
            Self::Unavailable => (503, "try again later"),
        }
    }
}

/// A virtual circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circuit {
    pub(crate) id: String,
    connection: u8,
    node: u8,
    pub(crate) vlan: String,
    pub(crate) status: Status,
    /// When what is under way is done.
    until: Option<Instant>,
}

/// The traffic of a connection now goes to this node, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) connection: u8,
    pub(crate) node: Option<u8>,
}

/// The fabric.
#[derive(Debug)]
pub(crate) struct Fabric {
    circuits: Vec<Circuit>,
    delays: Delays,
    /// How many changes are refused before one is made.
    bad_moments: u32,
    changes: Vec<Change>,
}

impl Fabric {
    /// All traffic goes to the first node.
    pub(crate) fn new(delays: Delays) -> Self {
        let circuit = |(connection, node): (u8, u8)| Circuit {
            id: format!("vc-{connection}-{node:02}"),
            connection,
            node,
            vlan: if node == NODES[0] { LIVE } else { PARKED }.to_owned(),
            status: Status::Active,
            until: None,
        };
        let pairs = CONNECTIONS.into_iter().flat_map(|c| NODES.map(|n| (c, n)));
        let first = |connection| Change {
            connection,
            node: Some(NODES[0]),
        };
        Self {
            circuits: pairs.map(circuit).collect(),
            delays,
            bad_moments: 0,
            changes: CONNECTIONS.map(first).to_vec(),
        }
    }

    /// The next so many changes are refused with "try again later".
    pub(crate) const fn have_bad_moments(&mut self, count: u32) {
        self.bad_moments = count;
    }

    /// Lets time pass; gives what has become of the traffic since the last call.
    pub(crate) fn advance(&mut self, now: Instant) -> Vec<Change> {
        for circuit in &mut self.circuits {
            if circuit.until.is_some_and(|until| until <= now) {
                circuit.until = None;
                match circuit.status {
                    Status::Deactivating => {
                        circuit.status = Status::Waiting;
                        circuit.vlan.clear();
                    }
                    Status::Activating => {
                        circuit.status = Status::Active;
                        if circuit.vlan == LIVE {
                            self.changes.push(Change {
                                connection: circuit.connection,
                                node: Some(circuit.node),
                            });
                        }
                    }
                    Status::Active | Status::Waiting => {}
                }
            }
        }
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn circuit(&self, id: &str) -> Option<&Circuit> {
        self.circuits.iter().find(|circuit| circuit.id == id)
    }

    /// Whether there is such a port; all of them are active.
    pub(crate) fn has_port(id: &str) -> bool {
        NODES.iter().any(|node| id == format!("port-{node:02}"))
    }

    /// Takes the VLAN off a circuit (an empty one), or puts one on.
    pub(crate) fn set_vlan(&mut self, now: Instant, id: &str, vlan: &str) -> Result<(), Refusal> {
        let delays = self.delays;
        let position = self.circuits.iter().position(|circuit| circuit.id == id);
        let position = position.ok_or(Refusal::NotFound)?;
        if self.bad_moments > 0 {
            self.bad_moments -= 1;
            return Err(Refusal::Unavailable);
        }
        let connection = self.circuits[position].connection;
        let in_use = |other: &Circuit| other.connection == connection && other.vlan == vlan;
        let is_taken = !vlan.is_empty() && self.circuits.iter().any(in_use);
        let circuit = &mut self.circuits[position];
        match (circuit.status, vlan.is_empty()) {
            (Status::Active, true) => {
                circuit.status = Status::Deactivating;
                circuit.until = Some(now + delays.release);
                if circuit.vlan == LIVE {
                    let node = None;
                    self.changes.push(Change { connection, node });
                }
                Ok(())
            }
            (Status::Waiting, false) if is_taken => Err(Refusal::VlanInUse),
            (Status::Waiting, false) => {
                vlan.clone_into(&mut circuit.vlan);
                circuit.status = Status::Activating;
                circuit.until = Some(now + delays.attach);
                Ok(())
            }
            _ => Err(Refusal::WrongState),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Delays = Delays {
        release: Duration::from_secs(2),
        attach: Duration::from_secs(1),
    };

    fn states(fabric: &Fabric, connection: u8) -> Vec<String> {
        let mine = |c: &&Circuit| c.connection == connection;
        let circuits = fabric.circuits.iter().filter(mine);
        circuits
            .map(|c| format!("{} {}", c.status, c.vlan))
            .collect()
    }

    #[test]
    fn a_connection_is_moved_in_two_steps() {
        let (mut fabric, start) = (Fabric::new(QUICK), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(
            fabric.advance(start).len(),
            2,
            "all traffic begins at the first node"
        );
        fabric.set_vlan(start, "vc-1-01", "").unwrap();
        fabric.set_vlan(start, "vc-1-02", "").unwrap();
        assert_eq!(
            states(&fabric, 1),
            ["deactivating 1529", "deactivating 2084"]
        );
        let off = Change {
            connection: 1,
            node: None,
        };
        assert_eq!(fabric.advance(at(1)), [off]);
        assert_eq!(fabric.advance(at(2)), []);
        assert_eq!(states(&fabric, 1), ["waiting_on_customer_vlan "; 2]);
        fabric.set_vlan(at(2), "vc-1-02", LIVE).unwrap();
        let taken = fabric.set_vlan(at(2), "vc-1-01", LIVE);
        assert_eq!(taken, Err(Refusal::VlanInUse));
        fabric.set_vlan(at(2), "vc-1-01", PARKED).unwrap();
        let on = Change {
            connection: 1,
            node: Some(2),
        };
        assert_eq!(fabric.advance(at(3)), [on]);
        assert_eq!(states(&fabric, 1), ["active 2084", "active 1529"]);
        assert_eq!(states(&fabric, 2), ["active 1529", "active 2084"]);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let (mut fabric, now) = (Fabric::new(QUICK), Instant::now());
        assert_eq!(fabric.set_vlan(now, "vc-9-01", ""), Err(Refusal::NotFound));
        assert_eq!(
            fabric.set_vlan(now, "vc-1-01", "7"),
            Err(Refusal::WrongState)
        );
        fabric.have_bad_moments(1);
        assert_eq!(
            fabric.set_vlan(now, "vc-1-01", ""),
            Err(Refusal::Unavailable)
        );
        assert_eq!(fabric.set_vlan(now, "vc-1-01", ""), Ok(()));
        assert_eq!(
            fabric.set_vlan(now, "vc-1-01", ""),
            Err(Refusal::WrongState)
        );
    }
}
