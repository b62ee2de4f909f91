//! Mails about changes of state: when one is due (spec vrrp-runtime 10).

use std::sync::Arc;

use evervip_model::{Mail, State};

use crate::{Action, Engine, NotificationKind, RouterId, Subject};

/// What a mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertNews {
    /// The subject is now in this state.
    Entered(State),
    /// A reload has removed the instance (`notify_deleted`).
    Deleted,
}

/// A mail about an instance or a group whose `smtp_alert` is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Whom it is about.
    pub subject: Subject,
    /// What happened.
    pub news: AlertNews,
}

/// The state that the last mail about a subject told. Nobody is told the same twice, also when a
/// FAULT of which no mail was wanted lay between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LastMail(Option<State>);

impl LastMail {
    /// Whether a mail is due; if so, takes it for sent.
    fn is_due(&mut self, mail: &Mail, news: AlertNews) -> bool {
        let AlertNews::Entered(state) = news else {
            return true;
        };
        if state == State::Fault && mail.no_faults {
            return false;
        }
        self.0.replace(state) != Some(state)
    }
}

impl Engine {
    /// Mails what a router's notification says, if that is wanted.
    pub(crate) fn alert_of_router(&mut self, id: RouterId, kind: NotificationKind) {
        let router = &mut self.routers[id];
        let mail = &self.globals.mail;
        let Some(news) = news(kind).filter(|_| router.spec.smtp_alert && mail.is_possible()) else {
            return;
        };
        if router.last_mail.is_due(mail, news) {
            let subject = Subject::Instance(Arc::clone(&router.spec));
            self.push(Action::Mail(Alert { subject, news }));
        }
    }

    /// Mails that a group has entered its state, if that is wanted.
    pub(crate) fn alert_of_group(&mut self, index: usize) {
        let mail = &self.globals.mail;
        let Some(group) = self.groups.get_mut(index) else {
            return;
        };
        let news = AlertNews::Entered(group.state);
        let wanted = group.spec.smtp_alert && mail.is_possible();
        if wanted && group.last_mail.is_due(mail, news) {
            let subject = Subject::Group(Arc::clone(&group.spec));
            self.push(Action::Mail(Alert { subject, news }));
        }
    }

    /// After a reload the next change is mailed, whatever was mailed before; so does the original.
    pub(crate) fn forget_mails(&mut self) {
        for id in self.routers.ids() {
            self.routers[id].last_mail = LastMail::default();
        }
    }
}

fn news(kind: NotificationKind) -> Option<AlertNews> {
    match kind {
        NotificationKind::Entered(state) => Some(AlertNews::Entered(state)),
        NotificationKind::Removed => Some(AlertNews::Entered(State::Fault)),
        NotificationKind::Deleted => Some(AlertNews::Deleted),
        NotificationKind::MasterRxLowerPri
        | NotificationKind::PriorityChanged(_)
        | NotificationKind::StillIn(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(no_faults: bool, states: &[State]) -> Vec<State> {
        let mail = Mail {
            no_faults,
            ..Mail::default()
        };
        let mut last = LastMail::default();
        let due = |state: &&State| last.is_due(&mail, AlertNews::Entered(**state));
        states.iter().filter(due).copied().collect()
    }

    #[test]
    fn the_same_state_is_mailed_once() {
        use State::{Backup, Fault, Master, Stop};
        let states = [Backup, Backup, Master, Fault, Backup, Fault, Backup, Stop];
        assert_eq!(
            due(false, &states),
            [Backup, Master, Fault, Backup, Fault, Backup, Stop]
        );
    }

    #[test]
    fn a_fault_that_is_not_mailed_is_none() {
        use State::{Backup, Fault, Master, Stop};
        let states = [Backup, Fault, Backup, Master, Fault, Backup, Fault, Stop];
        assert_eq!(due(true, &states), [Backup, Master, Backup, Stop]);
    }
}
