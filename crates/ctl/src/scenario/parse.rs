//! The grammar: one statement a line.

use std::ops::Range;
use std::time::Duration;

use evervip_config::Code;
use evervip_config::keyword::closest;
use evervip_model::State;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, opt, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::token::{Kind, Token, tokens};
use super::{
    Deed, Expectation, LONGEST, Mistake, Name, Object, Placed, Scenario, Statement, Weather,
};

/// Reads every line; what is wrong in one does not spoil the others.
pub(super) fn scenario(text: &str) -> (Scenario, Vec<Mistake>) {
    let (mut scenario, mut mistakes) = (Scenario::default(), Vec::new());
    let mut start = 0;
    for line in text.split('\n') {
        match statement(line, start) {
            Ok(statement) => scenario.statements.extend(statement),
            Err(mistake) => mistakes.push(mistake),
        }
        start += line.len() + 1;
    }
    (scenario, mistakes)
}

fn statement(line: &str, start: usize) -> Result<Option<Placed<Statement>>, Mistake> {
    let tokens = tokens(line, start).map_err(unreadable)?;
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return Ok(None);
    };
    let at = first.at.start..last.at.end;
    let mut words = Words {
        tokens: &tokens,
        end: last.at.end,
    };
    let kind = words.choose(STATEMENTS)?;
    let what = kind(&mut words)?;
    words.finish()?;
    Ok(Some(Placed { what, at }))
}

/// What follows a word.
type Rest<T> = fn(&mut Words<'_>) -> Result<T, Mistake>;

const STATEMENTS: &[(&str, Rest<Statement>)] = &[
    ("at", |words| {
        let first = words.time()?;
        let every = match words.peek_word() {
            Some("every") => {
                words.tokens = &words.tokens[1..];
                Some(words.distance()?)
            }
            _ => None,
        };
        let deed = words.choose(DEEDS)?;
        let deed = deed(words)?;
        Ok(Statement::At { first, every, deed })
    }),
    ("expect", |words| {
        Ok(Statement::Expect(words.expectation()?))
    }),
    ("until", |words| Ok(Statement::Until(words.time()?))),
];

const DEEDS: &[(&str, Rest<Deed>)] = &[
    ("kill", |words| Ok(Deed::Kill(words.name(NODE)?))),
    ("stop", |words| Ok(Deed::Stop(words.name(NODE)?))),
    ("start", |words| Ok(Deed::Start(words.name(NODE)?))),
    ("pause", |words| {
        let node = words.name(NODE)?;
        words.keyword("for")?;
        Ok(Deed::Pause(node, words.time()?))
    }),
    ("freeze", |words| {
        let node = words.name(NODE)?;
        words.keyword("for")?;
        Ok(Deed::Freeze(node, words.time()?))
    }),
    ("clear-fault", |words| {
        let instance = words.name("an instance")?;
        let node = words.on()?;
        Ok(Deed::ClearFault { instance, node })
    }),
    ("reload", |words| {
        let node = words.name(NODE)?;
        words.keyword("with")?;
        let file = words.name("a file")?;
        Ok(Deed::Reload { node, file })
    }),
    ("remove", |words| {
        words.keyword("addresses")?;
        Ok(Deed::Remove(words.on()?))
    }),
    ("clock", |words| {
        let by = words.time()?;
        let ahead = words.choose(&[("ahead", true), ("behind", false)])?;
        let node = words.on()?;
        Ok(Deed::Clock { ahead, by, node })
    }),
    ("link", |words| {
        let name = words.name("an interface")?;
        let up = words.choose(WAYS)?;
        words.change(Object::Link(name, up))
    }),
    ("bfd", |words| {
        let name = words.name("a BFD session")?;
        let up = words.choose(WAYS)?;
        words.change(Object::Bfd(name, up))
    }),
    ("script", |words| {
        let name = words.name("a script")?;
        let good = words.choose(OUTCOMES)?;
        words.change(Object::Script(name, good))
    }),
    ("process", |words| {
        let name = words.name("a tracked process")?;
        let good = words.choose(OUTCOMES)?;
        words.change(Object::Process(name, good))
    }),
    ("file", |words| {
        let name = words.name("a tracked file")?;
        let node = words.on()?;
        words.keyword("is")?;
        let object = Object::File(name, words.content()?);
        Ok(Deed::Change { object, node })
    }),
    ("partition", |words| Ok(Deed::Partition(words.sides()?))),
    ("heal", |_| Ok(Deed::Heal)),
    ("loss", |words| {
        Ok(Deed::Weather(Weather::Loss(words.percent()?)))
    }),
    ("duplicate", |words| {
        Ok(Deed::Weather(Weather::Duplicate(words.percent()?)))
    }),
    ("delay", |words| {
        Ok(Deed::Weather(Weather::Delay(words.time()?)))
    }),
    ("jitter", |words| {
        Ok(Deed::Weather(Weather::Jitter(words.time()?)))
    }),
    ("expect", |words| Ok(Deed::Expect(words.expectation()?))),
];

const WAYS: &[(&str, bool)] = &[("down", false), ("up", true)];

const OUTCOMES: &[(&str, bool)] = &[("fails", false), ("succeeds", true)];

const INSTANCE_STATES: &[(&str, Option<State>)] = &[
    ("MASTER", Some(State::Master)),
    ("BACKUP", Some(State::Backup)),
    ("FAULT", Some(State::Fault)),
    ("INIT", Some(State::Init)),
];

const STATES: &[(&str, Option<State>)] = &[
    INSTANCE_STATES[0],
    INSTANCE_STATES[1],
    INSTANCE_STATES[2],
    INSTANCE_STATES[3],
    ("gone", None),
];

/// What a limit is for.
type Limit = fn(Duration) -> Expectation;

const LIMITS: &[(&str, Limit)] = &[("gap", Expectation::Gap), ("double", Expectation::Double)];

const NODE: &str = "a node";

/// What is left of a line.
struct Words<'a> {
    tokens: &'a [Token],
    /// Where the line ends.
    end: usize,
}

