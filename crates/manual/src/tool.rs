//! evervip(1), from the tool's table of options.

use evervip_ctl::reference::{COMMANDS, EXIT_CODES, GENERAL};

use crate::roff::Page;

pub(crate) fn page() -> String {
    let mut page = Page::new(
        "evervip",
        1,
        "check, explain and try out keepalived.conf files",
    );
    page.section("Synopsis");
    for command in COMMANDS {
        let options = if command.options.is_empty() {
            ""
        } else {
            "[OPTION...] "
        };
        page.synopsis(
            &format!("evervip {}", command.name),
            &format!("{options}{}", command.files),
        );
    }
    page.section("Description");
    page.paragraph(
        "The operator's tool beside keepalived(8). It reads configurations with the daemon's own code \
         and needs neither a running daemon nor root.",
    );
    page.section("Commands");
    for command in COMMANDS {
        page.subsection(&format!("{} {}", command.name, command.files));
        page.paragraph(command.help);
        for option in command.options {
            page.term(&option.written(), "", option.help);
        }
    }
    page.section("General options");
    for option in GENERAL {
        page.term(&option.written(), "", option.help);
    }
    page.section("Exit status");
    for (code, meaning) in EXIT_CODES {
        page.term(&code.to_string(), "", meaning);
    }
    page.section("Environment");
    page.term(
        "NO_COLOR",
        "",
        "When it is not empty, --color=auto means never.",
    );
    page.section("See also");
    page.paragraph("keepalived(8), keepalived.conf(5)");
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_is_there() {
        let page = page();
        for command in COMMANDS {
            assert!(
                page.contains(&format!(".SS \"{} ", command.name.replace('-', "\\-"))),
                "{}",
                command.name
            );
            for option in command.options.iter().chain(GENERAL) {
                let written = option.written().replace('-', "\\-");
                assert!(page.contains(&format!("\\fB{written}\\fR")), "{written}");
            }
        }
    }
}
