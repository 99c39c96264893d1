//! YAML into a tree in which every key and value knows its place. The only file that names the
//! YAML crate.
//!
//! What YAML has beside the data that a manifest needs is refused with a located fault: aliases,
//! tags, several documents, keys that are no text, numbers that JSON cannot hold. Plain scalars
//! follow the core schema of YAML 1.2.2 (section 10.3): `no` is text, `1` an integer, and what is
//! quoted is always text.

mod de;
mod scalar;

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};
use serde_json::{Number, Value};

use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    source::{FileId, Place, Spanned},
};

/// How deep a manifest can nest; the deepest part of the grammar needs less than a third of it.
const DEEPEST: usize = 64;

/// A value and its place.
pub type Tree = Spanned<Node>;

/// A value.
#[derive(Debug, Clone)]
pub enum Node {
    /// Nothing, as after a key without a value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits or a finite float.
    Number(Number),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Tree>),
    /// A mapping, in the order in which it is written.
    Map(Vec<(Spanned<String>, Tree)>),
}

/// One step into a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item of a list.
    Item(usize),
}

impl Tree {
    /// The same as JSON, without places.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Node::Null => Value::Null,
            Node::Bool(bool) => Value::Bool(*bool),
            Node::Number(number) => Value::Number(number.clone()),
            Node::Text(text) => Value::String(text.clone()),
            Node::List(items) => items.iter().map(Tree::to_json).collect(),
            Node::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect())
            }
        }
    }

    /// The key and the value below one key of a mapping.
    pub fn entry(&self, key: &str) -> Option<(&Spanned<String>, &Tree)> {
        let Node::Map(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.value == key).map(|(name, value)| (name, value))
    }

    /// The value at the end of a path, or the deepest one on the way, with its own place and the
    /// place that stands for it in a message: its key, if it has one.
    pub fn follow(&self, path: &[Step]) -> Found<'_> {
        let mut found = Found { tree: self, key: None };
        for step in path {
            let next = match (step, &found.tree.value) {
                (Step::Key(key), _) => found.tree.entry(key).map(|(key, tree)| Found { tree, key: Some(key.at) }),
                (Step::Item(at), Node::List(items)) => items.get(*at).map(|tree| Found { tree, key: None }),
                (Step::Item(_), _) => None,
            };
            match next {
                Some(next) => found = next,
                None => break,
            }
        }
        found
    }

    /// Calls a visitor with every text of the tree, keys included.
    pub fn visit_texts(&self, visit: &mut impl FnMut(&str, Place)) {
        match &self.value {
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
            Node::Text(text) => visit(text, self.at),
            Node::List(items) => items.iter().for_each(|item| item.visit_texts(visit)),
            Node::Map(entries) => {
                for (key, value) in entries {
                    visit(key, key.at);
                    value.visit_texts(visit);
                }
            }
        }
    }
}

/// Where a path led.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The value.
    pub tree: &'a Tree,
    /// The place of its key, unless it is an item or the root.
    pub key: Option<Place>,
}

impl Found<'_> {
    /// The place that stands for the value in a message: itself when it is short, else its key.
    pub fn at(&self) -> Place {
        match (&self.tree.value, self.key) {
            (Node::Map(_) | Node::List(_), Some(key)) => key,
            _ => self.tree.at,
        }
    }
}

/// What was read from a file.
#[derive(Debug)]
pub struct Read {
    /// The tree, unless the text ends before it does or means something that a tree cannot hold.
    pub tree: Option<Tree>,
    /// What is wrong with the text.
    pub faults: Vec<Diagnostic>,
}

/// Reads the text of a file.
pub fn read(file: FileId, text: &str) -> Read {
    let mut builder = Builder::new(file, text);
    let mut parser = Parser::new_from_str(text);
    let complete = builder.run(&mut parser);
    let Builder { root, faults, meaningless, .. } = builder;
    Read { tree: root.filter(|_| complete && !meaningless), faults }
}

/// A mapping or a sequence that has begun and not ended.
struct Open {
    start: usize,
    /// Where its bracket stands; block collections have none.
    flow: bool,
    inside: Inside,
}