impl<'a> Words<'a> {
    fn peek_word(&self) -> Option<&'a str> {
        match self.tokens.first().map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Where the next token stands.
    fn place(&self) -> Range<usize> {
        let next = self.tokens.first();
        next.map_or(self.end..self.end, |token| token.at.clone())
    }

    /// The next token is not what it should be.
    fn unexpected(&self, expected: &str) -> Mistake {
        let found = match self.tokens.first().map(|token| &token.kind) {
            Some(Kind::Word(text) | Kind::Quoted(text)) => format!("not '{text}'"),
            Some(Kind::Bar) => "not '|'".to_owned(),
            Some(Kind::Less) => "not '<'".to_owned(),
            None => "and the line ends".to_owned(),
        };
        Mistake {
            code: Code::InvalidValue,
            at: self.place(),
            message: format!("expected {expected}, {found}"),
            help: None,
        }
    }

    /// One of several words; gives what it stands for.
    fn choose<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T, Mistake> {
        let found = self.peek_word();
        if let Some((_, meaning)) = choices.iter().find(|(word, _)| Some(*word) == found) {
            self.tokens = &self.tokens[1..];
            return Ok(*meaning);
        }
        let names = || choices.iter().map(|(word, _)| *word);
        let better = found.and_then(|found| closest(found, names()));
        let mut mistake = self.unexpected(&listed(names()));
        mistake.help = better.map(|better| format!("did you mean '{better}'?"));
        Err(mistake)
    }

    fn keyword(&mut self, word: &str) -> Result<(), Mistake> {
        self.choose(&[(word, ())])
    }

    fn finish(&self) -> Result<(), Mistake> {
        match self.tokens {
            [] => Ok(()),
            _ => Err(self.unexpected("the end of the line")),
        }
    }

    fn name(&mut self, what: &str) -> Result<Name, Mistake> {
        let [token, rest @ ..] = self.tokens else {
            return Err(self.unexpected(what));
        };
        let (Kind::Word(text) | Kind::Quoted(text)) = &token.kind else {
            return Err(self.unexpected(what));
        };
        self.tokens = rest;
        Ok(Placed {
            what: text.clone(),
            at: token.at.clone(),
        })
    }

    /// A word that a parser understands to its end.
    fn parsed<T>(
        &mut self,
        expected: &str,
        parser: fn(&str) -> IResult<&str, Option<T>>,
        range: &str,
    ) -> Result<T, Mistake> {
        let word = self.peek_word().unwrap_or_default();
        let parsed = all_consuming(parser).parse(word);
        match parsed {
            Ok((_, Some(meaning))) => {
                self.tokens = self.tokens.get(1..).unwrap_or_default();
                Ok(meaning)
            }
            Ok((_, None)) => Err(Mistake {
                code: Code::OutOfRange,
                at: self.place(),
                message: format!("'{word}' is out of range: {range}"),
                help: None,
            }),
            Err(_) => Err(self.unexpected(expected)),
        }
    }

    fn time(&mut self) -> Result<Duration, Mistake> {
        self.parsed(
            "a time like 5s, 1.5s, 200ms, 3m or 1h",
            time,
            "24 hours at most",
        )
    }

    fn distance(&mut self) -> Result<Duration, Mistake> {
        let at = self.place();
        let time = self.time()?;
        if time.is_zero() {
            return Err(Mistake {
                code: Code::OutOfRange,
                at,
                message: "nothing happens every 0s".to_owned(),
                help: None,
            });
        }
        Ok(time)
    }

