//! The rows of the catalogue.

use super::ErrorCode;

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorEntry {
    /// What the entry is about.
    pub code: ErrorCode,
    /// The name that answers carry.
    pub name: &'static str,
    /// The HTTP status of the answer; a tool's own errors are results, with status 200 whatever
    /// stands here.
    pub status: u16,
    /// The JSON-RPC error code of the answer; a tool's own errors have none.
    pub json_rpc: Option<i32>,
    /// What a person sees.
    pub symptom: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// JSON-RPC code of a missing or refused credential. It lies outside the range that JSON-RPC
/// reserves (-32768 to -32000), as do [`FORBIDDEN`], [`NOT_FOUND`], [`TOO_MANY_REQUESTS`] and
/// [`BAD_GATEWAY`].
pub const UNAUTHENTICATED: i32 = -31401;
/// JSON-RPC code of a credential without the needed scope, and of one that does not reach the account.
pub const FORBIDDEN: i32 = -31403;
/// JSON-RPC code of an account that does not exist.
pub const NOT_FOUND: i32 = -31404;
/// JSON-RPC code of a credential that makes too many calls.
pub const TOO_MANY_REQUESTS: i32 = -31429;
/// JSON-RPC code of a server that stdio forwards to, or of an API that checks credentials, and that gives no
/// answer.
pub const BAD_GATEWAY: i32 = -31502;

/// JSON-RPC code of an issuer that does not give what credentials are checked with.
pub const SERVICE_UNAVAILABLE: i32 = -31503;

/// JSON-RPC 2.0, section 5.1.
pub const PARSE_ERROR: i32 = -32700;
/// JSON-RPC 2.0, section 5.1.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC 2.0, section 5.1.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC 2.0, section 5.1.
pub const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC 2.0, section 5.1.
pub const INTERNAL_ERROR: i32 = -32603;
/// MCP before 2026-07-28: there is no such resource. Later revisions have [`INVALID_PARAMS`] for it.
pub const RESOURCE_NOT_FOUND: i32 = -32002;
/// MCP 2026-07-28: a header says something else than the message.
pub const HEADER_MISMATCH: i32 = -32020;
/// MCP 2026-07-28: the client asked for a revision that the server does not speak.
pub const UNSUPPORTED_VERSION: i32 = -32022;
/// MCP 2026-07-28: the client does not declare a capability that the request takes.
pub const MISSING_CAPABILITY: i32 = -32021;

/// What to do where nothing says which of what a credential reaches a call is about: callers can name it, or
/// the credential alone decides.
pub const fn binding_fix(is_argument: bool) -> &'static str {
    if is_argument {
        "Name the {binding} in your prompt, by its id or its name, or use a {credential} that reaches only one or has a default."
    } else {
        "Use a {credential} that reaches only one {binding}, or that has a default."
    }
}

impl ErrorCode {
    /// The code's row in the words for a server whose credentials an OAuth issuer gives: clients sign in there, and
    /// nobody has to copy anything.
    pub const fn entry_where_issued(self) -> ErrorEntry {
        let entry = self.entry();
        let (cause, fix) = match self {
            Self::MissingCredential => (
                entry.cause,
                "Sign in from your client: the answer tells it where. Over stdio, set `{env}` to one from {create_at}.",
            ),
            Self::MalformedCredential => (
                "What came as the credential is not `Bearer` and one {credential}.",
                "Sign in again from your client. If you have pasted the {credential}, copy the whole of it, without spaces or quotation marks.",
            ),
            Self::UnknownCredential => (
                "The {credential} was not issued for this server, or not by the service that it trusts, or was revoked.",
                "Sign in again from your client; over stdio, set `{env}` to another from {create_at}.",
            ),
            Self::ExpiredCredential => (
                entry.cause,
                "Clients get another by themselves; where yours does not, sign in again. Over stdio, set `{env}` to another from {create_at}.",
            ),
            Self::InsufficientScope => (
                entry.cause,
                "Sign in again from your client and allow what is missing; many clients ask you to by themselves.",
            ),
            _ => (entry.cause, entry.fix),
        };
        ErrorEntry { cause, fix, ..entry }
    }
}

