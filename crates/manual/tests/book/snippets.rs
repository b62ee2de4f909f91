//! Configurations and scenarios in the documents are read by the code that users run.
//!
//! A block begins with its language. `keepalived` is a whole file, and `evervip check` has nothing to
//! say about it; `keepalived in=BLOCK` is the inside of a block, about which it says at most what is
//! due to the rest of a file; `expect=CODE,CODE` names what it has to say. `json failover` is a
//! configuration of failover. `ini` is an override of the daemon's unit. Other languages are held
//! against what reads them.

use std::collections::BTreeSet;
use std::ffi::OsString;

use evervip_ctl::scenario::Scenario;

use crate::foreign::{json_mistake, shell_mistake, unit_mistake, yaml_mistake};
use crate::page::{Fence, all};

/// What a block of the documents may be.
const LANGUAGES: &[&str] = &[
    "console",
    "ini",
    "json",
    "keepalived",
    "mermaid",
    "rust",
    "scenario",
    "sh",
    "text",
    "yaml",
];

/// The file that a block stands for.
fn whole(fence: &Fence) -> String {
    match fence.option("in") {
        None => fence.text.clone(),
        Some("vrrp_instance") => {
            let mut inside = fence.text.clone();
            for (keyword, line) in NEEDED {
                if !fence.text.contains(keyword) {
                    inside.push_str(line);
                }
            }
            format!("vrrp_instance VI_1 {{\n{inside}}}\n")
        }
        Some("vrrp_script") => format!("vrrp_script chk {{\n{}}}\n", fence.text),
        Some(block) => format!("{block} {{\n{}}}\n", fence.text),
    }
}

/// What an instance cannot do without.
const NEEDED: &[(&str, &str)] = &[
    ("interface", "interface eth0\n"),
    ("virtual_router_id", "virtual_router_id 51\n"),
    (
        "virtual_ipaddress {",
        "virtual_ipaddress {\n192.0.2.10/24\n}\n",
    ),
];

/// Codes that a part of a file cannot help: what would prevent them stands elsewhere.
const DUE_TO_THE_REST: &[&str] = &[
    "default-script-user",
    "insecure-script",
    "unknown-name",
    "unused-script",
];

/// Codes of what `evervip check` says about a file.
fn findings(text: &str, name: &str) -> BTreeSet<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    let words = ["check", "--elsewhere", "--format=short", "--color=never"];
    let words = words.into_iter().map(OsString::from);
    let arguments = words.chain([file.into_os_string()]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    evervip_ctl::run(arguments, false, &mut out, &mut err).unwrap();
    let out = String::from_utf8(out).unwrap();
    let codes = out.lines().filter_map(|line| {
        let (head, _) = line.split_once("]: ")?;
        let (_, code) = head.rsplit_once('[')?;
        Some(code.to_owned())
    });
    codes.collect()
}

/// What is wrong with a block.
fn mistake(fence: &Fence) -> Option<String> {
    if !LANGUAGES.contains(&fence.language()) {
        return Some(format!("'{}' is no language of ours", fence.language()));
    }
    let name = match fence.language() {
        "keepalived" => "keepalived.conf",
        "json" if fence.info == "json failover" => "vrrp-config.json",
        "scenario" => {
            let mistakes = Scenario::parse(&fence.text).1;
            return mistakes.first().map(|mistake| mistake.message.clone());
        }
        "ini" => return unit_mistake(&fence.text),
        "json" => return json_mistake(&fence.text),
        "sh" => return shell_mistake(&fence.text),
        "yaml" => return yaml_mistake(&fence.text),
        _ => return None,
    };
    let mut found = findings(&whole(fence), name);
    if fence.option("in").is_some() {
        found.retain(|code| !DUE_TO_THE_REST.contains(&code.as_str()));
    }
    let expected = fence.option("expect").unwrap_or_default().split(',');
    let expected: BTreeSet<_> = expected
        .filter(|code| !code.is_empty())
        .map(str::to_owned)
        .collect();
    (found != expected).then(|| format!("shows {found:?} and should show {expected:?}"))
}

#[test]
fn every_block_is_what_it_says() {
    let (mut wrong, mut configurations) = (Vec::new(), 0);
    for page in all() {
        for fence in page.fences() {
            configurations += usize::from(fence.language() == "keepalived");
            if let Some(mistake) = mistake(&fence) {
                wrong.push(format!("{}:{}: {mistake}", page.name, fence.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(configurations > 10, "only {configurations} were found");
}

/// An indented block has no language, so that nothing would look at it.
#[test]
fn every_block_stands_between_fences() {
    let mut wrong = Vec::new();
    for page in all() {
        let (mut in_list, mut behind_space) = (false, true);
        for (index, line) in page.prose().into_iter().enumerate() {
            let text = line.trim_start();
            let is_indented = line.starts_with("    ") && !in_list && behind_space;
            if is_indented && !text.is_empty() {
                wrong.push(format!("{}:{}: {text}", page.name, index + 1));
            }
            behind_space = text.is_empty();
            let begins_item = text.starts_with(['*', '-']) || begins_with_number(text);
            in_list = begins_item || in_list && (line.starts_with(' ') || text.is_empty());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As the items of a numbered list do.
fn begins_with_number(text: &str) -> bool {
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    behind.len() < text.len() && behind.starts_with(". ")
}

#[test]
fn a_wrong_block_is_noticed() {
    let fence = |info: &str, text: &str| Fence {
        info: info.to_owned(),
        line: 1,
        text: text.to_owned(),
    };
    let good = "interface eth0\npriority 101\n";
    assert_eq!(mistake(&fence("keepalived in=vrrp_instance", good)), None);
    let bad = "priority 500\n";
    assert!(mistake(&fence("keepalived in=vrrp_instance", bad)).is_some());
    assert!(mistake(&fence("keepalived", good)).is_some());
    assert!(mistake(&fence("keepalived expect=out-of-range", good)).is_some());
    let expected = fence("keepalived in=vrrp_instance expect=out-of-range", bad);
    assert_eq!(mistake(&expected), None);
    assert!(mistake(&fence("", "x\n")).is_some());
    assert!(mistake(&fence("scenario", "at noon kill a\n")).is_some());
}
