//! What routes read of a request. Each refuses in the API's own words.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request, rejection::BytesRejection},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The last part of the path that is the request's own, as the id of a thing.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|error| ApiError::bad_request(&error))?;
        let last = params.iter().last();
        last.map(|(_, value)| Self(value.to_owned())).ok_or(ApiError::NoRoute)
    }
}

/// The query. Have its type refuse unknown fields, or a misspelt filter filters nothing.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| ApiError::invalid("query", error.body_text()))
    }
}

/// The body, which is JSON.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        must_be_json(request.headers())?;
        let body = Bytes::from_request(request, state).await.map_err(body_error)?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner().classify() {
            serde_json::error::Category::Data => {
                let path = error.path().to_string();
                ApiError::invalid(if path == "." { "body".to_owned() } else { path }, error.into_inner())
            }
            _ => ApiError::invalid("body", error.into_inner()),
        })?;
        json.end().map_err(|error| ApiError::invalid("body", error))?;
        Ok(Self(value))
    }
}

/// A body without a type is taken for JSON.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().ok().and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(ApiError::UnsupportedMediaType) }
}

/// Why a body was not read whole.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn body_error(error: BytesRejection) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
        _ => ApiError::bad_request(&error.body_text()),
    }
}
