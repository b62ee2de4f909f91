//! Scenarios as text that reads as the same scenario.

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use evervip_model::State;

use super::token::is_plain;
use super::{Deed, Expectation, Name, Object, Placed, Scenario, Statement, Weather};

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut statements = self.statements.iter();
        statements.try_for_each(|statement| writeln!(f, "{}", statement.what))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(time) => write!(f, "until {}", Time(*time)),
            Self::At { first, every, deed } => {
                write!(f, "at {} ", Time(*first))?;
                if let Some(every) = every {
                    write!(f, "every {} ", Time(*every))?;
                }
                write!(f, "{deed}")
            }
            Self::Expect(expectation) => write!(f, "{expectation}"),
        }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(node) => write!(f, "kill {}", Quoted(node)),
            Self::Stop(node) => write!(f, "stop {}", Quoted(node)),
            Self::Start(node) => write!(f, "start {}", Quoted(node)),
            Self::Pause(node, time) => write!(f, "pause {} for {}", Quoted(node), Time(*time)),
            Self::Freeze(node, time) => write!(f, "freeze {} for {}", Quoted(node), Time(*time)),
            Self::ClearFault { instance, node } => {
                write!(f, "clear-fault {} on {}", Quoted(instance), Quoted(node))
            }
            Self::Reload { node, file } => {
                write!(f, "reload {} with {}", Quoted(node), Quoted(file))
            }
            Self::Remove(node) => write!(f, "remove addresses on {}", Quoted(node)),
            Self::Clock { ahead, by, node } => {
                let way = if *ahead { "ahead" } else { "behind" };
                write!(f, "clock {} {way} on {}", Time(*by), Quoted(node))
            }
            Self::Change { object, node } => object.write(f, node),
            Self::Partition(sides) => {
                f.write_str("partition")?;
                for (number, side) in sides.iter().enumerate() {
                    f.write_str(if number == 0 { "" } else { " |" })?;
                    side.iter()
                        .try_for_each(|node| write!(f, " {}", Quoted(node)))?;
                }
                Ok(())
            }
            Self::Heal => f.write_str("heal"),
            Self::Weather(Weather::Loss(percent)) => write!(f, "loss {percent}%"),
            Self::Weather(Weather::Duplicate(percent)) => write!(f, "duplicate {percent}%"),
            Self::Weather(Weather::Delay(time)) => write!(f, "delay {}", Time(*time)),
            Self::Weather(Weather::Jitter(time)) => write!(f, "jitter {}", Time(*time)),
            Self::Expect(expectation) => write!(f, "{expectation}"),
        }
    }
}

impl Object {
    fn write(&self, f: &mut Formatter<'_>, node: &Name) -> fmt::Result {
        let node = Quoted(node);
        let either = |good, bad, is_good| if is_good { good } else { bad };
        match self {
            Self::Link(name, up) => {
                let way = either("up", "down", *up);
                write!(f, "link {} {way} on {node}", Quoted(name))
            }
            Self::Script(name, good) => {
                let way = either("succeeds", "fails", *good);
                write!(f, "script {} {way} on {node}", Quoted(name))
            }
            Self::Process(name, good) => {
                let way = either("succeeds", "fails", *good);
                write!(f, "process {} {way} on {node}", Quoted(name))
            }
            Self::Bfd(name, up) => {
                let way = either("up", "down", *up);
                write!(f, "bfd {} {way} on {node}", Quoted(name))
            }
            Self::File(name, None) => write!(f, "file {} on {node} is gone", Quoted(name)),
            Self::File(name, Some(value)) => {
                write!(f, "file {} on {node} is {value}", Quoted(name))
            }
        }
    }
}

impl Display for Expectation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::State {
                node,
                instance,
                state,
            } => {
                write!(f, "expect {}", Quoted(node))?;
                if let Some(instance) = instance {
                    write!(f, " {}", Quoted(instance))?;
                }
                let state = state.map_or("gone", State::keepalived_name);
                write!(f, " {state}")
            }
            Self::Gap(limit) => write!(f, "expect gap < {}", Time(*limit)),
            Self::Double(limit) => write!(f, "expect double < {}", Time(*limit)),
        }
    }
}

/// A name, in quotes where it needs them.
struct Quoted<'a>(&'a Name);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Placed { what: name, .. } = self.0;
        if !name.is_empty() && name.chars().all(is_plain) {
            return f.write_str(name);
        }
        f.write_char('"')?;
        for c in name.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '"' | '\\' => write!(f, "\\{c}")?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// A time in seconds or milliseconds, whichever is shorter.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 >= Duration::from_secs(1) || self.0.is_zero() {
            return decimal(f, self.0.as_nanos(), 1_000_000_000, "s");
        }
        decimal(f, self.0.as_nanos(), 1_000_000, "ms")
    }
}

fn decimal(f: &mut Formatter<'_>, nanos: u128, unit: u128, name: &str) -> fmt::Result {
    let digits = if unit == 1_000_000 { 6 } else { 9 };
    write!(f, "{}", nanos / unit)?;
    let fraction = format!("{:0digits$}", nanos % unit);
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        write!(f, ".{fraction}")?;
    }
    f.write_str(name)
}
