//! The language of scenarios (docs/simulate.md): one line for each thing that happens.

use std::time::Duration;

/// What happens when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Time since the start; `None` is the end.
    pub(super) at: Option<Duration>,
    /// Line of the file.
    pub(super) line: usize,
    pub(super) what: Deed,
}

/// What happens. Nodes are numbers of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Kill(usize),
    Stop(usize),
    Start(usize),
    Pause(usize, Duration),
    Link(String, bool, usize),
    Script(String, bool, usize),
    Partition(Vec<u8>),
    Heal,
    /// Percent.
    Loss(u32),
    Delay(Duration),
    /// A state's name, or `gone`.
    Expect(usize, String),
    ExpectGap(Duration),
}

/// Everything that happens, in order, and how long it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) steps: Vec<Step>,
    pub(super) length: Duration,
}

/// Longest run; a scenario is read by people.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// How long it is watched after the last step when the file does not say.
const AFTERWARDS: Duration = Duration::from_secs(30);

const STATES: [&str; 5] = ["MASTER", "BACKUP", "FAULT", "INIT", "gone"];

impl Scenario {
    /// Reads a file; `nodes` are the names of the nodes.
    pub(super) fn parse(text: &str, nodes: &[&str]) -> Result<Self, (usize, String)> {
        let (mut steps, mut length) = (Vec::new(), None);
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let wrong = |text| (number + 1, text);
            match words.as_slice() {
                [] => {}
                ["run", time] => length = Some(duration(time).map_err(wrong)?),
                ["at", time, rest @ ..] => {
                    let at = Some(duration(time).map_err(wrong)?);
                    let what = deed(rest, nodes).map_err(wrong)?;
                    let line = number + 1;
                    steps.push(Step { at, line, what });
                }
                ["expect", ..] => {
                    let what = deed(&words, nodes).map_err(wrong)?;
                    let (at, line) = (None, number + 1);
                    steps.push(Step { at, line, what });
                }
                _ => {
                    let text = "a line begins with 'at TIME', 'run TIME' or 'expect'";
                    return Err(wrong(text.to_owned()));
                }
            }
        }
        let last = steps.iter().filter_map(|step| step.at).max();
        let length = length.unwrap_or_else(|| last.unwrap_or_default() + AFTERWARDS);
        steps.sort_by_key(|step| step.at.unwrap_or(Duration::MAX));
        Ok(Self { steps, length })
    }
}

fn deed(words: &[&str], nodes: &[&str]) -> Result<Deed, String> {
    Ok(match words {
        ["kill", name] => Deed::Kill(node(name, nodes)?),
        ["stop", name] => Deed::Stop(node(name, nodes)?),
        ["start", name] => Deed::Start(node(name, nodes)?),
        ["pause", name, "for", time] => Deed::Pause(node(name, nodes)?, duration(time)?),
        ["link", link, way @ ("up" | "down"), "on", name] => {
            Deed::Link((*link).to_owned(), *way == "up", node(name, nodes)?)
        }
        ["script", script, way @ ("fails" | "succeeds"), "on", name] => {
            Deed::Script((*script).to_owned(), *way == "succeeds", node(name, nodes)?)
        }
        ["partition", sides @ ..] => Deed::Partition(partition(sides, nodes)?),
        ["heal"] => Deed::Heal,
        ["loss", share] => Deed::Loss(percent(share)?),
        ["delay", time] => Deed::Delay(duration(time)?),
        ["expect", "gap", "<", time] => Deed::ExpectGap(duration(time)?),
        ["expect", name, state] if STATES.contains(state) => {
            Deed::Expect(node(name, nodes)?, (*state).to_owned())
        }
        ["expect", _, state] => {
            return Err(format!(
                "'{state}' is no state: write one of {}",
                STATES.join(", ")
            ));
        }
        _ => {
            return Err(format!(
                "'{}' is not understood: docs/simulate.md lists what can happen",
                words.join(" ")
            ));
        }
    })
}

fn node(name: &str, nodes: &[&str]) -> Result<usize, String> {
    let found = nodes.iter().position(|known| *known == name);
    found.ok_or_else(|| {
        format!(
            "there is no node '{name}': write one of {}",
            nodes.join(", ")
        )
    })
}

/// `A B | C`: who is not named is on the first side.
fn partition(words: &[&str], nodes: &[&str]) -> Result<Vec<u8>, String> {
    let mut sides = vec![0; nodes.len()];
    for (side, names) in (0_u8..).zip(words.split(|word| *word == "|")) {
        for name in names {
            sides[node(name, nodes)?] = side;
        }
    }
    Ok(sides)
}

fn percent(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').and_then(|n| n.parse().ok());
    number
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| format!("'{text}' is no share: write 0% to 100%"))
}

/// `5s`, `200ms`, `1.5s`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time: write it as 5s, 1.5s or 200ms, at most 24 hours");
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1000.0),
        None => (text.strip_suffix('s').ok_or_else(wrong)?, 1.0),
    };
    let seconds: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(seconds / unit).map_err(|_| wrong())?;
    Some(time).filter(|time| *time <= LONGEST).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Scenario, (usize, String)> {
        Scenario::parse(text, &["A", "B", "C"])
    }

    #[test]
    fn steps_are_put_in_order() {
        let scenario = parsed(
            "# two faults\nat 9s heal\nat 200ms partition A | B C # cut off\nexpect A MASTER\n",
        );
        let step = |at, line, what| Step { at, line, what };
        let seconds = Duration::from_secs;
        let steps = vec![
            step(
                Some(Duration::from_millis(200)),
                3,
                Deed::Partition(vec![0, 1, 1]),
            ),
            step(Some(seconds(9)), 2, Deed::Heal),
            step(None, 4, Deed::Expect(0, "MASTER".to_owned())),
        ];
        let length = seconds(39);
        assert_eq!(scenario, Ok(Scenario { steps, length }));
    }

    #[test]
    fn mistakes_name_line_and_remedy() {
        for (text, line, part) in [
            ("at 5s kill D", 1, "write one of A, B, C"),
            ("\nat soon kill A", 2, "5s, 1.5s or 200ms"),
            ("at 5s loss 101%", 1, "0% to 100%"),
            ("at 1s explode A", 1, "docs/simulate.md"),
            ("expect A LEADER", 1, "MASTER"),
            ("kill A", 1, "at TIME"),
            ("run 1000000s", 1, "24 hours"),
            ("run -1s", 1, "no time"),
        ] {
            let (at, message) = parsed(text).unwrap_err();
            assert_eq!(at, line, "{text}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
