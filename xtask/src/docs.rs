//! The book: the pages of `docs/SUMMARY.md`, put together below the target directory and made into
//! HTML by mdbook, with the diagrams by mdbook-mermaid.
//!
//! Pages keep their places in the repository, so that links between them hold. What they link to and
//! is no page of the book is copied beside them, or stays in the repository when it is a document or a
//! directory.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::package::succeed;
use crate::tool::Tool;
use crate::{target, top};

const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    arguments: &["--no-default-features", "--features", "search"],
};

const MERMAID: Tool = Tool {
    name: "mdbook-mermaid",
    version: "0.17.1",
    arguments: &[],
};

/// Makes the book and follows its links. Where mdbook cannot be had, says so and is content.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
pub(crate) fn run() -> Result<bool> {
    let book = target()?.join("book");
    assemble(&book)?;
    let (mdbook, mermaid) = match MDBOOK.program().and_then(|m| Ok((m, MERMAID.program()?))) {
        Ok(programs) => programs,
        Err(error) => {
            println!("SKIPPED: mdbook cannot be installed: {error:#}");
            println!("The pages are in {}", book.join("src").display());
            return Ok(true);
        }
    };
    succeed(quiet(&mermaid).arg("install").arg(&book))?;
    let tools = mermaid.parent().context("no directory of tools")?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = quiet(&mdbook);
    command.arg("build").arg(&book);
    succeed(command.env("PATH", format!("{}:{path}", tools.display())))?;
    let html = book.join("html");
    let broken = broken_links(&html)?;
    for link in &broken {
        println!("leads nowhere: {link}");
    }
    println!("{}", html.join("index.html").display());
    Ok(broken.is_empty())
}

/// A program that tells of what goes wrong alone.
fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("RUST_LOG", "warn")
        .env("MDBOOK_LOG", "warn")
        .stdout(Stdio::null());
    command
}

/// Writes `book.toml` and `src` into a directory.
fn assemble(book: &Path) -> Result<()> {
    let (top, source) = (top()?, book.join("src"));
    anew(book)?;
    fs::create_dir_all(&source)?;
    fs::copy(top.join("docs/book.toml"), book.join("book.toml"))?;
    let (summary, pages) = contents()?;
    fs::write(source.join("SUMMARY.md"), summary)?;
    // mdbook calls such a page so, and does not follow links to its old name.
    put_pages(&source, &pages, |target| {
        target.replace("README.md", "index.md")
    })
}

/// Writes the pages as they stand, with what they link to and with the files of the examples, for packages.
pub(crate) fn write_pages(directory: &Path) -> Result<()> {
    anew(directory)?;
    let (_, mut pages) = contents()?;
    pages.insert(SUMMARY.into());
    put_pages(directory, &pages, str::to_owned)?;
    let top = top()?;
    for page in &pages {
        let beside = page.parent().unwrap_or(Path::new(""));
        if beside.starts_with("examples") && beside.components().count() > 1 {
            put_example(&top, beside, directory)?;
        }
    }
    Ok(())
}

/// The files of an example, its own program aside.
fn put_example(top: &Path, example: &Path, directory: &Path) -> Result<()> {
    for entry in fs::read_dir(top.join(example))? {
        let name = entry?.file_name();
        let file = example.join(&name);
        let to = directory.join(&file);
        if ["Cargo.toml", "src", "tests"]
            .iter()
            .any(|own| name == *own)
            || to.is_file()
        {
            continue;
        }
        if top.join(&file).is_dir() {
            put_example(top, &file, directory)?;
        } else {
            put(&to, &fs::read(top.join(&file))?)?;
        }
    }
    Ok(())
}

fn anew(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(())
}

/// The table of contents with its links as seen from the top directory, and what they lead to.
fn contents() -> Result<(String, BTreeSet<PathBuf>)> {
    let summary = fs::read_to_string(top()?.join(SUMMARY))?;
    let mut pages = BTreeSet::new();
    let summary = with_links(&summary, |target| {
        let page = joined(Path::new("docs"), target);
        pages.insert(page.clone());
        page.display().to_string()
    });
    ensure!(!pages.is_empty(), "{SUMMARY} names no page");
    Ok((summary, pages))
}

