//! What the answer to a check says.

use std::collections::HashSet;

use serde_json::Value;
use toolwright_core::ScopeSet;

use crate::{
    BoundGrants, BoundValue, Grants, Identity, ServerSpec,
    credential::Credential,
    shortened::shortened,
    spec::{AnswerGrantsSpec, AnswerSpec, Way},
};

/// The longest id, in characters: it stands in the log and in records.
const LONGEST: usize = 200;

/// Who the answer says that the credential belongs to.
///
/// # Errors
/// What is wrong with the answer, without anything that it says.
pub(super) fn identity(
    server: &ServerSpec,
    spec: &AnswerSpec,
    credential: &Credential,
    body: &[u8],
) -> Result<Identity, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| format!("no JSON ({error})"))?;
    let AnswerSpec { id, name, subject, grants } = spec;
    let identity = Identity {
        credential_id: required(&answer, id)?,
        // What has no name is called by its id.
        credential_name: text(&answer, name).map_or_else(|| required(&answer, id), |name| Ok(shortened(&name)))?,
        subject: required(&answer, subject)?,
        grants: granted(server, grants, &answer)?,
        user: None,
    };
    let told = [&identity.credential_id, &identity.credential_name, &identity.subject];
    if told.into_iter().any(|told| told.contains(credential.expose())) {
        return Err("it has the credential itself where its id, its name or its subject should be".to_owned());
    }
    Ok(identity)
}

fn granted(server: &ServerSpec, spec: &AnswerGrantsSpec, answer: &Value) -> Result<Grants, String> {
    let (each, id, name, scopes, default) = match *spec {
        AnswerGrantsSpec::Whole(scopes) => return scopes_of(server, answer, scopes).map(Grants::Whole),
        AnswerGrantsSpec::Bound { each, id, name, scopes, default } => (each, id, name, scopes, default),
    };
    let items = at(answer, each).and_then(Value::as_array).ok_or_else(|| format!("`{}` is no list", each.join(".")))?;
    let value = |item: &Value| {
        Ok(BoundValue {
            id: required(item, id)?,
            name: name.and_then(|name| text(item, name)),
            scopes: scopes_of(server, item, scopes)?,
        })
    };
    let values = items.iter().map(value).collect::<Result<Vec<_>, String>>()?;
    let mut seen = HashSet::new();
    if !values.iter().all(|value| seen.insert(value.id.as_str())) {
        return Err(format!("two items of `{}` have the same id", each.join(".")));
    }
    let default = default.and_then(|default| text(answer, default));
    Ok(Grants::Bound(BoundGrants::new(values, default.as_deref())))
}

/// The scopes of a list. One that is not declared is another API's business, and grants nothing.
fn scopes_of(server: &ServerSpec, of: &Value, way: Way) -> Result<ScopeSet, String> {
    let names: Option<Vec<&str>> =
        at(of, way).and_then(Value::as_array).and_then(|names| names.iter().map(Value::as_str).collect());
    let names = names.ok_or_else(|| format!("`{}` is no list of texts", way.join(".")))?;
    Ok(names.into_iter().filter_map(|name| server.scopes().find(name)).collect())
}

fn at(value: &Value, way: Way) -> Option<&Value> {
    way.iter().try_fold(value, |value, part| value.get(part))
}

/// A text with something in it, or a number as one.
fn text(value: &Value, way: Way) -> Option<String> {
    match at(value, way)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// An id that can be told and written down.
fn required(value: &Value, way: Way) -> Result<String, String> {
    let text = text(value, way).filter(|text| text.chars().count() <= LONGEST && !text.chars().any(char::is_control));
    text.ok_or_else(|| format!("`{}` is no text of 1 to {LONGEST} characters", way.join(".")))
}
