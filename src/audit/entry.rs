//! What the audit log says of one event.

use jiff::Timestamp;
use rand::random;
use sqlx::FromRow;

/// One event, as it is stored. What an event has none of is absent.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct Entry {
    /// Begins with the time, so that entries in the order of their ids are in the order of time.
    pub(crate) id: String,
    /// When it began, in microseconds since 1970.
    pub(crate) at: i64,
    #[sqlx(try_from = "String")]
    pub(crate) kind: Kind,
    /// The tool, the prompt, the resource or the method.
    pub(crate) operation: Option<String>,
    #[sqlx(try_from = "String")]
    pub(crate) via: Via,
    /// The credential that was used, or that was created or revoked.
    pub(crate) credential_id: Option<String>,
    pub(crate) credential_name: Option<String>,
    /// The session of a browser.
    pub(crate) session: Option<String>,
    /// Who sat at the command line.
    pub(crate) operator: Option<String>,
    /// Whose data it reaches: of a user the id, and otherwise the `subject` of an [`crate::Identity`].
    pub(crate) subject: Option<String>,
    /// What it is about, by its id: an account, or another value of the binding.
    pub(crate) account: Option<String>,
    #[sqlx(try_from = "String")]
    pub(crate) verdict: Verdict,
    /// `ok`, or a name of the error catalogue or beside it.
    pub(crate) outcome: String,
    /// The HTTP status.
    pub(crate) status: Option<i64>,
    /// How long it took, in microseconds.
    pub(crate) duration: Option<i64>,
    pub(crate) request_bytes: Option<i64>,
    pub(crate) response_bytes: Option<i64>,
    /// JSON without what is secret.
    pub(crate) arguments: Option<String>,
    /// How many of the same it stands for.
    pub(crate) count: i64,
}

/// Makes an enumeration of words that are stored.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// As it is stored and shown.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                match text.as_str() {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("`{text}` is no word of the audit log")),
                }
            }
        }
    };
}

words! {
    /// What kind of event it is.
    Kind {
        /// A tool was called.
        Call = "call",
        /// A call that writes has ended after its caller was gone, or was told that its outcome is unknown.
        CallEnded = "call_ended",
        /// A prompt was asked for.
        Prompt = "prompt",
        /// A resource was read.
        Resource = "resource",
        /// A tool was asked what completes an argument.
        Completion = "completion",
        /// Another request was refused.
        Request = "request",
        /// Somebody signed in in a browser.
        SignIn = "sign_in",
        /// Somebody signed out.
        SignOut = "sign_out",
        /// A token was created.
        TokenCreated = "token_created",
        /// A token was revoked.
        TokenRevoked = "token_revoked",
        /// Something else was changed in the settings; the operation says what.
        Settings = "settings",
        /// Events were not recorded, since the database did not take them.
        Gap = "gap",
    }
}

words! {
    /// How it came.
    Via {
        Http = "http",
        Stdio = "stdio",
        /// The pages in a browser.
        Browser = "browser",
        CommandLine = "command_line",
        /// The server itself.
        Server = "server",
    }
}

words! {
    /// Whether it was let.
    Verdict {
        Allowed = "allowed",
        Denied = "denied",
    }
}

/// What an event ends with that went well.
const OK: &str = "ok";

impl Entry {
    /// An event that happens now, was allowed and went well.
    pub(crate) fn now(kind: Kind, via: Via) -> Self {
        Self::at(Timestamp::now().as_microsecond(), kind, via)
    }

    /// An event that began at a time in microseconds.
    pub(super) fn at(at: i64, kind: Kind, via: Via) -> Self {
        Self {
            // Two of one microsecond are told apart by chance, also when they are of two instances.
            id: format!("{at:016x}{:016x}", random::<u64>()),
            at,
            kind,
            operation: None,
            via,
            credential_id: None,
            credential_name: None,
            session: None,
            operator: None,
            subject: None,
            account: None,
            verdict: Verdict::Allowed,
            outcome: OK.to_owned(),
            status: None,
            duration: None,
            request_bytes: None,
            response_bytes: None,
            arguments: None,
            count: 1,
        }
    }

    /// Whether another refusal is the same again.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let told = |entry: &Self| (entry.kind, entry.via, entry.status);
        self.verdict == Verdict::Denied
            && other.verdict == Verdict::Denied
            && told(self) == told(other)
            && self.outcome == other.outcome
            && self.operation == other.operation
            && self.credential_id == other.credential_id
            && self.account == other.account
    }

    /// The same without what PostgreSQL cannot store: callers choose some of these texts.
    pub(super) fn storable(mut self) -> Self {
        let texts = [
            &mut self.operation,
            &mut self.credential_id,
            &mut self.credential_name,
            &mut self.operator,
            &mut self.subject,
            &mut self.account,
        ];
        for text in texts.into_iter().flatten().filter(|text| text.contains('\0')) {
            *text = text.replace('\0', "\u{fffd}");
        }
        self
    }
}
