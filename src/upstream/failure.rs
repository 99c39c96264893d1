//! Why there is no answer of the API, and what a caller is told of one that is a refusal.

use std::{fmt, time::Duration};

use http::{Method, StatusCode};
use hyper_util::client::legacy;
use serde_json::Value;
use toolwright_core::ErrorCode;

use super::{Inner, exchange::Answer};
use crate::{ToolError, connection::root};

/// How many characters of the API's own words a caller is told.
const WORDS: usize = 500;

/// Why there is no whole answer.
pub(super) enum Failure {
    /// There is no connection, or nothing could be sent, for this reason.
    Unreachable(String),
    /// The connection or the answer broke off, for this reason.
    BrokenOff(String),
    /// No whole answer within this time.
    Overdue(Duration),
    /// The answer is larger than so many bytes.
    TooLarge(usize),
    Redirected(StatusCode),
}

impl Failure {
    pub(super) fn of(error: &legacy::Error) -> Self {
        let reason = root(error);
        if error.is_connect() { Self::Unreachable(reason) } else { Self::BrokenOff(reason) }
    }

    fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Redirected(_) => false,
            Self::BrokenOff(_) | Self::Overdue(_) | Self::TooLarge(_) => true,
        }
    }
}

/// As the rest of a sentence about the API.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "cannot be reached: {reason}"),
            Self::BrokenOff(reason) => write!(f, "did not answer to the end: {reason}"),
            Self::Overdue(limit) => write!(f, "did not answer within {} seconds", limit.as_secs()),
            Self::TooLarge(bytes) => write!(f, "answered with more than {bytes} bytes"),
            Self::Redirected(status) => write!(f, "redirects elsewhere ({status}), where no credential is sent"),
        }
    }
}

/// A tool that asks, whose caller is told what came of it.
pub(super) struct Asking<'a> {
    pub(super) upstream: &'a Inner,
    pub(super) tool: &'static str,
    pub(super) method: Method,
}

impl Asking<'_> {
    /// What the caller is told of a failure; where something may have been changed, that too.
    pub(super) fn failed(&self, failure: &Failure) -> ToolError {
        tracing::warn!(operation = self.tool, "the API {failure}");
        self.unanswered(failure.may_have_taken_effect(), &failure.to_string())
    }

    /// What the caller is told of an answer that is none of the API's.
    pub(super) fn misunderstood(&self, status: StatusCode, why: &str) -> ToolError {
        tracing::warn!(
            operation = self.tool,
            status = status.as_u16(),
            "the API answered with something else than JSON: {why}"
        );
        self.unanswered(true, &format!("answered with {status}, and not in JSON"))
    }

    fn unanswered(&self, may_have_taken_effect: bool, what: &str) -> ToolError {
        if may_have_taken_effect && self.method != Method::GET {
            let message = format!(
                "the API {what}. Whether the call took effect is not known: read back what it was to change before you repeat it."
            );
            return ToolError::new(ErrorCode::OutcomeUnknown, message);
        }
        ToolError::unavailable(format!("the API {what}"))
    }

    /// What the caller is told of a refusal, in the API's words where it has any.
    pub(super) fn refused(&self, answer: &Answer) -> ToolError {
        let status = answer.status;
        let words = self.words(&answer.body);
        let said =
            |otherwise: &str| words.clone().unwrap_or_else(|| format!("the API answered with {status}: {otherwise}"));
        let error = |code, otherwise: &str| ToolError::new(code, said(otherwise));
        let credential = self.upstream.server.credential.name;
        match status.as_u16() {
            400 | 422 => error(ErrorCode::InvalidArguments, "it does not take these arguments"),
            401 => ToolError::new(
                ErrorCode::UnknownCredential,
                format!(
                    "the API refuses the {credential}, which is mistyped there or was revoked. Create another in {}.",
                    self.upstream.server.credential.create_at
                ),
            ),
            402 => ToolError::out_of_credits(said("it wants to be paid for this")),
            403 => error(ErrorCode::InsufficientScope, &format!("the {credential} does not allow this")),
            404 | 410 => error(ErrorCode::NotFound, "there is no such thing"),
            409 => error(ErrorCode::WrongState, "its state does not allow this"),
            429 | 503 => ToolError::unavailable(said("it has too much to do")),
            500.. => {
                tracing::warn!(operation = self.tool, status = status.as_u16(), "the API failed");
                self.unanswered(true, &format!("failed ({status})"))
            }
            _ => {
                let words = words.unwrap_or_default();
                ToolError::internal(format!("the API answered `{}` with {status}: {words}", self.tool))
            }
        }
    }

    /// The message of an error's body, so far as it can be repeated: `{"error": {"message": …}}`.
    fn words(&self, body: &[u8]) -> Option<String> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let message = body.pointer("/error/message")?.as_str()?.trim();
        let message = self.upstream.secrets.redact_text(message);
        let plain = message.chars().map(|c| if c.is_control() { ' ' } else { c });
        let words: String = plain.take(WORDS).collect();
        (!words.is_empty()).then_some(words)
    }
}
