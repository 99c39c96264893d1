//! What binds a text to one call: only this server can have made it, and for this call alone. A confirmation is one, and so is what the
//! rounds of a call have brought until now. A session is a text that is bound to no call.
//!
//! The key follows from the caller's credential and from what the text is for, so that every instance of the server has it, nothing is
//! stored, and what one caller was given for one purpose is worth nothing to another, and for no other.

use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Number, Value, json};
use sha2::{Digest as _, Sha256};
use toolwright_core::confirmation::LIFETIME_SECONDS;

use crate::{ServerSpec, about::About, credential::Credential, spec::ToolSpec};

/// How far the clocks of two instances may be apart, in seconds.
const SKEW: i64 = 60;

/// What a sealed text is for. Each purpose has a key of its own: a text is worth nothing in the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A client brings it back, with what a person answered.
    ClientConfirms,
    /// A model brings it back, as an argument.
    ModelConfirms,
    /// A client brings it back, with what was asked while the call ran.
    Asked,
    /// A client brings it along, with every request of its session.
    Session,
}

impl Purpose {
    /// What keeps its key apart. None begins with another, so that no credential makes up for the difference.
    const fn label(self) -> &'static str {
        match self {
            Self::ClientConfirms => "toolwright confirmation by a client",
            Self::ModelConfirms => "toolwright confirmation by a model",
            Self::Asked => "toolwright asked",
            Self::Session => "toolwright session",
        }
    }

    /// What seals texts of this purpose for whoever has the credential.
    pub(crate) fn codec(self, credential: &Credential) -> RequestStateCodec {
        let key = Sha256::new_with_prefix(self.label()).chain_update(credential.expose()).finalize();
        // A digest is as long as the codec asks for.
        RequestStateCodec::new_unchecked(key.to_vec())
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

/// The seal of one caller, for one purpose.
#[derive(Debug)]
pub(crate) struct Seal(RequestStateCodec);

impl Seal {
    pub(crate) fn of(credential: &Credential, purpose: Purpose) -> Self {
        Self(purpose.codec(credential))
    }

    /// A text for this call, at a time in seconds.
    pub(crate) fn close(&self, call: Sealed<'_>, now: i64) -> String {
        self.close_on(&[], call, now)
    }

    /// Whether a text was made for this call, and not too long ago.
    pub(crate) fn opens(&self, text: &str, call: Sealed<'_>, now: i64) -> bool {
        self.open(text, call, now).is_some()
    }

    /// A text for this call that carries something along. Whoever has it can read that.
    pub(crate) fn close_on(&self, carried: &[u8], call: Sealed<'_>, now: i64) -> String {
        let bound = call.bytes();
        self.0.seal_with(&[&now.to_be_bytes(), carried].concat(), &SealOptions::new().associated_data(&bound))
    }

    /// What a text carries that was made for this call, and not too long ago.
    pub(crate) fn open(&self, text: &str, call: Sealed<'_>, now: i64) -> Option<Vec<u8>> {
        let mut opened = self.0.open_with(text, &call.bytes()).ok()?;
        let carried = opened.split_off(opened.len().min(size_of::<i64>()));
        let made = i64::from_be_bytes(opened.try_into().ok()?);
        // One from the future was made by a clock that has been set back since: nobody knows how old it is.
        let fresh = -SKEW..LIFETIME_SECONDS.cast_signed();
        fresh.contains(&now.saturating_sub(made)).then_some(carried)
    }
}

impl<'a> Sealed<'a> {
    /// The call of a tool of this server, with all that it is about.
    pub(crate) fn of(server: &'a ServerSpec, tool: &'a ToolSpec, about: &'a About, arguments: &'a Value) -> Self {
        Self {
            server: server.name,
            tool: tool.name,
            account: about.caller().account(),
            value: about.value().map(|value| value.id.as_str()),
            arguments,
        }
    }

    /// The same bytes for the same call, and others for any other.
    fn bytes(&self) -> Vec<u8> {
        let Self { server, tool, account, value, arguments } = self;
        json!([server, tool, account, value, canonical(arguments)]).to_string().into_bytes()
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

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSES: [Purpose; 4] = [Purpose::ClientConfirms, Purpose::ModelConfirms, Purpose::Asked, Purpose::Session];

    #[test]
    fn a_text_is_worth_nothing_for_another_purpose() {
        const NOW: i64 = 1_800_000_000;
        let (credential, arguments) = (Credential::new("acme_1"), json!({"note_id": "n1"}));
        let call = Sealed { server: "acme", tool: "print_note", account: None, value: None, arguments: &arguments };
        for (made, read) in PURPOSES.into_iter().flat_map(|made| PURPOSES.map(|read| (made, read))) {
            let text = Seal::of(&credential, made).close_on(b"carried", call, NOW);
            let opened = Seal::of(&credential, read).open(&text, call, NOW);
            assert_eq!(opened.as_deref(), (made == read).then_some(&b"carried"[..]), "{made:?}, {read:?}");
            assert!(made == read || !made.label().starts_with(read.label()), "{made:?}, {read:?}");
        }
    }
}
