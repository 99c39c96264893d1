//! Calls that build on each other.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use sqlx::Executor as _;
use tokio::time::{Instant, sleep};
use toolwright_tests::Server;

use super::effect::{Effect, Step};
use crate::{account::Account, store};

/// How long an effect may take to show.
const PATIENCE: Duration = Duration::from_secs(30);

/// An account of its own, and the values that its answers had.
pub(crate) struct Story {
    pub(crate) account: Account,
    store: PathBuf,
    kept: BTreeMap<&'static str, Value>,
}

impl Story {
    pub(crate) fn of(server: &Server, number: usize) -> Self {
        Self::with(server, Account::named(server, &format!("story {number}")))
    }

    pub(crate) fn with(server: &Server, account: Account) -> Self {
        Self { account, store: store::path(server), kept: BTreeMap::new() }
    }

    pub(super) async fn tell(&mut self, effect: &Effect) {
        let Effect { given, by, keeps, recorded: _, shown_by, look, before, after } = effect;
        assert_ne!(before, after, "{} changes nothing", by.0);
        self.prepare(given).await;
        let case = format!("{} before {}", shown_by.0, by.0);
        assert_eq!(self.look(shown_by.0, &shown_by.1, look).await, *before, "{case}");
        self.keep(by.0, &by.1, *keeps).await;
        self.wait(shown_by.0, &shown_by.1, look, after).await;
    }

    /// Does what is done first.
    pub(crate) async fn prepare(&mut self, given: &[Step]) {
        for step in given {
            match step {
                Step::Keep(tool, arguments, name, place) => {
                    self.keep(tool, arguments, Some((name, place))).await;
                }
                Step::Until(tool, arguments, place, value) => {
                    let look = |answer: &Value| answer.pointer(place).cloned().unwrap_or_default();
                    self.wait(tool, arguments, look, &json!(value)).await;
                }
                Step::Change(statement) => {
                    store::connect(&self.store).await.execute(*statement).await.expect(statement);
                }
            }
        }
    }

    /// Calls a tool, keeps a value of its answer, and gives its whole result.
    pub(crate) async fn keep(&mut self, tool: &str, arguments: &Value, keeps: Option<(&'static str, &str)>) -> Value {
        let reply = self.account.ask(tool, self.filled(arguments)).await;
        let answer = reply.structured();
        if let Some((name, place)) = keeps {
            let value = answer.pointer(place).unwrap_or_else(|| panic!("{tool} answers without {place}: {answer}"));
            self.kept.insert(name, value.clone());
        }
        reply.result().clone()
    }

    async fn wait(&mut self, tool: &str, arguments: &Value, look: impl Fn(&Value) -> Value, expected: &Value) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.look(tool, arguments, &look).await;
            if seen == *expected {
                return;
            }
            assert!(Instant::now() < deadline, "{tool} shows {seen}, and never {expected}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn look(&mut self, tool: &str, arguments: &Value, look: impl Fn(&Value) -> Value) -> Value {
        let reply = self.account.ask(tool, self.filled(arguments)).await;
        if reply.is_tool_error() && reply.text().starts_with("not_found: ") {
            return Value::Null;
        }
        look(reply.structured())
    }

    /// The arguments with the values that were kept in place of their names.
    pub(crate) fn filled(&self, arguments: &Value) -> Value {
        match arguments {
            Value::String(name) if name.starts_with('$') => {
                self.kept.get(name.as_str()).cloned().unwrap_or_else(|| json!("not_kept_yet"))
            }
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect(),
            other => other.clone(),
        }
    }
}
