//! Mails for which there was no room: said once, and counted until there is some again.

/// Those lost since the last that found room.
#[derive(Debug, Default)]
pub(super) struct Losses(u64);

impl Losses {
    /// A mail was lost because so many wait.
    pub(super) fn lost(&mut self, waiting: usize) {
        if self.0 == 0 {
            tracing::error!("An SMTP alert was lost: {waiting} wait for the relay already");
        }
        self.0 += 1;
    }

    /// A mail found room.
    pub(super) fn end(&mut self) {
        if self.0 > 0 {
            tracing::error!("{} SMTP alerts were lost, further ones are sent", self.0);
        }
        self.0 = 0;
    }
}
