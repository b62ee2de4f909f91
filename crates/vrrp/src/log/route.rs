//! Lines about routes, rules and what is static.

use std::fmt;
use std::sync::Arc;

use evervip_model::{Family, Insertion, Network, Route, Rule, RuleAction, VirtualAddress};

/// A line about routes, rules or static entries. What stands in a box is seldom said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum RouteLine {
    SettingRoutes { name: Arc<str> },
    SettingRules { name: Arc<str> },
    RemovingRoutes { name: Arc<str> },
    RemovingRules { name: Arc<str> },
    RouteGone { route: Box<Route> },
    RuleGone { rule: Box<Rule> },
    RoutePutBack { name: Arc<str>, route: Box<Route> },
    RulePutBack { name: Arc<str>, rule: Box<Rule> },
    StaticAddressGone { address: Box<VirtualAddress> },
    StaticAddressRestored { address: Box<VirtualAddress> },
    StaticRouteRestored { route: Box<Route> },
    StaticRuleRestored { rule: Box<Rule> },
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
            Self::StaticAddressRestored { address } => write!(
                f,
                "Restoring deleted static address {} set",
                scoped_place(address)
            ),
            Self::StaticRouteRestored { route } => {
                write!(f, "Restoring deleted static route {}", route_words(route))
            }
            Self::StaticRuleRestored { rule } => {
                write!(f, "Restoring deleted static rule {}", rule_words(rule))
            }
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

fn scoped_place(address: &VirtualAddress) -> String {
    let scope = match address.scope {
        0 => "global".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        number => number.to_string(),
    };
    format!("{} scope {scope}", place(address))
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
            RouteLine::StaticRouteRestored { route }.to_string(),
            "Restoring deleted static route prepend 10.99.0.0/24 dev e0 proto 18"
        );
        let mut address = VirtualAddress::new([10, 0, 3, 3].into(), 24);
        address.dev = Some("e0".into());
        let address = Box::new(address);
        assert_eq!(
            RouteLine::StaticAddressRestored { address }.to_string(),
            "Restoring deleted static address 10.0.3.3/24 dev e0 scope global set"
        );
    }
}
