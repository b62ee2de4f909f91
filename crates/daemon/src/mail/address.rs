//! Mail addresses as the configuration has them: `a@b`, `Name <a@b>`.

/// What goes between the angle brackets of `MAIL FROM` and `RCPT TO`.
///
/// keepalived 2.2.7 puts the name there, too, which relays refuse.
pub(super) fn mailbox(address: &str) -> String {
    let inner = split(address).map_or(address, |(_, mailbox)| mailbox);
    printable(inner.trim())
}

/// What stands in the header: as written, with quotes around a name that needs them.
pub(super) fn in_header(address: &str) -> String {
    match split(address) {
        Some((name, mailbox)) if needs_quotes(name) => {
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            printable(&format!("\"{name}\" <{mailbox}>"))
        }
        _ => printable(address),
    }
}

/// The text on one line: nothing that the configuration holds can end it.
pub(super) fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// Name and mailbox of `Name <a@b>`; the name may be empty.
fn split(address: &str) -> Option<(&str, &str)> {
    let (name, mailbox) = address.trim_end().strip_suffix('>')?.rsplit_once('<')?;
    Some((name.trim(), mailbox))
}

fn needs_quotes(name: &str) -> bool {
    let quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
    !quoted && name.contains(|c: char| SPECIALS.contains(c) || c == '"')
}

/// Characters that an unquoted name must not contain (RFC 5322, 3.2.3).
const SPECIALS: &str = "()<>[]:;@\\,.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_and_header_of_each_form() {
        for (written, envelope, header) in [
            ("a@x.example", "a@x.example", "a@x.example"),
            ("root", "root", "root"),
            ("<a@x.example>", "a@x.example", "<a@x.example>"),
            ("Ann <a@x.example>", "a@x.example", "Ann <a@x.example>"),
            (
                "Last, First <a@x.example>",
                "a@x.example",
                "\"Last, First\" <a@x.example>",
            ),
            (
                "\"Last, First\" <a@x.example>",
                "a@x.example",
                "\"Last, First\" <a@x.example>",
            ),
            ("A \"B <a@x>", "a@x", "\"A \\\"B\" <a@x>"),
            ("odd <", "odd <", "odd <"),
            (">", ">", ">"),
            ("<>", "", "<>"),
            ("", "", ""),
            ("a@x\r\nRCPT TO:<b@x>", "b@x", "\"a@x  RCPT TO:\" <b@x>"),
        ] {
            assert_eq!(mailbox(written), envelope, "{written}");
            assert_eq!(in_header(written), header, "{written}");
        }
    }
}
