//! What a caller is told when a request is refused before it reaches the protocol.

use rmcp::ErrorData;
use serde_json::{Map, Value, json};
use toolwright_core::{
    ErrorCode, ErrorEntry,
    environment::{ACCOUNT, option_env},
    errors::{INTERNAL_ERROR, binding_fix},
};

use crate::{
    Secrets, ServerSpec,
    conversation::MissingCapabilities,
    envelope::{Fault, Id, Request},
    gate::Denial,
    limits::Exceeded,
    oauth::Resource,
    protocol::REVISIONS,
    shortened::shortened,
    spec::{BindingSource, BindingSpec, FeatureSpec},
};

/// A refused request: a code of the catalogue, what this case is about, and the request's id.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) id: Option<Id<'static>>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// After how many seconds it is worth to ask again.
    pub(crate) retry_after: Option<u32>,
    message: String,
    data: Box<Map<String, Value>>,
    challenge: Challenge,
    /// The JSON-RPC code, where it is another than the catalogue's.
    json_rpc: Option<i32>,
}

/// What `WWW-Authenticate` says.
#[derive(Debug, Clone)]
enum Challenge {
    None,
    /// A credential is needed, or another than the one that came.
    Credential {
        presented: bool,
    },
    /// More scopes are needed.
    Scopes(Box<Lacking>),
}

/// The scopes of an operation that its caller may not do.
#[derive(Debug, Clone)]
struct Lacking {
    missing: Vec<&'static str>,
    /// All that the operation takes, with those that are held.
    needed: Vec<&'static str>,
}

impl Refusal {
    /// A refusal in the words of the catalogue, after those about this case.
    pub(crate) fn new(server: &ServerSpec, code: ErrorCode, detail: Option<&str>) -> Self {
        let entry = entry(server, code);
        // What a client sent may stand in the detail, and is no text of ours to fill.
        let what = detail.map_or_else(|| fill(entry.cause, server), str::to_owned);
        Self {
            code,
            id: None,
            status: entry.status,
            retry_after: None,
            message: format!("{what} {}", fill(entry.fix, server)),
            data: Box::new(Map::from_iter([("reason".to_owned(), entry.name.into())])),
            challenge: Challenge::None,
            json_rpc: None,
        }
    }

    /// The request shows no credential that is worth anything.
    pub(crate) fn unauthenticated(server: &ServerSpec, code: ErrorCode) -> Self {
        let mut refusal = Self::new(server, code, None);
        refusal.challenge = Challenge::Credential { presented: code != ErrorCode::MissingCredential };
        refusal.extend(json!({ "create_at": server.credential.create_at }));
        if let Some(form) = server.credential.form() {
            refusal.extend(json!({ "prefix": form.prefix }));
        }
        refusal
    }

    /// The client asked for a revision of the protocol that the server does not speak.
    pub(crate) fn unsupported_version(server: &ServerSpec, requested: &str) -> Self {
        let supported: Vec<_> = REVISIONS.iter().map(rmcp::model::ProtocolVersion::as_str).collect();
        let requested: String = requested.chars().take(32).collect();
        Self::new(server, ErrorCode::UnsupportedVersion, None)
            .with_data(json!({ "supported": supported, "requested": requested }))
    }

    /// The server does not have the method, or not in the request's revision. To older clients a
    /// status of 404 says that their session is over, so theirs is 200.
    pub(crate) fn unknown_method(server: &ServerSpec, request: &Request<'_>, secrets: &Secrets) -> Self {
        let name = shortened(&secrets.redact_text(&request.method));
        let (detail, status) = match request.inline_version() {
            Some(version) => (format!("There is no method `{name}` in revision {version}."), None),
            None => (format!("There is no method `{name}`."), Some(200)),
        };
        let refusal = Self::new(server, ErrorCode::UnknownMethod, Some(&detail));
        Self { status: status.unwrap_or(refusal.status), ..refusal }
    }

    /// The client cannot be asked what the operation has to ask.
    pub(crate) fn missing_capability(server: &ServerSpec, operation: &str, lacking: &MissingCapabilities) -> Self {
        let detail = format!("{}.", lacking.message(operation));
        Self::new(server, ErrorCode::MissingCapability, Some(&detail))
            .with_data(json!({ "operation": operation, "requiredCapabilities": lacking.declaration() }))
    }

    /// The credential holds too few scopes.
    pub(crate) fn forbidden(server: &ServerSpec, denial: &Denial) -> Self {
        let mut refusal = Self::new(server, ErrorCode::InsufficientScope, Some(&denial.message(server)));
        refusal.challenge =
            Challenge::Scopes(Box::new(Lacking { missing: denial.missing(server), needed: denial.needed(server) }));
        refusal.extend(denial.data(server));
        refusal
    }

    /// The credential makes more calls than the server lets one make.
    pub(crate) fn too_many_calls(server: &ServerSpec, operation: &str, exceeded: Exceeded) -> Self {
        let detail = exceeded.message(server.credential.name);
        let mut refusal = Self::new(server, ErrorCode::TooManyCalls, Some(&detail));
        let Exceeded { limit, allowed, retry_after } = exceeded;
        refusal.retry_after = Some(retry_after);
        refusal.with_data(json!({
            "operation": operation,
            "limit": limit.name(),
            "allowed": allowed,
            "retry_after": retry_after,
        }))
    }

    /// The message was not understood.
    pub(crate) fn misunderstood(server: &ServerSpec, fault: Fault) -> Self {
        let mut refusal = Self::new(server, fault.code, Some(&fault.detail));
        refusal.id = fault.id;
        refusal
    }

    /// The same refusal with more for programs.
    #[must_use]
    pub(crate) fn with_data(mut self, more: Value) -> Self {
        self.extend(more);
        self
    }

