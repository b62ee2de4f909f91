//! Block structure: logical lines to nodes, by a plain loop with recovery.
//!
//! The keyword table decides what a brace belongs to. An unknown block is skipped as a unit, where
//! the original lets its closing brace end the block around it. Nesting is bounded by the table
//! (skipped text is counted, not stored), so the tree is never deep.

use std::collections::{HashMap, VecDeque};
use std::sync::OnceLock;

use crate::diagnostic::{Class, Code, Diagnostic, Diagnostics};
use crate::keyword::{self, Block, Keyword, Shape};
use crate::lex::{Token, script_words, words};
use crate::source::Span;
use crate::text::Text;

/// A line of words.
#[derive(Debug, Clone)]
pub struct Line {
    /// The line without comment, for script lines and messages.
    pub(crate) text: Text,
    /// Its words, at least one.
    pub(crate) tokens: Vec<Token>,
}

/// What the line reader delivers: not yet words, because all lines of a file are held at once.
#[derive(Debug, Clone)]
pub(crate) enum Logical {
    Words(Text),
    Open(Span),
    Close(Span),
    /// An `@evervip` line, without that word, that belongs to the block around it.
    Own(Text),
}

/// A keyword line with its block, or an entry of a value block.
#[derive(Debug, Clone)]
pub struct Node {
    pub(crate) line: Line,
    /// Its entry in the table; `None` in value blocks and for unknown words.
    pub(crate) entry: Option<&'static Keyword>,
    pub(crate) body: Option<Body>,
    /// The original does not know it here any more: a mistake above has ended the block for it.
    pub(crate) lost: bool,
}

/// What stands between braces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    pub(crate) nodes: Vec<Node>,
    /// The closing brace, when there is one.
    pub(crate) close: Option<Span>,
}

impl Node {
    /// The keyword, or the first word of an entry.
    #[must_use]
    pub fn keyword(&self) -> &Token {
        &self.line.tokens[0]
    }

    /// The words behind the keyword.
    #[must_use]
    pub fn args(&self) -> &[Token] {
        &self.line.tokens[1..]
    }

    /// Where the keyword stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.keyword().span
    }

    /// The closing brace of its block, where checks of a whole block are reported.
    #[must_use]
    pub fn end(&self) -> Span {
        let close = self.body.as_ref().and_then(|b| b.close);
        close.unwrap_or_else(|| self.span())
    }

    /// The lines of its block; empty without one.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        self.body.as_ref().map_or(&[], |b| b.nodes.as_slice())
    }

    /// Its entry in the keyword table; `None` for unknown words and entries of value blocks.
    #[must_use]
    pub fn entry(&self) -> Option<&'static Keyword> {
        self.entry
    }

    /// The line as written, without comment, definitions replaced.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.line.text.bytes()
    }

    /// Where the line stands.
    #[must_use]
    pub fn line_span(&self) -> Span {
        self.line.text.whole()
    }

    /// The opening and the closing brace are there, or one of them is.
    #[must_use]
    pub fn has_block(&self) -> bool {
        self.body.is_some()
    }

    /// The words of a script line by the rules of script lines (spec config-language 3.2): the
    /// keyword, the command, the user, the group. `None` when a quote is not closed.
    #[must_use]
    pub fn script_words(&self) -> Option<Vec<Vec<u8>>> {
        script_words(self.line.text.bytes()).ok()
    }
}

/// The lines of a configuration as blocks, for whoever has to say something about the text itself.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The lines of each keyword, found when the first one is asked for.
    of_keyword: OnceLock<HashMap<String, OfKeyword>>,
}

/// The lines of one keyword, by their indices.
#[derive(Debug, Clone, Default)]
struct OfKeyword {
    all: Vec<usize>,
    /// The first of each name.
    named: HashMap<String, usize>,
}

