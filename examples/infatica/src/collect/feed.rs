//! Reading sitemaps, RSS and Atom.

use std::io::Read as _;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::{Fault, MAX_FEED_BYTES, charset, fetch::Answer};

/// What a sitemap or feed lists, as written: addresses can be relative to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// Pages.
    Pages(Vec<String>),
    /// Further sitemaps.
    Index(Vec<String>),
}

/// The text of a sitemap or feed. Sitemaps are often stored compressed (`sitemap.xml.gz`).
pub(super) fn text(answer: &Answer) -> Result<String, Fault> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    if !answer.body.starts_with(GZIP) {
        return Ok(charset::xml(answer, &answer.body));
    }
    let mut body = Vec::new();
    let limit = MAX_FEED_BYTES as u64 + 1;
    flate2::read::MultiGzDecoder::new(&*answer.body)
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|error| Fault::lasting(format!("it cannot be uncompressed: {error}")))?;
    if body.len() > MAX_FEED_BYTES {
        return Err(Fault::lasting(format!("larger than {MAX_FEED_BYTES} bytes")));
    }
    Ok(charset::xml(answer, &body))
}

/// Reads a sitemap, an index of sitemaps, an RSS or an Atom feed. Entities that a document declares
/// are not expanded, so that they cannot grow.
pub(super) fn parse(xml: &str) -> Result<Feed, Fault> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().allow_dangling_amp = true;
    let mut parser = Parser::default();
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = reader.error_position();
            Fault::lasting(format!("it is not well-formed XML, at byte {at}: {error}"))
        })?;
        match event {
            Event::Start(start) => parser.open(&start)?,
            Event::Empty(start) => {
                parser.open(&start)?;
                parser.close();
            }
            Event::End(_) => parser.close(),
            Event::Text(text) => parser.text.push_str(&text.xml10_content()),
            Event::CData(text) => parser.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => parser.text.push_str(&resolve(&reference)),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    parser.found.ok_or_else(|| Fault::lasting("expected a sitemap, RSS or Atom, and it is empty"))
}

/// The text of a reference: a character's, or one of the five entities of XML. Any other stays as written.
fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.into();
    }
    let name = reference.xml10_content();
    resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

#[derive(Debug, Default)]
struct Parser {
    /// The elements that are open: `/rss/channel/item`.
    path: String,
    /// Text of the innermost element so far.
    text: String,
    /// What the entry that is open links to.
    link: Option<String>,
    /// What it links to if it has no link.
    permalink: Option<String>,
    is_permalink: bool,
    found: Option<Feed>,
}

impl Parser {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        // Elements of RSS have no namespace; `atom:link` in it is something else.
        let is_rss = self.path.starts_with("/rss");
        let name = if is_rss { start.name().into_inner() } else { start.local_name().into_inner() };
        if self.found.is_none() {
            self.found = Some(outermost(name)?);
        }
        self.path.push('/');
        self.path.push_str(name);
        self.text.clear();
        match self.path.as_str() {
            "/feed/entry/link" => {
                let rel = attribute(start, "rel");
                if self.link.is_none() && rel.is_none_or(|rel| rel == "alternate") {
                    self.link = attribute(start, "href");
                }
            }
            "/rss/channel/item/guid" => {
                self.is_permalink = attribute(start, "isPermaLink").is_none_or(|value| value != "false");
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        let text = Some(self.text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        match self.path.as_str() {
            "/urlset/url/loc" | "/sitemapindex/sitemap/loc" | "/rss/channel/item/link" | "/RDF/item/link" => {
                self.link = self.link.take().or(text);
            }
            "/rss/channel/item/guid" if self.is_permalink => self.permalink = text,
            "/urlset/url" | "/sitemapindex/sitemap" | "/rss/channel/item" | "/RDF/item" | "/feed/entry" => {
                let permalink = self.permalink.take();
                let link = self.link.take().or(permalink);
                if let Some(Feed::Pages(links) | Feed::Index(links)) = &mut self.found {
                    links.extend(link);
                }
            }
            _ => {}
        }
        self.path.truncate(self.path.rfind('/').unwrap_or(0));
        self.text.clear();
    }
}

/// What a document lists, by its outermost element. `RDF` is that of RSS 1.0.
fn outermost(name: &str) -> Result<Feed, Fault> {
    match name {
        "sitemapindex" => Ok(Feed::Index(Vec::new())),
        "urlset" | "rss" | "RDF" | "feed" => Ok(Feed::Pages(Vec::new())),
        other => {
            let other: String = other.chars().take(50).collect();
            Err(Fault::lasting(format!("expected a sitemap, RSS or Atom, and it is <{other}>")))
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}
