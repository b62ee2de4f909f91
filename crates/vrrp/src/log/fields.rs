//! What a line says besides its text, for logs that keep such things apart (the journal of systemd).

use std::sync::Arc;

use evervip_model::State;

use super::{
    AddressLine, AuthenticationLine, FirewallLine, LatchLine, LogLine, RouteLine, TrackLine,
};
use crate::FaultReason;

impl LogLine {
    /// The instance that the line is about.
    #[must_use]
    pub const fn instance(&self) -> Option<&Arc<str>> {
        match self {
            Self::Entering { name, .. }
            | Self::FaultReason { name, .. }
            | Self::AdvertTimeout { name }
            | Self::HigherPriority { name, .. }
            | Self::HigherAddress { name, .. }
            | Self::LowerPriority { name, .. }
            | Self::Discarding { name, .. }
            | Self::BackupReceivedZero { name }
            | Self::MasterReceivedZero { name }
            | Self::OwnAddress { name }
            | Self::TwoOwners { name }
            | Self::StartPreemptDelay { name, .. }
            | Self::StopPreemptDelay { name }
            | Self::IntervalLearned { name, .. }
            | Self::IntervalRestored { name, .. }
            | Self::SentZero { name }
            | Self::SettingAddresses { name, .. }
            | Self::RemovingAddresses { name, .. }
            | Self::QueueingAnnouncement { name, .. }
            | Self::AddressGone { name, .. }
            | Self::AddressPutBack { name, .. }
            | Self::PriorityChanged { name, .. }
            | Self::PacketDropped { name, .. }
            | Self::WakingNeighbours { name, .. }
            | Self::Track(
                TrackLine::FileFault { name, .. }
                | TrackLine::FileRecovered { name, .. }
                | TrackLine::PrioritySet { name, .. },
            )
            | Self::Authentication(
                AuthenticationLine::NumberSkipped { name }
                | AuthenticationLine::OldChecksumHeard { name },
            )
            | Self::Latch(
                LatchLine::Latched { name }
                | LatchLine::ReasonGone { name }
                | LatchLine::Cleared { name }
                | LatchLine::Dropped { name },
            )
            | Self::Firewall(FirewallLine::Setting { name } | FirewallLine::Removing { name })
            | Self::Route(
                RouteLine::SettingRoutes { name }
                | RouteLine::SettingRules { name }
                | RouteLine::RemovingRoutes { name }
                | RouteLine::RemovingRules { name }
                | RouteLine::RoutePutBack { name, .. }
                | RouteLine::RulePutBack { name, .. },
            ) => Some(name),
            Self::Address(AddressLine::Unalterable { name, .. }) => name.as_ref(),
            _ => None,
        }
    }

    /// The state that its instance, or its group, goes into.
    #[must_use]
    pub const fn state(&self) -> Option<State> {
        match self {
            Self::Entering { state, .. } | Self::GroupSync { state, .. } => Some(*state),
            Self::FaultReason { .. } | Self::GroupFault { .. } => Some(State::Fault),
            _ => None,
        }
    }

    /// Why its instance changes its state, or is about to: a word that is the same in every version.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::FaultReason { reason, .. } => Some(reason.word()),
            Self::AdvertTimeout { .. } => Some("advert-timeout"),
            Self::HigherPriority { .. } => Some("higher-priority"),
            Self::HigherAddress { .. } => Some("higher-address"),
            Self::BackupReceivedZero { .. } => Some("priority-zero"),
            Self::AddressGone { .. } => Some("address-gone"),
            Self::GroupSync { .. } | Self::GroupFault { .. } => Some("sync-group"),
            _ => None,
        }
    }
}

impl FaultReason {
    /// The kind of fault as a word.
    const fn word(&self) -> &'static str {
        match self {
            Self::InterfaceDown(_) => "interface-down",
            Self::InterfaceMissing(_) => "interface-missing",
            Self::InterfaceUp(_) => "interface-up",
            Self::NoSourceAddress(_) => "no-source-address",
            Self::SourceAddressMissing => "source-address-missing",
            Self::SocketMissing => "socket-missing",
            Self::Script(_) => "script",
            Self::Configuration => "configuration",
            Self::File(_) => "tracked-file",
            Self::Process(_) => "tracked-process",
            Self::VirtualInterfaceMissing(_) => "virtual-interface-missing",
            Self::Bfd { .. } => "bfd",
            Self::Latched => "latched",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &LogLine) -> (Option<&str>, Option<State>, Option<&str>) {
        let instance = line.instance().map(|name| &**name);
        (instance, line.state(), line.reason())
    }

    #[test]
    fn lines_about_states_say_whose_which_and_why() {
        let name: Arc<str> = "V".into();
        let entering = LogLine::Entering {
            name: Arc::clone(&name),
            state: State::Master,
            init: false,
        };
        assert_eq!(fields(&entering), (Some("V"), Some(State::Master), None));
        let fault = LogLine::FaultReason {
            name: Arc::clone(&name),
            reason: FaultReason::Script("chk".into()),
        };
        assert_eq!(
            fields(&fault),
            (Some("V"), Some(State::Fault), Some("script"))
        );
        let late = LogLine::AdvertTimeout { name };
        assert_eq!(fields(&late), (Some("V"), None, Some("advert-timeout")));
        let link = LogLine::LinkUp {
            interface: "eth0".to_owned(),
        };
        assert_eq!(fields(&link), (None, None, None));
    }
}
