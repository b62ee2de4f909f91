//! Arguments.

pub mod reference;

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};
use lexopt::{Parser, ValueExt};

use crate::check::{Check, Colour};
use crate::clear_fault::ClearFault;
use crate::explain::Explain;
use crate::report::Format;
use crate::simulate::Simulate;
use crate::teardown::Teardown;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// `check FILE...`.
    Check(Check),
    /// `explain FILE...`.
    Explain(Explain),
    /// `simulate FILE FILE...`.
    Simulate(Simulate),
    /// `convert FILE`.
    Convert {
        /// The configuration of failover.
        file: PathBuf,
    },
    /// `dump FILE`.
    Dump {
        /// The configuration.
        file: PathBuf,
    },
    /// `clear-fault INSTANCE...`.
    ClearFault(ClearFault),
    /// `teardown -f FILE`.
    Teardown(Teardown),
}

/// Reads the command line.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut name = None;
    let mut check = Check::default();
    let mut simulate = Simulate::default();
    let mut clear = ClearFault::default();
    let mut teardown = Teardown::default();
    while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("strict") => check.strict = true,
            Long("elsewhere") => check.elsewhere = true,
            Long("pair") => check.pair = true,
            Long("format") => check.format = choice(&mut parser, "--format", FORMATS)?,
            Long("color" | "colour") => check.colour = choice(&mut parser, "--color", COLOURS)?,
            Short('i') | Long("config-id") => check.config_id = Some(text(&mut parser)?),
            Long("scenario") => simulate.scenario = Some(file(&mut parser)?),
            Long("seed") => {
                let seed = text(&mut parser)?;
                simulate.seed = seed.parse().map_err(|_| "--seed needs a number")?;
            }
            Long("all") => clear.all = true,
            Short('f') | Long("use-file") => check.files.push(file(&mut parser)?),
            Long("dry-run") => teardown.dry_run = true,
            Short('p') | Long("pid") => clear.pid_file = Some(file(&mut parser)?),
            Short('s') | Long("namespace") => clear.namespace = Some(text(&mut parser)?),
            Short('r') | Long("vrrp_pid") => teardown.vrrp_pid_file = Some(file(&mut parser)?),
            Value(word) if name.is_none() => name = Some(word),
            Value(file) => check.files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let name = name.ok_or("a command is missing")?;
    match name.to_str() {
        Some("teardown") if clear.all => Err(TEARDOWN_ALONE.to_owned()),
        Some("teardown") => {
            // Both commands are about one daemon.
            teardown.parent_pid_file = clear.pid_file;
            teardown.namespace = clear.namespace;
            teardown_of(teardown, check, &simulate)
        }
        _ if teardown != Teardown::default() => Err(FOR_TEARDOWN.to_owned()),
        Some("check" | "explain" | "convert" | "dump") if simulate != Simulate::default() => {
            Err("--scenario and --seed are for simulate".to_owned())
        }
        Some("check" | "explain" | "simulate" | "convert" | "dump")
            if clear != ClearFault::default() =>
        {
            Err("--all, --pid and --namespace are for clear-fault and teardown".to_owned())
        }
        Some("clear-fault") => clear_fault(&check, &simulate, clear),
        Some("check") if check.files.is_empty() => Err("check needs a file".to_owned()),
        Some("check") if check.pair && check.files.len() < 2 => Err(PAIR_OF_ONE.to_owned()),
        Some("check") => Ok(Command::Check(check)),
        Some("explain") if check.files.is_empty() => Err("explain needs a file".to_owned()),
        Some("explain") if check.pair && check.files.len() < 2 => Err(PAIR_OF_ONE.to_owned()),
        Some("explain") => Ok(Command::Explain(Explain {
            files: check.files,
            pair: check.pair,
            format: check.format,
            config_id: check.config_id,
        })),
        Some("simulate") if !is_plain(&check) => Err(CHECK_ALONE.to_owned()),
        Some("simulate") if check.files.is_empty() => Err("simulate needs a file".to_owned()),
        Some("simulate") => Ok(Command::Simulate(Simulate {
            files: check.files,
            config_id: check.config_id,
            format: check.format,
            ..simulate
        })),
        Some("convert") => match <[_; 1]>::try_from(check.files) {
            Ok([file]) => Ok(Command::Convert { file }),
            Err(_) => Err("convert needs one file".to_owned()),
        },
        Some("dump") => match <[_; 1]>::try_from(check.files) {
            Ok([file]) => Ok(Command::Dump { file }),
            Err(_) => Err("dump needs one file".to_owned()),
        },
        _ => Err(format!("unknown command '{}'", name.to_string_lossy())),
    }
}

