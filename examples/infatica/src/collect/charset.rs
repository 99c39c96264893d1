//! From the bytes of an answer to text.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Fault, fetch::Answer};

/// How far a page is searched for the encoding that it declares.
const PRESCAN_BYTES: usize = 1024;

/// The text of a page. What declares the encoding is, in this order, a byte order mark, the answer's
/// header, and the page itself; what declares none is UTF-8 if it can be, and else Windows-1252.
pub(super) fn page(answer: &Answer) -> Result<String, Fault> {
    if !is_text(answer) {
        let media_type = answer.media_type.as_ref().map_or("unknown type", mime::Mime::essence_str);
        return Err(Fault::lasting(format!("only text is collected, and this is {media_type}")));
    }
    let head = &answer.body[..answer.body.len().min(PRESCAN_BYTES)];
    let declared = from_header(answer).or_else(|| declared_in(head));
    Ok(decode(&answer.body, declared))
}

/// The same for XML, which is UTF-8 unless it says otherwise.
pub(super) fn xml(answer: &Answer, body: &[u8]) -> String {
    let head = &body[..body.len().min(PRESCAN_BYTES)];
    decode(body, from_header(answer).or_else(|| declared_in(head)).or(Some(UTF_8)))
}

fn decode(body: &[u8], declared: Option<&'static Encoding>) -> String {
    let fallback = || if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 };
    // `decode` lets a byte order mark overrule the encoding that it is given.
    declared.unwrap_or_else(fallback).decode(body).0.into_owned()
}

fn from_header(answer: &Answer) -> Option<&'static Encoding> {
    let charset = answer.media_type.as_ref()?.get_param(mime::CHARSET)?;
    Encoding::for_label(charset.as_str().as_bytes())
}

/// The encoding in `<meta charset="…">`, `<meta … content="…; charset=…">` or `<?xml encoding="…"?>`.
fn declared_in(head: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let (start, label) =
        if head.trim_start().starts_with("<?xml") { ("<?xml", "encoding") } else { ("<meta", "charset") };
    let declared = head.match_indices(start).find_map(|(at, _)| {
        let tag = head[at..].split('>').next()?;
        let value = tag.split_once(label)?.1.trim_start().strip_prefix('=')?;
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        let value = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '?')).next()?;
        Encoding::for_label(value.as_bytes())
    })?;
    // What could be read so far was ASCII, so that it cannot be in UTF-16 (HTML, section 13.2.3.2).
    Some(if declared == encoding_rs::UTF_16LE || declared == encoding_rs::UTF_16BE { UTF_8 } else { declared })
}

/// Whether a body is text. A server that does not say, or says "bytes", is not taken at its word.
fn is_text(answer: &Answer) -> bool {
    let looks_like_text = || !answer.body.contains(&0);
    let Some(media_type) = &answer.media_type else { return looks_like_text() };
    let structured = media_type.suffix().is_some_and(|suffix| suffix == mime::XML || suffix == mime::JSON);
    match (media_type.type_(), media_type.subtype()) {
        (mime::TEXT, _) => true,
        (mime::APPLICATION, mime::OCTET_STREAM) => looks_like_text(),
        (mime::APPLICATION, subtype) => {
            structured
                || [mime::XML, mime::JSON, mime::JAVASCRIPT].contains(&subtype)
                || ["yaml", "x-yaml", "x-ndjson", "ecmascript", "toml", "sql"].contains(&subtype.as_str())
        }
        _ => structured,
    }
}
