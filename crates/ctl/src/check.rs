//! `evervip check`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use evervip_config::{Loaded, Mode, Severity, load};
use evervip_host::{SystemFiles, SystemHost};

use crate::annotate::annotate;

/// Checks every file; the worst exit code wins.
pub(crate) fn check(files: &[PathBuf], strict: bool, out: &mut dyn Write) -> io::Result<u8> {
    let mut worst = 0;
    for file in files {
        let loaded = load(file, &SystemFiles, &SystemHost::default(), Mode::Test);
        report(file, &loaded, out)?;
        worst = worst.max(exit_code(&loaded, strict));
    }
    Ok(worst)
}

fn report(file: &Path, loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &loaded.diagnostics {
        writeln!(out, "{}", annotate(diagnostic, &loaded.sources))?;
    }
    let errors = loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    let warnings = loaded.diagnostics.len() - errors;
    let name = file.display();
    match (errors, warnings) {
        (0, 0) => writeln!(out, "{name}: ok"),
        _ => writeln!(
            out,
            "{name}: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    }
}

fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

fn exit_code(loaded: &Loaded, strict: bool) -> u8 {
    if loaded.start_failure().is_some() {
        2
    } else {
        u8::from(strict && !loaded.diagnostics.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    fn run(text: &str, words: &[&str]) -> (u8, String) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("k.conf");
        std::fs::write(&file, text).unwrap();
        let mut arguments: Vec<_> = words.iter().map(OsString::from).collect();
        arguments.push(file.clone().into());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = crate::run(arguments.into_iter(), &mut out, &mut err).unwrap();
        let name = file.display().to_string();
        (
            code,
            String::from_utf8(out).unwrap().replace(&name, "k.conf"),
        )
    }

    #[test]
    fn a_clean_file_is_ok() {
        assert_eq!(
            run("global_defs {\n}\n", &["check"]),
            (0, "k.conf: ok\n".to_owned())
        );
    }

    #[test]
    fn warnings_fail_only_when_asked() {
        let text = "global_defs {\n  router_d x\n}\n";
        let (code, out) = run(text, &["check"]);
        assert_eq!(code, 0);
        assert!(out.contains("did you mean 'router_id'?"), "{out}");
        assert!(out.ends_with("k.conf: 0 errors, 1 warning\n"), "{out}");
        assert_eq!(run(text, &["check", "--strict"]).0, 1);
    }

    #[test]
    fn what_would_not_start_is_an_error() {
        let text = "vrrp_instance A {\n  interface no-such-if\n  virtual_router_id 5\n}\n";
        let (code, out) = run(text, &["check"]);
        assert_eq!(code, 2, "{out}");
        assert!(out.contains("k.conf:2:13"), "{out}");
        assert_eq!(run("vrrp_instance A {\n  priority\n}\n", &["check"]).0, 2);
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let words = ["check", "/nonexistent/k.conf"].map(OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert_eq!(
            crate::run(words.into_iter(), &mut out, &mut err).unwrap(),
            2
        );
        assert!(String::from_utf8(out).unwrap().contains("No such file"));
    }

    #[test]
    fn a_reader_that_goes_away_is_no_panic() {
        struct Closed;
        impl std::io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let words = ["--help"].map(OsString::from);
        assert!(crate::run(words.into_iter(), &mut Closed, &mut Vec::new()).is_err());
    }
}
