//! What reads the files in earnest: groff takes the pages without a complaint, each shell takes its
//! completions. A program that is not here is named and left out.

use std::process::{Command, Output};

/// Runs a program; `None`, said aloud, where there is none.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("SKIPPED: {program}: {error}");
            None
        }
    }
}

fn written() -> std::io::Result<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    for file in evervip_manual::files() {
        std::fs::write(directory.path().join(file.name), file.text)?;
    }
    Ok(directory)
}

#[test]
fn pages_are_ascii_and_groff_has_no_complaint() {
    let directory = written().expect("a directory");
    for page in ["keepalived.8", "keepalived.conf.5", "evervip.1"] {
        let path = directory.path().join(page);
        assert!(std::fs::read(&path).unwrap().is_ascii(), "{page}");
        let path = path.to_str().unwrap();
        if let Some(output) = run("groff", &["-man", "-Tascii", "-ww", path]) {
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{page}");
            assert!(output.stdout.len() > 1_000, "{page}");
        }
    }
}

/// Asks bash's own function of a program what it offers after some words.
fn offered(program: &str, words: &[&str]) -> Option<Vec<String>> {
    let directory = written().expect("a directory");
    let file = directory.path().join(format!("{program}.bash"));
    let script = format!(
        "source {}; COMP_WORDS=({program} {}); COMP_CWORD={}; _{program}; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file.display(),
        words.join(" "),
        words.len()
    );
    let output = run("bash", &["--norc", "-c", &script])?;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_offers_commands_options_and_choices() {
    for (words, expect) in [
        (&["ch"][..], &["check"][..]),
        (&["check", "--st"], &["--strict"]),
        (&["simulate", "--s"], &["--scenario=", "--seed="]),
        (&["check", "--format", "=", "j"], &["json"]),
        (&["check", "--color", "="], &["auto", "always", "never"]),
    ] {
        if let Some(offered) = offered("evervip", words) {
            // Words that this tool gains later may be among them.
            for word in expect {
                assert!(offered.iter().any(|o| o == word), "{words:?}: {offered:?}");
            }
        }
    }
}

#[test]
fn bash_offers_options_of_the_daemon_and_what_belongs_to_them() {
    let own = env!("CARGO_MANIFEST_DIR");
    let prefix = format!("{own}/src/l");
    for (words, expect) in [
        (&["--log-d"][..], &["--log-detail"][..]),
        (
            &["-n", "--log-f"],
            &["--log-facility=", "--log-file", "--log-file="],
        ),
        (&["--signum", "=", "STA"], &["STATS", "STATS_CLEAR"]),
        (&["-S", "local7"], &["local7"]),
        (&["-i", "''"], &[""]),
        (
            &["--use-file", "=", &prefix],
            &[&format!("{own}/src/lib.rs")],
        ),
        (&["-f", &prefix], &[&format!("{own}/src/lib.rs")]),
    ] {
        if let Some(offered) = offered("keepalived", words) {
            assert_eq!(offered, expect, "{words:?}");
        }
    }
}

/// Asks fish what it offers at the end of a line.
#[test]
fn fish_offers_options_of_the_daemon_and_what_belongs_to_them() {
    let directory = written().expect("a directory");
    let file = directory.path().join("keepalived.fish");
    for (line, expect) in [
        ("keepalived --log-de", &["--log-detail"][..]),
        (
            "keepalived --signum=STA",
            &["--signum=STATS", "--signum=STATS_CLEAR"],
        ),
        ("keepalived -n -S local7", &["local7"]),
        ("keepalived x", &[]),
    ] {
        let script = format!("source {}; complete -C '{line}'", file.display());
        if let Some(output) = run("fish", &["--no-config", "-c", &script]) {
            let text = String::from_utf8_lossy(&output.stdout);
            let offered: Vec<_> = text.lines().filter_map(|l| l.split('\t').next()).collect();
            assert_eq!(offered, expect, "{line}");
        }
    }
}

#[test]
fn zsh_and_fish_read_their_files() {
    let directory = written().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (program, file) in [
        ("zsh", "_evervip"),
        ("fish", "evervip.fish"),
        ("zsh", "_keepalived"),
        ("fish", "keepalived.fish"),
    ] {
        if let Some(output) = run(program, &["-n", &path(file)]) {
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program}: {complaint}");
        }
    }
}