/// Copies pages to their places below a directory, with links between them as `renamed` has them.
fn put_pages(to: &Path, pages: &BTreeSet<PathBuf>, renamed: impl Fn(&str) -> String) -> Result<()> {
    let top = top()?;
    for page in pages {
        let text = fs::read_to_string(top.join(page)).context(page.display().to_string())?;
        let directory = page.parent().unwrap_or(Path::new(""));
        let mut copied = Vec::new();
        let text = with_links(&text, |target| {
            let (path, _) = target.split_once('#').unwrap_or((target, ""));
            let file = joined(directory, path);
            if pages.contains(&file) {
                return renamed(target);
            }
            if pages.contains(&file.join("README.md")) {
                return renamed(&format!("{}/README.md", path.trim_end_matches('/')));
            }
            if path.is_empty() || path.contains(':') {
                return target.to_owned();
            }
            if top.join(&file).is_dir() || path.ends_with(".md") {
                return format!("{REPOSITORY}/blob/main/{}", file.display());
            }
            copied.push(file);
            target.to_owned()
        });
        put(&to.join(page), text.as_bytes())?;
        for file in copied {
            put(&to.join(&file), &fs::read(top.join(&file))?)?;
        }
    }
    Ok(())
}

fn put(file: &Path, content: &[u8]) -> Result<()> {
    fs::create_dir_all(file.parent().context("no directory")?)?;
    fs::write(file, content).with_context(|| file.display().to_string())
}

/// A path relative to a directory, without `.` and `..`.
fn joined(directory: &Path, path: &str) -> PathBuf {
    let mut out = directory.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// The text with every target of a link replaced, except in fenced blocks.
fn with_links(text: &str, mut replaced: impl FnMut(&str) -> String) -> String {
    let (mut out, mut fenced) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let mut rest = line;
        while let (false, Some((before, behind))) = (fence || fenced, rest.split_once("](")) {
            let Some((target, after)) = behind.split_once(')') else {
                break;
            };
            out.push_str(before);
            out.push_str("](");
            out.push_str(&replaced(target));
            out.push(')');
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

/// Links between the files of a directory of HTML that lead to no file or no heading.
fn broken_links(html: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    collect(html, &mut files)?;
    let mut broken = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let directory = file.parent().unwrap_or(html);
        for link in text.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap_or_default();
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            // The page for unknown addresses begins its links at the root of the site.
            if path.contains(':') || path.starts_with('/') || file.ends_with("404.html") {
                continue;
            }
            let linked = match path {
                "" => file.clone(),
                path => joined(directory, path),
            };
            let content = fs::read(&linked).unwrap_or_default();
            let id = format!("id=\"{anchor}\"");
            let is_there = linked.exists()
                && (anchor.is_empty() || String::from_utf8_lossy(&content).contains(&id));
            if !is_there {
                let from = file.strip_prefix(html).unwrap_or(file);
                broken.push(format!("{}: {link}", from.display()));
            }
        }
    }
    Ok(broken)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// The table of contents.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Where documents are read that are no pages of the book.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_replaced_outside_of_blocks() {
        let text = "a [b](c.md#d) [e](f)\n```\n[g](h)\n```\n[i](j";
        let replaced = with_links(text, |target| format!("x/{target}"));
        assert_eq!(
            replaced,
            "a [b](x/c.md#d) [e](x/f)\n```\n[g](h)\n```\n[i](j"
        );
    }

    #[test]
    fn paths_are_those_of_the_repository() {
        let joined = |path| joined(Path::new("docs"), path);
        assert_eq!(joined("../README.md"), Path::new("README.md"));
        assert_eq!(joined("./a/b.conf"), Path::new("docs/a/b.conf"));
    }

    /// Each page of a package finds what it links to in the package.
    #[test]
    fn links_of_the_pages_in_packages_hold() {
        let directory = tempfile::tempdir().unwrap();
        write_pages(directory.path()).unwrap();
        let (_, mut pages) = contents().unwrap();
        pages.insert(SUMMARY.into());
        let mut links = 0;
        for page in &pages {
            let text = fs::read_to_string(directory.path().join(page)).unwrap();
            with_links(&text, |target| {
                let (path, _) = target.split_once('#').unwrap_or((target, ""));
                if !path.is_empty() && !path.contains(':') {
                    let linked = joined(page.parent().unwrap(), path);
                    let is_there = directory.path().join(linked).is_file();
                    assert!(is_there, "{}: {target}", page.display());
                    links += 1;
                }
                String::new()
            });
        }
        assert!(links > 100, "{links} links");
        for file in ["chk_haproxy.sh", "active-active"] {
            let file = Path::new("examples/haproxy-pair").join(file);
            assert!(directory.path().join(&file).exists(), "{}", file.display());
        }
        assert!(!directory.path().join("examples/haproxy-pair/src").exists());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let html = std::env::temp_dir().join(format!("evervip-docs-{}", std::process::id()));
        fs::create_dir_all(&html).unwrap();
        let page =
            "<h1 id=\"a\"><a href=\"#a\"><a href=\"#b\"><a href=\"no.html\"><a href=\"x:y\">";
        fs::write(html.join("index.html"), page).unwrap();
        let broken = broken_links(&html).unwrap();
        fs::remove_dir_all(&html).unwrap();
        assert_eq!(broken, ["index.html: #b", "index.html: no.html"]);
    }
}
