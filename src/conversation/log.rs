//! What a tool tells the client of its work, and from which level on a client wants to hear it.

use std::time::Duration;

use moka::sync::Cache;
use serde_json::{Value, json};

/// How severe a log message is, by the words of RFC 5424.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a fault.
    Debug,
    /// What is being done.
    Info,
    /// What is worth to be seen.
    Notice,
    /// What can become an error.
    Warning,
    /// What went wrong.
    Error,
    /// A part has failed.
    Critical,
    /// Somebody has to act now.
    Alert,
    /// Nothing works any more.
    Emergency,
}

impl Level {
    /// Every level, the least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    /// The level with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// What a client of the older revisions hears that has not said what it wants to.
const UNASKED: Level = Level::Info;

/// How many clients are remembered that have said it.
const CLIENTS: u64 = 10_000;

/// For how long one is remembered that does not come back.
const IDLE: Duration = Duration::from_hours(24);

/// What clients of the older revisions want to hear (`logging/setLevel`), by their sessions, or by their credentials where there are no
/// sessions. Each instance of a server knows what it was told itself.
#[derive(Debug)]
pub(crate) struct Levels(Cache<String, Level>);

impl Default for Levels {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CLIENTS).time_to_idle(IDLE).build())
    }
}

impl Levels {
    pub(crate) fn set(&self, client: String, level: Level) {
        self.0.insert(client, level);
    }

    pub(super) fn of(&self, client: &str) -> Level {
        self.0.get(client).unwrap_or(UNASKED)
    }
}

/// A log message of a tool.
pub(super) fn message(tool: &str, level: Level, text: &str) -> Value {
    let params = json!({ "level": level.as_str(), "logger": tool, "data": text });
    json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params })
}
