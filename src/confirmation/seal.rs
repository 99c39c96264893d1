//! What binds a confirmation to one call: a text that only this server can have made for it.
//!
//! The key follows from the caller's credential, so that every instance of the server has it, nothing is
//! stored, and what one caller was given is worth nothing to another.

use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Number, Value, json};
use sha2::{Digest as _, Sha256};
use toolwright_core::confirmation::LIFETIME_SECONDS;

use crate::credential::Credential;

/// How far the clocks of two instances may be apart, in seconds.
const SKEW: i64 = 60;

/// Who brings a sealed text back; it is worth nothing in the place of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    /// A client, with what a person answered.
    Client,
    /// A model, as an argument.
    Model,
}

impl Bearer {
    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Model => "model",
        }
    }
}

/// The call that is confirmed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sealed<'a> {
    pub(super) server: &'a str,
    pub(super) tool: &'a str,
    /// What the call is about, as the path names it.
    pub(super) account: Option<&'a str>,
    /// What the call is about of what the credential reaches.
    pub(super) value: Option<&'a str>,
    /// Valid by the tool's schema, without what confirms them.
    pub(super) arguments: &'a Value,
}

/// The seal of one caller.
#[derive(Debug)]
pub(super) struct Seal(RequestStateCodec);

impl Seal {
    pub(super) fn of(credential: &Credential) -> Self {
        let key = Sha256::new_with_prefix("toolwright confirmation").chain_update(credential.expose()).finalize();
        // A digest is as long as the codec asks for.
        Self(RequestStateCodec::new_unchecked(key.to_vec()))
    }

    /// A text for this call, at a time in seconds.
    pub(super) fn close(&self, call: Sealed<'_>, bearer: Bearer, now: i64) -> String {
        let bound = call.bytes(bearer);
        self.0.seal_with(&now.to_be_bytes(), &SealOptions::new().associated_data(&bound))
    }

    /// Whether a text was made for this call, and not too long ago.
    pub(super) fn opens(&self, text: &str, call: Sealed<'_>, bearer: Bearer, now: i64) -> bool {
        let opened = self.0.open_with(text, &call.bytes(bearer)).ok();
        let made = opened.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
        // One from the future was made by a clock that has been set back since: nobody knows how old it is.
        let fresh = -SKEW..LIFETIME_SECONDS.cast_signed();
        made.is_some_and(|made| fresh.contains(&now.saturating_sub(made)))
    }
}

impl Sealed<'_> {
    /// The same bytes for the same call, and others for any other.
    fn bytes(&self, bearer: Bearer) -> Vec<u8> {
        let Self { server, tool, account, value, arguments } = self;
        json!([server, tool, account, value, canonical(arguments), bearer.as_str()]).to_string().into_bytes()
    }
}

/// Arguments that mean the same look the same: in the order of their names, with one form of a number.
fn canonical(arguments: &Value) -> Value {
    let mut arguments = arguments.clone();
    arguments.sort_all_objects();
    unify(&mut arguments);
    arguments
}

/// 2⁶³: the first float that is too large for a 64-bit integer.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

fn unify(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float) {
                #[allow(clippy::cast_possible_truncation, reason = "whole, and within the bounds of the type")]
                let whole = float as i64;
                *number = Number::from(whole);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unify),
        Value::Object(members) => members.values_mut().for_each(unify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