    /// The same refusal with another JSON-RPC code than the catalogue's.
    #[must_use]
    pub(crate) fn with_json_rpc(self, code: i32) -> Self {
        Self { json_rpc: Some(code), ..self }
    }

    /// The same refusal as the answer to one request.
    #[must_use]
    pub(crate) fn answering(mut self, id: &Id<'_>) -> Self {
        self.id = Some(id.clone().into_owned());
        self
    }

    /// What is told to people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn extend(&mut self, more: Value) {
        if let Value::Object(more) = more {
            self.data.extend(more);
        }
    }

    /// The JSON-RPC error. Without a readable id it has none (MCP 2025-11-25 and later leave it out).
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "jsonrpc": "2.0",
            "error": { "code": self.json_rpc(), "message": self.message, "data": self.data },
        });
        if let Some(id) = &self.id {
            body["id"] = json!(id);
        }
        body
    }

    /// The same error, where a request that was let in ends with it.
    pub(crate) fn error(&self) -> ErrorData {
        let code = rmcp::model::ErrorCode(self.json_rpc().unwrap_or(INTERNAL_ERROR));
        ErrorData::new(code, self.message.clone(), Some(json!(self.data)))
    }

    fn json_rpc(&self) -> Option<i32> {
        self.json_rpc.or(self.code.entry().json_rpc)
    }

    /// The value of `WWW-Authenticate` (RFC 6750, section 3), if the refusal has one. Where clients sign in at an issuer,
    /// it tells them where that is told (RFC 9728, section 5.1), and what to ask for: at first what most calls take, and
    /// then all that the refused operation takes, no more and no less (RFC 6750, section 3.1; MCP 2026-07-28 has clients
    /// keep count of what they asked for before).
    pub(crate) fn challenge(&self, server: &ServerSpec, resource: Option<&Resource>) -> Option<String> {
        let scope = |names: &[&str]| (!names.is_empty()).then(|| parameter("scope", &names.join(" ")));
        let invalid = || [parameter("error", "invalid_token"), parameter("error_description", &self.message)];
        let mut parameters: Vec<String> = Vec::new();
        match (&self.challenge, resource) {
            (Challenge::None, _) => return None,
            (Challenge::Credential { presented }, None) => {
                parameters.push(parameter("realm", server.key));
                parameters.extend(presented.then(invalid).into_iter().flatten());
            }
            (Challenge::Credential { presented }, Some(resource)) => {
                parameters.extend(presented.then(invalid).into_iter().flatten());
                parameters.push(parameter("resource_metadata", resource.metadata_url()));
                parameters.extend(scope(resource.scopes()));
            }
            (Challenge::Scopes(lacking), _) => {
                let Lacking { missing, needed } = &**lacking;
                parameters.push(parameter("error", "insufficient_scope"));
                parameters.extend(scope(if resource.is_some() { needed } else { missing }));
                parameters.extend(resource.map(|resource| parameter("resource_metadata", resource.metadata_url())));
                parameters.push(parameter("error_description", &self.message));
            }
        }
        Some(format!("Bearer {}", parameters.join(", ")))
    }
}

/// A parameter of a challenge.
fn parameter(name: &str, value: &str) -> String {
    format!(r#"{name}="{}""#, quotable(value))
}

/// The catalogue's row in the words for this server.
fn entry(server: &ServerSpec, code: ErrorCode) -> ErrorEntry {
    if server.credential.issuer().is_some() { code.entry_where_issued() } else { code.entry() }
}

/// A text of the catalogue with the server's own names in it.
pub(crate) fn fill(text: &str, server: &ServerSpec) -> String {
    let text = match &server.binding {
        Some(binding) => fill_binding(text, binding).replace("{account_env}", &option_env(server.name, ACCOUNT)),
        None => text.to_owned(),
    };
    text.replace("{credential}", server.credential.name)
        .replace("{prefix}", server.credential.form().map_or("", |form| form.prefix))
        .replace("{create_at}", server.credential.create_at)
        .replace("{path}", server.path)
        .replace("{env}", server.credential.env)
        .replace("{gateway_env}", server.gateway.map(|gateway| gateway.env).unwrap_or_default())
        .replace("{endpoint}", server.endpoint)
        .replace("{grant_path}", server.credential.password_grant().map_or("", |grant| grant.path))
        .replace("{call_seconds}", &server.limits.call_seconds.to_string())
        .replace("{body_bytes}", &server.limits.body_bytes.to_string())
}

fn fill_binding(text: &str, binding: &BindingSpec) -> String {
    let account = match &binding.from {
        BindingSource::Path(account) => Some(account),
        BindingSource::Credential | BindingSource::Argument => None,
    };
    let feature = account.and_then(|account| account.feature);
    let of = |part: fn(&FeatureSpec) -> &'static str| feature.as_ref().map(part).unwrap_or_default();
    // The fix has names of its own.
    text.replace("{binding_fix}", binding_fix(binding.from == BindingSource::Argument))
        .replace("{binding}", &binding.words())
        .replace("{Binding}", &binding.heading())
        .replace("{placeholder}", account.map_or("", |account| account.placeholder))
        .replace("{description}", binding.description)
        .replace("{flag}", of(|feature| feature.flag))
        .replace("{flag_message}", of(|feature| feature.message))
        .replace("{flag_fix}", of(|feature| feature.fix))
}

/// The characters that RFC 6750 allows in a quoted value: printable ASCII without `"` and `\`.
pub(crate) fn quotable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '→' => safe.push_str("->"),
            '…' => safe.push_str("..."),
            '"' => safe.push('\''),
            ' '..='~' if character != '\\' => safe.push(character),
            _ => safe.push('?'),
        }
    }
    safe
}
