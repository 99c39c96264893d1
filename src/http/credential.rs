//! The credential that a request presents (RFC 6750, section 2.1; never in the query).

use http::{HeaderMap, header};

use crate::credential::Presented;

/// # Errors
/// Two credentials: which of them was meant?
pub(crate) fn presented(headers: &HeaderMap) -> Result<Presented<'_>, &'static str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(Presented::Nothing) };
    if values.next().is_some() {
        return Err("The request has more than one `Authorization` header.");
    }
    let bearer = value.to_str().ok().and_then(|text| text.trim().split_once(' '));
    Ok(match bearer {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Presented::Bearer(token.trim_start()),
        _ => Presented::Unreadable,
    })
}
