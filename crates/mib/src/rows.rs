//! Tables under construction.

use std::ops::RangeInclusive;

use evervip_agentx::{Oid, TreeBuilder, Value};

/// A table, or a group of scalars, whose objects are numbered.
pub(crate) struct Rows<'a> {
    builder: &'a mut TreeBuilder,
    entry: Oid,
}

impl<'a> Rows<'a> {
    /// The table whose rows are described at `entry`, with these columns.
    pub(crate) fn new(
        builder: &'a mut TreeBuilder,
        entry: Oid,
        columns: RangeInclusive<u32>,
    ) -> Self {
        for column in columns {
            builder.object(entry.join(&[column]));
        }
        Self { builder, entry }
    }

    /// A value of the row with this index.
    pub(crate) fn put(&mut self, column: u32, index: &[u32], value: Value) {
        let name = self.entry.join(&[column]).join(index);
        self.builder.instance(name, value);
    }

    /// A value that the row may be without.
    pub(crate) fn put_if(&mut self, column: u32, index: &[u32], value: Option<Value>) {
        if let Some(value) = value {
            self.put(column, index, value);
        }
    }
}
