//! The API of projects, as a script: what a key may do is settled for each project, and asked before anything else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use toolwright_tests::fake::{Asked, Fake, http};

/// A project that a key reaches: its id, its name, and what the key may do there.
pub(crate) type Project = (&'static str, &'static str, &'static [&'static str]);

pub(crate) const READ: &[&str] = &["books:read"];
pub(crate) const WRITE: &[&str] = &["books:write"];
pub(crate) const BOTH: &[&str] = &["books:read", "books:write"];
pub(crate) const NOTHING: &[&str] = &[];

/// What the API asks for, beside what its keys say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A key may do what it says.
    AsGranted,
    /// A key that may read may write.
    ReadersWrite,
    /// Nobody may get a single book.
    NobodyGets,
    /// Nobody may list projects.
    NobodyLists,
    /// It is out of order for all but the check.
    Broken,
}

/// The API.
pub(crate) struct Api {
    fake: Fake,
    keys: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Api {
    pub(crate) async fn start(rule: Rule) -> Self {
        let keys = Arc::<Mutex<BTreeMap<String, Value>>>::default();
        let known = Arc::clone(&keys);
        let fake = Fake::new(move |asked| {
            let (status, body) = answer(&known.lock().expect("the keys"), rule, &asked);
            std::future::ready(http(status, "application/json", &body.to_string()).into_bytes())
        });
        Self { fake: fake.await, keys }
    }

    pub(crate) fn address(&self) -> &str {
        self.fake.address()
    }

    /// Makes a key that reaches these projects.
    pub(crate) fn key(&self, letter: char, projects: &[Project], default: Option<&str>) -> String {
        let key = format!("sk-library-{}", letter.to_string().repeat(40));
        let projects: Vec<Value> = projects
            .iter()
            .map(|(id, name, permissions)| json!({"id": id, "name": name, "permissions": permissions}))
            .collect();
        let mut says =
            json!({"key": {"id": format!("key_{letter}"), "name": "laptop"}, "owner": "ada", "projects": projects});
        if let Some(default) = default {
            says["default_project"] = default.into();
        }
        self.keys.lock().expect("the keys").insert(key.clone(), says);
        key
    }

    /// What was asked beside whose a key is, as `POST p_a`: the method and the project.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.fake.asked();
        asked
            .iter()
            .filter_map(|asked| place(asked).map(|(method, project, _)| format!("{method} {project}")))
            .collect()
    }
}

/// The method, the project and the rest of the path.
fn place(asked: &Asked) -> Option<(&str, &str, &str)> {
    let (method, rest) = asked.line.split_once(' ')?;
    let path = rest.split([' ', '?']).next()?;
    let (project, rest) = path.strip_prefix("/v1/projects/")?.split_once('/')?;
    Some((method, project, rest))
}

fn answer(keys: &BTreeMap<String, Value>, rule: Rule, asked: &Asked) -> (&'static str, Value) {
    let error = |status, message: &str| (status, json!({"error": {"code": "anything", "message": message}}));
    let key = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(known) = key.and_then(|key| keys.get(key)) else { return error("401 Unauthorized", "who are you?") };
    let Some((method, project, rest)) = place(asked) else {
        if rule == Rule::NobodyLists && asked.line.starts_with("GET /v1/projects ") {
            return error("403 Forbidden", "this key may not do that");
        }
        return ("200 OK", known.clone());
    };
    let projects = known["projects"].as_array().expect("projects");
    let Some(granted) = projects.iter().find(|of_key| of_key["id"] == project) else {
        return error("404 Not Found", "there is no such project");
    };
    let may = |scope: &str| granted["permissions"].as_array().expect("permissions").contains(&scope.into());
    let allowed = match (method, rule) {
        (_, Rule::Broken) => return error("500 Internal Server Error", "out of order"),
        ("GET", Rule::NobodyGets) if rest != "books" => false,
        ("GET", _) => may("books:read"),
        (_, Rule::ReadersWrite) => may("books:read") || may("books:write"),
        _ => may("books:write"),
    };
    if !allowed {
        return error("403 Forbidden", "this key may not do that");
    }
    match (method, rest) {
        ("GET", "books") => ("200 OK", json!({"books": [{"id": "b_1", "title": project}]})),
        ("GET", "books/b_1") => ("200 OK", json!({"id": "b_1", "title": project})),
        ("POST", "books") => ("201 Created", json!({"id": "b_2", "title": asked.json()["title"]})),
        ("DELETE", "books/b_1") => ("200 OK", Value::Null),
        _ => error("404 Not Found", "there is no such book"),
    }
}
