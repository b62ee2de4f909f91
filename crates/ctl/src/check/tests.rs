//! `evervip check` as people call it.

use std::ffi::OsString;

fn run(text: &str, words: &[&str]) -> (u8, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("k.conf");
    std::fs::write(&file, text).unwrap();
    let mut arguments: Vec<_> = words.iter().map(OsString::from).collect();
    arguments.push(file.clone().into());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = crate::run(arguments.into_iter(), false, &mut out, &mut err).unwrap();
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
        crate::run(words.into_iter(), false, &mut out, &mut err).unwrap(),
        2
    );
    assert!(
        String::from_utf8(out)
            .unwrap()
            .contains("/nonexistent/k.conf")
    );
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
    assert!(crate::run(words.into_iter(), false, &mut Closed, &mut Vec::new()).is_err());
}
