//! The API that the server forwards to, as a script: it knows keys, and notes down what it is asked.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use toolwright_tests::fake::{Asked, Fake, http};

/// The path that tells whose a key is.
pub(crate) const CHECK: &str = "/v1/whoami";

/// What the API does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// These bytes.
    Raw(String),
    /// Nothing, ever.
    Nothing,
}

impl Says {
    pub(crate) fn json(status: &str, body: &Value) -> Self {
        Self::Raw(http(status, "application/json", &body.to_string()))
    }

    /// A refusal in the API's own form.
    pub(crate) fn error(status: &str, message: &str) -> Self {
        Self::json(status, &json!({"error": {"code": "anything", "message": message}}))
    }
}

#[derive(Default)]
struct Script {
    /// What the check says of each key.
    keys: BTreeMap<String, Value>,
    /// What is said to a request line's method and path, instead of the usual.
    instead: BTreeMap<String, Says>,
}

/// The API.
pub(crate) struct Api {
    fake: Fake,
    script: Arc<Mutex<Script>>,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let answering = Arc::clone(&script);
        let fake = Fake::new(move |asked| {
            let says = answer(&answering.lock().expect("the script"), &asked);
            async {
                match says {
                    Says::Raw(bytes) => bytes.into_bytes(),
                    Says::Nothing => pending().await,
                }
            }
        });
        Self { fake: fake.await, script }
    }

    pub(crate) fn address(&self) -> &str {
        self.fake.address()
    }

    /// Makes a key, of which the check says this.
    pub(crate) fn know(&self, key: &str, answer: Value) {
        self.script().keys.insert(key.to_owned(), answer);
    }

    /// Makes a key of somebody, with permissions.
    pub(crate) fn grant(&self, key: &str, owner: &str, permissions: &[&str]) {
        self.know(key, whose(owner, permissions));
    }

    pub(crate) fn revoke(&self, key: &str) {
        self.script().keys.remove(key);
    }

    /// Says something else to what begins with this, as `GET /v1/notes`.
    pub(crate) fn say(&self, begin: &str, says: Says) {
        self.script().instead.insert(begin.to_owned(), says);
    }

    /// Says the usual again.
    pub(crate) fn recover(&self) {
        self.script().instead.clear();
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.fake.asked()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn wait_for(&self, count: usize) {
        self.fake.wait_for(count).await;
    }

    /// How often it was asked whose a key is.
    pub(crate) fn checks(&self) -> usize {
        self.asked().iter().filter(|asked| asked.line.starts_with(&format!("GET {CHECK} "))).count()
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().expect("the script")
    }
}

/// What the check says of a key of somebody.
pub(crate) fn whose(owner: &str, permissions: &[&str]) -> Value {
    json!({"key": {"id": format!("key_{owner}"), "name": format!("{owner}'s laptop")}, "owner": owner, "permissions": permissions, "plan": "free"})
}

fn answer(script: &Script, asked: &Asked) -> Says {
    if let Some((_, says)) = script.instead.iter().rev().find(|(begin, _)| asked.line.starts_with(begin.as_str())) {
        return says.clone();
    }
    let key = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(known) = key.and_then(|key| script.keys.get(key)) else {
        return Says::error("401 Unauthorized", "who are you?");
    };
    let (method, rest) = asked.line.split_once(' ').expect("a request line");
    let path = rest.split([' ', '?']).next().unwrap_or_default();
    match (method, path) {
        ("GET", CHECK) => Says::json("200 OK", known),
        ("GET", "/v1/notes") => Says::json("200 OK", &json!({"notes": [{"id": "n_1", "text": known["owner"]}]})),
        ("POST", "/v1/notes") => Says::json("201 Created", &json!({"id": "n_2", "text": asked.json()["text"]})),
        ("GET", "/v1/notes/n_1") => Says::json("200 OK", &json!({"id": "n_1", "text": known["owner"]})),
        ("DELETE", "/v1/notes/n_1") => Says::Raw("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned()),
        _ => Says::error("404 Not Found", "there is no such note"),
    }
}
