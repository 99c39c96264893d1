//! A request's body, read within its limits.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use toolwright_core::ErrorCode;

/// How long a whole body may take to arrive.
const TIME: Duration = Duration::from_secs(10);

/// # Errors
/// `body_too_large`, `body_timeout`, or `parse_error` for a body that breaks off.
pub(crate) async fn read(body: Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, ErrorCode> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ErrorCode::BodyTooLarge);
    }
    match tokio::time::timeout(TIME, Limited::new(body, limit).collect()).await {
        Err(_) => Err(ErrorCode::BodyTimeout),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorCode::BodyTooLarge),
        Ok(Err(_)) => Err(ErrorCode::ParseError),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}
