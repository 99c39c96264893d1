//! How far a call is, for a client that wants to know.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Number, Value, json};

/// How far a call is: what is done, of how much, and in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    done: f64,
    total: Option<f64>,
    message: Option<String>,
}

impl Progress {
    /// So much is done, in any unit.
    pub fn new(done: f64) -> Self {
        Self { done, total: None, message: None }
    }

    /// Of so much, where that is known.
    #[must_use]
    pub fn of(self, total: f64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// What is being done, for people.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }
}

impl From<f64> for Progress {
    fn from(done: f64) -> Self {
        Self::new(done)
    }
}

/// The progress that a request wants to hear of.
#[derive(Debug)]
pub(super) struct Reports {
    token: Value,
    /// What was told last; the protocol has values increase.
    last: Mutex<Option<f64>>,
}

impl Reports {
    /// What a request says of it in `_meta`.
    pub(super) fn wanted(token: Value) -> Self {
        Self { token, last: Mutex::default() }
    }

    /// The message about this progress, if it is any: values that are no numbers or do not increase say nothing.
    pub(super) fn message(&self, progress: Progress, redact: impl Fn(&str) -> String) -> Option<Value> {
        let Progress { done, total, message } = progress;
        // A panic while the lock was held leaves a number that is as good as before.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let value = number(done).filter(|_| last.is_none_or(|last| done > last))?;
        *last = Some(done);
        let mut params =
            Map::from_iter([("progressToken".to_owned(), self.token.clone()), ("progress".to_owned(), value)]);
        params.extend(total.and_then(number).map(|total| ("total".to_owned(), total)));
        params.extend(message.map(|message| ("message".to_owned(), redact(&message).into())));
        Some(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
    }
}

/// The token that a request can have: text or a whole number.
pub(super) fn token(meta: Option<&Value>) -> Option<Value> {
    let token = meta?.get("progressToken")?;
    (token.is_string() || token.is_i64() || token.is_u64()).then(|| token.clone())
}

/// A number as people write it: a whole one without a fraction.
fn number(value: f64) -> Option<Value> {
    /// Up to here, each whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole, and within the bounds of the type")]
    let whole = (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64);
    match whole {
        Some(whole) => Some(whole.into()),
        None => Number::from_f64(value).map(Value::Number),
    }
}
