//! The questions that were sent to clients of the older revisions, until they are answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::rngs::SysError;
use tokio::sync::oneshot;

use crate::{
    caller::Caller,
    credential::random_text,
    envelope::{Answer, Id, Outcome},
};

/// How many random characters an id has: nobody guesses one, and each is used once.
const RANDOM: usize = 32;

/// Who was asked, and alone can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    credential: String,
    account: Option<String>,
}

impl From<&Caller> for Asked {
    fn from(caller: &Caller) -> Self {
        Self { credential: caller.identity().credential_id.clone(), account: caller.account().map(str::to_owned) }
    }
}

/// The open questions of a server, by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting(Arc<Mutex<HashMap<String, Open>>>);

#[derive(Debug)]
struct Open {
    asked: Asked,
    answer: oneshot::Sender<Outcome>,
}

/// One open question; it is closed when this is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: String,
    answer: oneshot::Receiver<Outcome>,
    waiting: Waiting,
}

impl Waiting {
    /// Opens a question.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub(super) fn open(&self, asked: Asked) -> Result<Ticket, SysError> {
        let id = random_text(RANDOM)?;
        let (sender, answer) = oneshot::channel();
        self.questions().insert(id.clone(), Open { asked, answer: sender });
        Ok(Ticket { id, answer, waiting: self.clone() })
    }

    /// Takes an answer. Whether anybody waited for it is all that is told: a question to another is as one that was never asked.
    pub(crate) fn answer(&self, by: &Asked, answer: Answer) -> bool {
        let Answer { id: Id::Text(id), outcome } = answer else { return false };
        let mut questions = self.questions();
        if questions.get(&*id).is_none_or(|open| open.asked != *by) {
            return false;
        }
        questions.remove(&*id).is_some_and(|open| open.answer.send(outcome).is_ok())
    }

    /// A panic while the lock was held leaves a map that is as good as before.
    fn questions(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The answer, once it is there.
    pub(super) async fn answered(&mut self) -> Option<Outcome> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.waiting.questions().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_was_asked_answers_about_the_account_that_it_is_about() {
        let asked = |credential: &str, account: Option<&str>| Asked {
            credential: credential.to_owned(),
            account: account.map(str::to_owned),
        };
        let waiting = Waiting::default();
        let ticket = waiting.open(asked("c1", Some("ours"))).expect("randomness");
        let answer = |by: Asked| {
            let id = Id::Text(ticket.id.clone().into());
            waiting.answer(&by, Answer { id, outcome: Ok(serde_json::Value::Null) })
        };
        for by in [asked("c2", Some("ours")), asked("c1", Some("theirs")), asked("c1", None)] {
            assert!(!answer(by.clone()), "{by:?}");
        }
        assert!(answer(asked("c1", Some("ours"))));
        assert!(!answer(asked("c1", Some("ours"))), "once");
    }
}
