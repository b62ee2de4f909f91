//! What happens to the pair, the same for every set-up, and what must follow.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};

use crate::{
    site::{PRIMARY, SECONDARY, Site},
    story::Story,
    variant::Variant,
};

/// The steps in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Stop,
    ReturnFromStop,
    Kill,
    ReturnFromKill,
    Freeze,
    ExabgpWakes,
    Wake,
    WebHangs,
}

/// How a step went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) step: Step,
    /// Longest time without an answer.
    pub(crate) gap: Duration,
    pub(crate) traffic: Traffic,
    /// What is wrong; empty: passed.
    pub(crate) faults: Vec<String>,
}

/// What became of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// It went where it belongs, so long after the event.
    Moved(Duration),
    /// It was there already.
    Stayed,
    /// It was not there as long as we looked.
    Lost,
}

/// What a step may cost the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// The longest gap.
    AtMost(Duration),
    /// The hold time of BGP: no shorter, no longer.
    HoldTime,
    /// Nothing rescues the client: answers stay away as long as we look.
    Nothing,
}

/// One set-up on its way through all steps.
#[derive(Debug)]
pub(crate) struct Course<'c> {
    variant: &'c Variant,
    site: Site,
    story: Story,
}

impl Step {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 8] = [
        Self::Stop,
        Self::ReturnFromStop,
        Self::Kill,
        Self::ReturnFromKill,
        Self::Freeze,
        Self::ExabgpWakes,
        Self::Wake,
        Self::WebHangs,
    ];

    /// What happens.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Stop => "orderly stop",
            Self::ReturnFromStop => "start after the stop",
            Self::Kill => "kill -9",
            Self::ReturnFromKill => "start after kill -9",
            Self::Freeze => "node frozen",
            Self::ExabgpWakes => "only its ExaBGP wakes up",
            Self::Wake => "all of it wakes up",
            Self::WebHangs => "web server hangs",
        }
    }

    /// What it may cost, with seconds to spare for a busy machine.
    const fn allowed(self, has_daemon: bool) -> Allowed {
        match (self, has_daemon) {
            (Self::Freeze, false) => Allowed::HoldTime,
            (Self::WebHangs | Self::ExabgpWakes, false) => Allowed::Nothing,
            // The last advert is up to 1 s old: 3 s and the skew of 0.61 s.
            (Self::Freeze, true) => Allowed::AtMost(Duration::from_millis(6500)),
            // Two checks, each up to 1 s late and 0.8 s long, and the skew.
            (Self::WebHangs, true) => Allowed::AtMost(Duration::from_millis(7500)),
            _ => Allowed::AtMost(Duration::from_secs(3)),
        }
    }
}

impl<'c> Course<'c> {
    /// Starts all that announces and waits until the primary node serves the client.
    pub(crate) fn open(variant: &'c Variant, mut site: Site, start: SystemTime) -> Result<Self> {
        site.primary.start_announcing()?;
        site.secondary.start_announcing()?;
        let mut course = Self {
            variant,
            site,
            story: Story::new(variant.name, start),
        };
        course.settle("the start")?;
        Ok(course)
    }

