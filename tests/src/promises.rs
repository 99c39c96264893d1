//! Where each promise is tested, and how an answer is held against it: the table says which status, code and name are
//! expected, and no test does.

mod held;

use serde_json::Value;
use toolwright_core::promises::{Only, Outcome, Promise};

pub use held::{Held, held};

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
        | Promise::RevokedStream
        | Promise::NoSignIn
        | Promise::StateOfAnother
        | Promise::TamperedState
        | Promise::SessionOfAnother
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
        | Promise::MissingSession
        | Promise::GarbageOverStdio
        | Promise::UnknownTool
        | Promise::ArgumentsNoObject
        | Promise::WrongArgument
        | Promise::ExtraArgument
        | Promise::UnknownResource
        | Promise::UnknownResourceBefore
        | Promise::UnknownCursor
        | Promise::Panic
        | Promise::SlowRead
        | Promise::CallerGone
        | Promise::SameIdTwice
        | Promise::IdInUse
        | Promise::WrongOutput
        | Promise::TooManyCalls
        | Promise::NobodyToAsk
        | Promise::MissingCapability
        | Promise::MissingCapabilityBefore
        | Promise::PromptThatCannotAsk
        | Promise::InvisibleCharacter
        | Promise::ListOfOne
        | Promise::TooManyStreams
        | Promise::ManyCallers => &[Place::Acme],
    }
}

/// Whether a package has to test a promise, by which servers make it: one that only some make is tested at those.
pub const fn is_due(promise: Promise, place: Place) -> bool {
    match promise.row().only {
        Only::Forwarding => matches!(place, Place::Forwarder),
        Only::Issued | Only::Signed => matches!(place, Place::Resource),
        Only::Every
        | Only::Tokens
        | Only::Lifetimes
        | Only::Unissued
        | Only::Limited
        | Only::Confirming
        | Only::Asking
        | Only::AskingInCalls
        | Only::AskingInPrompts
        | Only::Resuming
        | Only::Resources
        | Only::Notifying => matches!(place, Place::Acme),
    }
}

/// Holds that a package has tests for each promise that it is said to have them for, and for no other.
///
/// # Panics
/// When one lacks, or does not hold its promise.
pub fn assert_tested(place: Place, package: &str, tests_of: impl Fn(Promise) -> Vec<Held>) {
    for promise in Promise::ALL {
        let tests = tests_of(*promise);
        let is_here = places(*promise).contains(&place);
        assert_eq!(is_here, !tests.is_empty(), "{promise:?}: `places` says otherwise");
        assert!(is_here || !is_due(*promise, place), "{promise:?} is made by servers that only {place:?} has");
        for test in tests {
            test.assert_holds(*promise, package);
        }
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

/// Holds what came at the end against what is promised of an end: nothing, or of a stream the error that answers what was asked.
///
/// # Panics
/// When the promise is broken, or is about something else than an end.
#[track_caller]
pub fn assert_ended(promise: Promise, last: Option<&Value>, case: &str) {
    let outcome = promise.row().outcome;
    let is_kept = match (outcome, last) {
        (Outcome::Unanswered | Outcome::Ended(_), None) => true,
        (Outcome::Ended(code), Some(message)) => {
            let error = &message["error"];
            error["code"].as_i64() == outcome.json_rpc().map(i64::from) && error["data"]["reason"] == code.entry().name
        }
        _ => false,
    };
    assert!(is_kept, "{case}: {promise:?} promises {outcome:?}, and at the end comes {last:?}");
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
            Outcome::Unanswered | Outcome::Ended(_) | Outcome::NotBuilt => false,
        };
    (!is_kept).then(|| format!("{promise:?} promises {outcome:?}, and the answer is {answer:?}"))
}
