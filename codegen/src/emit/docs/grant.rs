//! How a program gets a credential for a password.

use serde::Serialize;
use serde_json::json;
use toolwright_core::{Scopes, shell::word};

use super::markdown;
use crate::{
    api::{Api, PasswordGrant},
    emit::{clients, wording},
};

/// Seconds since 1970 of a time to show.
const CREATED_AT: i64 = 1_767_225_600;

#[derive(Serialize)]
pub(super) struct Section {
    /// Markdown: the command as a block of code.
    command: String,
    /// Markdown: an answer as a block of code.
    answer: String,
    lifetime: String,
    scopes: Vec<String>,
}

pub(super) fn section(api: &Api, grant: &PasswordGrant) -> Section {
    let PasswordGrant { path, lifetime_seconds, scopes } = grant;
    let scopes: Vec<String> = Scopes(&api.scopes).names(*scopes).map(str::to_owned).collect();
    let answer = json!({
        "access_token": clients::placeholder(api),
        "token_type": "Bearer",
        "expires_in": lifetime_seconds,
        "created_at": CREATED_AT,
        "scope": scopes.join(" "),
    });
    Section {
        command: markdown::block("sh", &command(api, path)),
        answer: markdown::block("json", &format!("{answer:#}")),
        lifetime: wording::duration(*lifetime_seconds),
        scopes,
    }
}

/// The request without its scopes. The host is the endpoint's.
fn command(api: &Api, path: &str) -> String {
    let endpoint = &api.server.endpoint;
    let origin = endpoint.strip_suffix(api.server.path.as_str()).unwrap_or(endpoint);
    let body = json!({"grant_type": "password", "email": "you@example.com", "password": "YOUR_PASSWORD"});
    let body = format!("{body:#}").replace('\n', "\n  ");
    format!(
        "curl {} \\\n  -H {} \\\n  -d {}",
        word(&format!("{origin}{path}")),
        word("Content-Type: application/json"),
        word(&body),
    )
}
