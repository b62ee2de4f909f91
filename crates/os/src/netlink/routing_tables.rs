//! What stands in the kernel's tables of routes and rules, whoever has put it there.

use evervip_model::{RouteReport, RuleReport};

use super::builder::MessageBuilder;
use super::error::NetlinkError;
use super::requests::Requests;
use super::route::{AF_INET, AF_INET6, REQUEST};
use super::route_report::{any_route, any_rule};

/// A route, with the number of the protocol that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRoute {
    /// `RTPROT_*`; 18 is keepalived's.
    pub protocol: u8,
    /// What tells it from others.
    pub route: RouteReport,
}

/// A rule, with the number of the protocol that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRule {
    /// As for routes; 0 for rules that nobody has marked.
    pub protocol: u8,
    /// What tells it from others.
    pub rule: RuleReport,
}

impl Requests {
    /// The routes of both families in all tables. Those of a family that the kernel does not have are
    /// none.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing can be said about the routes.
    pub fn routes(&mut self) -> Result<Vec<ListedRoute>, NetlinkError> {
        let request = ("RTM_GETROUTE", libc::RTM_GETROUTE);
        self.of_both_families(request, libc::RTM_NEWROUTE, |payload| {
            let (protocol, route) = any_route(payload)?;
            Some(ListedRoute { protocol, route })
        })
    }

    /// The rules of both families, as [`Self::routes`] lists routes.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing can be said about the rules.
    pub fn rules(&mut self) -> Result<Vec<ListedRule>, NetlinkError> {
        let request = ("RTM_GETRULE", libc::RTM_GETRULE);
        self.of_both_families(request, libc::RTM_NEWRULE, |payload| {
            let (protocol, rule) = any_rule(payload)?;
            Some(ListedRule { protocol, rule })
        })
    }

    fn of_both_families<T>(
        &mut self,
        request: (&'static str, u16),
        kind: u16,
        decode: fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        let mut found = Vec::new();
        for family in [AF_INET, AF_INET6] {
            let encode = |sequence| {
                // `struct rtmsg` and `struct fib_rule_hdr` begin with the family; the rest is no filter.
                let mut fixed = [0; 12];
                fixed[0] = family;
                Ok(MessageBuilder::new(request.1, REQUEST | DUMP, sequence, &fixed).finish())
            };
            match self.dump(request, encode, kind, decode) {
                Ok(list) => found.extend(list),
                Err(error) if is_without_family(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn is_without_family(error: &NetlinkError) -> bool {
    matches!(
        error.errno(),
        Some(libc::EAFNOSUPPORT | libc::EOPNOTSUPP | libc::EPROTONOSUPPORT)
    )
}

/// All of a table (`NLM_F_DUMP`).
const DUMP: u16 = 0x300;
