//! What a caller is told when something is wrong: `{"error": {"code": …, "message": …}}`.

use std::fmt::Display;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use toolwright_support::sqlite::is_busy;

/// How much of what a caller sent is told back.
const MAX_QUOTED: usize = 80;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No key, or none that is good.
    #[error("the API key is missing, unknown or revoked; send it as `Authorization: Bearer sk-inference-…`")]
    Unauthorized,
    /// The key may not do this in the project.
    #[error("the API key lacks the permission `{needed}` in this project")]
    InsufficientPermission { needed: &'static str },
    /// The key reaches several projects, and the request names none.
    #[error("name the project: the API key reaches none or several, and none of them is its default")]
    ProjectRequired,
    /// There is no such thing in the project.
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    /// There is no such thing; says what there is in its place.
    #[error("{0}")]
    Absent(String),
    /// The API has no such path.
    #[error("there is nothing at this path")]
    NoRoute,
    /// The path has other methods.
    #[error("this path does not take this method")]
    MethodNotAllowed,
    /// The team's credits do not pay for it.
    #[error("this costs {needed} credits, and the team has {held}")]
    InsufficientCredits { needed: i64, held: i64 },
    /// The state forbids it; says which state, and what would do.
    #[error("{0}")]
    WrongState(String),
    /// A part of the request does not fit; says why.
    #[error("`{field}`: {why}")]
    Invalid { field: String, why: String },
    /// The request cannot be read.
    #[error("{0}")]
    BadRequest(String),
    /// The body is of another kind.
    #[error("send the body as `application/json`")]
    UnsupportedMediaType,
    /// The body is compressed in a way that is not understood.
    #[error("compress the body with gzip, or not at all")]
    UnsupportedEncoding,
    /// The body is larger than the path takes.
    #[error("the body is too large")]
    TooLarge,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Something else failed.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl ApiError {
    /// There is no such thing in the project.
    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: quoted(id) }
    }

    /// A field of the body or the query does not fit.
    pub(crate) fn invalid(field: impl Into<String>, why: impl Display) -> Self {
        Self::Invalid { field: field.into(), why: why.to_string() }
    }

    /// The request cannot be read.
    pub(crate) fn bad_request(why: &impl Display) -> Self {
        Self::BadRequest(why.to_string())
    }

    /// What a caller is told of it. A fault of the service's own is told in general words, and logged.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Database(error) if is_busy(error) => "try again in a few seconds".to_owned(),
            Self::Database(_) | Self::Internal(_) => {
                tracing::error!(error = format!("{self:#}"), "something failed");
                "the service met a fault of its own".to_owned()
            }
            _ => self.to_string(),
        }
    }

    /// The status, and the error's name in the body.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::InsufficientPermission { .. } => (StatusCode::FORBIDDEN, "insufficient_permission"),
            Self::ProjectRequired => (StatusCode::UNPROCESSABLE_ENTITY, "project_required"),
            Self::NotFound { .. } | Self::Absent(_) | Self::NoRoute => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::InsufficientCredits { .. } => (StatusCode::PAYMENT_REQUIRED, "insufficient_credits"),
            Self::WrongState(_) => (StatusCode::CONFLICT, "wrong_state"),
            Self::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Database(error) if is_busy(error) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Database(_) | Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    /// Of JSON of our own, which the database keeps.
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

#[derive(Serialize)]
struct Body {
    error: Inner,
}

#[derive(Serialize)]
struct Inner {
    code: &'static str,
    message: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.kind();
        let message = self.told();
        let mut response = (status, Json(Body { error: Inner { code, message } })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What a caller sent, short enough to be told back.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
