//! `disable_local_igmp`: no IGMP reports for groups of the link, 224.0.0.18 among them, while the
//! daemon runs (spec vrrp-runtime 16). The setting belongs to the whole network namespace.

use evervip_os::settings_change::{LOCAL_REPORTS, SettingsChange as Change};
use evervip_os::sysctl;

use super::ledger::Ledger;

/// What was changed.
#[derive(Debug, Default)]
pub(super) struct LocalIgmp {
    /// The reports were on before and are off now.
    silenced: bool,
}

impl LocalIgmp {
    /// Turns the reports off, or on again if they were on.
    pub(super) fn set_disabled(&mut self, disabled: bool, ledger: &mut Ledger) {
        if !disabled {
            self.restore(ledger);
            return;
        }
        match sysctl::link_local_reports() {
            Ok(true) if !self.silenced => self.silence(ledger),
            Ok(_) => {}
            Err(error) => tracing::warn!(
                "kernel does not support igmp_link_local_mcast_reports, disable_local_igmp has no effect: {error}"
            ),
        }
    }

    fn silence(&mut self, ledger: &mut Ledger) {
        ledger.add([Change {
            interface: "all".to_owned(),
            setting: LOCAL_REPORTS.to_owned(),
            before: 1,
            after: 0,
        }]);
        self.silenced = write(false);
        if !self.silenced {
            forget(ledger);
        }
    }

    /// Puts back what was changed, unless somebody else has done so.
    pub(super) fn restore(&mut self, ledger: &mut Ledger) {
        if !std::mem::take(&mut self.silenced) {
            return;
        }
        if sysctl::link_local_reports().is_ok_and(|on| !on) {
            write(true);
        }
        forget(ledger);
    }
}

fn forget(ledger: &mut Ledger) {
    ledger.take(|change| change.setting == LOCAL_REPORTS);
    ledger.write();
}

/// Gives whether the kernel took it.
fn write(on: bool) -> bool {
    let result = sysctl::set_link_local_reports(on);
    if let Err(error) = &result {
        tracing::warn!("Unable to set igmp_link_local_mcast_reports: {error}");
    }
    result.is_ok()
}
