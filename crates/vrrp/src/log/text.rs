//! The texts of the lines: those of 2.2.7 where it says the same, which monitoring greps.

use std::fmt;

use evervip_model::{State, UnrunnableScripts};

use super::{FaultReason, LogLine};

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PacketDropped {
                name,
                from,
                complaint,
            } => complaint.describe(f, name, *from),
            Self::Track(line) => line.fmt(f),
            Self::Authentication(line) => line.fmt(f),
            Self::Firewall(line) => line.fmt(f),
            Self::Route(line) => line.fmt(f),
            Self::Bfd(line) => line.fmt(f),
            Self::Address(line) => line.fmt(f),
            Self::Trap(line) => line.fmt(f),
            Self::Latch(line) => line.fmt(f),
            Self::TimerExpired { late } => write!(
                f,
                "VRRP thread timer expired {}.{:06} seconds ago",
                late.as_secs(),
                late.subsec_micros()
            ),
            Self::Entering { .. }
            | Self::FaultReason { .. }
            | Self::AdvertTimeout { .. }
            | Self::HigherPriority { .. }
            | Self::HigherAddress { .. }
            | Self::LowerPriority { .. }
            | Self::Discarding { .. }
            | Self::BackupReceivedZero { .. }
            | Self::MasterReceivedZero { .. }
            | Self::OwnAddress { .. }
            | Self::TwoOwners { .. }
            | Self::StartPreemptDelay { .. }
            | Self::StopPreemptDelay { .. }
            | Self::IntervalLearned { .. }
            | Self::IntervalRestored { .. }
            | Self::SentZero { .. }
            | Self::PriorityChanged { .. } => self.fmt_election(f),
            Self::ScriptReturning { .. }
            | Self::ScriptSucceeded { .. }
            | Self::ScriptFailed { .. }
            | Self::ScriptSignalled { .. }
            | Self::ScriptTimedOut { .. }
            | Self::ScriptOverrun { .. }
            | Self::ScriptCannotRun { .. }
            | Self::ScriptNotExecuted { .. }
            | Self::ScriptKept { .. } => self.fmt_script(f),
            _ => self.fmt_host(f),
        }
    }
}

