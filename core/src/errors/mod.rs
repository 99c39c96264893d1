//! The catalogue of errors: everything that a user of a generated server can be told.
//!
//! The runtime answers with these codes, and the generator makes the troubleshooting tables of the
//! documentation from the same entries. Text may hold placeholders in braces, which whoever prints
//! an entry fills from the server's declaration: `{credential}` (its name), `{prefix}`,
//! `{create_at}`, `{endpoint}`, `{path}`, `{env}`, `{gateway_env}`, `{grant_path}`, `{call_seconds}`,
//! `{body_bytes}`; of a server whose calls are about something, `{binding}` (what the manifest calls it),
//! `{Binding}` (the same at the beginning of a sentence) and `{description}`; where that is what the credential
//! reaches, `{binding_fix}` ([`binding_fix`]); where it is an account that the path names, `{placeholder}`,
//! `{account_env}`, `{flag}`, `{flag_message}` and `{flag_fix}`.

mod entries;

pub use entries::*;

/// What went wrong, as a stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// No credential came with the request.
    MissingCredential,
    /// What came as the credential cannot be one of this server's.
    MalformedCredential,
    /// The credential is unknown or was revoked.
    UnknownCredential,
    /// The credential's lifetime is over.
    ExpiredCredential,
    /// The API that knows whose a credential is did not say so.
    UpstreamUnavailable,
    /// The issuer of a credential did not give what it is checked with.
    IssuerUnavailable,
    /// No account has the name that the path has, or none that the caller is to know of.
    UnknownAccount,
    /// The credential belongs to a user who is not a member of the account.
    ForeignAccount,
    /// What has to be enabled for the account is not.
    FeatureDisabled,
    /// The credential holds too few scopes.
    InsufficientScope,
    /// The credential makes more calls than the server lets one make.
    TooManyCalls,
    /// A request for a credential for a password that is none.
    MalformedGrant,
    /// A credential is asked for by another grant than that for a password.
    UnsupportedGrantType,
    /// A credential for a password is asked for with a scope that it cannot have.
    InvalidGrantScope,
    /// The email address or the password is not right.
    InvalidGrant,
    /// Too many passwords were wrong.
    TooManyAttempts,
    /// Too many passwords are checked at the moment.
    GrantsBusy,
    /// The request's `Host` is not this server's.
    HostRefused,
    /// A web page of another origin sent the request.
    OriginRefused,
    /// The request is no `POST`.
    MethodNotAllowed,
    /// The client takes none of the media types that the server answers with.
    NotAcceptable,
    /// The body is larger than the server takes.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is encoded in a way that the server does not read.
    UnsupportedEncoding,
    /// The body is not JSON.
    ParseError,
    /// The body is JSON, but not one JSON-RPC message.
    InvalidRequest,
    /// A header says something else than the message that it comes with.
    HeaderMismatch,
    /// The protocol revision is not one that the server speaks.
    UnsupportedVersion,
    /// The server does not have this method.
    UnknownMethod,
    /// The parameters do not fit the method.
    InvalidParams,
    /// No tool has this name.
    UnknownTool,
    /// No prompt has this name.
    UnknownPrompt,
    /// No resource has this URI.
    UnknownResource,
    /// The arguments do not fit the prompt.
    InvalidPromptArguments,
    /// The server that stdio forwards to gave no answer that could be passed on.
    GatewayUnavailable,
    /// The arguments do not fit the tool's schema.
    InvalidArguments,
    /// Nothing says which of what the credential reaches the call is about.
    BindingRequired,
    /// What the call is to be about is not among what the credential reaches.
    BindingNotFound,
    /// Nobody has agreed to a call that a person has to agree to.
    NotConfirmed,
    /// The client does not have what a tool asks it for.
    MissingCapability,
    /// The client was asked for something and has not answered it.
    NotAnswered,
    /// The session is none that the credential has begun.
    UnknownSession,
    /// What the arguments name does not exist in the account.
    NotFound,
    /// What the arguments name is in a state that forbids the call.
    WrongState,
    /// The account has not enough left of what the call costs.
    OutOfCredits,
    /// Something that the tool needs did not answer.
    Unavailable,
    /// The tool took longer than its limit.
    TimedOut,
    /// The writing tool took longer than its limit, and goes on.
    OutcomeUnknown,
    /// The tool failed in a way that it should not have.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::MissingCredential,
        Self::MalformedCredential,
        Self::UnknownCredential,
        Self::ExpiredCredential,
        Self::UpstreamUnavailable,
        Self::IssuerUnavailable,
        Self::UnknownAccount,
        Self::ForeignAccount,
        Self::FeatureDisabled,
        Self::InsufficientScope,
        Self::TooManyCalls,
        Self::MalformedGrant,
        Self::UnsupportedGrantType,
        Self::InvalidGrantScope,
        Self::InvalidGrant,
        Self::TooManyAttempts,
        Self::GrantsBusy,
        Self::HostRefused,
        Self::OriginRefused,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::UnsupportedEncoding,
        Self::ParseError,
        Self::InvalidRequest,
        Self::HeaderMismatch,
        Self::UnsupportedVersion,
        Self::UnknownMethod,
        Self::InvalidParams,
        Self::UnknownTool,
        Self::UnknownPrompt,
        Self::UnknownResource,
        Self::InvalidPromptArguments,
        Self::GatewayUnavailable,
        Self::InvalidArguments,
        Self::BindingRequired,
        Self::BindingNotFound,
        Self::NotConfirmed,
        Self::MissingCapability,
        Self::NotAnswered,
        Self::UnknownSession,
        Self::NotFound,
        Self::WrongState,
        Self::OutOfCredits,
        Self::Unavailable,
        Self::TimedOut,
        Self::OutcomeUnknown,
        Self::Internal,
    ];

    /// Whether only a server with prompts can say it.
    pub const fn is_about_prompts(self) -> bool {
        matches!(self, Self::UnknownPrompt | Self::InvalidPromptArguments)
    }

    /// Whether only a server with resources can say it.
    pub const fn is_about_resources(self) -> bool {
        matches!(self, Self::UnknownResource)
    }

    /// Whether a client is at fault, or whoever put it together: people who use one that keeps to the
    /// protocol do not meet it.
    pub const fn is_about_clients(self) -> bool {
        match self {
            Self::MalformedGrant
            | Self::UnsupportedGrantType
            | Self::HostRefused
            | Self::OriginRefused
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::UnsupportedEncoding
            | Self::ParseError
            | Self::InvalidRequest
            | Self::HeaderMismatch
            | Self::UnsupportedVersion
            | Self::UnknownMethod
            | Self::InvalidParams
            | Self::UnknownTool
            | Self::UnknownPrompt
            | Self::UnknownResource => true,
            Self::MissingCredential
            | Self::MalformedCredential
            | Self::UnknownCredential
            | Self::ExpiredCredential
            | Self::UpstreamUnavailable
            | Self::IssuerUnavailable
            | Self::UnknownAccount
            | Self::ForeignAccount
            | Self::FeatureDisabled
            | Self::InsufficientScope
            | Self::TooManyCalls
            | Self::InvalidGrantScope
            | Self::InvalidGrant
            | Self::TooManyAttempts
            | Self::GrantsBusy
            | Self::BodyTooLarge
            | Self::BodyTimeout
            | Self::GatewayUnavailable
            | Self::InvalidPromptArguments
            | Self::InvalidArguments
            | Self::BindingRequired
            | Self::BindingNotFound
            | Self::NotConfirmed
            | Self::MissingCapability
            | Self::NotAnswered
            | Self::UnknownSession
            | Self::NotFound
            | Self::WrongState
            | Self::OutOfCredits
            | Self::Unavailable
            | Self::TimedOut
            | Self::OutcomeUnknown
            | Self::Internal => false,
        }
    }

    /// Whether it is about who asks, what a credential allows, or how often it is used.
    pub fn is_denial(self) -> bool {
        let entry = self.entry();
        matches!(entry.status, 401 | 403 | 429) || entry.json_rpc == Some(NOT_FOUND) || self == Self::InvalidGrant
    }

    /// Whether the server has failed, or something that it needs, or a call took too long: nothing that a caller could
    /// do otherwise.
    pub fn is_fault(self) -> bool {
        self.entry().status >= 500 || matches!(self, Self::Unavailable | Self::TimedOut | Self::OutcomeUnknown)
    }

    /// Whether only a server can say it whose path says which account a call is about.
    pub const fn is_about_accounts(self) -> bool {
        matches!(self, Self::UnknownAccount | Self::ForeignAccount | Self::FeatureDisabled)
    }

    /// Whether only a server can say it whose calls are about something that the credential reaches.
    pub const fn is_about_bound_values(self) -> bool {
        matches!(self, Self::BindingRequired | Self::BindingNotFound)
    }

    /// Whether only a server can say it that knows until when a credential is good: its own, or an issuer's.
    pub const fn is_about_lifetimes(self) -> bool {
        matches!(self, Self::ExpiredCredential)
    }

    /// Whether only a server can say it whose credentials an OAuth issuer gives.
    pub const fn is_about_issuers(self) -> bool {
        matches!(self, Self::IssuerUnavailable)
    }

    /// Whether only a server can say it whose credentials another API checks.
    pub const fn is_about_upstreams(self) -> bool {
        matches!(self, Self::UpstreamUnavailable)
    }

    /// Whether only a server whose stdio can forward to another one can say it.
    pub const fn is_about_gateways(self) -> bool {
        matches!(self, Self::GatewayUnavailable)
    }

    /// Whether only a server can say it that limits how many calls a credential makes.
    pub const fn is_about_call_limits(self) -> bool {
        matches!(self, Self::TooManyCalls)
    }

    /// Whether only a server can say it that has a tool whose calls cost something.
    pub const fn is_about_costs(self) -> bool {
        matches!(self, Self::OutOfCredits)
    }

    /// Whether only a server can say it that has a tool whose calls are confirmed.
    pub const fn is_about_confirmations(self) -> bool {
        matches!(self, Self::NotConfirmed)
    }

    /// Whether only a server can say it that has a tool or a prompt which asks its client for something.
    pub const fn is_about_asks(self) -> bool {
        matches!(self, Self::MissingCapability | Self::NotAnswered | Self::UnknownSession)
    }

    /// Whether only a server that gives credentials for passwords can say it. The name is then an error
    /// of OAuth (RFC 6749, section 5.2), or one beside those, as its section 8.5 allows.
    pub const fn is_about_grants(self) -> bool {
        matches!(
            self,
            Self::MalformedGrant
                | Self::UnsupportedGrantType
                | Self::InvalidGrantScope
                | Self::InvalidGrant
                | Self::TooManyAttempts
                | Self::GrantsBusy
        )
    }
}
