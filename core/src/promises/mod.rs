//! What a server promises of requests that no good client sends, and of what can go wrong: each row is a promise, of which
//! the documentation makes a page, and which the tests hold over the wire.

mod rows;

pub use rows::Promise;

use crate::{ErrorCode, ErrorEntry};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub area: Area,
    /// Which servers make it.
    pub only: Only,
    /// What comes, or what happens.
    pub sent: &'static str,
    /// How it is answered.
    pub outcome: Outcome,
    /// What else follows, in a sentence or two.
    pub promised: &'static str,
}

/// What promises are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Credentials, and what they allow.
    Callers,
    /// Pages of other sites, in the browser of somebody who can reach the server.
    Pages,
    /// Requests of HTTP.
    Requests,
    /// Messages of the protocol.
    Messages,
    /// Calls of tools.
    Calls,
    /// What goes in as text and comes out as text.
    Texts,
    /// Load, and what a server needs and does not have for a while.
    Faults,
}

impl Area {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::Callers, Self::Pages, Self::Requests, Self::Messages, Self::Calls, Self::Texts, Self::Faults];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Callers => "Credentials",
            Self::Pages => "Pages of other sites",
            Self::Requests => "Requests",
            Self::Messages => "Messages",
            Self::Calls => "Calls",
            Self::Texts => "Texts",
            Self::Faults => "Load and faults",
        }
    }
}

/// Which servers make a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// All of them.
    Every,
    /// Those whose credentials are their own tokens.
    Tokens,
    /// Those that know until when a credential is good.
    Lifetimes,
    /// Those whose credentials an OAuth issuer gives.
    Issued,
    /// Those that check an issuer's signatures themselves.
    Signed,
    /// Those at which nobody signs in.
    Unissued,
    /// Those that ask an API with their callers' credentials.
    Forwarding,
    /// Those that limit how many calls a credential makes.
    Limited,
    /// Those with a tool whose calls are confirmed.
    Confirming,
    /// Those with a tool or a prompt that asks something.
    Asking,
    /// Those with a tool that asks something while it runs.
    AskingInCalls,
    /// Those with a prompt that asks something first.
    AskingInPrompts,
    /// Those with a tool that is asked for again with what came of it before: confirmed, or answered.
    Resuming,
    /// Those with resources.
    Resources,
    /// Those that tell of changes.
    Notifying,
}

/// How something is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As the catalogue has it: its status, its JSON-RPC code, its name.
    Refused(ErrorCode),
    /// The same, where there is no status: over stdio.
    RefusedOverStdio(ErrorCode),
    /// With an error that is the protocol's own.
    Error {
        /// The HTTP status.
        status: u16,
        /// The JSON-RPC code.
        code: i32,
    },
    /// With a status, and no message of the protocol.
    Status(u16),
    /// With the result of a tool that failed, which begins with the code's name.
    Failed(ErrorCode),
    /// With what was asked for.
    Served,
    /// Not at all: the connection ends, or nothing is sent.
    Unanswered,
    /// The stream ends; what was to be answered is answered with the error, whose status went out before.
    Ended(ErrorCode),
    /// It cannot happen: such a server is not built.
    NotBuilt,
}

impl Outcome {
    /// The HTTP status, of an answer over HTTP.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Refused(code) => Some(code.entry().status),
            Self::Error { status, code: _ } | Self::Status(status) => Some(status),
            Self::Failed(_) | Self::Served => Some(200),
            Self::RefusedOverStdio(_) | Self::Ended(_) | Self::Unanswered | Self::NotBuilt => None,
        }
    }

    /// The code of a JSON-RPC error.
    pub const fn json_rpc(self) -> Option<i32> {
        match self {
            Self::Refused(code) | Self::RefusedOverStdio(code) | Self::Ended(code) => code.entry().json_rpc,
            Self::Error { status: _, code } => Some(code),
            Self::Status(_) | Self::Failed(_) | Self::Served | Self::Unanswered | Self::NotBuilt => None,
        }
    }

    /// The row of the catalogue that the answer names.
    pub const fn entry(self) -> Option<ErrorEntry> {
        match self {
            Self::Refused(code) | Self::RefusedOverStdio(code) | Self::Ended(code) | Self::Failed(code) => {
                Some(code.entry())
            }
            Self::Error { .. } | Self::Status(_) | Self::Served | Self::Unanswered | Self::NotBuilt => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_something_of_its_own() {
        let sent: std::collections::BTreeSet<_> = Promise::ALL.iter().map(|promise| promise.row().sent).collect();
        assert_eq!(sent.len(), Promise::ALL.len());
        for promise in Promise::ALL {
            let row = promise.row();
            assert!(row.promised.ends_with('.') && !row.sent.ends_with('.'), "{promise:?}");
            assert!(
                !matches!(row.outcome, Outcome::Refused(code) if code.entry().json_rpc.is_none()),
                "{promise:?}: a tool's error is no refusal"
            );
        }
        for area in Area::ALL {
            assert!(Promise::ALL.iter().any(|promise| promise.row().area == area), "{area:?}");
        }
    }
}
