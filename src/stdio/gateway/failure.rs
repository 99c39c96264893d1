//! Why there is no answer of the server to pass on.

use std::time::Duration;

use http::StatusCode;
use hyper_util::client::legacy;

use crate::connection::root;

pub(super) enum Failure {
    /// There is no connection, for this reason.
    Unreachable(String),
    /// The connection or the answer broke off, for this reason.
    BrokenOff(String),
    /// No whole answer within this time.
    Overdue(Duration),
    Redirected(StatusCode),
    /// What came is no answer to the request.
    NoAnswer(StatusCode),
}

impl Failure {
    pub(super) fn of(error: &legacy::Error) -> Self {
        let reason = root(error);
        if error.is_connect() { Self::Unreachable(reason) } else { Self::BrokenOff(reason) }
    }

    /// What happened, in a sentence or two.
    pub(super) fn detail(&self, endpoint: &str, is_call: bool) -> String {
        let what = match self {
            Self::Unreachable(reason) => format!("cannot be reached: {reason}"),
            Self::BrokenOff(reason) => format!("did not answer to the end: {reason}"),
            Self::Overdue(limit) => format!("did not answer within {} seconds", limit.as_secs()),
            Self::Redirected(status) => format!("redirects elsewhere ({status}), where no credential is sent"),
            Self::NoAnswer(status) => format!("answered with {status}, and not as an MCP server"),
        };
        let outlook = if is_call && self.may_have_taken_effect() {
            " Whether the call took effect is not known: read back what it was to change before you repeat it."
        } else {
            ""
        };
        format!("`{endpoint}` {what}.{outlook}")
    }

    fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Redirected(_) => false,
            Self::BrokenOff(_) | Self::Overdue(_) => true,
            Self::NoAnswer(status) => !status.is_client_error(),
        }
    }
}
