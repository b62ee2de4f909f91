//! Actions in words, one line each.

use std::fmt::Write as _;

use evervip_vrrp::{
    Action, AddressChange, Alert, AlertNews, Announcement, AnnouncementPart, Engine, Notification,
    NotificationKind, PlacedAddress, RouteChange, RouterId, RuleChange, Subject, Timestamp,
};

/// One line for an action. The engine gives the names of routers.
#[must_use]
pub fn render(engine: &Engine, action: &Action) -> String {
    match action {
        Action::SendAdvert {
            router, priority, ..
        } => format!("advert {} {priority}", name(engine, *router)),
        Action::AddAddresses(change) => format!("add {}", addresses_of(engine, change)),
        Action::RemoveAddresses(change) => format!("remove {}", addresses_of(engine, change)),
        Action::Announce(announcement) => announce(engine, announcement),
        Action::Notify(notification) => notify(notification),
        Action::Mail(alert) => mail(alert),
        Action::Trap(trap) => format!("trap {}", trap.name()),
        Action::StartCheck { run, script, .. } => format!("check {} run {}", script.name, run.0),
        Action::UpdateVirtualInterfaces => "virtual interfaces".to_owned(),
        Action::CloseAddresses(change) => format!("close {}", addresses_of(engine, change)),
        Action::OpenAddresses(change) => format!("open {}", addresses_of(engine, change)),
        Action::AddRoutes(change) => format!("add {}", routes_of(engine, change)),
        Action::RemoveRoutes(change) => format!("remove {}", routes_of(engine, change)),
        Action::AddStaticAddresses(addresses) => format!("add static{}", list(addresses, true)),
        Action::RemoveStaticAddresses(addresses) => {
            format!("remove static{}", list(addresses, true))
        }
        Action::AlterAddresses(addresses) => format!("alter{}", list(addresses, true)),
        Action::AddRules(change) => format!("add {}", rules_of(engine, change)),
        Action::RemoveRules(change) => format!("remove {}", rules_of(engine, change)),
        Action::UpdateSockets => {
            let mut line = "sockets".to_owned();
            for socket in engine.sockets() {
                let _ = write!(
                    line,
                    " {} {:?} {:?}",
                    socket.interface_name, socket.key.kind, socket.vrids
                );
            }
            line
        }
        Action::UpdateLatches => format!("latched [{}]", engine.latched().join(" ")),
        Action::Log(text) => {
            let level = if text.is_warning() {
                "warn"
            } else if text.is_detail() {
                "detail"
            } else {
                "log"
            };
            format!("{level} {text}")
        }
    }
}

/// How long after `now` the engine wants to be woken, or that it does not.
#[must_use]
pub fn render_deadline(engine: &Engine, now: Timestamp) -> String {
    match engine.next_deadline() {
        None => "next never".to_owned(),
        Some(at) if at < now => {
            let late = now.saturating_since(at);
            format!("next -{}.{:06}", late.as_secs(), late.subsec_micros())
        }
        Some(at) => {
            let wait = at.saturating_since(now);
            format!("next +{}.{:06}", wait.as_secs(), wait.subsec_micros())
        }
    }
}

fn name(engine: &Engine, id: RouterId) -> String {
    engine
        .router_name(id)
        .map_or_else(|| "(gone)".to_owned(), |name| name.to_string())
}

fn addresses_of(engine: &Engine, change: &AddressChange) -> String {
    format!(
        "{}{}",
        name(engine, change.router),
        list(&change.addresses, true)
    )
}

fn owner(engine: &Engine, router: Option<RouterId>) -> String {
    router.map_or_else(|| "static".to_owned(), |router| name(engine, router))
}

fn routes_of(engine: &Engine, change: &RouteChange) -> String {
    let mut line = format!("{} routes", owner(engine, change.router));
    for placed in &change.routes {
        let destination = placed.route.destination;
        let destination = destination.map(|to| format!("{}/{}", to.address, to.prefix));
        let _ = write!(line, " {}", destination.as_deref().unwrap_or("default"));
        if let Some(index) = placed.interface {
            let _ = write!(line, "%{index}");
        }
    }
    line
}

fn rules_of(engine: &Engine, change: &RuleChange) -> String {
    let mut line = format!("{} rules", owner(engine, change.router));
    for rule in &change.rules {
        let _ = write!(line, " {}", rule.preference);
    }
    line
}

fn announce(engine: &Engine, announcement: &Announcement) -> String {
    let part = match announcement.part {
        AnnouncementPart::Burst => "burst",
        AnnouncementPart::Single => "single",
    };
    format!(
        "announce {} {part} x{}{}",
        name(engine, announcement.router),
        announcement.rounds,
        list(&announcement.addresses, false)
    )
}

fn list(addresses: &[PlacedAddress], with_prefix: bool) -> String {
    let mut text = String::new();
    for placed in addresses {
        let _ = write!(text, " {}", placed.address.address);
        if with_prefix {
            let _ = write!(text, "/{}", placed.address.prefix);
        }
        let _ = write!(text, "@{}", placed.interface);
    }
    text
}

fn mail(alert: &Alert) -> String {
    let subject = match &alert.subject {
        Subject::Instance(instance) => format!("INSTANCE {}", instance.name),
        Subject::Group(group) => format!("GROUP {}", group.name),
    };
    match alert.news {
        AlertNews::Entered(state) => format!("mail {subject} {}", state.keepalived_name()),
        AlertNews::Deleted => format!("mail {subject} DELETED"),
    }
}

fn notify(notification: &Notification) -> String {
    let subject = match &notification.subject {
        Subject::Instance(instance) => format!("INSTANCE {}", instance.name),
        Subject::Group(group) => format!("GROUP {}", group.name),
    };
    let kind = match notification.kind {
        NotificationKind::Entered(state) => state.keepalived_name(),
        NotificationKind::MasterRxLowerPri => "MASTER_RX_LOWER_PRI",
        NotificationKind::PriorityChanged(_) => "PRIORITY",
        NotificationKind::Deleted => "DELETED",
        NotificationKind::StillIn(_) => "STILL",
        NotificationKind::Removed => "REMOVED",
    };
    format!("notify {subject} {kind} {}", notification.priority)
}
