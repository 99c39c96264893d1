//! Resources: how their URIs are written and read (RFC 6570, level 1), and which media types are text.

use percent_encoding::percent_decode_str;

use crate::address::Unfit;

/// Longest URI that is one of a resource, in bytes.
pub const LONGEST_URI: usize = 2048;

/// Characters beside letters and digits that stand for themselves in the value of a variable (RFC 3986, section 2.3).
const UNRESERVED: &[u8] = b"-._~";

/// Characters that delimit the parts of a URI (RFC 3986, section 2.2), but for the one of a fragment.
const DELIMITERS: &[u8] = b":/?[]@!$&'()*+,;=";

/// The URI of a resource, or of many: text with variables in it.
///
/// Every URI is read in one way only: what follows a variable begins with a character that no value has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UriTemplate<'t> {
    parts: Vec<Part<'t>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

impl<'t> UriTemplate<'t> {
    /// Reads a template. One without variables is a URI.
    ///
    /// # Errors
    /// When it is no absolute URI, or has more in it than variables by their names.
    pub fn parse(text: &'t str) -> Result<Self, Unfit> {
        let parts = parts(text)?;
        check_literals(text, &parts)?;
        check_variables(&parts)?;
        Ok(Self { parts })
    }

    /// The variables, in their order.
    pub fn variables(&self) -> impl Iterator<Item = &'t str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(*name),
            Part::Literal(_) => None,
        })
    }

    /// What the variables stand for in a URI, decoded, each with its name. Nothing for a URI that is none of this template:
    /// a value is not empty, and what delimits the parts of a URI is escaped in it.
    pub fn values(&self, uri: &str) -> Option<Vec<(&'t str, String)>> {
        let mut rest = uri;
        let mut values = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(literal)?,
                Part::Variable(name) => {
                    let (value, after) = rest.split_at(value_length(rest)?);
                    values.push((*name, percent_decode_str(value).decode_utf8().ok()?.into_owned()));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }

    /// Whether every URI of another template is also one of this. Where the other has escapes in the place of a variable,
    /// nothing is said.
    pub fn covers(&self, other: &UriTemplate<'_>) -> bool {
        // A byte, or nothing for the value of a variable.
        let mut rest = other.parts.iter().flat_map(|part| match part {
            Part::Literal(text) => text.bytes().map(Some).collect(),
            Part::Variable(_) => vec![None],
        });
        let mut rest = rest.by_ref().peekable();
        let covered = self.parts.iter().all(|part| match part {
            Part::Literal(text) => text.bytes().all(|byte| rest.next() == Some(Some(byte))),
            Part::Variable(_) => {
                let mut value = std::iter::from_fn(|| rest.next_if(|next| next.is_none_or(is_unreserved)));
                value.by_ref().count() > 0
            }
        });
        covered && rest.next().is_none()
    }
}

/// How far the value of a variable reaches; nothing where there is none, or where it is escaped in a way that says nothing.
fn value_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        match byte {
            b'%' if bytes.get(length + 1..length + 3)?.iter().all(u8::is_ascii_hexdigit) => length += 3,
            b'%' => return None,
            byte if is_unreserved(*byte) => length += 1,
            _ => break,
        }
    }
    (length > 0).then_some(length)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte)
}

fn unfit<T>(why: impl Into<String>, help: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit { why: why.into(), help: help.into() })
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, Unfit> {
    const EXAMPLE: &str = "write a variable as `{note_id}`";
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return unfit("opens a variable and does not close it", EXAMPLE);
        };
        if before.contains('}') {
            return unfit("closes a variable that it does not open", EXAMPLE);
        }
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return unfit("has a variable that is more or less than a name", EXAMPLE);
        }
        parts.extend((!before.is_empty()).then_some(Part::Literal(before)));
        parts.push(Part::Variable(name));
        rest = after;
    }
    if rest.contains('}') {
        return unfit("closes a variable that it does not open", EXAMPLE);
    }
    parts.extend((!rest.is_empty()).then_some(Part::Literal(rest)));
    Ok(parts)
}

