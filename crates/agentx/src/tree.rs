//! The objects that are served, at one moment.

use crate::{Oid, Value};

/// All instances in the order of their names, and which objects there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// By name, each once.
    instances: Vec<(Oid, Value)>,
    /// By name: the objects (columns and scalars) that instances stand below.
    objects: Vec<Oid>,
}

impl Tree {
    /// The value of an instance, or why there is none.
    #[must_use]
    pub fn get(&self, name: &Oid) -> Value {
        match self.instances.binary_search_by(|(at, _)| at.cmp(name)) {
            Ok(found) => self.instances[found].1.clone(),
            Err(_) if self.has_object_at(name) => Value::NoSuchInstance,
            Err(_) => Value::NoSuchObject,
        }
    }

    /// The first instance behind a name, or at it if `inclusive`.
    #[must_use]
    pub fn next(&self, name: &Oid, inclusive: bool) -> Option<(&Oid, &Value)> {
        let before = |at: &Oid| if inclusive { at < name } else { at <= name };
        let first = self.instances.partition_point(|(at, _)| before(at));
        self.instances.get(first).map(|(at, value)| (at, value))
    }

    /// All instances in order.
    pub fn instances(&self) -> impl Iterator<Item = (&Oid, &Value)> {
        self.instances.iter().map(|(name, value)| (name, value))
    }

    fn has_object_at(&self, name: &Oid) -> bool {
        let behind = self.objects.partition_point(|object| object <= name);
        // No object stands below another, so that only the last one before it can be above it.
        behind > 0 && name.starts_with(&self.objects[behind - 1])
    }
}

/// Collects instances in any order.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    tree: Tree,
}

impl TreeBuilder {
    /// Makes an object known; it needs no instance.
    pub fn object(&mut self, name: Oid) {
        self.tree.objects.push(name);
    }

    /// Adds an instance. The first one of a name counts.
    pub fn instance(&mut self, name: Oid, value: Value) {
        self.tree.instances.push((name, value));
    }

    /// Everything in order.
    #[must_use]
    pub fn build(mut self) -> Tree {
        // Stable, so that of two with one name the first stays.
        self.tree.instances.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.tree.instances.dedup_by(|(b, _), (a, _)| a == b);
        self.tree.objects.sort();
        self.tree.objects.dedup();
        self.tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let mut builder = TreeBuilder::default();
        builder.object(Oid::new(&[1, 5, 2]));
        builder.object(Oid::new(&[1, 5, 3]));
        builder.instance(Oid::new(&[1, 5, 3, 1]), Value::Integer(31));
        builder.instance(Oid::new(&[1, 5, 2, 2]), Value::Integer(22));
        builder.instance(Oid::new(&[1, 5, 2, 1]), Value::Integer(21));
        builder.instance(Oid::new(&[1, 5, 2, 1]), Value::Integer(99));
        builder.build()
    }

    #[test]
    fn what_is_not_there_is_an_instance_or_an_object() {
        let tree = tree();
        assert_eq!(tree.get(&Oid::new(&[1, 5, 2, 1])), Value::Integer(21));
        assert_eq!(tree.get(&Oid::new(&[1, 5, 2, 7])), Value::NoSuchInstance);
        assert_eq!(tree.get(&Oid::new(&[1, 5, 2])), Value::NoSuchInstance);
        assert_eq!(tree.get(&Oid::new(&[1, 5, 4, 1])), Value::NoSuchObject);
        assert_eq!(tree.get(&Oid::default()), Value::NoSuchObject);
    }

    #[test]
    fn a_walk_meets_each_instance_once() {
        let tree = tree();
        let mut at = Oid::default();
        let mut walked = Vec::new();
        while let Some((name, value)) = tree.next(&at, false) {
            walked.push(value.clone());
            at = name.clone();
        }
        assert_eq!(walked, [21, 22, 31].map(Value::Integer));
        let first = tree.next(&Oid::new(&[1, 5, 2, 2]), true);
        assert_eq!(first.map(|(_, value)| value), Some(&Value::Integer(22)));
    }
}
