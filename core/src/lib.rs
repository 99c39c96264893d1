//! What the generator and the runtime of toolwright must agree on.
//!
//! [`scope`] is the algebra of scopes, with the one authorization in the program;
//! [`errors`] is the catalogue of every error that a user of a generated server can see;
//! [`promises`] is the table of what a server does with requests that no good client sends;
//! [`address`] says where a credential can be sent, [`environment`] which variables are taken,
//! [`confirmation`] how long a person's agreement holds, [`token`] what bounds a token, [`resource`] how the URIs of resources are
//! read, [`text`] which characters nobody sees;
//! [`client`] is what each client is told about a server, [`shell`] how text is quoted in it.
//! Nothing here does I/O, and nothing here knows the protocol's SDK.

pub mod address;
pub mod client;
pub mod confirmation;
pub mod environment;
pub mod errors;
pub mod metrics;
pub mod promises;
pub mod resource;
pub mod scope;
pub mod shell;
pub mod text;
pub mod token;

pub use client::ClientKind;
pub use errors::{ErrorCode, ErrorEntry};
pub use promises::Promise;
pub use scope::{Clause, Missing, Requirement, Scope, ScopeId, ScopeSet, Scopes, authorize};

/// How long a server keeps an idle connection open, in seconds: for longer than most balancers, which then are those who close it.
pub const IDLE_SECONDS: u64 = 75;

/// How many connections to PostgreSQL answer the requests of one instance at the same time.
pub const DATABASE_CONNECTIONS: u32 = 8;

/// How many more an instance has that remembers tokens: one hears of changes, and one proves that all of them were heard.
pub const LISTENING_CONNECTIONS: u32 = 2;

/// What a tool does to the account: declared for every tool, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Leaves no trace.
    Read,
    /// Creates or changes.
    Write,
    /// Stops, deletes or overwrites what cannot be had back.
    Destructive,
}

impl Access {
    /// The word that the manifest and the documentation use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destructive => "destructive",
        }
    }
}
