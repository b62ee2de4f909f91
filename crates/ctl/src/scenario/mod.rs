//! The language of scenarios (docs/simulate.md): what is written, not yet what it means for the
//! nodes of a run.
//!
//! * `token` - words, quoted names, comments (nom);
//! * `parse` - one statement a line, with every mistake of a file;
//! * `print` - the way back.
//!
//! Reading is total: whatever the text, there is a [`Scenario`] of the lines that could be read and
//! a [`Mistake`] for each of the others.

mod parse;
mod print;
mod token;

use std::ops::Range;
use std::time::Duration;

use evervip_config::{Class, Code, Diagnostic, FileId, Severity, Span};
use evervip_model::State;

/// Something and where it stands. Equal things are equal wherever they stand.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// What it is.
    pub what: T,
    /// Byte offsets in the file.
    pub at: Range<usize>,
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.what == other.what
    }
}

impl<T: Eq> Eq for Placed<T> {}

/// The name of a node, an interface, a file, a tracked object.
pub type Name = Placed<String>;

/// The statements of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// One for each line that is not empty.
    pub statements: Vec<Placed<Statement>>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `until TIME`: how long the nodes are watched.
    Until(Duration),
    /// `at TIME [every TIME] DEED`.
    At {
        /// Time since the start.
        first: Duration,
        /// Then again and again, at this distance. More than zero.
        every: Option<Duration>,
        /// What happens.
        deed: Deed,
    },
    /// `expect ...` without a time: at the end.
    Expect(Expectation),
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A node is dead at once.
    Kill(Name),
    /// Its daemon is asked to end.
    Stop(Name),
    /// Its daemon is started.
    Start(Name),
    /// Its daemon does not run for a while.
    Pause(Name, Duration),
    /// Its machine does not run for a while: what is sent to it meanwhile is lost.
    Freeze(Name, Duration),
    /// Its daemon reads another configuration.
    Reload {
        /// Whose.
        node: Name,
        /// Beside the file of the scenario.
        file: Name,
    },
    /// Somebody else removes the virtual addresses of a node.
    Remove(Name),
    /// An operator of a node clears the fault of an instance.
    ClearFault {
        /// Which.
        instance: Name,
        /// Whose.
        node: Name,
    },
    /// The wall clock of a node is wrong by so much from then on.
    Clock {
        /// Ahead of the true time, or behind it.
        ahead: bool,
        /// How much.
        by: Duration,
        /// Whose.
        node: Name,
    },
    /// What a node depends on changes.
    Change {
        /// What.
        object: Object,
        /// On which node.
        node: Name,
    },
    /// Groups of nodes no longer hear each other.
    Partition(Vec<Vec<Name>>),
    /// They do again.
    Heal,
    /// What happens to packets from then on.
    Weather(Weather),
    /// How it should be by then.
    Expect(Expectation),
}

/// Something that a node depends on, and how it is from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// An interface is up.
    Link(Name, bool),
    /// A check script succeeds.
    Script(Name, bool),
    /// A tracked file holds this number, or is missing.
    File(Name, Option<i32>),
    /// As many of a tracked process run as are wanted, or none.
    Process(Name, bool),
    /// A BFD session is up.
    Bfd(Name, bool),
}

/// What the network does to packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// So many of a hundred are lost.
    Loss(u32),
    /// So many of a hundred arrive twice.
    Duplicate(u32),
    /// Time on the way.
    Delay(Duration),
    /// Up to so much longer, each for itself.
    Jitter(Duration),
}

/// What should be the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// How a node is.
    State {
        /// Which.
        node: Name,
        /// One of its instances, or all. Never there without a state.
        instance: Option<Name>,
        /// `None` is no daemon.
        state: Option<State>,
    },
    /// No address was without owner that long at one time.
    Gap(Duration),
    /// No address had several owners that long at one time.
    Double(Duration),
}

/// Why a line is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What kind.
    pub code: Code,
    /// Where: byte offsets in the file.
    pub at: Range<usize>,
    /// What was found and expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Longest time of a scenario: it is read by people.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Scenario {
    /// Reads a file.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<Mistake>) {
        parse::scenario(text)
    }
}

impl Mistake {
    /// The same as every other diagnostic of a file.
    #[must_use]
    pub fn diagnostic(self, file: FileId) -> Diagnostic {
        // Files of 4 GiB and more are cut.
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut diagnostic = Diagnostic::new(self.code, Class::General, self.message);
        diagnostic.severity = Severity::Error;
        diagnostic.primary = Some(Span {
            file,
            start: offset(self.at.start),
            end: offset(self.at.end),
        });
        diagnostic.help = self.help;
        diagnostic
    }
}

#[cfg(test)]
mod tests;