enum Inside {
    List(Vec<Tree>),
    Map { entries: Vec<(Spanned<String>, Tree)>, seen: HashMap<String, Place>, key: Key },
}

/// The key whose value comes next.
enum Key {
    None,
    Text(Spanned<String>),
    /// A key that is a fault itself; its value is read and dropped.
    Refused(Place),
}

struct Builder<'t> {
    file: FileId,
    text: &'t str,
    /// The byte at which each character starts: the parser counts characters.
    bytes: Vec<usize>,
    open: Vec<Open>,
    root: Option<Tree>,
    faults: Vec<Diagnostic>,
    /// Whether the tree says something else than the text, so that more faults in it would mislead.
    meaningless: bool,
    documents: usize,
}

impl<'t> Builder<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        let bytes = text.char_indices().map(|(at, _)| at).collect();
        Self { file, text, bytes, open: Vec::new(), root: None, faults: Vec::new(), meaningless: false, documents: 0 }
    }

    /// Takes every event; whether the text was read to its end.
    fn run(&mut self, parser: &mut Parser<'_, StrInput<'_>>) -> bool {
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let at = self.place(*error.marker(), *error.marker());
                    let fault = self.syntax(at, error.info());
                    self.faults.push(fault);
                    return false;
                }
            };
            if !self.take(event, span) {
                return false;
            }
        }
        if self.root.is_none() {
            let at = self.place(Marker::default(), Marker::default());
            self.faults.push(
                Diagnostic::new(Code::YamlSyntax, at, "the file is empty").help("write a manifest, or remove the file"),
            );
        }
        true
    }

    /// Takes one event; whether to go on.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let at = self.place(span.start, span.end);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let fault = Diagnostic::new(Code::YamlUnsupported, at, "a second document starts here");
                    self.faults.push(fault.help(
                        "a manifest is one document: remove the `---`, or move the rest to a file that `include` names",
                    ));
                    return false;
                }
            }
            Event::Alias(_) => {
                self.refuse(at, "an alias", "write the value out, or declare a named type and refer to it");
                self.meaningless = true;
                self.push(Spanned { value: Node::Null, at });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.check_properties(at, anchor, tag.is_some());
                let node = self.scalar(&text, style, at);
                // A key without a value has no text to underline but the key's.
                let at = if at.start == at.end { self.key_place().unwrap_or(at) } else { at };
                self.push(Spanned { value: node, at });
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_properties(at, anchor, tag.is_some());
                return self.begin(at, '[', Inside::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.check_properties(at, anchor, tag.is_some());
                let inside = Inside::Map { entries: Vec::new(), seen: HashMap::new(), key: Key::None };
                return self.begin(at, '{', inside);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
        }
        true
    }

    fn begin(&mut self, at: Place, bracket: char, inside: Inside) -> bool {
        if self.open.len() == DEEPEST {
            let title = format!("this nests deeper than {DEEPEST} levels");
            self.faults.push(Diagnostic::new(Code::YamlUnsupported, at, title).help("declare named types instead"));
            return false;
        }
        let flow = self.text[at.start..].starts_with(bracket);
        self.open.push(Open { start: at.start, flow, inside });
        true
    }

    fn end(&mut self, at: Place) {
        let Some(Open { start, flow, inside }) = self.open.pop() else { return };
        let (node, last) = match inside {
            Inside::List(items) => {
                let last = items.last().map(|item| item.at.end);
                (Node::List(items), last)
            }
            Inside::Map { entries, .. } => {
                let last = entries.last().map(|(key, value)| value.at.end.max(key.at.end));
                (Node::Map(entries), last)
            }
        };
        // The end of a block collection is only noticed at what follows it.
        let end = if flow { at.end } else { last.unwrap_or(start) };
        self.push(Spanned { value: node, at: Place { file: self.file, start, end: end.max(start) } });
    }

    /// Puts a finished value where it belongs: as a key, as the value of one, or as an item.
    fn push(&mut self, tree: Tree) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(tree);
            return;
        };
        match &mut open.inside {
            Inside::List(items) => items.push(tree),
            Inside::Map { entries, seen, key } => match std::mem::replace(key, Key::None) {
                Key::None => match text_key(tree) {
                    Ok(text) => *key = Key::Text(text),
                    Err((fault, at)) => {
                        *key = Key::Refused(at);
                        self.faults.push(fault);
                        self.meaningless = true;
                    }
                },
                Key::Refused(_) => {}
                Key::Text(name) => match seen.get(&name.value) {
                    None => {
                        seen.insert(name.value.clone(), name.at);
                        entries.push((name, tree));
                    }
                    Some(first) => self.faults.push(
                        Diagnostic::new(
                            Code::DuplicateKey,
                            name.at,
                            format!("the key {} is here twice", quoted(&name)),
                        )
                        .label("again")
                        .and(*first, "first here")
                        .help("remove or rename one of the two"),
                    ),
                },
            },
        }
    }

    fn key_place(&self) -> Option<Place> {
        match &self.open.last()?.inside {
            Inside::Map { key: Key::Text(key), .. } => Some(key.at),
            Inside::Map { key: Key::Refused(at), .. } => Some(*at),
            _ => None,
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Place) -> Node {
        if style != ScalarStyle::Plain {
            return Node::Text(text.to_owned());
        }
        scalar::plain(text).unwrap_or_else(|why| {
            let title = format!("{} {why}", quoted(text));
            self.faults.push(
                Diagnostic::new(Code::YamlUnsupported, at, title).help("use another number, or quotes if it is text"),
            );
            self.meaningless = true;
            Node::Null
        })
    }

    fn check_properties(&mut self, at: Place, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse(at, "an anchor", "remove it: nothing can refer to it");
        }
        if tagged {
            self.refuse(
                at,
                "a tag",
                "remove it: quotes make a value text, and their absence makes it a number or a boolean",
            );
            self.meaningless = true;
        }
    }

    fn refuse(&mut self, at: Place, what: &str, help: &str) {
        self.faults
            .push(Diagnostic::new(Code::YamlUnsupported, at, format!("a manifest cannot have {what}")).help(help));
    }

    fn syntax(&self, at: Place, info: &str) -> Diagnostic {
        let fault = Diagnostic::new(Code::YamlSyntax, at, format!("the YAML cannot be read: {info}"));
        if let Some(open) = self.open.iter().rev().find(|open| open.flow) {
            let bracket = Place { file: self.file, start: open.start, end: open.start + 1 };
            return fault
                .and(bracket, "this is still open")
                .help("close the bracket, and separate its entries by commas");
        }
        fault.help(if info.contains("tab") {
            "indent with spaces: YAML allows no tabs there"
        } else if info.contains("quoted scalar") {
            "close the quotation, and indent its lines deeper than the key"
        } else {
            "check the indentation here and on the lines before; put text with `: ` or ` #` into quotes"
        })
    }

    fn place(&self, start: Marker, end: Marker) -> Place {
        let byte = |marker: Marker| self.bytes.get(marker.index()).copied().unwrap_or(self.text.len());
        let (start, end) = (byte(start), byte(end));
        Place { file: self.file, start, end: end.max(start) }
    }
}

/// A key as text, or the fault that it is none.
fn text_key(tree: Tree) -> Result<Spanned<String>, (Diagnostic, Place)> {
    let at = tree.at;
    let (title, help) = match tree.value {
        Node::Text(text) => return Ok(Spanned { value: text, at }),
        Node::Null => ("a key is missing here", "write the key before the colon".to_owned()),
        Node::Bool(value) => ("a key must be text, and this is a boolean", format!("put it into quotes: \"{value}\"")),
        Node::Number(value) => ("a key must be text, and this is a number", format!("put it into quotes: \"{value}\"")),
        Node::List(_) | Node::Map(_) => ("a key must be text", "use a plain word as the key".to_owned()),
    };
    Err((Diagnostic::new(Code::YamlUnsupported, at, title).help(help), at))
}
