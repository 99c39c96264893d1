//! Faults: what is wrong, where, and what to do. The only file that renders them.

use std::{collections::HashSet, fmt, ops::Range};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

pub use crate::code::Code;
use crate::source::{Place, Sources};

/// Most faults that are shown: nobody reads more at once, and a file that is no manifest at all
/// would have thousands.
const MOST_SHOWN: usize = 200;

/// One fault.
#[derive(Debug, Clone)]
pub struct Diagnostic(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: Code,
    title: String,
    at: Place,
    label: String,
    others: Vec<(Place, String)>,
    help: Vec<String>,
}

impl Diagnostic {
    /// A fault at a place. The title stands above the text, and says what is wrong without it.
    pub fn new(code: Code, at: Place, title: impl Into<String>) -> Self {
        let (title, label) = (title.into(), String::new());
        Self(Box::new(Parts { code, title, at, label, others: Vec::new(), help: Vec::new() }))
    }

    /// The words at the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.label = label.into();
        self
    }

    /// A second place that the fault has to do with.
    #[must_use]
    pub fn and(mut self, at: Place, label: impl Into<String>) -> Self {
        self.0.others.push((at, label.into()));
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// What to do, where there is something.
    #[must_use]
    pub fn maybe_help(self, help: Option<impl Into<String>>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// What kind of fault it is.
    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl Parts {
    fn order(&self) -> (Place, Code, &str) {
        (self.at, self.code, &self.title)
    }
}

/// Every fault of a run, with the files that they are in.
#[derive(Debug, Default)]
pub struct Report {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// The faults in the order of their places. Equal faults are one.
    pub fn new(sources: Sources, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by(|a, b| a.0.order().cmp(&b.0.order()));
        // Servers that include one file have its faults in common.
        let mut seen = HashSet::new();
        diagnostics.retain(|Diagnostic(fault)| {
            seen.insert((
                sources.path(fault.at.file).to_owned(),
                fault.at.start,
                fault.at.end,
                fault.code,
                fault.title.clone(),
            ))
        });
        Self { sources, diagnostics }
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.diagnostics.len()
    }

    /// Whether there is no fault.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The kinds of the faults, in their order.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        self.diagnostics.iter().map(Diagnostic::code)
    }

    /// The faults as a person reads them, one after the other, with the number of them at the end.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        for diagnostic in self.diagnostics.iter().take(MOST_SHOWN) {
            text.push_str(&renderer.render(&[self.group(&diagnostic.0)]));
            text.push_str("\n\n");
        }
        let count = self.diagnostics.len();
        text += &count.to_string();
        text += if count == 1 { " fault" } else { " faults" };
        if count > MOST_SHOWN {
            text = text + ", of which the first " + &MOST_SHOWN.to_string() + " are shown";
        }
        text + "\n"
    }

    fn group<'a>(&'a self, diagnostic: &'a Parts) -> Group<'a> {
        let title = Level::ERROR.primary_title(diagnostic.title.as_str()).id(diagnostic.code.as_str());
        let mut group = if self.sources.text(diagnostic.at.file).is_empty() {
            title.element(Origin::path(self.sources.path(diagnostic.at.file)))
        } else {
            title.element(self.snippet(diagnostic.at, AnnotationKind::Primary, &diagnostic.label, &diagnostic.others))
        };
        let mut rest: Vec<&(Place, String)> =
            diagnostic.others.iter().filter(|(at, _)| at.file != diagnostic.at.file).collect();
        rest.sort();
        for (at, label) in rest {
            group = group.element(self.snippet(*at, AnnotationKind::Context, label, &[]));
        }
        group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help.as_str())))
    }

    /// The lines of a place, and of those others that are in the same file.
    fn snippet<'a>(
        &'a self,
        at: Place,
        kind: AnnotationKind,
        label: &'a str,
        others: &'a [(Place, String)],
    ) -> Snippet<'a, Annotation<'a>> {
        let text = self.sources.text(at.file);
        let others = others.iter().filter(|(other, _)| other.file == at.file);
        let marks: Vec<(AnnotationKind, Range<usize>, &str)> = std::iter::once((kind, first_line(text, at), label))
            .chain(others.map(|(other, label)| (AnnotationKind::Context, first_line(text, *other), label.as_str())))
            .collect();
        let first = marks.iter().map(|(_, span, _)| span.start).min().unwrap_or_default();
        let last = marks.iter().map(|(_, span, _)| span.end).max().unwrap_or_default();
        // The renderer walks through all that it is given, so it is given the lines in question only.
        let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        let annotations = marks.into_iter().map(|(kind, span, label)| {
            let annotation = kind.span(span.start - start..span.end - start);
            if label.is_empty() { annotation } else { annotation.label(label) }
        });
        Snippet::source(&text[start..end])
            .line_start(1 + text[..start].bytes().filter(|byte| *byte == b'\n').count())
            .path(self.sources.path(at.file))
            .annotations(annotations)
    }
}

/// The part of a place that is on its first line: to underline a whole section hides its fault.
fn first_line(text: &str, at: Place) -> Range<usize> {
    let start = text.floor_char_boundary(at.start);
    let end = text.floor_char_boundary(at.end.max(start));
    let line = text[start..end].lines().next().unwrap_or_default();
    start..start + line.trim_end().len()
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// A name as it stands in messages: short, on one line, and marked as a quotation.
pub fn quoted(name: &str) -> String {
    const LONGEST: usize = 60;
    let line: String = name.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if line.chars().count() <= LONGEST {
        return format!("`{line}`");
    }
    format!("`{}…`", line.chars().take(LONGEST).collect::<String>())
}

/// The names in the order given, as a sentence lists them.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    in_sentence(&names.iter().map(String::as_str).collect::<Vec<_>>(), last)
}

/// Several things as a sentence lists them.
pub fn in_sentence(things: &[&str], last: &str) -> String {
    match things {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// The one of several names that a person most likely meant.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = name.to_lowercase();
    let allowed = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&written, &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// What to do about a name that is not among those known: the near one, or all of them.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    const MOST: usize = 24;
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean {}?", quoted(near)));
    }
    let known: Vec<&str> = known.into_iter().collect();
    match known.len() {
        0 => None,
        1..=MOST => Some(format!("use {}", listed(known, "or"))),
        _ => None,
    }
}
