//! What binds a text to one call: only this server can have made it, and for this call alone. A confirmation is one, and so is what the
//! rounds of a call have brought until now.
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
pub(crate) enum Bearer {
    /// A client, with what a person answered.
    Client,
    /// A model, as an argument.
    Model,
    /// A client, with what was asked while the call ran.
    Asked,
}

impl Bearer {
    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Model => "model",
            Self::Asked => "asked",
        }
    }
}

/// The call that a text is sealed for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed<'a> {
    pub(crate) server: &'a str,
    pub(crate) tool: &'a str,
    /// What the call is about, as the path names it.
    pub(crate) account: Option<&'a str>,
    /// What the call is about of what the credential reaches.
    pub(crate) value: Option<&'a str>,
    /// Valid by the tool's schema, without what confirms them.
    pub(crate) arguments: &'a Value,
}

/// The seal of one caller.
#[derive(Debug)]
pub(crate) struct Seal(RequestStateCodec);

impl Seal {
    pub(crate) fn of(credential: &Credential) -> Self {
        let key = Sha256::new_with_prefix("toolwright confirmation").chain_update(credential.expose()).finalize();
        // A digest is as long as the codec asks for.
        Self(RequestStateCodec::new_unchecked(key.to_vec()))
    }

    /// A text for this call, at a time in seconds.
    pub(crate) fn close(&self, call: Sealed<'_>, bearer: Bearer, now: i64) -> String {
        self.close_on(&[], call, bearer, now)
    }

    /// Whether a text was made for this call, and not too long ago.
    pub(crate) fn opens(&self, text: &str, call: Sealed<'_>, bearer: Bearer, now: i64) -> bool {
        self.open(text, call, bearer, now).is_some()
    }

    /// A text for this call that carries something along. Whoever has it can read that.
    pub(crate) fn close_on(&self, carried: &[u8], call: Sealed<'_>, bearer: Bearer, now: i64) -> String {
        let bound = call.bytes(bearer);
        self.0.seal_with(&[&now.to_be_bytes(), carried].concat(), &SealOptions::new().associated_data(&bound))
    }

    /// What a text carries that was made for this call, and not too long ago.
    pub(crate) fn open(&self, text: &str, call: Sealed<'_>, bearer: Bearer, now: i64) -> Option<Vec<u8>> {
        let mut opened = self.0.open_with(text, &call.bytes(bearer)).ok()?;
        let carried = opened.split_off(opened.len().min(size_of::<i64>()));
        let made = i64::from_be_bytes(opened.try_into().ok()?);
        // One from the future was made by a clock that has been set back since: nobody knows how old it is.
        let fresh = -SKEW..LIFETIME_SECONDS.cast_signed();
        fresh.contains(&now.saturating_sub(made)).then_some(carried)
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
