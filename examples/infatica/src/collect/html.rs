//! What the engines keep of an HTML page.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use ego_tree::{NodeRef, iter::Edge};
use html5ever::{ParseOpts, driver, tendril::TendrilSink as _};
use scraper::{ElementRef, Html, HtmlTreeSink, Node, node::Element};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Fault, address::Target};

/// How long a page may be parsed. Honest ones take milliseconds; what is nested a hundred thousand
/// times deep takes a parser hours.
const PARSE_LIMIT: Duration = Duration::from_secs(5);

/// How many nodes and attributes a page may make. A few thousand bytes can make millions: HTML opens
/// an unclosed `<b>` again in every paragraph after it.
const MAX_NODES: usize = 250_000;

/// How many bytes are parsed, at most, between two looks at the clock and the nodes.
const PARSE_STEP: usize = 1024;

/// The fewest bytes that can open everything again: `<p>x`.
const REOPENING_BYTES: usize = 4;

/// How many links are listed, and how many characters of each link's text.
const MAX_LINKS: usize = 2000;
const MAX_LINK_TEXT: usize = 200;

/// Whether a page is HTML: by its media type, or where it has none, by its looks.
pub(super) fn is_html(media_type: Option<&str>, body: &[u8]) -> bool {
    match media_type {
        Some(media_type) => ["text/html", "application/xhtml+xml"].contains(&media_type),
        None => body.trim_ascii_start().starts_with(b"<"),
    }
}

fn parse(html: &str) -> Result<Html, Fault> {
    let start = Instant::now();
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut size = Size::default();
    let mut rest = html;
    while !rest.is_empty() {
        if start.elapsed() > PARSE_LIMIT {
            return Err(Fault::lasting("its HTML takes too long to parse"));
        }
        let (step, next) = rest.split_at(rest.floor_char_boundary(size.next_step()));
        parser.process(step.into());
        size.update(&parser.tokenizer.sink.sink.0.borrow());
        if size.total > MAX_NODES {
            return Err(Fault::lasting("its HTML makes too many elements and attributes"));
        }
        rest = next;
    }
    Ok(parser.finish())
}

/// How large a document is that is being parsed.
#[derive(Debug, Default)]
struct Size {
    nodes: usize,
    /// Nodes and attributes: what HTML opens again has its attributes again.
    total: usize,
}

impl Size {
    /// Counts what is new. A document only grows: what is taken out of its tree keeps its place.
    fn update(&mut self, document: &Html) {
        let nodes = document.tree.values();
        let new = nodes.len() - self.nodes;
        self.nodes += new;
        let attributes = nodes.rev().take(new).filter_map(Node::as_element).map(|element| element.attrs.len());
        self.total += new + attributes.sum::<usize>();
    }

    /// How many bytes to parse next. They can open all there is again and again: the more there is,
    /// the fewer they are, so that no step makes many more than [`MAX_NODES`].
    fn next_step(&self) -> usize {
        let reopenings = MAX_NODES / self.total.max(1);
        (reopenings * REOPENING_BYTES).clamp(REOPENING_BYTES, PARSE_STEP)
    }
}

/// The text that a person would read: without markup, scripts, navigation and what surrounds the
/// content on every page of a site. Blocks are paragraphs and lines, list items have a dash.
pub(super) fn readable_text(html: &str) -> Result<String, Fault> {
    let document = parse(html)?;
    let mut writer = TextWriter::default();
    let mut dropped = None;
    // Inside of these, a header or footer belongs to the content.
    let mut sections = 0_usize;
    let mut preformatted = 0_usize;
    for edge in main_content(&document).traverse() {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        if dropped.is_some() {
            dropped = dropped.filter(|id| opens || *id != node.id());
            continue;
        }
        match node.value() {
            Node::Text(text) if opens => writer.text(text, preformatted > 0),
            Node::Element(element) if opens && is_dropped(element, sections > 0) => {
                writer.separate(Gap::of(element.name()));
                dropped = Some(node.id());
            }
            Node::Element(element) => {
                let step = |count: usize| if opens { count + 1 } else { count.saturating_sub(1) };
                match element.name() {
                    "article" | "main" | "section" => sections = step(sections),
                    "pre" | "textarea" => preformatted = step(preformatted),
                    "li" if opens => writer.bullet(),
                    _ => {}
                }
                writer.separate(Gap::of(element.name()));
            }
            _ => {}
        }
    }
    Ok(writer.finish())
}

