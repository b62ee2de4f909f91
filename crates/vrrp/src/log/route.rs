//! Lines about routes, rules and what is static.

use std::fmt;
use std::sync::Arc;

use evervip_model::{
    AddressLifetime, Family, Insertion, Network, Route, Rule, RuleAction, VirtualAddress,
};

/// A line about routes, rules or static entries. What stands in a box is seldom said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum RouteLine {
    SettingRoutes {
        name: Arc<str>,
    },
    SettingRules {
        name: Arc<str>,
    },
    RemovingRoutes {
        name: Arc<str>,
    },
    RemovingRules {
        name: Arc<str>,
    },
    RouteGone {
        route: Box<Route>,
    },
    RuleGone {
        rule: Box<Rule>,
    },
    RoutePutBack {
        name: Arc<str>,
        route: Box<Route>,
    },
    RulePutBack {
        name: Arc<str>,
        rule: Box<Rule>,
    },
    StaticAddressGone {
        address: Box<VirtualAddress>,
    },
    StaticAddressRestored {
        address: Box<VirtualAddress>,
        group: Option<Arc<str>>,
    },
    StaticRouteRestored {
        route: Box<Route>,
        group: Option<Arc<str>>,
    },
    StaticRuleRestored {
        rule: Box<Rule>,
        group: Option<Arc<str>>,
    },
}

impl RouteLine {
    /// Whether the line is written only with `-D`.
    pub(super) const fn is_detail(&self) -> bool {
        matches!(
            self,
            Self::SettingRoutes { .. }
                | Self::SettingRules { .. }
                | Self::RemovingRoutes { .. }
                | Self::RemovingRules { .. }
        )
    }

    /// Whether the line tells of a fault that somebody has to mend.
    pub(super) const fn is_warning(&self) -> bool {
        matches!(self, Self::RoutePutBack { .. } | Self::RulePutBack { .. })
    }
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SettingRoutes { name } => write!(f, "({name}) setting Virtual Routes"),
            Self::SettingRules { name } => write!(f, "({name}) setting Virtual Rules"),
            Self::RemovingRoutes { name } => write!(f, "({name}) removing Virtual Routes"),
            Self::RemovingRules { name } => write!(f, "({name}) removing Virtual Rules"),
            Self::RouteGone { route } => {
                write!(f, "Removing route {}", destination(route))
            }
            Self::RuleGone { rule } => write!(f, "ip rule {} removed", ends(rule)),
            Self::RoutePutBack { name, route } => write!(
                f,
                "({name}) put route {} back: it was removed while we are MASTER",
                destination(route)
            ),
            Self::RulePutBack { name, rule } => write!(
                f,
                "({name}) put rule {} {} back: it was removed while we are MASTER",
                rule.preference,
                ends(rule)
            ),
            Self::StaticAddressGone { address } => {
                write!(f, "ip address {}, no longer exist", place(address))
            }
            Self::StaticAddressRestored { address, group } => write!(
                f,
                "Restoring deleted static address {}{} set",
                address_words(address),
                in_group(group.as_deref())
            ),
            Self::StaticRouteRestored { route, group } => write!(
                f,
                "Restoring deleted static route {}{}",
                route_words(route),
                in_group(group.as_deref())
            ),
            Self::StaticRuleRestored { rule, group } => write!(
                f,
                "Restoring deleted static rule {}{}",
                rule_words(rule),
                in_group(group.as_deref())
            ),
        }
    }
}

fn network(network: Network) -> String {
    format!("{}/{}", network.address, network.prefix)
}

fn destination(route: &Route) -> String {
    let everywhere = || match route.family {
        Family::Inet => "0.0.0.0/0".to_owned(),
        Family::Inet6 => "::/0".to_owned(),
    };
    route.destination.map_or_else(everywhere, network)
}

/// Whose packets to whom.
fn ends(rule: &Rule) -> String {
    let from = rule.from.map(|from| format!("from {}", network(from)));
    let from = from.unwrap_or_else(|| "from all".to_owned());
    let to = rule.to.map(|to| format!(" to {}", network(to)));
    from + &to.unwrap_or_default()
}

fn place(address: &VirtualAddress) -> String {
    let dev = address.dev.as_deref().unwrap_or("unknown");
    format!("{}/{} dev {dev}", address.address, address.prefix)
}

fn in_group(group: Option<&str>) -> String {
    group.map_or_else(String::new, |name| format!(" track_group {name}"))
}

/// An address with all that is said of it, in the original's order.
fn address_words(address: &VirtualAddress) -> String {
    let single = if address.address.is_ipv6() { 128 } else { 32 };
    let mut words = address.address.to_string();
    if address.prefix != single {
        words += &format!("/{}", address.prefix);
    }
    if let Some(broadcast) = address.broadcast {
        words += &format!(" brd {broadcast}");
    }
    let scope = match address.scope {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        number => number.to_string(),
    };
    let dev = address.dev.as_deref().unwrap_or("unknown");
    words += &format!(" dev {dev} scope {scope}");
    if let Some(label) = &address.label {
        words += &format!(" label {label}");
    }
    if let Some(peer) = address.peer {
        words += &format!(" peer {peer}/{single}");
    }
    if address.address.is_ipv6() && address.dad {
        words += " -nodad";
    }
    words + &lifetime_words(address)
}

