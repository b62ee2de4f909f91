//! What to say about a keyword that its block does not have.

use crate::keyword::{self, Block};

/// What was probably meant, or where it belongs.
pub(super) fn help(word: &str, block: Block) -> String {
    let name = block_name(block).0;
    if starts_comment(word) {
        return COMMENT_HELP.to_owned();
    }
    if let Some(better) = keyword::suggest(block, word) {
        return format!("did you mean '{better}'?");
    }
    if let Some((known, value)) = word.split_once('=') {
        if keyword::find(block, known).is_some() {
            return format!("write '{known} {value}', with a blank");
        }
    }
    if block != Block::Top && keyword::find(Block::Top, word).is_some() {
        return format!("it belongs outside {name}: is a '}}' missing above?");
    }
    if let Some((home, _)) = home_of(word) {
        return format!("it belongs into {home}; here it is ignored");
    }
    match keyword::longer(block, word) {
        Some(better) => format!("did you mean '{better}'?"),
        None => "remove the line; it has no effect".to_owned(),
    }
}

/// Whether somebody took it for the beginning of a comment.
pub(super) fn starts_comment(word: &str) -> bool {
    word.starts_with("//") || word.starts_with("/*")
}

pub(super) const COMMENT_HELP: &str = "begin comments with '#' or '!'";

/// Title of a block in messages.
fn block_name(block: Block) -> (&'static str, Block) {
    keyword::BLOCKS
        .iter()
        .find(|(b, _)| *b == block)
        .map_or(("", block), |(b, name)| (*name, *b))
}

/// The block that a misplaced keyword belongs to, when there is only one sort of it.
fn home_of(word: &str) -> Option<(&'static str, Block)> {
    [
        Block::Global,
        Block::Instance,
        Block::Authentication,
        Block::Script,
        Block::SyncGroup,
        Block::Top,
    ]
    .into_iter()
    .find(|b| keyword::find(*b, word).is_some())
    .map(|b| {
        if b == Block::Top {
            ("the top level", b)
        } else {
            block_name(b)
        }
    })
}
