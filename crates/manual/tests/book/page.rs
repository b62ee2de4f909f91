//! The documents and what stands in them: fenced blocks, prose, headings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A document.
pub(crate) struct Page {
    /// Its path below the top directory, such as `docs/glossary.md`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What stands between two fences of backticks.
pub(crate) struct Fence {
    /// What follows the opening fence: a language, then our own words.
    pub(crate) info: String,
    /// Line of the opening fence, from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Fence {
    /// The first word behind the fence.
    pub(crate) fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }

    /// The value of `NAME=VALUE` behind the fence.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let mut words = self.info.split(' ');
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The directory of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document that readers of the repository or of the book are sent to.
pub(crate) fn all() -> Vec<Page> {
    let mut files = Vec::new();
    for directory in ["", "docs", "compat-tests", "fuzz", "guest"] {
        collect(&top().join(directory), false, &mut files);
    }
    collect(&top().join("examples"), true, &mut files);
    files.sort();
    let pages = files.into_iter().map(|file| {
        let name = file.strip_prefix(top()).unwrap();
        Page {
            name: name.to_str().unwrap().to_owned(),
            text: std::fs::read_to_string(&file).unwrap(),
        }
    });
    pages.collect()
}

fn collect(directory: &Path, deep: bool, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            collect(&path, deep, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

/// The documents that make the book.
pub(crate) fn book() -> Vec<Page> {
    let mut pages = all();
    pages.retain(|page| {
        !["compat-tests/", "fuzz/", "guest/"]
            .iter()
            .any(|other| page.name.starts_with(other))
    });
    pages
}

impl Page {
    pub(crate) fn fences(&self) -> Vec<Fence> {
        self.split().0
    }

    /// The lines outside fences; those inside are empty, so that numbers of lines are right.
    pub(crate) fn prose(&self) -> Vec<&str> {
        self.split().1
    }

    fn split(&self) -> (Vec<Fence>, Vec<&str>) {
        let (mut fences, mut prose) = (Vec::new(), Vec::new());
        let mut open: Option<Fence> = None;
        for (index, line) in self.text.lines().enumerate() {
            let marks = line.trim_start().strip_prefix("```");
            prose.push(if marks.is_some() || open.is_some() {
                ""
            } else {
                line
            });
            match (marks, open.as_mut()) {
                (None, Some(fence)) => {
                    fence.text.push_str(line);
                    fence.text.push('\n');
                }
                (None, None) => {}
                (Some(_), Some(_)) => fences.extend(open.take()),
                (Some(info), None) => {
                    open = Some(Fence {
                        info: info.trim().to_owned(),
                        line: index + 1,
                        text: String::new(),
                    });
                }
            }
        }
        assert!(open.is_none(), "{}: a fence is not closed", self.name);
        (fences, prose)
    }

    /// What `#...` may lead to: headings as GitHub and mdBook name them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let headings = self.prose().into_iter().filter_map(|line| {
            let text = line.trim_start_matches('#');
            (text.len() < line.len()).then(|| text.strip_prefix(' '))?
        });
        let anchors = headings.map(|heading| {
            let anchor = anchor(heading);
            let times = seen.entry(anchor.clone()).or_default();
            *times += 1;
            match *times {
                1 => anchor,
                more => format!("{anchor}-{}", more - 1),
            }
        });
        anchors.collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

/// What stands between single backticks on a line.
pub(crate) fn code_spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn blocks_and_headings_are_found() {
    let page = Page {
        name: "x.md".to_owned(),
        text: "# A `b` (c)\n```keepalived in=vrrp_script\n# x\n```\n## A b c\n".to_owned(),
    };
    let fences = page.fences();
    assert_eq!(fences.len(), 1);
    assert_eq!(fences[0].language(), "keepalived");
    assert_eq!(fences[0].option("in"), Some("vrrp_script"));
    assert_eq!((fences[0].line, fences[0].text.as_str()), (2, "# x\n"));
    assert_eq!(page.anchors(), ["a-b-c", "a-b-c-1"]);
    assert_eq!(code_spans("a `b` c `d e`"), ["b", "d e"]);
}
