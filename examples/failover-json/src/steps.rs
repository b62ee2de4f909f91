//! What happens to the pair.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use evervip_lab::wait_until;
use nix::sys::signal::Signal;

use crate::{programs::Program, site::Site};

/// How a step went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    pub(crate) owner: String,
    /// Longest time without an answer.
    pub(crate) gap: Duration,
    /// What is accepted on a busy machine.
    pub(crate) allowed: Duration,
}

impl Outcome {
    pub(crate) fn is_in_time(&self) -> bool {
        self.gap <= self.allowed
    }
}

/// How all of them went.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) outcomes: Vec<Outcome>,
    /// Processor time of a master in each second, if it was measured.
    pub(crate) busy: Option<Duration>,
}

/// Longest wait for anything to happen. That failover takes long is what is to be seen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a master is watched for its processor time.
const WATCH: Duration = Duration::from_secs(10);

struct Stage<'p> {
    site: Site,
    program: &'p Program,
    start: Instant,
    outcomes: Vec<Outcome>,
}

/// Plays the whole with a program. `with_crash`: also a daemon that is killed on a node that lives on,
/// and `evervip teardown` after it.
pub(crate) fn play(program: &Program, with_crash: bool, measure: bool) -> Result<Report> {
    let mut stage = Stage {
        site: Site::build(program)?,
        program,
        start: Instant::now(),
        outcomes: Vec::new(),
    };
    stage.open()?;
    let busy = measure.then(|| stage.watch());
    stage.stop_and_return()?;
    if with_crash {
        stage.crash_and_return()?;
    }
    stage.node_death()?;
    Ok(Report {
        outcomes: stage.outcomes,
        busy,
    })
}

impl Stage<'_> {
    fn open(&mut self) -> Result<()> {
        self.say("both daemons are started");
        self.site.a.start_daemon(self.program)?;
        self.site.b.start_daemon(self.program)?;
        self.wait_for("a")
    }

    /// Lets the master work, and gives its processor time in each second.
    fn watch(&self) -> Duration {
        let (before, start) = (self.site.a.processor_time(), Instant::now());
        // Nothing is to happen in this time: it is the steady state that is measured.
        thread::sleep(WATCH);
        let used = self.site.a.processor_time().saturating_sub(before);
        used.div_f64(start.elapsed().as_secs_f64())
    }

    fn stop_and_return(&mut self) -> Result<()> {
        // Skew time only: the master resigns. A second of it, and much for a busy machine.
        self.step(
            "SIGTERM to the daemon of the master",
            "b",
            3.0,
            |site, _| {
                let daemon = site.a.daemon()?;
                daemon.signal(Signal::SIGTERM).map_err(|e| anyhow!("{e}"))
            },
        )?;
        // Leaving takes as long as it takes; two of one program would be one too many.
        let ended = self.site.a.daemon()?.wait(PATIENCE);
        ended.map_err(|e| anyhow!("{e}"))?;
        self.come_back()
    }

    fn come_back(&mut self) -> Result<()> {
        let title = "the daemon is started again, and takes over";
        self.step(title, "a", 4.0, |site, program| {
            site.a.start_daemon(program)
        })
    }

    fn crash_and_return(&mut self) -> Result<()> {
        let title = "kill -9 of the daemon, the node lives on";
        self.step(title, "b", 8.0, |site, _| {
            site.a.daemon()?.kill_tree();
            Ok(())
        })?;
        self.say(&format!(
            "the address is on {}: nobody has taken it off a",
            self.site.owners().join(" and ")
        ));
        // What a has answered meanwhile may have led the switch back to it; b's next advert ends that.
        self.step("evervip teardown on that node", "b", 4.0, |site, _| {
            let done = site.a.teardown()?;
            print(&done.stdout);
            ensure!(done.status.success(), "teardown: {}", done.stderr);
            ensure!(!site.a.has_address(), "the address is still on a");
            Ok(())
        })?;
        self.come_back()
    }

    fn node_death(&mut self) -> Result<()> {
        let title = "the master dies: link cut, kill -9";
        self.step(title, "b", 8.0, |site, _| site.a.die())
    }

    /// Does something, waits until the client is answered by `owner`, and takes the gap down.
    fn step(
        &mut self,
        title: &'static str,
        owner: &str,
        allowed: f64,
        event: impl FnOnce(&mut Site, &Program) -> Result<()>,
    ) -> Result<()> {
        self.site.client.reset_gap();
        self.say(title);
        event(&mut self.site, self.program)?;
        self.wait_for(owner)?;
        let gap = self.site.client.longest_gap();
        self.say(&format!(
            "answered by {owner}; the longest time without an answer was {:.2} s",
            gap.as_secs_f64()
        ));
        self.outcomes.push(Outcome {
            title,
            owner: self.site.owners().join(" and "),
            gap,
            allowed: Duration::from_secs_f64(allowed),
        });
        Ok(())
    }

    /// Waits until the client is answered by a node which has the address.
    fn wait_for(&self, owner: &str) -> Result<()> {
        let what = format!("the client is answered by {owner}");
        let waited = wait_until(PATIENCE, &what, || {
            self.site.client.answered_by().as_deref() == Some(owner)
                && self.site.owners().contains(&owner)
        });
        waited.map_err(|error| {
            let log = |member: &crate::site::Member| {
                let daemon = member.daemon();
                daemon.map_or_else(|_| String::new(), |daemon| daemon.log().text())
            };
            let (a, b) = (log(&self.site.a), log(&self.site.b));
            anyhow!("{error}\nlog of a:\n{a}\nlog of b:\n{b}")
        })
    }

    #[expect(clippy::print_stdout, reason = "the example is its output")]
    fn say(&self, text: &str) {
        println!(
            "{:7.2} s  {:<8}  {text}",
            self.start.elapsed().as_secs_f64(),
            self.program.name()
        );
    }
}

/// Shows what a command has said.
#[expect(clippy::print_stdout, reason = "the example is its output")]
fn print(output: &str) {
    for line in output.lines() {
        println!("                         {line}");
    }
}