impl Tree {
    /// The lines outside all blocks, in file order, included files in their place.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn new(nodes: Vec<Node>) -> Self {
        Self {
            nodes,
            of_keyword: OnceLock::new(),
        }
    }

    /// The lines of a keyword outside all blocks, in file order.
    pub fn blocks(&self, keyword: &str) -> impl Iterator<Item = &Node> {
        let known = self.of_keyword().get(keyword);
        let all = known.map_or(&[][..], |of| of.all.as_slice());
        all.iter().filter_map(|index| self.nodes.get(*index))
    }

    /// The first of these lines whose first argument is this name.
    #[must_use]
    pub fn block(&self, keyword: &str, name: &str) -> Option<&Node> {
        let index = self.of_keyword().get(keyword)?.named.get(name)?;
        self.nodes.get(*index)
    }

    fn of_keyword(&self) -> &HashMap<String, OfKeyword> {
        self.of_keyword.get_or_init(|| {
            let mut found: HashMap<String, OfKeyword> = HashMap::new();
            for (index, node) in self.nodes.iter().enumerate() {
                let of = found.entry(node.keyword().text.clone()).or_default();
                of.all.push(index);
                if let Some(name) = node.args().first() {
                    of.named.entry(name.text.clone()).or_insert(index);
                }
            }
            found
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Keywords(Block),
    Values,
    /// Text that nobody reads, this many braces deep.
    Skipped(usize),
}

struct Frame {
    context: Context,
    /// The original has left this block already.
    lost: bool,
    /// The line that opened it; `None` for a brace without keyword.
    owner: Option<Node>,
    nodes: Vec<Node>,
    /// `@evervip` lines in it.
    own: Vec<Node>,
}

/// Builds the nodes of the top level one by one, so that they need not all be there at once.
pub(crate) struct Blocks<'a> {
    lines: std::slice::Iter<'a, Logical>,
    ended: bool,
    top: VecDeque<Node>,
    stack: Vec<Frame>,
    /// The last thing read was a line of words: a brace now belongs to it.
    adjacent: bool,
    /// How many more braces the rest of the text opens than it closes: so many of the open ones
    /// may be taken for closed, or for never opened.
    surplus: usize,
    /// How many were.
    forgiven: usize,
    /// Value blocks that began without their brace: name and place.
    headless: Vec<(String, Span)>,
    /// Braces among values: they count, although they open nothing.
    stray: usize,
    /// What the last line brought.
    diagnostics: Vec<Diagnostic>,
}

/// The blocks of one keyword of the top level, without a word about what is wrong in between.
pub(crate) fn blocks_named(name: &str, lines: &[Logical]) -> Vec<Node> {
    let begins = |line: &Logical| match line {
        Logical::Words(text) => text.bytes().starts_with(name.as_bytes()),
        Logical::Open(_) | Logical::Close(_) | Logical::Own(_) => false,
    };
    let Some(last) = lines.iter().rposition(begins) else {
        return Vec::new();
    };
    let expected = lines[..=last].iter().filter(|l| begins(l)).count();
    let mut unheard = Diagnostics::default();
    let mut blocks = Blocks::new(lines);
    std::iter::from_fn(|| blocks.next(&mut unheard))
        .filter(|node| node.keyword().text == name)
        .take(expected)
        .collect()
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(lines: &'a [Logical]) -> Self {
        let opens = lines.iter().filter(|l| matches!(l, Logical::Open(_)));
        let closes = lines.iter().filter(|l| matches!(l, Logical::Close(_)));
        Self {
            surplus: opens.count().saturating_sub(closes.count()),
            lines: lines.iter(),
            ended: false,
            forgiven: 0,
            headless: Vec::new(),
            top: VecDeque::new(),
            stack: Vec::new(),
            adjacent: false,
            stray: 0,
            diagnostics: Vec::new(),
        }
    }

    /// The next node of the top level, whole.
    pub(crate) fn next(&mut self, diagnostics: &mut Diagnostics) -> Option<Node> {
        // The last one may still get its block.
        while self.top.len() < 2 && !self.ended {
            match self.lines.next() {
                Some(Logical::Words(text)) => self.line(text),
                Some(Logical::Open(span)) => self.open(*span),
                Some(Logical::Close(span)) => self.close(*span),
                Some(Logical::Own(text)) => self.own(text),
                None => self.end(),
            }
            for diagnostic in self.diagnostics.drain(..) {
                diagnostics.push(diagnostic);
            }
        }
        self.top.pop_front()
    }

    fn line(&mut self, text: &Text) {
        let words = words(text);
        if let Some(span) = words.unmatched {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::UnmatchedQuote,
                    Class::UnmatchedQuote,
                    format!("Unmatched quote: '{}'", text.lossy()),
                )
                .at(span)
                .help("close the double quote on the same line"),
            );
        }
        if !words.tokens.is_empty() {
            self.words(Line {
                text: text.clone(),
                tokens: words.tokens,
            });
        }
    }

    /// An `@evervip` line inside a block. For braces it is not there, as it is not for keepalived.
    fn own(&mut self, text: &Text) {
        let tokens = words(text).tokens;
        let (Some(word), context) = (tokens.first(), self.context()) else {
            return;
        };
        let frame = self.stack.last_mut();
        match (context, frame) {
            (Context::Skipped(_), _) => {}
            (Context::Keywords(Block::Instance), Some(frame)) => frame.own.push(Node {
                entry: keyword::find(Block::EvervipInstance, &word.text),
                line: Line {
                    text: text.clone(),
                    tokens,
                },
                body: None,
                lost: false,
            }),
            _ => {
                let message = format!("'@evervip {}' has no effect here - ignoring", word.text);
                self.diagnostics.push(
                    Diagnostic::new(Code::UnknownKeyword, Class::Notice, message)
                        .at(word.span)
                        .help("write it inside a vrrp_instance block, beside its other keywords"),
                );
            }
        }
    }

    fn context(&self) -> Context {
        self.stack
            .last()
            .map_or(Context::Keywords(Block::Top), |f| f.context)
    }

    fn last(&self) -> Option<&Node> {
        match self.stack.last() {
            Some(frame) => frame.nodes.last(),
            None => self.top.back(),
        }
    }

    fn add(&mut self, node: Node) {
        match self.stack.last_mut() {
            Some(frame) => frame.nodes.push(node),
            None => self.top.push_back(node),
        }
    }

    fn take_last(&mut self) -> Option<Node> {
        match self.stack.last_mut() {
            Some(frame) => frame.nodes.pop(),
            None => self.top.pop_back(),
        }
    }

    fn words(&mut self, line: Line) {
        self.open_if_missing();
        let forced = self.close_before(&line.tokens[0]);
        let entry = match self.context() {
            Context::Keywords(block) => keyword::find(block, &line.tokens[0].text),
            Context::Values => None,
            Context::Skipped(_) => return,
        };
        let node = Node {
            line,
            entry,
            body: None,
            lost: forced || self.stack.last().is_some_and(|f| f.lost),
        };
        self.add(node);
        self.adjacent = true;
    }

    /// A block of the top level begins inside another: when braces are missing, one is here.
    /// Whether it was put there.
    fn close_before(&mut self, word: &Token) -> bool {
        let begins_block = keyword::find(Block::Top, &word.text)
            .is_some_and(|e| matches!(e.shape, Shape::Keywords(_)));
        if !begins_block || self.surplus == 0 {
            return false;
        }
        match self.context() {
            Context::Keywords(Block::Top) | Context::Values => return false,
            Context::Keywords(block) if keyword::find(block, &word.text).is_some() => {
                return false;
            }
            Context::Keywords(_) => {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::Brace,
                        Class::UnknownKeyword,
                        format!("Unknown keyword '{}'", word.text),
                    )
                    .at(word.span)
                    .help(
                        "a '}' is missing above; the block is read as if it stood before this line",
                    ),
                );
            }
            Context::Skipped(_) => {}
        }
        while self.surplus > 0 && !self.stack.is_empty() {
            let depth = match self.context() {
                Context::Skipped(depth) => depth,
                Context::Keywords(_) | Context::Values => 1,
            };
            self.surplus = self.surplus.saturating_sub(depth);
            self.forgiven += depth;
            self.pop_frame(None);
        }
        true
    }

    /// The last line wants a block, and something else than a brace follows.
    fn open_if_missing(&mut self) {
        if !self.adjacent || !matches!(self.context(), Context::Keywords(_)) {
            return;
        }
        let Some(node) = self.last() else {
            return;
        };
        let (name, span) = (node.keyword().text.clone(), node.span());
        let shape = node.entry.map(|e| e.shape);
        let help = format!("write '{name} ... {{'");
        match shape {
            Some(Shape::Values) => self.headless.push((name, span)),
            Some(Shape::Keywords(_)) => self.diagnostics.push(
                Diagnostic::new(
                    Code::Brace,
                    Class::MissingOpen,
                    "Missing '{' at beginning of configuration block",
                )
                .at(span)
                .help(help),
            ),
            _ => return,
        }
        self.push_frame(true);
    }

    fn open(&mut self, span: Span) {
        match self.context() {
            // In the original a brace among values is a value, and the next '}' ends the block.
            Context::Values => {
                self.stray += 1;
                let line = Line {
                    text: Text::standing_for(span, b"{"),
                    tokens: vec![Token::new(b"{", span)],
                };
                self.add(Node {
                    line,
                    entry: None,
                    body: None,
                    lost: false,
                });
            }
            Context::Skipped(depth) => {
                if let Some(frame) = self.stack.last_mut() {
                    frame.context = Context::Skipped(depth + 1);
                }
            }
            Context::Keywords(_) => self.open_block(span),
        }
        self.adjacent = false;
    }

    fn open_block(&mut self, span: Span) {
        let adjacent = self.adjacent;
        let owner = self.last().filter(|_| adjacent);
        let takes_block = owner
            .and_then(|n| n.entry)
            .is_some_and(|e| matches!(e.shape, Shape::Keywords(_) | Shape::Values));
        // An unknown keyword is reported when the tree is read; its block belongs to that report.
        let unknown = owner.is_some_and(|n| n.entry.is_none());
        if !takes_block && !unknown {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::Brace,
                    Class::UnexpectedOpen,
                    "Unexpected '{' - ignoring",
                )
                .at(span)
                .help("remove it, and the '}' that belongs to it"),
            );
            if self.surplus > 0 {
                self.surplus -= 1;
                self.forgiven += 1;
                return;
            }
        }
        self.push_frame(adjacent);
    }

    /// Opens the block of the last line, or one without owner.
    fn push_frame(&mut self, owned: bool) {
        let owner = if owned { self.take_last() } else { None };
        let context = match owner.as_ref().and_then(|n| n.entry).map(|e| e.shape) {
            Some(Shape::Keywords(block)) => Context::Keywords(block),
            Some(Shape::Values) => Context::Values,
            _ => Context::Skipped(1),
        };
        self.stack.push(Frame {
            context,
            lost: owner.as_ref().is_some_and(|n| n.lost),
            owner,
            nodes: Vec::new(),
            own: Vec::new(),
        });
        self.adjacent = false;
    }

    fn close(&mut self, span: Span) {
        self.open_if_missing();
        self.adjacent = false;
        if let Context::Skipped(depth) = self.context() {
            if depth > 1 {
                if let Some(frame) = self.stack.last_mut() {
                    frame.context = Context::Skipped(depth - 1);
                }
                return;
            }
        }
        if self.stack.is_empty() {
            self.stray = self.stray.saturating_sub(1);
            self.diagnostics.push(
                Diagnostic::new(Code::Brace, Class::UnexpectedClose, "Extra '}' found")
                    .at(span)
                    .help("remove it, or add the '{' that belongs to it"),
            );
        } else {
            self.pop_frame(Some(span));
        }
    }

    fn pop_frame(&mut self, close: Option<Span>) {
        let Some(mut frame) = self.stack.pop() else {
            return;
        };
        frame.nodes.append(&mut frame.own);
        if let Some(mut node) = frame.owner {
            // For the original the end of an unknown block is that of the block around it.
            if let Some(around) = self.stack.last_mut().filter(|_| node.entry.is_none()) {
                around.lost = true;
            }
            node.body = Some(Body {
                nodes: frame.nodes,
                close,
            });
            self.add(node);
        }
    }

    fn report_headless(&mut self, class: Class) {
        for (name, span) in std::mem::take(&mut self.headless) {
            let text = format!("'{{' missing from beginning of block {name}");
            let diagnostic = Diagnostic::new(Code::Brace, class, text).at(span);
            self.diagnostics
                .push(diagnostic.help(format!("write '{name} {{ ... }}'")));
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.open_if_missing();
        let open: usize = self
            .stack
            .iter()
            .map(|f| match f.context {
                Context::Skipped(depth) => depth,
                Context::Keywords(_) | Context::Values => 1,
            })
            .sum();
        let missing = open + self.stray + self.forgiven;
        // The '}' of the block around it has closed such a block: the original counts no brace as
        // missing then, and only the log tells.
        let balanced = missing == self.headless.len();
        self.report_headless(if balanced {
            Class::Log
        } else {
            Class::UnexpectedClose
        });
        if missing > 0 && !balanced {
            let mut diagnostic = Diagnostic::new(
                Code::Brace,
                Class::MissingClose,
                format!("There are {missing} missing '}}'s or extra '{{'s"),
            )
            .help("every '{' needs a '}'");
            for owner in self.stack.iter().filter_map(|f| f.owner.as_ref()) {
                diagnostic = diagnostic.label(owner.span(), "this block is not closed");
            }
            self.diagnostics.push(diagnostic);
        }
        while !self.stack.is_empty() {
            self.pop_frame(None);
        }
    }
}