    fn percent(&mut self) -> Result<u32, Mistake> {
        self.parsed("a share like 10%", percent, "0% to 100%")
    }

    fn content(&mut self) -> Result<Option<i32>, Mistake> {
        self.parsed(
            "a whole number or gone",
            |input| {
                let gone = value(Some(None), tag("gone"));
                alt((gone, |input| {
                    let (rest, number) = number(input)?;
                    Ok((rest, number.map(Some)))
                }))
                .parse(input)
            },
            "-2147483648 to 2147483647",
        )
    }

    fn on(&mut self) -> Result<Name, Mistake> {
        self.keyword("on")?;
        self.name(NODE)
    }

    fn change(&mut self, object: Object) -> Result<Deed, Mistake> {
        let node = self.on()?;
        Ok(Deed::Change { object, node })
    }

    /// `A B | C`: two sides or more, none of them empty.
    fn sides(&mut self) -> Result<Vec<Vec<Name>>, Mistake> {
        let mut sides = vec![vec![self.name(NODE)?]];
        while let Some(token) = self.tokens.first() {
            if token.kind == Kind::Bar {
                self.tokens = &self.tokens[1..];
                sides.push(vec![self.name(NODE)?]);
            } else if let Some(side) = sides.last_mut() {
                side.push(self.name(NODE)?);
            }
        }
        if sides.len() < 2 {
            return Err(self.unexpected("'|' and another node"));
        }
        Ok(sides)
    }

    fn expectation(&mut self) -> Result<Expectation, Mistake> {
        let is_less = |token: &Token| token.kind == Kind::Less;
        if self.tokens.get(1).is_some_and(is_less) {
            let limit = self.choose(LIMITS)?;
            self.tokens = self.tokens.get(1..).unwrap_or_default();
            return Ok(limit(self.time()?));
        }
        let node = self.name("a node, 'gap' or 'double'")?;
        // Two words are an instance and its state.
        let (instance, state) = if self.tokens.len() > 1 {
            let instance = self.name("an instance")?;
            (Some(instance), self.choose(INSTANCE_STATES)?)
        } else {
            (None, self.choose(STATES)?)
        };
        Ok(Expectation::State {
            node,
            instance,
            state,
        })
    }
}

/// `5s`, `200ms`, `1.5m`; `None` when it is too long.
fn time(input: &str) -> IResult<&str, Option<Duration>> {
    let fraction = opt(preceded(char('.'), digit1));
    let units = alt((
        value(1_000_000, tag("ms")),
        value(1_000_000_000, char('s')),
        value(60_000_000_000, char('m')),
        value(3_600_000_000_000, char('h')),
    ));
    let (rest, (whole, fraction, unit)) = (digit1, fraction, units).parse(input)?;
    Ok((rest, duration(whole, fraction.unwrap_or_default(), unit)))
}

/// Digits before and behind the point in units of so many nanoseconds; what is less than one
/// nanosecond is dropped.
fn duration(whole: &str, fraction: &str, unit: u64) -> Option<Duration> {
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let fraction = &fraction[..fraction.len().min(MOST_DECIMALS)];
    let scale: u128 = fraction.bytes().map(|_| 10).product();
    let parts: u128 = match fraction {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let nanos = u64::try_from(parts * u128::from(unit) / scale).ok()?;
    let time = Duration::from_nanos(whole.checked_add(nanos)?);
    Some(time).filter(|time| *time <= LONGEST)
}

/// More than a nanosecond's share of an hour needs.
const MOST_DECIMALS: usize = 15;

fn percent(input: &str) -> IResult<&str, Option<u32>> {
    let (rest, (digits, _)) = (digit1, char('%')).parse(input)?;
    let percent = digits.parse().ok();
    Ok((rest, percent.filter(|percent| *percent <= 100)))
}

fn number(input: &str) -> IResult<&str, Option<i32>> {
    let (rest, (sign, digits)) = (opt(char('-')), digit1).parse(input)?;
    let sign = sign.map_or("", |_| "-");
    Ok((rest, format!("{sign}{digits}").parse().ok()))
}

fn unreadable(at: Range<usize>) -> Mistake {
    Mistake {
        code: Code::UnmatchedQuote,
        at,
        message: "a quote is not closed, or a character has no meaning here".to_owned(),
        help: Some("names with special characters stand in double quotes".to_owned()),
    }
}

/// `'a', 'b' or 'c'`
fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    match words.as_slice() {
        [others @ .., before, last] if !others.is_empty() => {
            format!("{}, {before} or {last}", others.join(", "))
        }
        [first, last] => format!("{first} or {last}"),
        words => words.concat(),
    }
}
