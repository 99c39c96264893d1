//! What browsers are answered, and what is said with every answer.

use std::borrow::Cow;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use toolwright_core::ErrorCode;
use toolwright_pages::{Asset, CONTENT_SECURITY_POLICY, Failure as Page};

use super::{OpenError, ROOT, visitor::Known};

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Failure {
    /// What the log calls it.
    pub(super) code: ErrorCode,
    pub(super) status: StatusCode,
    /// What it is and what to do about it, where the usual words of the status do not say so.
    words: Option<(&'static str, Cow<'static, str>)>,
    /// The methods that would do.
    allowed: Option<&'static str>,
}

impl Failure {
    /// A fault of the request, as the catalogue of errors has it.
    pub(super) fn of(code: ErrorCode) -> Self {
        let status = StatusCode::from_u16(code.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { code, status, words: None, allowed: None }
    }

    /// The page is there, and not for this method.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self { allowed: Some(allowed), ..Self::of(ErrorCode::MethodNotAllowed) }
    }

    /// Somebody who may not see anything here, and why.
    pub(super) fn refused(why: String) -> Self {
        Self { words: Some(("You cannot open these pages", why.into())), ..Self::of(ErrorCode::OriginRefused) }
    }

    /// A form of nobody who is signed in. Not a 401, which names a scheme to try: there is none but to sign in.
    pub(super) fn signed_out() -> Self {
        let words = Some(("You are signed out", "Nothing was changed. Sign in, and send the form again.".into()));
        Self { status: StatusCode::FORBIDDEN, words, ..Self::of(ErrorCode::MissingCredential) }
    }

    /// Somebody who is signed in, whose session has ended or is not open yet.
    pub(super) fn no_session() -> Self {
        let words =
            Some(("Your session is over", "Nothing was changed. Reload the page, and send the form again.".into()));
        Self { status: StatusCode::FORBIDDEN, words, ..Self::of(ErrorCode::MissingCredential) }
    }

    /// A form that another page sent, or that was made for another session.
    pub(super) fn foreign() -> Self {
        Self::of(ErrorCode::OriginRefused)
    }

    /// What is asked for is none of the visitor's.
    pub(super) fn absent(text: &'static str) -> Self {
        let words = Some(("This is not there", text.into()));
        Self { status: StatusCode::NOT_FOUND, words, ..Self::of(ErrorCode::NotFound) }
    }

    /// A form that these pages would not send.
    pub(super) fn unreadable() -> Self {
        Self { status: StatusCode::BAD_REQUEST, ..Self::of(ErrorCode::InvalidRequest) }
    }

    /// Something that is needed does not answer.
    pub(super) fn unavailable(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a page of the settings cannot be shown");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::of(ErrorCode::Internal) }
    }

    /// The page that says so.
    pub(super) fn page(&self) -> Page<'_> {
        let usual = Page::of(self.status.as_u16());
        match &self.words {
            Some((title, text)) => Page { title, text, ..usual },
            None => usual,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(&error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::unavailable(&error)
    }
}

/// A page.
pub(super) fn page(status: StatusCode, html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, "text/html; charset=utf-8");
    response
}

/// The page of a failure.
pub(super) fn failed(failure: &Failure, html: String) -> Response {
    let mut response = page(failure.status, html);
    if let Some(allowed) = failure.allowed {
        set(response.headers_mut(), header::ALLOW, allowed);
    }
    response
}

/// Sends the browser to another page of these, by GET.
pub(super) fn to(path: &str) -> Response {
    elsewhere(&format!("{ROOT}{path}"))
}

/// Sends the browser somewhere else, by GET.
pub(super) fn elsewhere(place: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::try_from(place) {
        Ok(place) => drop(response.headers_mut().insert(header::LOCATION, place)),
        Err(error) => {
            tracing::error!(%error, "nobody can be sent where the sign-in says");
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    response
}

/// A file beside the pages, whose name changes with its content.
pub(super) fn asset(asset: &'static Asset) -> Response {
    let mut response = Response::new(Body::from(asset.content.as_str()));
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, asset.media_type);
    set(headers, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    response
}

/// The same, with the cookie of a session that is new.
pub(super) fn keeping(mut response: Response, known: &Known) -> Response {
    if let Some(cookie) = &known.cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// What is said with every answer: nobody keeps it, frames it or takes it for something else, and no other page
/// learns of it.
pub(super) fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with that a browser sends `Origin: null` with our own forms (Fetch standard, section 3.2).
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        set(headers, name, value);
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
