//! Faults: what is wrong, where, and what to do. The only file that renders them.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

pub use crate::code::Code;
use crate::source::{Place, Sources};

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
        diagnostics.dedup_by(|a, b| a.0.order() == b.0.order());
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
        for diagnostic in &self.diagnostics {
            text.push_str(&renderer.render(&[self.group(&diagnostic.0)]));
            text.push_str("\n\n");
        }
        let count = self.diagnostics.len();
        text + &count.to_string() + if count == 1 { " fault\n" } else { " faults\n" }
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
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let annotation = |kind: AnnotationKind, at: Place, label: &'a str| {
            let annotation = kind.span(self.first_line(at));
            if label.is_empty() { annotation } else { annotation.label(label) }
        };
        Snippet::source(self.sources.text(at.file))
            .path(self.sources.path(at.file))
            .annotation(annotation(kind, at, label))
            .annotations(
                others
                    .iter()
                    .filter(|(other, _)| other.file == at.file)
                    .map(|(other, label)| annotation(AnnotationKind::Context, *other, label)),
            )
    }

    /// The part of a place that is on its first line: to underline a whole section hides its fault.
    fn first_line(&self, at: Place) -> std::ops::Range<usize> {
        let text = self.sources.text(at.file);
        let start = text.floor_char_boundary(at.start);
        let end = text.floor_char_boundary(at.end.max(start));
        let line = text[start..end].lines().next().unwrap_or_default();
        start..start + line.trim_end().len()
    }
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
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
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