fn clear_fault(
    check: &Check,
    simulate: &Simulate,
    mut clear: ClearFault,
) -> Result<Command, String> {
    let other = Check {
        files: check.files.clone(),
        ..Check::default()
    };
    if *check != other || *simulate != Simulate::default() {
        return Err("clear-fault takes --all, --pid and --namespace alone".to_owned());
    }
    let names = check.files.iter();
    clear.instances = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    match (clear.all, clear.instances.is_empty()) {
        (false, true) => Err("clear-fault needs the name of an instance, or --all".to_owned()),
        (true, false) => Err("clear-fault takes names or --all, not both".to_owned()),
        _ if clear.pid_file.is_some() && clear.namespace.is_some() => {
            Err("clear-fault takes --pid or --namespace, not both".to_owned())
        }
        _ => Ok(Command::ClearFault(clear)),
    }
}

/// Whether nothing was asked for that only `check` and `explain` know.
fn is_plain(check: &Check) -> bool {
    !check.strict && !check.pair && check.format != Format::Short
}

/// `teardown` with what was said to all commands.
fn teardown_of(wanted: Teardown, check: Check, simulate: &Simulate) -> Result<Command, String> {
    let plain = Check {
        files: check.files.clone(),
        config_id: check.config_id.clone(),
        ..Check::default()
    };
    if check != plain || *simulate != Simulate::default() {
        return Err(TEARDOWN_ALONE.to_owned());
    }
    match <[_; 1]>::try_from(check.files) {
        Ok([file]) => Ok(Command::Teardown(Teardown {
            file,
            config_id: check.config_id,
            ..wanted
        })),
        Err(_) => Err("teardown needs one file".to_owned()),
    }
}

fn file(parser: &mut Parser) -> Result<PathBuf, String> {
    let value = parser.value().map_err(|e| e.to_string())?;
    Ok(PathBuf::from(value))
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().and_then(ValueExt::string);
    value.map_err(|e| e.to_string())
}

/// The meaning of one of several words.
fn choice<T: Copy>(parser: &mut Parser, option: &str, known: &[(&str, T)]) -> Result<T, String> {
    let word = text(parser)?;
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("{option} is one of {}, not '{word}'", names.join(", "))
    })
}

const CHECK_ALONE: &str = "--format=short, --strict and --pair are not for simulate";
const FOR_TEARDOWN: &str = "--dry-run and -r are for teardown";
const TEARDOWN_ALONE: &str = "teardown takes -f, --dry-run, -i, -s, -p and -r";
const PAIR_OF_ONE: &str = "--pair needs the files of two nodes or more";

const FORMATS: &[(&str, Format)] = &[
    ("text", Format::Text),
    ("short", Format::Short),
    ("json", Format::Json),
];

const COLOURS: &[(&str, Colour)] = &[
    ("auto", Colour::Auto),
    ("always", Colour::Always),
    ("never", Colour::Never),
];

#[cfg(test)]
mod tests {
    use super::reference::{COMMANDS, GENERAL, OptionReference, OptionValue};
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn check_takes_files_and_strict_anywhere() {
        let check = |files: &[&str], strict| {
            Ok(Command::Check(Check {
                files: files.iter().map(PathBuf::from).collect(),
                strict,
                ..Check::default()
            }))
        };
        assert_eq!(parsed(&["check", "a", "b"]), check(&["a", "b"], false));
        assert_eq!(parsed(&["check", "a", "--strict"]), check(&["a"], true));
        assert_eq!(
            parsed(&["--strict", "check", "--", "-a"]),
            check(&["-a"], true)
        );
        assert_eq!(parsed(&["--help"]), Ok(Command::Help));
        assert_eq!(parsed(&["check", "-V"]), Ok(Command::Version));
    }

    #[test]
    fn output_is_chosen() {
        let words = [
            "check",
            "--format=json",
            "--color",
            "never",
            "-i",
            "x",
            "--elsewhere",
            "a",
        ];
        let expect = Check {
            files: vec![PathBuf::from("a")],
            format: Format::Json,
            colour: Colour::Never,
            config_id: Some("x".to_owned()),
            elsewhere: true,
            pair: false,
            strict: false,
        };
        assert_eq!(parsed(&words), Ok(Command::Check(expect)));
        let alone = Err(CHECK_ALONE.to_owned());
        assert_eq!(parsed(&["simulate", "--format=short", "a"]), alone);
        assert_eq!(parsed(&["simulate", "--strict", "a"]), alone);
        let other = Err("--scenario and --seed are for simulate".to_owned());
        assert_eq!(parsed(&["check", "--seed", "7", "a"]), other);
        let text = "--format is one of text, short, json, not 'xml'".to_owned();
        assert_eq!(parsed(&["check", "--format", "xml", "a"]), Err(text));
        assert!(parsed(&["check", "--color"]).is_err());
    }