/// The element that a page says its content is in, or the whole page.
fn main_content(document: &Html) -> NodeRef<'_, Node> {
    let is_main =
        |element: &ElementRef| element.value().name() == "main" || element.value().attr("role") == Some("main");
    let root = document.root_element();
    let main = root.descendent_elements().find(is_main);
    *main.or_else(|| root.descendent_elements().find(|element| element.value().name() == "body")).unwrap_or(root)
}

fn is_dropped(element: &Element, in_section: bool) -> bool {
    let by_name = match element.name() {
        "head" | "script" | "style" | "noscript" | "template" | "nav" | "aside" | "form" | "button" | "select"
        | "dialog" | "svg" | "canvas" | "iframe" | "object" | "audio" | "video" | "map" => true,
        "header" | "footer" => !in_section,
        _ => false,
    };
    let by_role = matches!(
        element.attr("role"),
        Some("navigation" | "banner" | "contentinfo" | "search" | "complementary" | "dialog")
    );
    let hidden = element.attr("hidden").is_some() || element.attr("aria-hidden") == Some("true");
    by_name || by_role || hidden
}

/// What separates two pieces of text, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Space,
    Cell,
    Line,
    Paragraph,
}

impl Gap {
    /// The gap before and after an element.
    fn of(name: &str) -> Self {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "pre" | "table" | "article" | "section"
            | "hr" => Self::Paragraph,
            "address" | "body" | "br" | "caption" | "dd" | "details" | "div" | "dl" | "dt" | "fieldset"
            | "figcaption" | "figure" | "footer" | "header" | "legend" | "li" | "main" | "ol" | "summary" | "tr"
            | "ul" => Self::Line,
            "td" | "th" => Self::Cell,
            _ => Self::None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Space => " ",
            Self::Cell => "\t",
            Self::Line => "\n",
            Self::Paragraph => "\n\n",
        }
    }
}

/// Writes text with one gap, the widest that was asked for, between two pieces.
#[derive(Debug, Default)]
struct TextWriter {
    out: String,
    gap: Gap,
    bullet: bool,
}

impl TextWriter {
    fn separate(&mut self, gap: Gap) {
        // A paragraph at the start of a list item is no paragraph of its own.
        let widest = if self.bullet { Gap::Line } else { Gap::Paragraph };
        self.gap = self.gap.max(gap.min(widest));
    }

    fn bullet(&mut self) {
        self.bullet = true;
    }

    fn text(&mut self, text: &str, preformatted: bool) {
        if preformatted {
            let text = text.trim_end_matches('\n');
            if !text.is_empty() {
                self.flush();
                self.out.push_str(text);
            }
            return;
        }
        for character in text.chars() {
            if character.is_whitespace() {
                self.separate(Gap::Space);
            } else {
                self.flush();
                self.out.push(character);
            }
        }
    }

    fn flush(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        if !self.out.is_empty() {
            self.out.push_str(gap.as_str());
        }
        if std::mem::take(&mut self.bullet) {
            self.out.push_str("- ");
        }
    }

    fn finish(self) -> String {
        self.out
    }
}

/// What a page says about itself, and where it leads.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    url: &'a Url,
    title: Option<String>,
    description: Option<String>,
    language: Option<String>,
    canonical: Option<Url>,
    links: Vec<Link>,
    /// Whether there are more links than are listed.
    more_links: bool,
}