impl ErrorCode {
    /// The code's row in the catalogue.
    #[allow(clippy::too_many_lines, reason = "a table: one arm a row")]
    pub const fn entry(self) -> ErrorEntry {
        match self {
            Self::MissingCredential => ErrorEntry {
                code: self,
                name: "missing_credential",
                status: 401,
                json_rpc: Some(UNAUTHENTICATED),
                symptom: "401, no credential",
                cause: "The request carries no {credential}.",
                fix: "Send `Authorization: Bearer {prefix}…` with every request, or set `{env}` where the server runs over stdio. Create one in {create_at}.",
            },
            Self::MalformedCredential => ErrorEntry {
                code: self,
                name: "malformed_credential",
                status: 401,
                json_rpc: Some(UNAUTHENTICATED),
                symptom: "401, malformed",
                cause: "What came as the credential is not `Bearer` and one {credential}, which starts with `{prefix}`.",
                fix: "Copy the whole {credential} again, without spaces or quotation marks, or create another in {create_at}.",
            },
            Self::UnknownCredential => ErrorEntry {
                code: self,
                name: "unknown_credential",
                status: 401,
                json_rpc: Some(UNAUTHENTICATED),
                symptom: "401, unknown or revoked",
                cause: "The {credential} is mistyped or was revoked.",
                fix: "Create another in {create_at} and put it into your client's configuration; it starts with `{prefix}`.",
            },
            Self::ExpiredCredential => ErrorEntry {
                code: self,
                name: "expired_credential",
                status: 401,
                json_rpc: Some(UNAUTHENTICATED),
                symptom: "401, expired",
                cause: "The {credential} has reached the end of its lifetime.",
                fix: "Create another in {create_at} and put it into your client's configuration; it starts with `{prefix}`.",
            },
            Self::UpstreamUnavailable => ErrorEntry {
                code: self,
                name: "upstream_unavailable",
                status: 502,
                json_rpc: Some(BAD_GATEWAY),
                symptom: "502, the API does not answer",
                cause: "The API that tells whose your {credential} is did not answer, or not as it should. That says nothing about your {credential}.",
                fix: "Ask again in a minute; if it stays, tell whoever runs the server when it happened.",
            },
            Self::IssuerUnavailable => ErrorEntry {
                code: self,
                name: "issuer_unavailable",
                status: 503,
                json_rpc: Some(SERVICE_UNAVAILABLE),
                symptom: "503, the sign-in service does not answer",
                cause: "The service that you sign in at did not give what your {credential} is checked with. That says nothing about your {credential}.",
                fix: "Ask again in a minute; if it stays, tell whoever runs the server when it happened.",
            },
            Self::UnknownAccount => ErrorEntry {
                code: self,
                name: "unknown_account",
                status: 404,
                json_rpc: Some(NOT_FOUND),
                symptom: "404, unknown {binding}",
                cause: "The URL names no {binding} of yours.",
                fix: "Put your own in the place of `{placeholder}` in {endpoint}, or over stdio into `{account_env}`. {description}",
            },
            Self::ForeignAccount => ErrorEntry {
                code: self,
                name: "foreign_account",
                status: 403,
                json_rpc: Some(FORBIDDEN),
                symptom: "403, no access to the {binding}",
                cause: "The {credential} belongs to a user who is not a member of the {binding} that the URL names.",
                fix: "Use the {credential} of a member, or correct the URL: {endpoint}.",
            },
            Self::FeatureDisabled => ErrorEntry {
                code: self,
                name: "feature_disabled",
                status: 403,
                json_rpc: Some(FORBIDDEN),
                symptom: "403, {flag_message}",
                cause: "`{flag}` is not enabled for the {binding} that the URL names.",
                fix: "{flag_fix}",
            },
            Self::InsufficientScope => ErrorEntry {
                code: self,
                name: "insufficient_scope",
                status: 403,
                json_rpc: Some(FORBIDDEN),
                symptom: "403, insufficient scope",
                cause: "The {credential} does not hold a scope that the call needs; the message names it. Some clients keep the message to themselves, or ask you to sign in.",
                fix: "Create one that holds what is missing in {create_at}.",
            },
            Self::TooManyCalls => ErrorEntry {
                code: self,
                name: "too_many_calls",
                status: 429,
                json_rpc: Some(TOO_MANY_REQUESTS),
                symptom: "429, too many calls",
                cause: "The {credential} begins more calls in a minute, or has more of them running at once, than the server allows; the message says which.",
                fix: "Wait as many seconds as `Retry-After` says, which is `retry_after` in the error's data, and call again; have fewer calls made side by side.",
            },
            Self::MalformedGrant => ErrorEntry {
                code: self,
                name: "invalid_request",
                status: 400,
                json_rpc: None,
                symptom: "`{grant_path}` answers `invalid_request`",
                cause: "The request for a token lacks a parameter, has one twice, or is neither a JSON object nor a form.",
                fix: "Send `grant_type`, `email` and `password` as JSON, with `Content-Type: application/json`.",
            },
            Self::UnsupportedGrantType => ErrorEntry {
                code: self,
                name: "unsupported_grant_type",
                status: 400,
                json_rpc: None,
                symptom: "`{grant_path}` answers `unsupported_grant_type`",
                cause: "The request's `grant_type` is not `password`, the only grant that the server has.",
                fix: "Send `grant_type` with the value `password`; there is no other grant, and nothing to refresh.",
            },
            Self::InvalidGrantScope => ErrorEntry {
                code: self,
                name: "invalid_scope",
                status: 400,
                json_rpc: None,
                symptom: "`{grant_path}` answers `invalid_scope`",
                cause: "The request's `scope` names a scope that does not exist, or that is not given for a password.",
                fix: "Leave `scope` out, or name scopes of the documentation, separated by spaces.",
            },
            Self::InvalidGrant => ErrorEntry {
                code: self,
                name: "invalid_grant",
                status: 400,
                json_rpc: None,
                symptom: "`{grant_path}` answers `invalid_grant`",
                cause: "The email address or the password is wrong, or the user has no password.",
                fix: "Check both; better, create your {credential} in {create_at}, which needs no password.",
            },
            Self::TooManyAttempts => ErrorEntry {
                code: self,
                name: "too_many_attempts",
                status: 429,
                json_rpc: None,
                symptom: "`{grant_path}` answers 429, `too_many_attempts`",
                cause: "There were too many wrong passwords for this user, or from this address.",
                fix: "Wait as many seconds as the header `Retry-After` says; your {credential} goes on working.",
            },
            Self::GrantsBusy => ErrorEntry {
                code: self,
                name: "temporarily_unavailable",
                status: 503,
                json_rpc: None,
                symptom: "`{grant_path}` answers 503, `temporarily_unavailable`",
                cause: "The server checks as many passwords as it can.",
                fix: "Ask again in a few seconds; your {credential} goes on working.",
            },
            Self::HostRefused => ErrorEntry {
                code: self,
                name: "host_refused",
                status: 403,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "403, host refused",
                cause: "The request's `Host` header names a host that the server does not serve.",
                fix: "Use exactly {endpoint}; whoever runs the server adds other names with `--allow-host`.",
            },
            Self::OriginRefused => ErrorEntry {
                code: self,
                name: "origin_refused",
                status: 403,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "403, origin refused",
                cause: "A web page that the server does not trust sent the request.",
                fix: "Connect from a client outside the browser; whoever runs the server trusts a page's origin with `--allow-origin`.",
            },
            Self::MethodNotAllowed => ErrorEntry {
                code: self,
                name: "method_not_allowed",
                status: 405,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "405, method not allowed",
                cause: "The request is not a `POST`: a browser was pointed at the endpoint, or a client asks for a stream or a session, which the server does not keep.",
                fix: "Send every message with `POST`; clients that try `GET` first go on by themselves.",
            },
            Self::NotAcceptable => ErrorEntry {
                code: self,
                name: "not_acceptable",
                status: 406,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "406, not acceptable",
                cause: "The `Accept` header leaves out a media type that the protocol asks for.",
                fix: "Send `Accept: application/json, text/event-stream`, or no `Accept` at all.",
            },
            Self::BodyTooLarge => ErrorEntry {
                code: self,
                name: "body_too_large",
                status: 413,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "413, body too large",
                cause: "The request's body is over {body_bytes} bytes.",
                fix: "Send less in one call.",
            },
            Self::BodyTimeout => ErrorEntry {
                code: self,
                name: "body_timeout",
                status: 408,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "408, request took too long",
                cause: "The request's body did not arrive in time.",
                fix: "Check the connection between client and server, and send the request again.",
            },
            Self::UnsupportedEncoding => ErrorEntry {
                code: self,
                name: "unsupported_encoding",
                status: 415,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "415, unsupported media type",
                cause: "The body is not plain `application/json`.",
                fix: "Send `Content-Type: application/json` and no `Content-Encoding`.",
            },
            Self::ParseError => ErrorEntry {
                code: self,
                name: "parse_error",
                status: 400,
                json_rpc: Some(PARSE_ERROR),
                symptom: "400, not JSON",
                cause: "The body is not valid JSON in UTF-8.",
                fix: "Send one JSON-RPC 2.0 message.",
            },
            Self::InvalidRequest => ErrorEntry {
                code: self,
                name: "invalid_request",
                status: 400,
                json_rpc: Some(INVALID_REQUEST),
                symptom: "400, not a request",
                cause: "The body is JSON, but not one JSON-RPC 2.0 message: a batch, a repeated key, or a wrong `jsonrpc`, `id` or `method`.",
                fix: "Send one JSON-RPC 2.0 message a request.",
            },
            Self::HeaderMismatch => ErrorEntry {
                code: self,
                name: "header_mismatch",
                status: 400,
                json_rpc: Some(HEADER_MISMATCH),
                symptom: "400, header mismatch",
                cause: "The `MCP-Protocol-Version` header and the message name different revisions.",
                fix: "Name the same revision in both; a proxy may have changed the header.",
            },
            Self::UnsupportedVersion => ErrorEntry {
                code: self,
                name: "unsupported_version",
                status: 400,
                json_rpc: Some(UNSUPPORTED_VERSION),
                symptom: "400, unsupported protocol version",
                cause: "The `MCP-Protocol-Version` header names a revision that the server does not speak.",
                fix: "Use a revision that the error lists as supported; a newer client may be needed.",
            },
            Self::UnknownMethod => ErrorEntry {
                code: self,
                name: "unknown_method",
                status: 404,
                json_rpc: Some(METHOD_NOT_FOUND),
                symptom: "Method not found",
                cause: "The server does not have this method of the protocol.",
                fix: "Use the capabilities that the server announces; it serves no others.",
            },
            Self::InvalidParams => ErrorEntry {
                code: self,
                name: "invalid_params",
                status: 400,
                json_rpc: Some(INVALID_PARAMS),
                symptom: "400, invalid parameters",
                cause: "The method's parameters are missing or of another type.",
                fix: "Send the parameters that the protocol gives for the method; `arguments` is an object.",
            },
            Self::UnknownTool => ErrorEntry {
                code: self,
                name: "unknown_tool",
                status: 200,
                json_rpc: Some(INVALID_PARAMS),
                symptom: "Unknown tool",
                cause: "The server has no tool of this name.",
                fix: "Ask for `tools/list` again; the client may hold an old list.",
            },
            Self::UnknownPrompt => ErrorEntry {
                code: self,
                name: "unknown_prompt",
                status: 200,
                json_rpc: Some(INVALID_PARAMS),
                symptom: "Unknown prompt",
                cause: "The server has no prompt of this name.",
                fix: "Ask for `prompts/list` again; the client may hold an old list.",
            },
            Self::UnknownResource => ErrorEntry {
                code: self,
                name: "unknown_resource",
                status: 200,
                json_rpc: Some(INVALID_PARAMS),
                symptom: "Unknown resource",
                cause: "The server has no resource with this URI, or what the URI names does not exist.",
                fix: "Ask for `resources/list` and `resources/templates/list` again; the client may hold an old list.",
            },
            Self::InvalidPromptArguments => ErrorEntry {
                code: self,
                name: "invalid_prompt_arguments",
                status: 200,
                json_rpc: Some(INVALID_PARAMS),
                symptom: "A prompt's arguments are refused",
                cause: "An argument of the prompt is missing, unknown, no text, or none of the words that it allows; the message names it.",
                fix: "Correct the arguments and ask for the prompt again.",
            },
            Self::GatewayUnavailable => ErrorEntry {
                code: self,
                name: "gateway_unavailable",
                status: 502,
                json_rpc: Some(BAD_GATEWAY),
                symptom: "Over stdio, `gateway_unavailable`",
                cause: "The server that `{gateway_env}` names cannot be reached, or what answers there is no MCP server; the message says which.",
                fix: "Check that the server runs, and that `{gateway_env}` is its address without the `{path}` at the end.",
            },
            Self::InvalidArguments => ErrorEntry {
                code: self,
                name: "invalid_arguments",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `invalid_arguments`",
                cause: "An argument is missing, unknown, of another type or out of its bounds; the message names it, the bound and what came.",
                fix: "Correct the argument and call again.",
            },
            Self::BindingRequired => ErrorEntry {
                code: self,
                name: "binding_required",
                status: 200,
                json_rpc: None,
                symptom: "{Binding} ID is required",
                cause: "The {credential} reaches more than one {binding} and has no default, or reaches none, so that nothing says which one the call is about.",
                fix: "{binding_fix}",
            },
            Self::BindingNotFound => ErrorEntry {
                code: self,
                name: "binding_not_found",
                status: 200,
                json_rpc: None,
                symptom: "{Binding} not found",
                cause: "The call is to be about a {binding} that the {credential} does not reach, whether there is one or not.",
                fix: "Name one that it reaches, by its id or its name as the message has it, or use a {credential} that reaches the other.",
            },
            Self::NotConfirmed => ErrorEntry {
                code: self,
                name: "not_confirmed",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `not_confirmed`",
                cause: "Nobody has agreed to the call yet, or you have declined it; or what confirms it is too old, or belongs to a call with another tool, other arguments or another {credential}.",
                fix: "Agree when your client or your assistant asks you, and have the same call made then.",
            },
            Self::MissingCapability => ErrorEntry {
                code: self,
                name: "missing_capability",
                status: 400,
                json_rpc: Some(MISSING_CAPABILITY),
                symptom: "Your client lacks a capability",
                cause: "The tool asks something while it runs that your client does not take part in: a form for you, an answer of its model, or the folders that it works on; the message says which.",
                fix: "Use a client that declares the capability, or switch it on in yours.",
            },
            Self::NotAnswered => ErrorEntry {
                code: self,
                name: "not_answered",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `not_answered`",
                cause: "The tool asked something while it ran, and you declined, or your client answered with an error, with what does not fit the question, or not in time.",
                fix: "Have the same call made again, and answer what it asks.",
            },
            Self::UnknownSession => ErrorEntry {
                code: self,
                name: "unknown_session",
                status: 404,
                json_rpc: Some(NOT_FOUND),
                symptom: "404, unknown session",
                cause: "The `Mcp-Session-Id` header is not one that this server gave to the {credential}: it was begun with another one, or changed on its way.",
                fix: "Begin anew with `initialize`, as clients do by themselves; restart yours if it does not.",
            },
            Self::NotFound => ErrorEntry {
                code: self,
                name: "not_found",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `not_found`",
                cause: "Nothing in your account has the id that was given.",
                fix: "List what exists, and use an id from that list.",
            },
            Self::WrongState => ErrorEntry {
                code: self,
                name: "wrong_state",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `wrong_state`",
                cause: "What the call is about is in a state that does not allow it; the message names the state.",
                fix: "Wait for the state that the message asks for, or use another tool.",
            },
            Self::OutOfCredits => ErrorEntry {
                code: self,
                name: "out_of_credits",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `out_of_credits`",
                cause: "Your account has too little left of what the call costs; the message says more.",
                fix: "Add credits to your account, and call again.",
            },
            Self::Unavailable => ErrorEntry {
                code: self,
                name: "unavailable",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `unavailable`",
                cause: "A service that the tool needs did not answer.",
                fix: "Call again in a minute.",
            },
            Self::TimedOut => ErrorEntry {
                code: self,
                name: "timed_out",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `timed_out`",
                cause: "The call took longer than {call_seconds} seconds and was stopped; nothing was changed.",
                fix: "Ask for less at once.",
            },
            Self::OutcomeUnknown => ErrorEntry {
                code: self,
                name: "outcome_unknown",
                status: 200,
                json_rpc: None,
                symptom: "A tool answers `outcome_unknown`",
                cause: "A call that changes something took longer than {call_seconds} seconds; it goes on without an answer.",
                fix: "Read back what the call was to change before you repeat it.",
            },
            Self::Internal => ErrorEntry {
                code: self,
                name: "internal",
                status: 500,
                json_rpc: Some(INTERNAL_ERROR),
                symptom: "A tool answers `internal`",
                cause: "The server failed; its log has the details.",
                fix: "Call again; if it stays, tell whoever runs the server when it happened.",
            },
        }
    }
}
