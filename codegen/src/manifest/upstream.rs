//! Credentials of another API, which checks them and which the tools ask with them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::words::{Name, Text};

/// The API whose credentials callers present. The server keeps none: it asks this API whose a
/// credential is, and sends it there again with what the tools ask for.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Upstream {
    /// Where the API is, as `https://api.example.com`: `https`, or `http` for this machine, without a
    /// path. A credential is sent there and nowhere else; no redirect is followed.
    pub origin: Text,
    /// The environment variable that names another origin, by the same rules: capital letters, digits
    /// and underscores.
    pub env: Name,
    /// The path that tells whose a credential is, as `/v1/whoami`. It is asked with GET and the
    /// credential, and answers with status 200 and JSON, or with 401 for a credential that is not good.
    pub check: Name,
    /// How long such an answer is believed: a number of seconds or minutes, `1s` to `5m`. So long a
    /// credential can be taken here after it was revoked there, unless a call meets the API's 401 before.
    pub cache: Name,
    /// Where the answer says what.
    pub answer: Answer,
}

/// Where the answer to a check says what: names of properties, joined by dots, as `key.id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answer {
    /// The id of the credential, a text or a number; it is logged, and never the credential itself.
    pub id: Name,
    /// The name that the credential was given.
    pub name: Name,
    /// Whose data the credential reaches, a text or a number.
    pub subject: Name,
    /// The scopes of the whole credential, a list of their names. A name that is not declared grants
    /// nothing. It stands here or, where scopes belong to a binding's value, in `binding`.
    pub scopes: Option<Name>,
    /// The values of the server's binding that the credential reaches.
    pub binding: Option<AnswerBinding>,
}

/// Where the answer to a check lists the values of a binding.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AnswerBinding {
    /// The list.
    pub each: Name,
    /// The id of a value, within an item of the list.
    pub id: Name,
    /// The name of a value, within an item of the list.
    pub name: Option<Name>,
    /// The scopes that the credential holds for a value, a list of their names within an item.
    pub scopes: Name,
    /// The id of the value that calls are about which name none, within the answer.
    pub default: Option<Name>,
}
