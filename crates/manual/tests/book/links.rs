//! Relative links and their anchors.

use std::path::Path;

use crate::page::{Page, all, code_spans, top};

/// Targets of links on a line, code left out.
fn targets(line: &str) -> Vec<String> {
    let mut line = line.to_owned();
    for code in code_spans(&line.clone()) {
        if code.contains("](") {
            line = line.replace(code, "");
        }
    }
    let mut targets = Vec::new();
    for part in line.split("](").skip(1) {
        if let Some((target, _)) = part.split_once(')') {
            targets.push(target.to_owned());
        }
    }
    targets
}

fn is_elsewhere(target: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
}

/// What is wrong with a link of a page.
fn mistake(page: &Page, target: &str, pages: &[Page]) -> Option<String> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let directory = Path::new(&page.name).parent().unwrap();
    let file = match path {
        "" => top().join(&page.name),
        path => top().join(directory).join(path),
    };
    let Ok(file) = file.canonicalize() else {
        return Some("no such file".to_owned());
    };
    if anchor.is_empty() {
        return None;
    }
    let name = file.strip_prefix(top().canonicalize().unwrap()).ok()?;
    let Some(linked) = pages.iter().find(|page| Path::new(&page.name) == name) else {
        return Some("an anchor in what is no document".to_owned());
    };
    let known = linked.anchors().iter().any(|known| known == anchor);
    (!known).then(|| format!("no heading #{anchor}"))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = all();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in &pages {
        for (index, line) in page.prose().into_iter().enumerate() {
            for target in targets(line).iter().filter(|target| !is_elsewhere(target)) {
                count += 1;
                if let Some(mistake) = mistake(page, target, &pages) {
                    wrong.push(format!("{}:{}: {target}: {mistake}", page.name, index + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "only {count} links were found");
}

#[test]
fn a_link_that_leads_nowhere_is_noticed() {
    let page = Page {
        name: "docs/x.md".to_owned(),
        text: "# Top\n".to_owned(),
    };
    assert_eq!(targets("[a](b.md#c) `[x](y)` [`k`](l)"), ["b.md#c", "l"]);
    assert!(mistake(&page, "nowhere.md", &[]).is_some());
    assert!(mistake(&page, "glossary.md", &all()).is_none());
    assert!(mistake(&page, "glossary.md#glossary", &all()).is_none());
    assert!(mistake(&page, "glossary.md#nothing", &all()).is_some());
}
