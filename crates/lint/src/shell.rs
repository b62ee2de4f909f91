//! What only a shell understands, in a command that none reads.

/// The first piece of shell syntax outside quotes, as it stands in the command.
///
/// Careful on purpose: `&` and `?` stand in addresses of web pages, `|` in patterns. An operator
/// counts when it is a word or touches one in a way that only makes sense to a shell.
pub(crate) fn syntax(command: &str) -> Option<String> {
    words(command).into_iter().find_map(|word| {
        let (bare, soft) = (word.bare.as_str(), word.soft.as_str());
        for mark in ["`", "$("] {
            if bare.contains(mark) || soft.contains(mark) {
                return Some(mark.to_owned());
            }
        }
        is_syntax(bare).then(|| bare.to_owned())
    })
}

/// A shell that is asked to run one word of several: `sh -c killall -0 x` runs `killall`.
pub(crate) fn shell_word(command: &str) -> Option<String> {
    let argv: Vec<_> = words(command).into_iter().map(|word| word.text).collect();
    let at = argv.iter().position(|word| word == "-c")?;
    let shell = argv.get(at.checked_sub(1)?)?;
    let rest = argv.get(at + 2..)?;
    // Words behind the command are its parameters; who writes options there means the command.
    let is_cut = rest.first().is_some_and(|word| word != "--" && word != "_");
    let command = argv.get(at + 1)?;
    let is_one_word = !command.contains(char::is_whitespace);
    (is_shell(shell) && is_cut && is_one_word).then(|| command.clone())
}

/// Whether a program is a shell, so that its arguments may be anything.
pub(crate) fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    matches!(
        name,
        "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "mksh" | "busybox"
    )
}

fn is_syntax(word: &str) -> bool {
    if matches!(word, "|" | "||" | "&" | "&&" | ";" | "<" | "<<" | "(" | ")") {
        return true;
    }
    let redirect = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    let glued = word.ends_with('>') && !word.contains('<');
    if redirect.starts_with('>') || glued {
        return true;
    }
    let ends = word.len() > 1 && word.ends_with(';') && !word.ends_with("\\;");
    let joins = ["&&", "||"].iter().any(|op| word.contains(op)) && !word.contains("://");
    let variable = word.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '?'))
    });
    let home = word.starts_with("~/");
    let pattern = word.starts_with('/') && word.contains('*');
    ends || joins || variable || home || pattern
}

/// A word by what protects its parts.
#[derive(Default)]
struct Word {
    /// All of it, without quotes.
    text: String,
    /// Outside all quotes.
    bare: String,
    /// Inside double quotes, where a shell would still replace `$(…)`.
    soft: String,
}

fn words(command: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\\', _) => word.text.extend(characters.next()),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            (c, None) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (c, quote) => {
                word.text.push(c);
                match quote {
                    None => word.bare.push(c),
                    Some('"') => word.soft.push(c),
                    Some(_) => {}
                }
            }
        }
    }
    words.push(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expect: Option<&str>) {
        assert_eq!(syntax(command).as_deref(), expect, "{command}");
    }

    #[test]
    fn operators_are_found() {
        check("pidof haproxy || exit 1", Some("||"));
        check("/bin/a | grep b", Some("|"));
        check("/bin/a > /dev/null", Some(">"));
        check("/bin/a >/dev/null 2>&1", Some(">/dev/null"));
        check("/bin/a 2>/dev/null", Some("2>/dev/null"));
        check("/bin/a &>/x", Some("&>/x"));
        check("/bin/a b> /x", Some("b>"));
        check("kill -0 `cat /run/x.pid`", Some("`"));
        check("kill -0 $(cat /run/x.pid)", Some("$("));
        check("kill -0 \"$(cat /run/x.pid)\"", Some("$("));
        check("/bin/a; /bin/b", Some("/bin/a;"));
        check("/bin/a $HOME", Some("$HOME"));
        check("/bin/ls /etc/*.conf", Some("/etc/*.conf"));
        check("/bin/a &", Some("&"));
    }

    #[test]
    fn what_a_program_takes_as_it_is_is_not() {
        check("curl http://a/?b=1&c=2", None);
        check("/bin/mail -r <a@b.example>", None);
        check("grep 'a|b' /x", None);
        check("grep \"a || b\" /x", None);
        check("awk '{print $1; exit}' /x", None);
        check("/usr/bin/test -f /x", None);
        check("find /x -exec true {} \\;", None);
        check("/bin/a --limit=>5", None);
        check("</dev/tcp/127.0.0.1/80", None);
        check("psql -c 'select 1;'", None);
        check("", None);
        check("\\", None);
    }

    #[test]
    fn a_shell_takes_one_word() {
        let cut = shell_word;
        assert_eq!(cut("/bin/sh -c killall -0 x"), Some("killall".to_owned()));
        assert_eq!(cut("/bin/sh -c /x.sh"), None);
        assert_eq!(cut("/bin/sh -c 'killall -0 x'"), None);
        assert_eq!(cut("bash -c </dev/tcp/127.0.0.1/80"), None);
        assert_eq!(cut("/usr/bin/ping -c 1 host"), None);
    }
}
