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

/// Asks bash's own function what it offers after some words.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    let directory = written().expect("a directory");
    let file = directory.path().join("evervip.bash");
    let script = format!(
        "source {}; COMP_WORDS=(evervip {}); COMP_CWORD={}; _evervip; \
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
        if let Some(offered) = offered(words) {
            // Words that this tool gains later may be among them.
            for word in expect {
                assert!(offered.iter().any(|o| o == word), "{words:?}: {offered:?}");
            }
        }
    }
}

#[test]
fn zsh_and_fish_read_their_files() {
    let directory = written().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (program, file) in [("zsh", "_evervip"), ("fish", "evervip.fish")] {
        if let Some(output) = run(program, &["-n", &path(file)]) {
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program}: {complaint}");
        }
    }
}
