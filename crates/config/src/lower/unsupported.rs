//! Keywords that are read and checked, and that this version does not act on.

use super::Lower;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Shape;
use crate::tree::Node;

impl Lower<'_> {
    /// Names a keyword; what stands inside a block that is named already is not.
    pub(super) fn not_supported(&mut self, node: &Node) {
        if self.inside_unsupported {
            return;
        }
        let word = &node.keyword().text;
        let shape = node.entry.map(|e| e.shape);
        let what = match shape {
            Some(Shape::Values | Shape::Keywords(_)) => "the whole block has no effect",
            _ => "it has no effect",
        };
        self.diagnostics.push(
            Diagnostic::new(
                Code::NotSupported,
                Class::Log,
                format!("'{word}' is not supported by this version"),
            )
            .at(node.span())
            .help(what),
        );
    }
}