    /// All steps.
    pub(crate) fn run(mut self) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        outcomes.push(self.play(Step::Stop, SECONDARY, |site| site.primary.stop())?);
        self.site.primary.wait_stopped()?;
        outcomes.push(self.play(Step::ReturnFromStop, PRIMARY, |site| {
            site.primary.start_announcing()
        })?);
        self.settle("the start after the stop")?;
        outcomes.push(self.play(Step::Kill, SECONDARY, |site| site.primary.kill_announcing())?);
        outcomes.push(self.play(Step::ReturnFromKill, PRIMARY, |site| {
            site.primary.start_announcing()
        })?);
        self.settle("the start after kill -9")?;
        outcomes.push(self.play(Step::Freeze, SECONDARY, |site| site.primary.freeze())?);
        self.wait("the route server gives the frozen node up", |site| {
            site.is_forgotten(PRIMARY)
        })?;
        outcomes.push(self.exabgp_wakes()?);
        outcomes.push(self.play(Step::Wake, PRIMARY, |site| site.primary.thaw())?);
        self.settle("all of the frozen node goes on")?;
        outcomes.push(self.play(Step::WebHangs, SECONDARY, |site| site.primary.stop_web())?);
        Ok(outcomes)
    }

    /// ExaBGP finds its session lost, makes a new one and announces what it announced before.
    fn exabgp_wakes(&mut self) -> Result<Outcome> {
        let step = Step::ExabgpWakes;
        self.begin(step);
        self.site.primary.thaw_exabgp()?;
        self.wait("the route of the frozen node is back", |site| {
            site.is_known(PRIMARY)
        })?;
        self.story.event(
            "",
            "the route server has the route of the frozen node again",
        );
        self.story.follow(&self.site, LOOK_AT_WAKING, || false);
        let traffic = match self.is_served_by(SECONDARY) {
            true => Traffic::Stayed,
            false => Traffic::Lost,
        };
        Ok(self.judge(step, SECONDARY, traffic))
    }

    /// Does something to the site and watches until `node` has the traffic.
    fn play(
        &mut self,
        step: Step,
        node: &'static str,
        event: impl FnOnce(&mut Site) -> Result<()>,
    ) -> Result<Outcome> {
        let start = self.begin(step);
        event(&mut self.site)?;
        let limit = match step.allowed(self.variant.has_daemon()) {
            Allowed::Nothing => LOOK_AT_HANGING,
            Allowed::AtMost(_) | Allowed::HoldTime => PATIENCE,
        };
        let site = &self.site;
        let there = self.story.follow(site, limit, || {
            // The primary node is back when its daemon says so: before that the traffic may
            // come because neither node is MASTER, and go again.
            is_served_by(site, node) && (node == SECONDARY || site.primary.is_master())
        });
        let mut traffic = Traffic::Lost;
        if there {
            traffic = Traffic::Moved(start.elapsed());
            self.story.follow(site, CALM, || false);
            // On a busy machine a request may fail in the very moment of the verdict. The gap counts it.
            self.story
                .follow(site, PATIENCE, || is_served_by(site, node));
        }
        Ok(self.judge(step, node, traffic))
    }

    fn begin(&self, step: Step) -> Instant {
        self.story.event("", &format!("--- {}", step.title()));
        self.site.client.reset_gap();
        Instant::now()
    }

    fn judge(&self, step: Step, node: &str, traffic: Traffic) -> Outcome {
        let gap = self.site.client.longest_gap();
        let mut faults = Vec::new();
        let rescued = traffic != Traffic::Lost && self.is_served_by(node);
        match step.allowed(self.variant.has_daemon()) {
            Allowed::Nothing if rescued => {
                faults.push("the client was not to be rescued".to_owned());
            }
            Allowed::Nothing => {}
            _ if !rescued => faults.push(format!("{node} does not serve the client")),
            Allowed::AtMost(longest) if gap > longest => {
                faults.push(format!("gap of more than {longest:?}"));
            }
            Allowed::HoldTime if !HOLD_TIME.contains(&gap) => {
                faults.push(format!("the gap is not within {HOLD_TIME:?}"));
            }
            Allowed::AtMost(_) | Allowed::HoldTime => {}
        }
        Outcome {
            step,
            gap,
            traffic,
            faults,
        }
    }

    /// Waits until all is as at the beginning.
    fn settle(&mut self, after: &str) -> Result<()> {
        self.wait(after, |site| {
            is_served_by(site, PRIMARY)
                && site.is_known(PRIMARY)
                && site.is_known(SECONDARY)
                && site.primary.is_master()
                && site.secondary.is_backup()
        })
    }

    fn wait(&mut self, what: &str, condition: impl Fn(&Site) -> bool) -> Result<()> {
        let site = &self.site;
        let met = self.story.follow(site, PATIENCE, || condition(site));
        ensure!(
            met,
            "{}: not within {PATIENCE:?}: {what}\n{}",
            self.variant.name,
            site.logs()
        );
        Ok(())
    }

    fn is_served_by(&self, node: &str) -> bool {
        is_served_by(&self.site, node)
    }
}

/// Whether route server and client agree that `node` has the traffic.
fn is_served_by(site: &Site, node: &str) -> bool {
    site.client.answered_by().as_deref() == Some(node) && site.forwarded_to() == Some(node)
}

/// Longest wait for anything; more than the hold time, as the frozen node needs that.
const PATIENCE: Duration = Duration::from_secs(45);

/// Time after a step in which nothing may happen any more.
const CALM: Duration = Duration::from_millis(500);

/// How long we look at a client that nothing rescues.
const LOOK_AT_HANGING: Duration = Duration::from_secs(5);

/// How long we look at a client after the route of a node that cannot serve has come back.
const LOOK_AT_WAKING: Duration = Duration::from_secs(2);

/// A gap of the hold time, 30 s: the last message is up to 10 s old, BIRD makes its timers up to
/// a quarter shorter, and everything may be late.
const HOLD_TIME: std::ops::Range<Duration> = Duration::from_secs(10)..Duration::from_secs(40);
