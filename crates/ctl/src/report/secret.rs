//! Passwords in source lines.

/// The line with the values of passwords and keys replaced by as many stars: reports end up in
/// tickets and logs.
pub(super) fn masked(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = secret(rest) {
        out.push_str(&rest[..at]);
        let value = &rest[at..];
        let end = value_end(value);
        out.extend(value[..end].chars().map(|c| if c == '"' { c } else { '*' }));
        rest = &value[end..];
    }
    out.push_str(rest);
    out
}

/// Where the next secret begins.
fn secret(line: &str) -> Option<usize> {
    let password = line.find("auth_pass").map(|at| {
        let behind = at + "auth_pass".len();
        behind + blanks(&line[behind..])
    });
    let password = password.filter(|at| *at < line.len());
    password.or_else(|| key(line))
}

/// The value of `key ID VALUE`.
fn key(line: &str) -> Option<usize> {
    let trimmed = line.trim_start();
    let id = trimmed.strip_prefix("key")?.strip_prefix([' ', '\t'])?;
    let id = id.trim_start();
    let digits = id.find(|c: char| !c.is_ascii_digit()).unwrap_or(id.len());
    let value = id[digits..].trim_start();
    let is_key = digits > 0 && !value.is_empty() && value.len() < id[digits..].len();
    (is_key && !value.starts_with('*')).then(|| line.len() - value.len())
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// The end of a word, which may be in quotes.
fn value_end(text: &str) -> usize {
    if let Some(inner) = text.strip_prefix('"') {
        return inner.find('"').map_or(text.len(), |at| at + 2);
    }
    text.find([' ', '\t', '}', '#', '!'])
        .unwrap_or(text.len())
        .max(1)
        .min(text.len())
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn passwords_are_stars_of_their_length() {
        for (line, shown) in [
            ("    auth_pass s3cret", "    auth_pass ******"),
            ("auth_pass \"a b\" # c", "auth_pass \"***\" # c"),
            (
                "authentication { auth_type PASS auth_pass 1111 }",
                "authentication { auth_type PASS auth_pass **** }",
            ),
            ("auth_pass", "auth_pass"),
            ("auth_pass ", "auth_pass "),
            ("auth_pass \"open", "auth_pass \"****"),
            ("auth_passé", "auth_pass*"),
            ("  key 1 hex:00ff", "  key 1 ********"),
            ("key 1", "key 1"),
            ("keyring x", "keyring x"),
            ("priority 100", "priority 100"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