fn check_literals(text: &str, parts: &[Part<'_>]) -> Result<(), Unfit> {
    let scheme = match parts.first() {
        Some(Part::Literal(first)) => first.split_once(':'),
        Some(Part::Variable(_)) | None => None,
    };
    let is_scheme = |scheme: &str| {
        let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
        scheme.starts_with(|first: char| first.is_ascii_lowercase()) && scheme.bytes().all(part)
    };
    if !scheme.is_some_and(|(scheme, rest)| is_scheme(scheme) && (!rest.is_empty() || parts.len() > 1)) {
        return unfit(
            "is no absolute URI",
            "begin it with a scheme of the server's own in lower case, as in `acme://guide`",
        );
    }
    if text.len() > LONGEST_URI / 2 {
        return unfit("is too long", format!("use at most {} bytes", LONGEST_URI / 2));
    }
    for part in parts {
        let Part::Literal(literal) = part else { continue };
        if literal.contains('#') {
            return unfit("has a fragment", "leave out what follows the `#`: clients do not send it");
        }
        let mut rest = literal.bytes();
        while let Some(byte) = rest.next() {
            let is_escaped = || rest.clone().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
            if !(is_unreserved(byte) || DELIMITERS.contains(&byte) || byte == b'%' && is_escaped()) {
                return unfit(
                    "has a character that no URI has",
                    "use letters, digits and `-._~/`; write others percent-encoded",
                );
            }
        }
    }
    Ok(())
}

/// A value ends where a character comes that it cannot have: otherwise a URI could be read in several ways.
fn check_variables(parts: &[Part<'_>]) -> Result<(), Unfit> {
    for (place, part) in parts.iter().enumerate() {
        let Part::Variable(name) = part else { continue };
        if parts[..place].contains(part) {
            return unfit(format!("has the variable `{name}` twice"), "name each once");
        }
        let next = parts.get(place + 1);
        let ends = next.is_none_or(|next| {
            matches!(next, Part::Literal(text) if text.starts_with(|next: char| {
                u8::try_from(next).is_ok_and(|next| DELIMITERS.contains(&next))
            }))
        });
        if !ends {
            return unfit(
                format!("does not say where the variable `{name}` ends"),
                "let a `/` or another delimiter follow it, as in `acme://notes/{note_id}/text`",
            );
        }
    }
    Ok(())
}

/// Whether what has this media type is text, so that clients get it as such.
pub fn is_text(media_type: &str) -> bool {
    const TEXTS: [&str; 7] = ["json", "xml", "yaml", "toml", "javascript", "sql", "graphql"];
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some(("text", _)) => true,
        Some(("application", subtype)) => {
            TEXTS.contains(&subtype) || ["+json", "+xml", "+yaml"].iter().any(|suffix| subtype.ends_with(suffix))
        }
        Some((_, subtype)) => subtype.ends_with("+xml"),
        None => false,
    }
}

/// Whether what has this media type is JSON.
pub fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

/// Whether a text is a media type (RFC 6838, section 4.2), in lower case, with or without parameters.
pub fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&-^_.+".contains(&byte);
        first && name.len() <= 127 && name.bytes().all(part)
    };
    let is_parameter = |parameter: &str| {
        let value = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        let parts = parameter.trim().split_once('=');
        parts.is_some_and(|(name, text)| is_name(name) && !text.is_empty() && text.bytes().all(value))
    };
    let mut parts = text.split(';');
    let essence = parts.next().and_then(|essence| essence.split_once('/'));
    essence.is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype)) && parts.all(is_parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_one_reading() {
        for uri in [
            "acme://guide",
            "acme://notes/{note_id}",
            "acme://notes/{note_id}/text",
            "acme://{a}/{b}?c={d}",
            "urn:acme:{a}:{b}",
            "file:///a%20b",
        ] {
            assert!(UriTemplate::parse(uri).is_ok(), "{uri}");
        }
        for uri in [
            "",
            "guide",
            "/guide",
            "acme:",
            "Acme://guide",
            "{a}://guide",
            "acme://gu ide",
            "acme://güide",
            "acme://a%2",
            "acme://a#b",
            "acme://{a}{b}",
            "acme://{a}.json",
            "acme://{a}-{b}",
            "acme://{a}/{a}",
            "acme://{}",
            "acme://{+a}",
            "acme://{a,b}",
            "acme://{a*}",
            "acme://{a",
            "acme://a}",
            "acme://{{a}}",
        ] {
            assert!(UriTemplate::parse(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_uri_is_read_as_it_was_made() {
        let values = |template: &'static str, uri: &str| {
            let values = UriTemplate::parse(template).expect("a template").values(uri);
            values.map(|values| values.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        };
        let cases: [(&'static str, &str, Option<&[&str]>); 20] = [
            ("acme://guide", "acme://guide", Some(&[])),
            ("acme://guide", "acme://guide/", None),
            ("acme://guide", "acme://%67uide", None),
            ("acme://guide", "ACME://guide", None),
            ("acme://notes/{id}", "acme://notes/n1", Some(&["id=n1"])),
            ("acme://notes/{id}", "acme://notes/", None),
            ("acme://notes/{id}", "acme://notes/a/b", None),
            ("acme://notes/{id}", "acme://notes/a%2Fb", Some(&["id=a/b"])),
            ("acme://notes/{id}", "acme://notes/..", Some(&["id=.."])),
            ("acme://notes/{id}", "acme://notes/%2e%2e%2fx", Some(&["id=../x"])),
            ("acme://notes/{id}", "acme://notes/%C3%A9", Some(&["id=é"])),
            ("acme://notes/{id}", "acme://notes/é", None),
            ("acme://notes/{id}", "acme://notes/%C3", None),
            ("acme://notes/{id}", "acme://notes/%G0", None),
            ("acme://notes/{id}", "acme://notes/a%2", None),
            ("acme://notes/{id}", "acme://notes/%C3é", None),
            ("acme://notes/{id}", "acme://notes/a?b", None),
            ("acme://notes/{id}", "acme://notes/a%0D%0Ab", Some(&["id=a\r\nb"])),
            ("acme://notes/{id}", "acme://notes/a\r\nb", None),
            ("acme://{a}/{b}/c", "acme://1/2-3/c", Some(&["a=1", "b=2-3"])),
        ];
        for (template, uri, expected) in cases {
            let found = values(template, uri);
            assert_eq!(found, expected.map(|all| all.iter().map(ToString::to_string).collect()), "{template} {uri}");
        }
    }

    #[test]
    fn a_template_covers_what_has_no_other_uris() {
        let cases = [
            ("a:{b}/c", "a:{d}/c", true),
            ("a:{b}/c", "a:{b}/d", false),
            ("a:{b}", "a:b", true),
            ("a:b", "a:{b}", false),
            ("a:{b}", "a:{b}/{c}", false),
            ("a:{b}/{c}", "a:{b}", false),
            ("a:{b}/{c}", "a:notes/{c}", true),
            ("a:{b}/{c}", "a:note-{b}/{c}", true),
            ("a:note-{b}/{c}", "a:{b}/{c}", false),
            ("a:{b}", "a:b?{c}", false),
            ("a:{b}", "a:", false),
            ("a:{b}/", "a:/", false),
            ("a:{b}", "a:%41", false),
            ("a:%41", "a:%41", true),
        ];
        for (one, other, expected) in cases {
            let [read, covered] = [one, other].map(|text| UriTemplate { parts: parts(text).expect("a template") });
            assert_eq!(read.covers(&covered), expected, "{one} {other}");
        }
    }

    #[test]
    fn media_types_say_what_is_text() {
        for (media_type, text, json) in [
            ("text/markdown", true, false),
            ("text/plain;charset=utf-8", true, false),
            ("application/json", true, true),
            ("application/vnd.acme+json", true, true),
            ("application/xml", true, false),
            ("image/svg+xml", true, false),
            ("image/png", false, false),
            ("application/pdf", false, false),
        ] {
            assert!(is_media_type(media_type), "{media_type}");
            assert_eq!((is_text(media_type), is_json(media_type)), (text, json), "{media_type}");
        }
        for text in
            ["", "text", "text/", "/plain", "Text/Plain", "text/plain;", "text/plain; q", "a/b/c", "text/pl ain"]
        {
            assert!(!is_media_type(text), "{text}");
        }
    }
}
