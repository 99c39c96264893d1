//! The rows of the table.

use super::{
    Area::{self, Callers, Calls, Faults, Messages, Pages, Requests, Texts},
    Only::{
        self, Asking, AskingInCalls, AskingInPrompts, Confirming, Every, Forwarding, Issued, Lifetimes, Limited,
        Notifying, Resources, Resuming, Signed, Tokens, Unissued,
    },
    Outcome::{self, Ended, Error, Failed, NotBuilt, Refused, RefusedOverStdio, Served, Status, Unanswered},
    Row,
};
use crate::{
    ErrorCode,
    errors::{HEADER_MISMATCH, INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND},
};

/// One row a line: its name, what it is about, which servers make it, what comes, how that is answered, and what else follows.
macro_rules! promises {
    ($($name:ident: $area:expr, $only:expr, $sent:literal => $outcome:expr, $promised:literal;)*) => {
        /// A promise, by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Promise {
            $(#[doc = concat!($sent, ".")] $name,)*
        }

        impl Promise {
            /// Every promise, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The promise's row in the table.
            #[allow(clippy::too_many_lines, reason = "a table: one arm a row")]
            pub const fn row(self) -> Row {
                let (name, area, only, sent, outcome, promised): (_, Area, Only, _, Outcome, _) = match self {
                    $(Self::$name => (stringify!($name), $area, $only, $sent, $outcome, $promised),)*
                };
                Row { name, area, only, sent, outcome, promised }
            }
        }
    };
}