    #[test]
    fn a_pair_has_two_files() {
        let pair = Check {
            files: vec![PathBuf::from("a"), PathBuf::from("b")],
            pair: true,
            ..Check::default()
        };
        assert_eq!(
            parsed(&["check", "--pair", "a", "b"]),
            Ok(Command::Check(pair))
        );
        let text = Err(PAIR_OF_ONE.to_owned());
        assert_eq!(parsed(&["check", "--pair", "a"]), text);
    }

    #[test]
    fn teardown_takes_the_options_of_the_daemon() {
        let words = [
            "teardown",
            "-f",
            "x.json",
            "--dry-run",
            "-i",
            "n1",
            "-s",
            "blue",
            "-p",
            "/p",
            "-r",
            "/v",
        ];
        let expect = Teardown {
            file: "x.json".into(),
            dry_run: true,
            config_id: Some("n1".to_owned()),
            namespace: Some("blue".to_owned()),
            parent_pid_file: Some("/p".into()),
            vrrp_pid_file: Some("/v".into()),
        };
        assert_eq!(parsed(&words), Ok(Command::Teardown(expect)));
        let two = Err("teardown needs one file".to_owned());
        assert_eq!(parsed(&["teardown", "a", "-f", "b"]), two);
        let alone = Err(TEARDOWN_ALONE.to_owned());
        assert_eq!(parsed(&["teardown", "--strict", "a"]), alone);
        assert_eq!(parsed(&["teardown", "--seed", "1", "a"]), alone);
        let other = Err(FOR_TEARDOWN.to_owned());
        assert_eq!(parsed(&["check", "--dry-run", "a"]), other);
    }

    /// A value that fits.
    fn value(option: &OptionReference) -> Option<String> {
        match option.value {
            OptionValue::None => None,
            OptionValue::Word(_) | OptionValue::File => Some("7".to_owned()),
            OptionValue::OneOf(words) => words.last().map(|word| (*word).to_owned()),
        }
    }

    #[test]
    fn what_the_reference_offers_is_taken() {
        for command in COMMANDS {
            for option in command.options.iter().chain(GENERAL) {
                let mut written = vec![format!("--{}", option.long)];
                written.extend(option.short.map(|letter| format!("-{letter}")));
                for name in written {
                    let mut words = vec![command.name.to_owned(), name];
                    words.extend(value(option));
                    if !["all", "use-file"].contains(&option.long) {
                        words.push("a".to_owned());
                    }
                    if option.long != "all" && command.files.ends_with("...") {
                        words.push("b".to_owned());
                    }
                    let parsed = parse(words.iter().map(OsString::from));
                    assert!(parsed.is_ok(), "{words:?}: {parsed:?}");
                }
            }
            let alone = parsed(&[command.name, "a"]);
            assert!(alone.is_ok(), "{}: {alone:?}", command.name);
        }
    }

    #[test]
    fn every_choice_is_offered() {
        let offered = |long: &str| {
            let option = COMMANDS[0].options.iter().find(|o| o.long == long);
            match option.unwrap().value {
                OptionValue::OneOf(words) => words.to_vec(),
                other => panic!("{other:?}"),
            }
        };
        let known = |words: &[&'static str]| words.to_vec();
        let formats: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
        let colours: Vec<_> = COLOURS.iter().map(|(name, _)| *name).collect();
        assert_eq!(offered("format"), known(&formats));
        assert_eq!(offered("color"), known(&colours));
    }

    #[test]
    fn help_fits_a_terminal() {
        let help = reference::help();
        for line in help.lines() {
            assert!(line.len() <= 80, "{line}");
        }
        for option in COMMANDS.iter().flat_map(|c| c.options).chain(GENERAL) {
            assert!(help.contains(&option.written()), "{}", option.long);
        }
    }

    #[test]
    fn clear_fault_takes_names_or_all() {
        let clear = ClearFault {
            instances: vec!["VI_1".to_owned(), "VI_2".to_owned()],
            pid_file: Some(PathBuf::from("/x.pid")),
            ..ClearFault::default()
        };
        assert_eq!(
            parsed(&["clear-fault", "-p", "/x.pid", "VI_1", "VI_2"]),
            Ok(Command::ClearFault(clear))
        );
        for wrong in [
            &["clear-fault"][..],
            &["clear-fault", "--all", "V"],
            &["clear-fault", "--strict", "V"],
            &["clear-fault", "--seed=1", "V"],
            &["clear-fault", "-p", "x", "-s", "y", "V"],
            &["check", "--all", "a"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parsed(&[]), Err("a command is missing".to_owned()));
        assert_eq!(
            parsed(&["chek", "a"]),
            Err("unknown command 'chek'".to_owned())
        );
        assert_eq!(parsed(&["check"]), Err("check needs a file".to_owned()));
        assert!(
            parsed(&["check", "--loud", "a"])
                .unwrap_err()
                .contains("--loud")
        );
    }
}
