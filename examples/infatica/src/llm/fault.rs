//! Why no model has answered.

use http::StatusCode;
use infatica_tools::UsageOutcome;
use toolwright_support::vault::VaultError;

use super::Key;
use crate::{
    collect::Recovery,
    store::StoreError,
    upstream::UpstreamError::{self, NotJson, NotPublic, Status, TimedOut, TooLarge, Unexpected, Unreachable},
};

/// Why no model has answered an account. The words are for the account: they name the key, and of the
/// operator's own endpoint they tell neither where it is nor what it says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the stored key `{key}` cannot be read on this server; whoever runs it finds the reason in its log")]
    Sealed { key: String, why: VaultError },
    #[error("{}", trouble.told(key, matches!(key, Key::Stored { .. })))]
    Model { key: Key, trouble: Trouble },
}

/// What went wrong with a model. The words are for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("its URL is refused: {0}")]
    Url(String),
    #[error("its key has characters that no key has")]
    NoKey,
    #[error("{}", words(.0, true))]
    Upstream(#[from] UpstreamError),
    #[error("it answered with nothing")]
    Empty,
    #[error("its answer was cut off at the longest that it writes")]
    CutOff,
    #[error("it refuses to answer this")]
    Withheld,
}

impl Fault {
    /// Whether the same question can have an answer later.
    pub(crate) fn recovery(&self) -> Recovery {
        match self {
            Self::Store(_) => Recovery::Later(None),
            Self::Sealed { .. } => Recovery::Never,
            Self::Model { trouble, .. } => trouble.recovery(),
        }
    }

    /// What came of the request, if there was one.
    pub(crate) fn usage(&self) -> Option<UsageOutcome> {
        match self {
            Self::Store(_) | Self::Sealed { .. } => None,
            Self::Model { trouble, .. } => trouble.usage(),
        }
    }

    /// All that is known of it, for the operator.
    pub(crate) fn in_full(&self) -> String {
        match self {
            Self::Store(error) => format!("{self}: {error}"),
            Self::Sealed { key, why } => format!("the stored key `{key}` does not open: {why}"),
            Self::Model { key, trouble } => trouble.told(key, true),
        }
    }
}

impl Trouble {
    fn recovery(&self) -> Recovery {
        match self {
            Self::Upstream(Unreachable(_) | TimedOut(_)) | Self::Empty => Recovery::Later(None),
            Self::Upstream(Status { status, retry_after, .. }) if may_pass(*status) => Recovery::Later(*retry_after),
            Self::Upstream(_) | Self::Url(_) | Self::NoKey | Self::CutOff | Self::Withheld => Recovery::Never,
        }
    }

    fn usage(&self) -> Option<UsageOutcome> {
        match self {
            Self::Url(_) | Self::NoKey => None,
            Self::Upstream(NotPublic | Unreachable(_) | TimedOut(_)) => Some(UsageOutcome::Unanswered),
            Self::Upstream(_) | Self::Empty | Self::CutOff | Self::Withheld => Some(UsageOutcome::Failed),
        }
    }

    fn told(&self, key: &Key, detailed: bool) -> String {
        let whose = match key {
            Key::Stored { name, .. } => format!("the language model of the key `{name}`"),
            Key::OfServer => "the server's language model".to_owned(),
        };
        let what = match self {
            Self::Upstream(error) => words(error, detailed),
            _ => self.to_string(),
        };
        format!("{whose} gave no usable answer: {what}")
    }
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}

/// What went wrong on the way, with or without what the other side and the network say of it.
fn words(error: &UpstreamError, detailed: bool) -> String {
    let (words, detail) = match error {
        NotPublic | TimedOut(_) | TooLarge(_) => (error.to_string(), ""),
        Unreachable(detail) => ("it cannot be reached".to_owned(), detail.as_str()),
        NotJson(detail) => ("its answer is not JSON".to_owned(), detail.as_str()),
        Unexpected(detail) => ("its answer is no chat completion".to_owned(), detail.as_str()),
        Status { status, excerpt, .. } => match *status {
            // What it says of a key can have parts of it.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                (format!("it refuses the key (HTTP status {status})"), "")
            }
            StatusCode::NOT_FOUND => {
                let words = "the URL or the name of the model is wrong";
                (format!("{words} (HTTP status {status})"), excerpt.as_str())
            }
            _ => (format!("HTTP status {status}"), excerpt.as_str()),
        },
    };
    if detailed && !detail.is_empty() { format!("{words}: {detail}") } else { words }
}