impl LogLine {
    fn fmt_election(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The original's wording at start, where FAULT has no "(init)".
            Self::Entering {
                name,
                state: State::Fault,
                init: true,
            } => write!(f, "({name}) entering FAULT state"),
            Self::Entering { name, state, init } => {
                write!(
                    f,
                    "({name}) Entering {state} STATE{}",
                    if *init { " (init)" } else { "" }
                )
            }
            Self::FaultReason {
                name,
                reason: reason @ (FaultReason::NoSourceAddress(_) | FaultReason::Process(_)),
            } => {
                write!(f, "({name}) entering FAULT state {reason}")
            }
            Self::FaultReason { name, reason } => {
                write!(f, "({name}): entering FAULT state {reason}")
            }
            Self::AdvertTimeout { name } => write!(f, "({name}) Receive advertisement timeout"),
            _ => self.fmt_heard(f),
        }
    }

    /// What an advert of another one does.
    fn fmt_heard(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HigherPriority {
                name,
                from,
                priority,
                ours,
            } => {
                write!(
                    f,
                    "({name}) Master received advert from {from} with higher priority {priority}, ours {ours}"
                )
            }
            Self::HigherAddress {
                name,
                from,
                priority,
            } => write!(
                f,
                "({name}) Master received advert from {from} with same priority {priority} but higher IP address than ours"
            ),
            Self::LowerPriority {
                name,
                from,
                priority,
                ours,
                answered,
            } => write!(
                f,
                "({name}) Received advert from {from} with lower priority {priority}, ours {ours}{}",
                if *answered {
                    ", forcing new election"
                } else {
                    ""
                }
            ),
            Self::Discarding {
                name,
                from,
                priority,
            } => {
                write!(
                    f,
                    "({name}) received lower priority ({priority}) advert from {from} - discarding"
                )
            }
            Self::BackupReceivedZero { name } => {
                write!(f, "({name}) Backup received priority 0 advertisement")
            }
            Self::MasterReceivedZero { name } => {
                write!(f, "({name}) Master received priority 0 message")
            }
            _ => self.fmt_timing(f),
        }
    }

    fn fmt_timing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnAddress { name } => {
                write!(
                    f,
                    "({name}) WARNING - equal priority advert received from remote host with our IP address."
                )
            }
            Self::TwoOwners { name } => write!(
                f,
                "({name}) CONFIGURATION ERROR: local instance and a remote instance are both configured as address owner, please fix - reducing local priority"
            ),
            Self::StartPreemptDelay { name, delay } => write!(
                f,
                "({name}) start preempt delay ({}.{:06})",
                delay.as_secs(),
                delay.subsec_micros()
            ),
            Self::StopPreemptDelay { name } => write!(f, "({name}) stop preempt delay"),
            Self::IntervalLearned { name, from, to } => write!(
                f,
                "({name}) advertisement interval updated from {}ms to {}ms by master",
                from.as_millis(),
                to.as_millis()
            ),
            Self::IntervalRestored { name, from, to } => write!(
                f,
                "({name}) changing advert interval from {}ms to locally configured {}ms",
                from.as_millis(),
                to.as_millis()
            ),
            Self::SentZero { name } => write!(f, "({name}) sent 0 priority"),
            Self::PriorityChanged { name, from, to } => {
                write!(
                    f,
                    "({name}) Changing effective priority from {from} to {to}"
                )
            }
            _ => Ok(()),
        }
    }

    fn fmt_script(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScriptReturning { script, status } => {
                write!(f, "Script `{script}` now returning {status}")
            }
            Self::ScriptSucceeded { script } => write!(f, "VRRP_Script({script}) succeeded"),
            Self::ScriptFailed { script, status } => {
                write!(
                    f,
                    "VRRP_Script({script}) failed (exited with status {status})"
                )
            }
            Self::ScriptSignalled { script, signal } => {
                write!(f, "VRRP_Script({script}) failed (due to signal {signal})")
            }
            Self::ScriptTimedOut { script } => write!(f, "VRRP_Script({script}) timed_out"),
            Self::ScriptOverrun { script } => {
                write!(
                    f,
                    "Track script {script} is already running, expect idle - skipping run"
                )
            }
            Self::ScriptCannotRun {
                script,
                error,
                counts_as,
            } => {
                let result = match counts_as {
                    UnrunnableScripts::Succeed => "succeeded",
                    UnrunnableScripts::Fail => "failed",
                };
                write!(
                    f,
                    "VRRP_Script({script}) cannot be executed ({error}) and therefore counts as {result} - check its path, its permissions and its #! line"
                )
            }
            Self::ScriptNotExecuted { script } => {
                write!(f, "VRRP_Script({script}) failed (not executed)")
            }
            Self::ScriptKept { script, good } => write!(
                f,
                "VRRP_Script({script}) considered {} on reload",
                if *good { "successful" } else { "unsuccessful" }
            ),
            _ => Ok(()),
        }
    }

    fn fmt_host(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVrid {
                vrid,
                interface,
                from,
            } => {
                write!(
                    f,
                    "Unknown VRID({vrid}) received on interface({interface}) from {from}. ignoring..."
                )
            }
            Self::LinkUp { interface } => write!(f, "Netlink reports {interface} up"),
            Self::LinkDown { interface } => write!(f, "Netlink reports {interface} down"),
            Self::LinkAdded { interface } => write!(f, "Interface {interface} added"),
            Self::LinkRenamed { from, to } => {
                write!(f, "Interface name has changed from {from} to {to}")
            }
            Self::LinkDeleted { interface } => write!(f, "Interface {interface} deleted"),
            Self::GroupFault { group, member } => {
                write!(f, "VRRP_Group({group}): Syncing {member} to FAULT state")
            }
            Self::StartupDelayed { delay } => {
                write!(f, "Delaying startup for {} seconds", delay.as_secs_f64())
            }
            Self::GroupSync { group, state } => {
                write!(f, "VRRP_Group({group}) Syncing instances to {state} state")
            }
            _ => self.fmt_addresses(f),
        }
    }

    fn fmt_addresses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SettingAddresses { name, excluded } => {
                write!(
                    f,
                    "({name}) setting {}VIPs.",
                    if *excluded { "E-" } else { "" }
                )
            }
            Self::RemovingAddresses { name, excluded } => {
                write!(
                    f,
                    "({name}) removing {}VIPs.",
                    if *excluded { "E-" } else { "" }
                )
            }
            Self::QueueingAnnouncement {
                name,
                interface,
                address,
            } => {
                let kind = if address.is_ipv4() {
                    "gratuitous ARPs"
                } else {
                    "Unsolicited Neighbour Adverts"
                };
                write!(
                    f,
                    "({name}) Sending/queueing {kind} on {interface} for {address}"
                )
            }
            Self::AddressGone { name, text } => {
                write!(f, "({name}) ip address {text}, no longer exist")
            }
            Self::AddressTaken { address, interface } => {
                write!(
                    f,
                    "Netlink reflector reports IP {address} removed from {interface}"
                )
            }
            Self::AddressPutBack {
                name,
                address,
                interface,
            } => {
                write!(
                    f,
                    "({name}) put {address} back on {interface}: it was removed while we are MASTER"
                )
            }
            // The original's wording, without parentheses.
            Self::WakingNeighbours { name, address } => {
                let kind = if address.is_ipv4() { "ARP" } else { "NA" };
                write!(f, "{name}: sending gratuitous {kind} for {address}")
            }
            _ => Ok(()),
        }
    }
}
