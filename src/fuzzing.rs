//! A door for the fuzz targets of this workspace, to what no server's own code can reach.

use http::{HeaderMap, HeaderValue, header};
use toolwright_core::ErrorCode;

use crate::{ServerSpec, envelope, http::presented};

/// Whether bytes are one message, or else why they are none.
///
/// # Errors
/// A code of the catalogue.
pub fn envelope(body: &[u8]) -> Result<(), ErrorCode> {
    envelope::parse(body).map(drop).map_err(|fault| fault.code)
}

/// The credential that a server finds in `Authorization` headers, each of which is a value. Nothing where HTTP itself
/// refuses one of them.
pub fn credential(server: &ServerSpec, values: &[&[u8]]) -> Option<Result<String, ErrorCode>> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).ok()?);
    }
    let presented = presented(&headers).map_err(|_| ErrorCode::InvalidRequest);
    Some(presented.and_then(|presented| presented.credential(&server.credential).map(str::to_owned)))
}