promises! {
    NoCredential: Callers, Every, "No credential" => Refused(ErrorCode::MissingCredential),
        "The challenge in `WWW-Authenticate` names no `error`, since nothing was presented.";
    AnotherScheme: Callers, Every, "Another scheme than `Bearer`" => Refused(ErrorCode::MalformedCredential),
        "What is behind it is not looked at.";
    SchemeInAnyCase: Callers, Every, "`bearer` in another case" => Served,
        "Schemes have no case (RFC 9110).";
    UnreadableCredential: Callers, Every, "`Bearer` with nothing, with several words, or with characters that no credential has"
        => Refused(ErrorCode::MalformedCredential),
        "Nobody is asked about it.";
    ControlCharacter: Callers, Every, "A control character in a header" => Status(400),
        "The connection ends, and nothing of the request is read.";
    TwoCredentials: Callers, Every, "Two `Authorization` headers" => Refused(ErrorCode::InvalidRequest),
        "Which of them was meant is not guessed, also when they are the same.";
    CredentialInQuery: Callers, Every, "A credential in the URL" => Refused(ErrorCode::MissingCredential),
        "It is not read, and it is in no log.";
    EndlessHeader: Callers, Every, "A credential, or another header, of 64 KiB" => Status(431),
        "It is refused before it is held against anything.";
    UnknownCredential: Callers, Every, "A credential that was made up" => Refused(ErrorCode::UnknownCredential),
        "How long that takes tells nothing of those that exist: credentials are compared by their digests, or by whoever gave them.";
    ExpiredCredential: Callers, Lifetimes, "A credential that has expired" => Refused(ErrorCode::ExpiredCredential),
        "The challenge says `invalid_token`.";
    RevokedCredential: Callers, Tokens, "A credential that was revoked a moment ago, also in the middle of a conversation"
        => Refused(ErrorCode::UnknownCredential),
        "The next request is refused, whichever instance answers it.";
    RevokedStream: Callers, Every, "A stream whose credential is revoked while it is open, whether of an answer or of changes"
        => Ended(ErrorCode::UnknownCredential),
        "It ends within a second of when the next request would be refused. A call that reads is stopped; one that writes completes.";
    TokenForAnother: Callers, Issued, "An access token of another issuer, or for another audience"
        => Refused(ErrorCode::UnknownCredential),
        "What was issued for another server is worth nothing here.";
    UnsignedToken: Callers, Signed, "An access token without a signature, with one by a key of its own, or changed beneath its signature"
        => Refused(ErrorCode::UnknownCredential),
        "Only declared algorithms count, and only keys of the issuer.";
    MissingScope: Callers, Every, "A call that the credential's scopes do not cover" => Refused(ErrorCode::InsufficientScope),
        "The challenge names the scopes that it takes. Arguments are not looked at, and nothing has run.";
    SignInMetadata: Callers, Issued, "A question, without a credential, where to sign in" => Status(200),
        "The metadata names this server by the URL that access tokens are for.";
    NoSignIn: Callers, Unissued, "A question where to sign in" => Status(404),
        "On all of OAuth's paths, so that no client stops sending the credential that it has.";
    StateOfAnother: Callers, Resuming, "A `requestState` that somebody else was given, or that was given for another call"
        => Error { status: 200, code: INVALID_PARAMS },
        "It is sealed for one credential, one tool and its arguments, and for a time.";
    TamperedState: Callers, Resuming, "A `requestState` that was changed or made up" => Error { status: 200, code: INVALID_PARAMS },
        "Nothing of it is believed.";
    SessionOfAnother: Callers, AskingInCalls,
        "The id of a session that somebody else was given, or that was changed or made up (older revisions)"
        => Refused(ErrorCode::UnknownSession),
        "It is sealed for one credential. Clients begin anew after this answer.";

    AnotherOrigin: Pages, Every, "A page of another site" => Refused(ErrorCode::OriginRefused),
        "Also with a good credential, and before anything else is looked at.";
    NullOrigin: Pages, Every, "A page without an origin (`Origin: null`)" => Refused(ErrorCode::OriginRefused),
        "A file or a frame in a sandbox is no page of the server's.";
    AnotherHost: Pages, Every, "A name that was made to lead to the server (DNS rebinding)" => Refused(ErrorCode::HostRefused),
        "It answers to its own names and to those that it is told.";
    TrustedPreflight: Pages, Every, "A browser's question beforehand, for a page that is trusted" => Status(204),
        "Nothing but `POST` is allowed to it.";
    AnotherPreflight: Pages, Every, "The same question for another page" => Refused(ErrorCode::OriginRefused),
        "No header of the answer allows anything.";

    AnotherMethod: Requests, Every, "`PUT`, `DELETE` or another method of HTTP, and `GET` where no stream of changes is"
        => Refused(ErrorCode::MethodNotAllowed),
        "The header `Allow` names those that there are.";
    NotAcceptable: Requests, Every, "An `Accept` that does not take both JSON and a stream" => Refused(ErrorCode::NotAcceptable),
        "None at all, and `*/*`, take both.";
    AnotherMediaType: Requests, Every, "A body that is not declared to be JSON" => Refused(ErrorCode::UnsupportedEncoding),
        "Also where it would be JSON.";
    CompressedBody: Requests, Every, "A compressed body" => Refused(ErrorCode::UnsupportedEncoding),
        "Nothing is unpacked.";
    LargeBody: Requests, Every, "A body beyond the limit, whether its length is announced or it comes in chunks"
        => Refused(ErrorCode::BodyTooLarge),
        "Of an announced one nothing is read; no more than the limit is ever kept.";
    SlowHeaders: Requests, Every, "Headers that do not come to an end within 10 seconds" => Unanswered,
        "The connection is closed, also one on which nothing comes.";
    SlowBody: Requests, Every, "A body that does not come to an end within 10 seconds" => Refused(ErrorCode::BodyTimeout),
        "A byte now and then does not help.";

    NotJson: Messages, Every, "A body that is empty, no JSON or not in UTF-8" => Refused(ErrorCode::ParseError),
        "The answer has no id, since none can be known.";
    DeepNesting: Messages, Every, "Objects or lists in each other, 10,000 deep" => Refused(ErrorCode::ParseError),
        "It ends at 128.";
    Batch: Messages, Every, "Several messages at once, or an empty list of them" => Refused(ErrorCode::InvalidRequest),
        "No revision that is spoken here has batches. Nothing of one is done.";
    AnotherEnvelope: Messages, Every, "A message that is none of JSON-RPC 2.0" => Refused(ErrorCode::InvalidRequest),
        "The answer repeats its id as far as that can be read.";
    UnusableId: Messages, Every, "An id that is `null`, a fraction, a list or an object" => Refused(ErrorCode::InvalidRequest),
        "The answer has no id.";
    RepeatedKey: Messages, Every, "A key twice in one object, however deep and however written"
        => Refused(ErrorCode::InvalidRequest),
        "No two readers of a message can find different things in it.";
    Notification: Messages, Every, "A notification, also one that nobody knows" => Status(202),
        "The body of the answer is empty.";
    UnaskedAnswer: Messages, Every, "An answer, where the server has asked nothing" => Refused(ErrorCode::InvalidRequest),
        "It reaches nobody.";
    UnknownMethod: Messages, Every, "A method that nobody knows (2026-07-28)" => Refused(ErrorCode::UnknownMethod),
        "The revisions since then have a status for it.";
    UnknownMethodBefore: Messages, Every, "A method that nobody knows (older revisions)"
        => Error { status: 200, code: METHOD_NOT_FOUND },
        "The same error, and the status that clients of these revisions read.";
    RetiredMethod: Messages, Every,
        "`initialize`, `ping`, `logging/setLevel` or `resources/subscribe`, which 2026-07-28 has no more"
        => Refused(ErrorCode::UnknownMethod),
        "A message that names its revision is held to it.";
    MissingMeta: Messages, Every, "A request of 2026-07-28 without what its `_meta` has to say"
        => Error { status: 400, code: INVALID_PARAMS },
        "Nothing is guessed of the client.";
    HeaderMismatch: Messages, Every, "Headers that say another method, name or revision than the message, or that are missing (2026-07-28)"
        => Error { status: 400, code: HEADER_MISMATCH },
        "What stands before the server and reads headers only sees the call that is made.";
    UnknownRevision: Messages, Every, "A revision that is not spoken, in a message" => Refused(ErrorCode::UnsupportedVersion),
        "The error's data lists those that are.";
    UnknownRevisionInHeader: Messages, Every, "A revision that is not spoken, in the header `MCP-Protocol-Version`"
        => Refused(ErrorCode::UnsupportedVersion),
        "Without the header, clients of the older revisions are served.";
    StraySession: Messages, Every, "The id of a session where there are none: in 2026-07-28, and at servers whose tools ask nothing"
        => Served,
        "It is not looked at and not repeated: who calls is asked of the credential alone.";
    MissingSession: Messages, AskingInCalls, "A request after the handshake without the id of its session (older revisions)" => Served,
        "The client counts as one that can be asked nothing.";
    GarbageOverStdio: Messages, Every, "A line over stdio that is no message" => RefusedOverStdio(ErrorCode::ParseError),
        "Standard output carries messages and nothing else, and the process ends with its input.";

    UnknownTool: Calls, Every, "A tool that there is not" => Refused(ErrorCode::UnknownTool),
        "A similar name is suggested if the caller is shown that tool.";
    ArgumentsNoObject: Calls, Every, "Arguments that are a list or a text" => Refused(ErrorCode::InvalidParams),
        "Nothing runs.";
    WrongArgument: Calls, Every, "An argument that is missing, of another type or out of bounds" => Failed(ErrorCode::InvalidArguments),
        "All faults are told at once, each with its place, so that a model can mend them.";
    ExtraArgument: Calls, Every, "An argument that the tool does not have" => Failed(ErrorCode::InvalidArguments),
        "It is not ignored: it could have been meant.";
    UnknownResource: Calls, Resources, "A resource that there is not (2026-07-28)"
        => Refused(ErrorCode::UnknownResource),
        "The error's data repeats the URI. It is never answered with nothing in it.";
    UnknownResourceBefore: Calls, Resources, "The same in the older revisions" => Error { status: 200, code: RESOURCE_NOT_FOUND },
        "The code that these revisions have for it.";
    UnknownCursor: Calls, Every, "A cursor that no list has given" => Refused(ErrorCode::InvalidParams),
        "It does not lead to the first page.";
    Panic: Calls, Every, "A tool that panics" => Failed(ErrorCode::Internal),
        "The caller is told nothing of it, the log all, and the server goes on.";
    SlowRead: Calls, Every, "A tool that reads and takes too long" => Failed(ErrorCode::TimedOut),
        "It is stopped, with what it has asked of others.";
    SlowWrite: Calls, Every, "A tool that writes and takes too long" => Failed(ErrorCode::OutcomeUnknown),
        "It is never broken off halfway: it completes, and the log says how.";
    CallerGone: Calls, Every, "A caller who leaves before the answer" => Unanswered,
        "What reads is stopped, what writes completes, and nothing more is sent.";
    SameIdTwice: Calls, Every, "Two calls with the same id at the same time, over HTTP" => Served,
        "Each gets its own answer.";
    IdInUse: Calls, Every, "An id over stdio that is still being answered" => RefusedOverStdio(ErrorCode::InvalidRequest),
        "Once it is answered it can be used again.";
    WrongOutput: Calls, Every, "A result that its declared schema does not allow" => NotBuilt,
        "The types of the results are made from the schemas, so that it does not compile.";
    TooManyCalls: Calls, Limited, "More calls than a credential may make" => Refused(ErrorCode::TooManyCalls),
        "`Retry-After` says when to come back. Calls of others are not held up.";
    NobodyToAsk: Calls, Confirming, "A call that a person has to agree to, from a client that cannot ask"
        => Failed(ErrorCode::NotConfirmed),
        "Nothing runs: the model is told what to ask, and calls a second time.";
    MissingCapability: Calls, Asking,
        "A tool or a prompt that has to ask something, from a client that does not declare that it can be asked (2026-07-28)"
        => Refused(ErrorCode::MissingCapability),
        "Nothing runs. `requiredCapabilities` in the error's data says what the client lacks.";
    MissingCapabilityBefore: Calls, AskingInCalls, "The same of a tool in the older revisions" => Failed(ErrorCode::MissingCapability),
        "Nothing runs. The text says what the client lacks.";
    PromptThatCannotAsk: Calls, AskingInPrompts, "The same of a prompt in the older revisions"
        => Refused(ErrorCode::InvalidPromptArguments),
        "What a person would be asked for can be given as an argument.";

    SecretInText: Texts, Every, "A secret in arguments, in results and in all that can go wrong" => Served,
        "No credential is in an answer or in the log, and no known secret either: `[redacted]` stands in its place.";
    InvisibleCharacter: Texts, Every, "Characters in a description that people do not see and models read" => NotBuilt,
        "The generator refuses them, and clients are told what the manifest says and nothing else.";
    ListOfOne: Texts, Every, "A list that depends on who asks" => Served,
        "It says that nobody may keep it for another (`cacheScope: private`).";
    PathInArgument: Texts, Forwarding, "`../`, `%2f`, line breaks or the address of another host in an argument"
        => Failed(ErrorCode::NotFound),
        "It stays one segment of the path below the API's own origin, and changes neither path, host nor headers.";
    RedirectOfApi: Texts, Forwarding, "An API that redirects, as to an address within the network" => Failed(ErrorCode::Unavailable),
        "No redirect is followed, so that no credential reaches another host.";
    WordsOfApi: Texts, Forwarding, "Words of the API with line breaks, control characters or no end" => Failed(ErrorCode::WrongState),
        "They are one short line of text.";

    ManyCallers: Faults, Every, "Hundreds of callers at once, each with a credential of their own" => Served,
        "No answer reaches another caller, and memory does not grow with the calls that were made.";
    TooManyStreams: Faults, Notifying, "More streams of changes at once than 16 of one credential" => Refused(ErrorCode::TooManyCalls),
        "Streams of others are not held up.";
    SilentApi: Faults, Forwarding, "An API that says nothing when it is asked about a credential"
        => Refused(ErrorCode::UpstreamUnavailable),
        "It is waited for within a limit, and no credential is called bad.";
}
