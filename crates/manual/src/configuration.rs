//! keepalived.conf(5), from the keyword table.

use evervip_config::keyword::{BLOCKS, Block, Keyword, Shape, Status, keywords};

use crate::roff::Page;

pub(crate) fn page() -> String {
    let mut page = Page::new(
        "keepalived.conf",
        5,
        "configuration of keepalived (evervip)",
    );
    page.section("Description");
    for text in DESCRIPTION {
        page.paragraph(text);
    }
    page.section("Example");
    page.example(EXAMPLE);
    page.section("How a file is read");
    for (term, text) in READING {
        page.term(term, "", text);
    }
    page.section("Keywords");
    page.paragraph(
        "Each keyword with its arguments. A default that is itself a keyword means its value in \
         global_defs. A release in brackets is the first of keepalived that knows the keyword.",
    );
    for (block, title) in BLOCKS {
        write_block(&mut page, *block, title);
    }
    page.section("See also");
    page.paragraph("keepalived(8), evervip(1)");
    page.finish()
}

fn write_block(page: &mut Page, block: Block, title: &str) {
    page.subsection(&title.replace('`', ""));
    let keywords = keywords(block);
    let all_lvs = keywords.iter().all(|k| k.status == Status::Lvs);
    if all_lvs {
        page.paragraph("Checked, but without effect: this program runs no virtual servers.");
    }
    for keyword in keywords {
        page.term(
            keyword.name,
            &arguments(keyword),
            &meaning(keyword, all_lvs),
        );
    }
}

fn arguments(keyword: &Keyword) -> String {
    match (keyword.shape, keyword.arguments) {
        (Shape::Bool, _) => "[on|off]".to_owned(),
        (Shape::Keywords(_), "") => "{ ... }".to_owned(),
        (Shape::Keywords(_), name) => format!("{name} {{ ... }}"),
        (Shape::Flag | Shape::Words | Shape::Script | Shape::Values, text) => text.to_owned(),
    }
}

/// The help text, the default, the release, and what this version makes of it. `said` means that the
/// last is known from the block.
fn meaning(keyword: &Keyword, said: bool) -> String {
    let mut out = keyword.help.to_owned();
    if !keyword.default.is_empty() {
        out.push_str(&format!(" Default: {}.", keyword.default));
    }
    if !keyword.since.is_empty() {
        out.push_str(&format!(" [{}]", keyword.since));
    }
    let remark = match keyword.status {
        Status::Honoured => "",
        Status::Accepted => " Read; changes nothing.",
        Status::NotSupported => " Not supported by this version: a warning says so.",
        Status::Lvs if said => "",
        Status::Lvs => " Belongs to virtual servers, which this program does not run.",
    };
    out.push_str(remark);
    out
}

const DESCRIPTION: &[&str] = &[
    "The file says which virtual routers this machine is part of, which addresses they hold, what is \
     watched and what is run when something changes. evervip reads the language of keepalived 2.2.7, \
     and the keywords that later releases added.",
    "'evervip check FILE' finds mistakes, also those that keepalived keeps quiet about; 'evervip \
     explain FILE' says in words what the daemon will do with a file; 'keepalived -t' gives \
     keepalived's own verdict.",
];

const EXAMPLE: &str = "\
vrrp_script chk_http {
    script \"/usr/bin/pgrep haproxy\"
    interval 2
    weight -20
}
vrrp_instance WEB {
    interface eth0
    virtual_router_id 51
    priority 110
    virtual_ipaddress {
        192.0.2.10/24
    }
    track_script {
        chk_http
    }
}";

const READING: &[(&str, &str)] = &[
    (
        "lines",
        "One keyword with its arguments stands on a line. Only braces divide a line: what follows the \
         arguments of a keyword on its line is ignored.",
    ),
    (
        "comments",
        "A # or ! begins a comment, anywhere but inside double quotes. \\# and \\! are the characters \
         themselves.",
    ),
    (
        "words",
        "Blanks divide words; a word in double quotes may have blanks, braces, # and ! in it.",
    ),
    (
        "scripts",
        "A command with arguments is put into quotes, as user and group may follow it. It is split \
         into words, single and double quotes work as in a shell, but no shell runs it.",
    ),
    (
        "include PATTERN",
        "The files that match are read in its place; the pattern is relative to the directory of the \
         file in which it stands.",
    ),
    (
        "$NAME=VALUE",
        "Defines a text that ${NAME}, or $NAME before a blank, stands for from there on. A value whose \
         line ends in a backslash goes on in the next line.",
    ),
    (
        "~SEQ(NAME, FIRST, STEP, LAST) LINE, ~LST(NAME, VALUE, ...) LINE",
        "The line is read once for each value, and ${NAME} stands for it.",
    ),
    (
        "@ID LINE, @^ID LINE",
        "The line counts only when ID is, or is not, the name of this machine: what keepalived -i says, \
         else the host name up to its first dot.",
    ),
    (
        "@evervip KEYWORD",
        "Keywords of our own, which keepalived skips; they are listed last.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_there_with_its_help() {
        let page = page();
        for keyword in BLOCKS.iter().flat_map(|(block, _)| keywords(*block)) {
            let name = keyword.name.replace('-', "\\-");
            assert!(page.contains(&format!("\n\\fB{name}\\fR")), "{name}");
            assert!(!keyword.help.is_empty(), "{name}");
        }
    }

    #[test]
    fn what_has_no_effect_says_so() {
        let of = |name| {
            let mut all = BLOCKS.iter().flat_map(|(block, _)| keywords(*block));
            meaning(all.find(|k| k.name == name).unwrap(), false)
        };
        assert!(of("virtual_server").contains("does not run"));
        assert!(!of("virtual_router_id").contains("version"));
        assert!(
            of("priority").ends_with("Default: 100."),
            "{}",
            of("priority")
        );
    }
}