fn lifetime_words(address: &VirtualAddress) -> String {
    let seconds = match address.preferred_lifetime {
        _ if address.address.is_ipv4() => return String::new(),
        AddressLifetime::Default if address.prefix == 128 => 0,
        AddressLifetime::Default => u32::MAX,
        AddressLifetime::Seconds(seconds) => seconds,
    };
    match seconds {
        0 => " deprecated".to_owned(),
        u32::MAX => " preferred_lft forever".to_owned(),
        seconds => format!(" preferred_lft {seconds}"),
    }
}

/// What tells a route from others, in the original's order.
fn route_words(route: &Route) -> String {
    let mut words = match route.insertion {
        Insertion::Prepend => "prepend ",
        Insertion::Append => "append ",
        Insertion::Add => "add ",
    }
    .to_owned();
    words += &destination(route);
    if let Some(gateway) = route.gateway {
        let family = if gateway.is_ipv4() { "inet" } else { "inet6" };
        words += &format!(" via {family} {gateway}");
    }
    if let Some(dev) = &route.interface {
        words += &format!(" dev {dev}");
    }
    if let Some(table) = route.table {
        words += &format!(" table {table}");
    }
    if let Some(protocol) = route.protocol {
        words += &format!(" proto {protocol}");
    }
    if let Some(metric) = route.metric {
        words += &format!(" metric {metric}");
    }
    words
}

/// What tells a rule from others, in the original's order.
fn rule_words(rule: &Rule) -> String {
    let action = match rule.action {
        RuleAction::Table(table) => format!("lookup {table}"),
        RuleAction::Goto(target) => format!("goto {target}"),
        RuleAction::Blackhole => "blackhole".to_owned(),
        RuleAction::Unreachable => "unreachable".to_owned(),
        RuleAction::Prohibit => "prohibit".to_owned(),
        RuleAction::Nop => "nop".to_owned(),
        RuleAction::Vrf => "l3mdev".to_owned(),
    };
    let input = rule.input.as_ref().map(|name| format!(" iif {name}"));
    let output = rule.output.as_ref().map(|name| format!(" oif {name}"));
    let protocol = rule.protocol.map(|number| format!(" protocol {number}"));
    format!(
        "{} priority {} tos {:#x}{}{}{} {action}",
        ends(rule),
        rule.preference,
        rule.tos.unwrap_or(0),
        input.unwrap_or_default(),
        output.unwrap_or_default(),
        protocol.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_is_named_as_the_original_names_it() {
        let destination = Some(Network {
            address: [10, 99, 0, 0].into(),
            prefix: 24,
        });
        let route = Route {
            destination,
            interface: Some("e0".to_owned()),
            protocol: Some(18),
            ..Route::new(Family::Inet)
        };
        let route = Box::new(route);
        assert_eq!(
            RouteLine::StaticRouteRestored { route, group: None }.to_string(),
            "Restoring deleted static route prepend 10.99.0.0/24 dev e0 proto 18"
        );
    }

    #[test]
    fn restored_addresses_are_named_with_all_that_is_said_of_them() {
        let restored = |address: &VirtualAddress, group: Option<&str>| {
            let line = RouteLine::StaticAddressRestored {
                address: Box::new(address.clone()),
                group: group.map(Arc::from),
            };
            let text = line.to_string();
            text.replace("Restoring deleted static address ", "")
        };
        let mut address = VirtualAddress::new([10, 0, 3, 3].into(), 24);
        address.dev = Some("e2".into());
        assert_eq!(
            restored(&address, Some("G")),
            "10.0.3.3/24 dev e2 scope global track_group G set"
        );
        address.broadcast = Some([10, 0, 3, 255].into());
        address.label = Some("e2:x".into());
        address.scope = 253;
        assert_eq!(
            restored(&address, None),
            "10.0.3.3/24 brd 10.0.3.255 dev e2 scope link label e2:x set"
        );
        let mut address = VirtualAddress::new("2001:db8:9::4".parse().unwrap(), 128);
        address.dev = Some("e2".into());
        address.peer = Some("2001:db8:9::5".parse().unwrap());
        assert_eq!(
            restored(&address, None),
            "2001:db8:9::4 dev e2 scope global peer 2001:db8:9::5/128 deprecated set"
        );
        address.peer = None;
        address.prefix = 64;
        address.dad = true;
        assert_eq!(
            restored(&address, None),
            "2001:db8:9::4/64 dev e2 scope global -nodad preferred_lft forever set"
        );
    }
}