#[derive(Debug, Serialize)]
struct Link {
    url: Url,
    text: String,
}

/// Title, description, language, canonical address and links of a page, as JSON. All addresses are
/// absolute. Of what is not HTML, there is the address only.
pub(super) fn metadata(html: Option<&str>, target: &Target) -> Result<String, Fault> {
    let mut metadata = Metadata {
        url: target.url(),
        title: None,
        description: None,
        language: None,
        canonical: None,
        links: Vec::new(),
        more_links: false,
    };
    if let Some(html) = html {
        metadata.read(&parse(html)?, target);
    }
    serde_json::to_string_pretty(&metadata).map_err(|error| Fault::lasting(error.to_string()))
}

/// The title and the description of a page, a line each, from its metadata.
pub(super) fn described(metadata: &str) -> String {
    #[derive(Default, Deserialize)]
    struct Described {
        title: Option<String>,
        description: Option<String>,
    }
    // What is kept was written by `metadata`.
    let Described { title, description } = serde_json::from_str(metadata).unwrap_or_default();
    title.into_iter().chain(description).collect::<Vec<_>>().join("\n")
}

impl Metadata<'_> {
    fn read(&mut self, document: &Html, target: &Target) {
        let root = document.root_element();
        let base = root.descendent_elements().filter(|element| element.value().name() == "base");
        let base = base.filter_map(|element| element.value().attr("href")).find_map(|href| target.join(href).ok());
        let base = base.as_ref().unwrap_or(target);

        let mut open_graph = (None, None);
        let mut seen = HashSet::new();
        for element in root.descendent_elements() {
            let attribute = |name| element.value().attr(name).map(str::trim).filter(|value| !value.is_empty());
            match element.value().name() {
                "html" => set(&mut self.language, attribute("lang").map(str::to_owned)),
                "title" if is_in_head(&element) => set(&mut self.title, Some(one_line(element.text(), usize::MAX))),
                "meta" => {
                    let content = attribute("content").map(|content| one_line([content].into_iter(), usize::MAX));
                    let name = attribute("name").or_else(|| attribute("property")).map(str::to_ascii_lowercase);
                    match name.as_deref() {
                        Some("description") => set(&mut self.description, content),
                        Some("og:title") => set(&mut open_graph.0, content),
                        Some("og:description") => set(&mut open_graph.1, content),
                        _ => {}
                    }
                }
                "link" if attribute("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical")) => {
                    set(&mut self.canonical, attribute("href").and_then(|href| link(base, href)));
                }
                "a" | "area" => {
                    let url = attribute("href").and_then(|href| link(base, href)).filter(|url| url != self.url);
                    let Some(url) = url.filter(|url| !seen.contains(url)) else { continue };
                    if seen.len() == MAX_LINKS {
                        self.more_links = true;
                        continue;
                    }
                    self.links.push(Link { url: url.clone(), text: one_line(element.text(), MAX_LINK_TEXT) });
                    seen.insert(url);
                }
                _ => {}
            }
        }
        set(&mut self.title, open_graph.0);
        set(&mut self.description, open_graph.1);
    }
}

/// The first value counts.
fn set<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// The title of the page is in its head; one of a drawing is elsewhere.
fn is_in_head(element: &ElementRef) -> bool {
    element.parent().and_then(ElementRef::wrap).is_some_and(|parent| parent.value().name() == "head")
}

/// The page that a link leads to: without the place in it.
fn link(base: &Target, href: &str) -> Option<Url> {
    let mut url = base.join(href).ok()?.url().clone();
    url.set_fragment(None);
    Some(url)
}

fn one_line<'a>(pieces: impl Iterator<Item = &'a str>, max_characters: usize) -> String {
    let mut writer = TextWriter::default();
    for piece in pieces {
        writer.text(piece, false);
        if writer.out.len() >= max_characters {
            break;
        }
    }
    let mut line = writer.finish();
    line.truncate(line.floor_char_boundary(max_characters));
    line
}
