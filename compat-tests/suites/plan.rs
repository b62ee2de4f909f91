//! The list of cases: every scenario times every combination of programs that is asked for.

use std::{
    collections::BTreeMap,
    env, fmt,
    sync::{Arc, Mutex, PoisonError},
};

use evervip_lab::Lab;
use libtest_mimic::{Completion, Failed, Trial};

use crate::{
    alone::or_alone,
    program::{Program, Side},
    verdict::Verdict,
};

/// A scenario's two programs.
#[derive(Debug, Clone)]
pub struct Combo {
    /// Stands where the scenario looks: first node, usually the one that fails.
    pub subject: Program,
    /// The other node.
    pub peer: Program,
}

/// Cases so far and how to make more.
pub struct Plan {
    subjects: Vec<Side>,
    peers: Vec<Side>,
    ours: Result<Program, String>,
    theirs: Result<Program, String>,
    /// Why no case can run here.
    no_lab: Option<String>,
    trials: Vec<Trial>,
    tally: Tally,
}

/// Passed, failed, skipped per combination.
#[derive(Debug, Default, Clone)]
pub struct Tally(Arc<Mutex<BTreeMap<String, [u32; 3]>>>);

impl Plan {
    /// Looks for the programs and checks that the laboratory works.
    pub fn new() -> Result<Self, String> {
        let subjects = Side::chosen_by("EVERVIP_SUBJECT")?;
        let peers = Side::chosen_by("EVERVIP_PEER")?;
        let ours = Program::find(Side::Ours);
        let theirs = Program::find(Side::Theirs);
        if subjects.contains(&Side::Ours) || peers.contains(&Side::Ours) {
            // What is to be tested must be there; only the yardstick may be missing.
            ours.clone()?;
        }
        for (side, program) in [(Side::Ours, &ours), (Side::Theirs, &theirs)] {
            match program {
                Ok(program) => {
                    eprintln!("{side}: {} ({})", program.path.display(), program.version)
                }
                Err(reason) => eprintln!("SKIPPED: cases with `{side}`: {reason}"),
            }
        }
        if theirs
            .as_ref()
            .is_ok_and(|program| !program.version.contains("v2.2.7"))
        {
            eprintln!("NOTE: the expectations are those of keepalived 2.2.7");
        }
        let no_lab = Lab::available().err();
        if let Some(reason) = &no_lab {
            if env::var_os("EVERVIP_REQUIRE_NETNS").is_some() {
                return Err(reason.clone());
            }
            eprintln!("SKIPPED: everything: {reason}");
        }
        Ok(Self {
            subjects,
            peers,
            ours,
            theirs,
            no_lab,
            trials: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// Adds a scenario of two daemons, once for each combination.
    pub fn pair(&mut self, name: &str, body: impl Fn(&Combo) -> Verdict + Clone + Send + 'static) {
        for subject in self.subjects.clone() {
            for peer in self.peers.clone() {
                let combo = self
                    .program(subject)
                    .and_then(|s| Ok((s, self.program(peer)?)));
                let combo = combo.map(|(subject, peer)| Combo { subject, peer });
                self.push(name, format!("{subject}-{peer}"), combo, body.clone());
            }
        }
    }

    /// Adds a scenario of one daemon, once for each subject.
    pub fn single(
        &mut self,
        name: &str,
        body: impl Fn(&Program) -> Verdict + Clone + Send + 'static,
    ) {
        for side in self.subjects.clone() {
            let program = self.program(side);
            self.push(name, side.to_string(), program, body.clone());
        }
    }

    /// Like [`Plan::single`] for a scenario that needs something else, too: without it the cases are
    /// not run, for the reason given.
    pub fn single_if(
        &mut self,
        name: &str,
        needed: Result<(), String>,
        body: impl Fn(&Program) -> Verdict + Clone + Send + 'static,
    ) {
        for side in self.subjects.clone() {
            let program = needed.clone().and_then(|()| self.program(side));
            self.push(name, side.to_string(), program, body.clone());
        }
    }

    /// Adds a comparison of what the two programs make of the same input.
    pub fn compare(
        &mut self,
        name: &str,
        body: impl Fn(&Combo) -> Verdict + Clone + Send + 'static,
    ) {
        if self.subjects.contains(&Side::Ours) && self.peers.contains(&Side::Theirs) {
            let combo = self
                .program(Side::Ours)
                .and_then(|subject| Ok((subject, self.program(Side::Theirs)?)));
            let combo = combo.map(|(subject, peer)| Combo { subject, peer });
            self.push(name, "ours-theirs".to_owned(), combo, body);
        }
    }

    /// Adds a scenario that holds for evervip only, where the original is known to fail.
    pub fn ours_only(
        &mut self,
        name: &str,
        body: impl Fn(&Program) -> Verdict + Clone + Send + 'static,
    ) {
        if self.subjects.contains(&Side::Ours) {
            let program = self.program(Side::Ours);
            self.push(name, Side::Ours.to_string(), program, body);
        }
    }

    /// The cases and the table of results that fills while they run.
    pub fn finish(self) -> (Vec<Trial>, Tally) {
        (self.trials, self.tally)
    }

    fn program(&self, side: Side) -> Result<Program, String> {
        match side {
            Side::Ours => self.ours.clone(),
            Side::Theirs => self.theirs.clone(),
        }
    }

    fn push<P: Send + 'static>(
        &mut self,
        name: &str,
        who: String,
        programs: Result<P, String>,
        body: impl Fn(&P) -> Verdict + Send + 'static,
    ) {
        let tally = self.tally.clone();
        let title = format!("{name}::{who}");
        let name = title.clone();
        let skip = self.no_lab.clone();
        self.trials.push(Trial::ignorable_test(title, move || {
            let programs = match skip.map_or(programs, Err) {
                Ok(programs) => programs,
                Err(reason) => {
                    tally.count(&who, 2);
                    return Ok(Completion::ignored_with(reason));
                }
            };
            let verdict = or_alone(&name, || body(&programs));
            tally.count(&who, usize::from(verdict.is_err()));
            verdict
                .map(|()| Completion::Completed)
                .map_err(Failed::from)
        }));
    }
}

impl Tally {
    fn count(&self, who: &str, column: usize) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.entry(who.to_owned()).or_default()[column] += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (who, [passed, failed, skipped]) in
            self.0.lock().unwrap_or_else(PoisonError::into_inner).iter()
        {
            writeln!(
                f,
                "{who}: {passed} passed, {failed} failed, {skipped} skipped"
            )?;
        }
        Ok(())
    }
}
