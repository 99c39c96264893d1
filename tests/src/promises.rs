//! Where each promise is tested, and how an answer is held against it: the table says which status, code and name are
//! expected, and no test does.

use serde_json::Value;
use toolwright_core::promises::{Outcome, Promise};

use crate::{Reply, raw::RawReply};

/// A package whose tests hold promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The small server with tokens of its own.
    Acme,
    /// The server before an API.
    Forwarder,
    /// The servers with an OAuth issuer.
    Resource,
}

/// Who tests a promise. Each of these packages has a match over all promises too, and is asked whether the two agree.
pub const fn places(promise: Promise) -> &'static [Place] {
    match promise {
        Promise::NoCredential | Promise::ExpiredCredential | Promise::MissingScope => &[Place::Acme, Place::Resource],
        Promise::TokenForAnother | Promise::UnsignedToken | Promise::SignInMetadata => &[Place::Resource],
        Promise::PathInArgument | Promise::RedirectOfApi | Promise::WordsOfApi | Promise::SilentApi => {
            &[Place::Forwarder]
        }
        Promise::SlowWrite | Promise::SecretInText => &[Place::Acme, Place::Forwarder],
        Promise::AnotherScheme
        | Promise::SchemeInAnyCase
        | Promise::UnreadableCredential
        | Promise::ControlCharacter
        | Promise::TwoCredentials
        | Promise::CredentialInQuery
        | Promise::EndlessHeader
        | Promise::UnknownCredential
        | Promise::RevokedCredential
        | Promise::NoSignIn
        | Promise::StateOfAnother
        | Promise::TamperedState
        | Promise::AnotherOrigin
        | Promise::NullOrigin
        | Promise::AnotherHost
        | Promise::TrustedPreflight
        | Promise::AnotherPreflight
        | Promise::AnotherMethod
        | Promise::NotAcceptable
        | Promise::AnotherMediaType
        | Promise::CompressedBody
        | Promise::LargeBody
        | Promise::SlowHeaders
        | Promise::SlowBody
        | Promise::NotJson
        | Promise::DeepNesting
        | Promise::Batch
        | Promise::AnotherEnvelope
        | Promise::UnusableId
        | Promise::RepeatedKey
        | Promise::Notification
        | Promise::UnaskedAnswer
        | Promise::UnknownMethod
        | Promise::UnknownMethodBefore
        | Promise::RetiredMethod
        | Promise::MissingMeta
        | Promise::HeaderMismatch
        | Promise::UnknownRevision
        | Promise::UnknownRevisionInHeader
        | Promise::StraySession
        | Promise::GarbageOverStdio
        | Promise::UnknownTool
        | Promise::ArgumentsNoObject
        | Promise::WrongArgument
        | Promise::ExtraArgument
        | Promise::UnknownCursor
        | Promise::Panic
        | Promise::SlowRead
        | Promise::CallerGone
        | Promise::SameIdTwice
        | Promise::IdInUse
        | Promise::WrongOutput
        | Promise::TooManyCalls
        | Promise::NobodyToAsk
        | Promise::InvisibleCharacter
        | Promise::ListOfOne
        | Promise::ManyCallers => &[Place::Acme],
    }
}

/// An answer that a promise can be held against.
pub trait Answer: std::fmt::Debug {
    /// The HTTP status, of an answer over HTTP.
    fn status(&self) -> Option<u16>;

    /// The message, or `null` where there is none.
    fn message(&self) -> Value;
}

impl Answer for Reply {
    fn status(&self) -> Option<u16> {
        self.status
    }

    fn message(&self) -> Value {
        self.body.clone()
    }
}

impl Answer for RawReply {
    fn status(&self) -> Option<u16> {
        Some(self.status)
    }

    fn message(&self) -> Value {
        self.json()
    }
}

/// Holds an answer against what is promised.
///
/// # Panics
/// When the promise is broken, or has no answer.
#[track_caller]
pub fn assert_kept(promise: Promise, answer: &impl Answer, case: &str) {
    if let Some(broken) = broken(promise, answer) {
        panic!("{case}: {broken}");
    }
}

/// What is wrong with an answer, by what is promised.
pub fn broken(promise: Promise, answer: &impl Answer) -> Option<String> {
    let outcome = promise.row().outcome;
    let (status, message) = (answer.status(), answer.message());
    let error = |key: &str| message.pointer(&format!("/error/{key}")).unwrap_or(&Value::Null);
    let failed = message.pointer("/result/isError") == Some(&Value::Bool(true));
    let said = message.pointer("/result/content/0/text").and_then(Value::as_str).unwrap_or_default();
    let is_kept = (status.is_none() || status == outcome.status())
        && error("code").as_i64() == outcome.json_rpc().map(i64::from)
        && failed == matches!(outcome, Outcome::Failed(_))
        && match outcome {
            Outcome::Refused(code) | Outcome::RefusedOverStdio(code) => error("data/reason") == code.entry().name,
            Outcome::Failed(code) => said.starts_with(&format!("{}: ", code.entry().name)),
            Outcome::Status(_) => message.get("jsonrpc").is_none(),
            Outcome::Error { .. } | Outcome::Served => true,
            // There is no answer that could be right.
            Outcome::Unanswered | Outcome::NotBuilt => false,
        };
    (!is_kept).then(|| format!("{promise:?} promises {outcome:?}, and the answer is {answer:?}"))
}
