//! Where the SNMP agent listens for subagents.

use std::path::PathBuf;

/// The address of an AgentX master, as `snmpd` and its tools write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// `unix:/var/agentx/master`, or a path alone.
    Unix(PathBuf),
    /// `tcp:HOST:PORT`; the port may be missing.
    Tcp(String, u16),
}

/// Where it listens unless something else is said.
pub(super) const DEFAULT: &str = "/var/agentx/master";

/// The port of AgentX.
const PORT: u16 = 705;

impl Address {
    /// Understands `snmp_socket`. What names no transport is a path if it has a slash, else a host.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (transport, rest) = text.split_once(':').unwrap_or(("", text));
        match transport {
            "unix" | "local" => Ok(Self::Unix(rest.into())),
            "tcp" | "tcp6" | "tcpv6" => Self::host(rest),
            "udp" | "udp6" | "udpv6" => Err(format!("AgentX has no transport {transport}")),
            _ if text.contains('/') => Ok(Self::Unix(text.into())),
            _ => Self::host(text),
        }
    }

    fn host(text: &str) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix('[') {
            let (host, behind) = inner.split_once(']').ok_or("a ']' is missing")?;
            return match behind.strip_prefix(':') {
                Some(port) => Ok(Self::Tcp(host.to_owned(), number(port)?)),
                None => Ok(Self::Tcp(host.to_owned(), PORT)),
            };
        }
        match text.rsplit_once(':') {
            // More colons are an address of version 6 without a port.
            Some((host, _)) if host.contains(':') => Ok(Self::Tcp(text.to_owned(), PORT)),
            Some((host, port)) => Ok(Self::Tcp(host.to_owned(), number(port)?)),
            None => match text.parse() {
                Ok(port) => Ok(Self::Tcp("localhost".to_owned(), port)),
                Err(_) => Ok(Self::Tcp(text.to_owned(), PORT)),
            },
        }
    }
}

fn number(port: &str) -> Result<u16, String> {
    port.parse().map_err(|_| format!("'{port}' is no port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_snmpd_writes_them() {
        let tcp = |host: &str, port| Ok(Address::Tcp(host.to_owned(), port));
        let unix = |path: &str| Ok(Address::Unix(path.into()));
        for (text, expected) in [
            ("unix:/var/agentx/master", unix("/var/agentx/master")),
            ("/var/agentx/master", unix("/var/agentx/master")),
            ("unix:relative", unix("relative")),
            ("tcp:localhost:1705", tcp("localhost", 1705)),
            ("tcp:localhost", tcp("localhost", 705)),
            ("tcp:[::1]:7", tcp("::1", 7)),
            ("tcp6:[::1]", tcp("::1", 705)),
            ("tcp:::1", tcp("::1", 705)),
            ("agent.example:705", tcp("agent.example", 705)),
            ("agent.example", tcp("agent.example", 705)),
            ("1705", tcp("localhost", 1705)),
            ("tcp:localhost:x", Err("'x' is no port".to_owned())),
            ("tcp:[::1", Err("a ']' is missing".to_owned())),
            (
                "udp:localhost",
                Err("AgentX has no transport udp".to_owned()),
            ),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
        assert_eq!(Address::parse(DEFAULT), unix(DEFAULT));
    }
}
