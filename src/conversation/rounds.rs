//! Asking by the revisions without requests of a server: the handler is run until it asks, the client is told what, and the same request
//! comes again with the answers. What earlier rounds have brought comes with it, as a sealed text.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value};

/// Questions and answers by their keys on the wire.
pub(super) type ByKey = Map<String, Value>;

/// What a request brings along of the rounds before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inputs {
    /// What the client has answered just now.
    answers: ByKey,
    /// What it was given with the questions.
    pub(super) state: Option<String>,
}

impl Inputs {
    pub(crate) fn of(params: &Map<String, Value>) -> Self {
        let answers = params.get("inputResponses").and_then(Value::as_object).cloned();
        let state = params.get("requestState").and_then(Value::as_str).map(str::to_owned);
        Self { answers: answers.unwrap_or_default(), state }
    }
}

/// The rounds of one call until now.
#[derive(Debug)]
pub(super) struct Rounds {
    /// What can be answered with; nothing says yet that it fits.
    given: ByKey,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// What was answered, and is used.
    answered: ByKey,
    /// What is to be asked.
    open: BTreeMap<String, Value>,
}

impl Rounds {
    /// `carried` is what the state had of the rounds before. An answer of this round that is none leaves an earlier one be.
    pub(super) fn new(inputs: Inputs, carried: ByKey) -> Self {
        let mut given = inputs.answers;
        given.extend(carried);
        Self { given, noted: Mutex::default() }
    }

    /// The answer to a question, if there is one that fits; else the question is noted.
    pub(super) fn answer(&self, key: &str, request: &Value, fit: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
        let answer = self.given.get(key).and_then(fit);
        let mut noted = self.noted();
        match &answer {
            Some(answer) => {
                noted.answered.insert(key.to_owned(), answer.clone());
            }
            None => {
                noted.open.insert(key.to_owned(), request.clone());
            }
        }
        answer
    }

    /// The questions that are open, with the answers to carry on, once something was asked that nobody has answered.
    pub(super) fn open(&self) -> Option<(BTreeMap<String, Value>, ByKey)> {
        let noted = self.noted();
        (!noted.open.is_empty()).then(|| (noted.open.clone(), noted.answered.clone()))
    }

    /// A panic while the lock was held leaves what was noted before.
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
