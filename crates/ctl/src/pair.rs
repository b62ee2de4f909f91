//! The nodes of a group, each read as if on its own machine.

use std::path::{Path, PathBuf};

use evervip_config::{Loaded, Mode, Options, Tree, load_with_tree};
use evervip_host::{SystemFiles, SystemHost};
use evervip_lint::group::Group;
use evervip_lint::{Elsewhere, Input};

/// A configuration as its node would read it.
pub(crate) struct Node {
    /// What it is called.
    pub(crate) name: String,
    pub(crate) loaded: Loaded,
    pub(crate) tree: Tree,
    /// What this machine lacks and that one is taken to have.
    pub(crate) assumed: Vec<String>,
    /// Names of users that this machine lacks, by the ids that they got.
    pub(crate) users: Vec<(u32, String)>,
}

/// The configurations of all nodes.
pub(crate) struct Nodes {
    pub(crate) all: Vec<Node>,
    host: SystemHost,
    options: Options,
}

impl Nodes {
    /// Reads one configuration for each node.
    pub(crate) fn read(files: &[PathBuf], config_id: Option<&str>) -> Self {
        let host = SystemHost::default();
        let options = Options {
            config_id: config_id.map(str::to_owned),
            ..Options::default()
        };
        let named = files.iter().zip(names(files));
        let all = named
            .map(|(file, name)| read(file, name, &host, &options))
            .collect();
        Self { all, host, options }
    }

    /// Another configuration of a node.
    pub(crate) fn read_other(&self, node: usize, file: &Path) -> Node {
        read(file, self.all[node].name.clone(), &self.host, &self.options)
    }

    /// The names of all nodes.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.all.iter().map(|node| node.name.as_str()).collect()
    }

    /// The nodes side by side; those that would not start are left out.
    pub(crate) fn group(&self) -> Group<'_> {
        self.group_of(&self.all.iter().collect::<Vec<_>>())
    }

    /// The same with another configuration of one node.
    pub(crate) fn group_with<'a>(&'a self, node: usize, other: &'a Node) -> Group<'a> {
        let mut nodes: Vec<&Node> = self.all.iter().collect();
        nodes[node] = other;
        self.group_of(&nodes)
    }

    fn group_of<'a>(&'a self, nodes: &[&'a Node]) -> Group<'a> {
        let nodes = nodes.iter();
        let nodes = nodes.map(|node| (node.name.clone(), self.input(node)));
        Group::new(&nodes.collect::<Vec<_>>())
    }

    /// What lints look at.
    pub(crate) fn input<'a>(&'a self, node: &'a Node) -> Input<'a> {
        Input {
            loaded: &node.loaded,
            tree: &node.tree,
            host: &self.host,
        }
    }
}

fn read(file: &Path, name: String, host: &SystemHost, options: &Options) -> Node {
    let there = Elsewhere::new(host);
    let (loaded, tree) = load_with_tree(file, &SystemFiles, &there, Mode::Start, options);
    Node {
        name,
        loaded,
        tree,
        assumed: there.assumed(),
        users: there.assumed_users(),
    }
}

/// The shortest names that tell the files apart: without directory and extension, without
/// extension, the directory's, or the whole path.
fn names(files: &[PathBuf]) -> Vec<String> {
    let ways: [fn(&Path) -> Option<&std::ffi::OsStr>; 3] =
        [Path::file_stem, Path::file_name, |file| {
            file.parent().and_then(Path::file_name)
        }];
    for way in ways {
        let names = files.iter().map(|file| way(file));
        let names: Option<Vec<_>> = names
            .map(|name| Some(name?.to_string_lossy().into_owned()))
            .collect();
        let distinct = |names: &Vec<String>| {
            let mut sorted: Vec<_> = names.iter().collect();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.len() == names.len()
        };
        if let Some(names) = names.filter(distinct) {
            return names;
        }
    }
    files
        .iter()
        .map(|file| file.display().to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_the_shortest_names_that_differ() {
        let named = |files: &[&str]| names(&files.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(named(&["a/lb1.conf", "b/lb2.conf"]), ["lb1", "lb2"]);
        assert_eq!(named(&["k.lb1", "k.lb2"]), ["k.lb1", "k.lb2"]);
        assert_eq!(named(&["lb1/k.conf", "lb2/k.conf"]), ["lb1", "lb2"]);
        assert_eq!(named(&["x/a/k", "y/a/k"]), ["x/a/k", "y/a/k"]);
        assert_eq!(named(&["k", "k"]), ["k", "k"]);
    }
}
