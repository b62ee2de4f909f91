//! `evervip teardown`: removes what a daemon that was killed has left, and only that.
//!
//! * `place` - which daemon that was: its namespace, its pid files, whether it still runs;
//! * `survey` - what of it is there, in the kernel and in files;
//! * `remnant` - one such thing: its name, and its removal.
//!
//! What may be there says the engine itself ([`evervip_vrrp::remains`]): it is what the daemon would
//! remove at its next start and stop. What is there says the kernel, and for addresses, routes and
//! rules also who has put it there.

mod place;
mod remnant;
mod survey;

use std::io::{self, Write};
use std::path::PathBuf;

use place::{Place, Refusal};
use survey::{Survey, survey};

/// What `teardown` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Teardown {
    /// The daemon's configuration: a keepalived.conf, or the JSON of failover.
    pub file: PathBuf,
    /// Only say what is there.
    pub dry_run: bool,
    /// `-i` of the daemon.
    pub config_id: Option<String>,
    /// `-s` of the daemon.
    pub namespace: Option<String>,
    /// `-p` of the daemon.
    pub parent_pid_file: Option<PathBuf>,
    /// `-r` of the daemon.
    pub vrrp_pid_file: Option<PathBuf>,
}

/// Exit code when the configuration cannot be had, or the machine cannot be asked.
const UNKNOWN: u8 = 2;
/// Exit code when a daemon of this configuration runs: nothing was done.
const RUNS: u8 = 3;
/// Exit code when something could not be removed.
const INCOMPLETE: u8 = 4;

impl Teardown {
    /// Does it. The exit code is 0 when nothing is left.
    pub(crate) fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let (place, config) = match Place::find(self) {
            Ok(found) => found,
            Err(Refusal { code, lines }) => {
                for line in lines {
                    writeln!(err, "evervip teardown: {line}")?;
                }
                return Ok(code);
            }
        };
        match survey(config, &place) {
            Ok(survey) => self.clear(survey, out, err),
            Err(error) => {
                writeln!(err, "evervip teardown: {error}")?;
                Ok(UNKNOWN)
            }
        }
    }

    fn clear(
        &self,
        mut survey: Survey,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<u8> {
        for kept in &survey.kept {
            writeln!(out, "keeping {kept}")?;
        }
        if survey.remnants.is_empty() {
            writeln!(out, "nothing is left")?;
        }
        let mut complete = true;
        for remnant in &survey.remnants {
            if self.dry_run {
                writeln!(out, "would {} {remnant}", remnant.verb())?;
                continue;
            }
            match remnant.remove(&mut survey.requests) {
                Ok(()) => writeln!(out, "{}d {remnant}", remnant.verb())?,
                Err(error) => {
                    complete = false;
                    writeln!(err, "cannot {} {remnant}: {error}", remnant.verb())?;
                }
            }
        }
        Ok(if complete { 0 } else { INCOMPLETE })
    }
}
