//! The path and the query of a request, as text that nothing can be read out of but what was put in.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{ToolError, shortened::shortened};

/// All but the unreserved characters of URLs (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Segments as a path. Each stays one segment, whatever is in it.
///
/// # Errors
/// A segment that cannot be one: it is empty, or the way back.
pub(super) fn joined(segments: &[&str]) -> Result<String, ToolError> {
    let mut path = String::new();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            return Err(ToolError::impossible_id(&shortened(segment)));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, RESERVED));
    }
    Ok(path)
}

/// A path with a query; what is `None` in it is left out.
///
/// # Errors
/// When it is no query: a fault of the handler.
pub(super) fn asked(path: String, query: &impl Serialize) -> Result<String, ToolError> {
    let query = serde_html_form::to_string(query).map_err(ToolError::internal)?;
    Ok(if query.is_empty() { path } else { format!("{path}?{query}") })
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::{asked, joined};

    #[test]
    fn a_segment_stays_one() {
        for (segments, expected) in [
            (&["v1", "notes"][..], Some("/v1/notes")),
            (&["v1", "a/b"], Some("/v1/a%2Fb")),
            (&["v1", r"a\b"], Some("/v1/a%5Cb")),
            (&["v1", "a?b#c"], Some("/v1/a%3Fb%23c")),
            (&["v1", "%2e%2e"], Some("/v1/%252e%252e")),
            (&["v1", "%2F"], Some("/v1/%252F")),
            (&["v1", ".\t."], Some("/v1/.%09.")),
            (&["v1", "..;"], Some("/v1/..%3B")),
            (&["v1", "a\r\nHost: b"], Some("/v1/a%0D%0AHost%3A%20b")),
            (&["v1", "//host"], Some("/v1/%2F%2Fhost")),
            (&["v1", "http://host"], Some("/v1/http%3A%2F%2Fhost")),
            (&["v1", "@host"], Some("/v1/%40host")),
            (&["v1", "é…"], Some("/v1/%C3%A9%E2%80%A6")),
            (&["v1", "..."], Some("/v1/...")),
            (&["v1", ".."], None),
            (&["v1", "."], None),
            (&["v1", ""], None),
            (&["..", "v1"], None),
        ] {
            assert_eq!(joined(segments).ok().as_deref(), expected, "{segments:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        #[derive(Serialize)]
        struct Query<'a> {
            text: Option<&'a str>,
            limit: Option<i64>,
            tags: &'a [&'a str],
        }
        let of = |text, limit, tags| asked("/a".to_owned(), &Query { text, limit, tags }).expect("a query");
        assert_eq!(of(None, None, &[]), "/a");
        assert_eq!(of(Some("a&b=c#d"), Some(5), &["x", "y"]), "/a?text=a%26b%3Dc%23d&limit=5&tags=x&tags=y");
        for (pairs, expected) in
            [([("offset", None), ("limit", Some(2))], "/a?limit=2"), ([("offset", None), ("limit", None)], "/a")]
        {
            assert_eq!(asked("/a".to_owned(), &pairs).ok().as_deref(), Some(expected));
        }
        assert_eq!(asked("/a".to_owned(), &()).ok().as_deref(), Some("/a"));
    }
}
