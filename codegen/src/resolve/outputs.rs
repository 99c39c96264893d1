//! What an output cannot have: constraints that the Rust type does not prove, and secrets.

use std::collections::BTreeSet;

use super::{
    Faults, bounds,
    fields::ResolvedField,
    secrets,
    tools::{ResolvedOutput, ResolvedTool},
    types::ResolvedTypes,
};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{Name, fields::Typed},
    names,
};

/// Checks every field that a result can have.
pub(crate) fn check(types: &ResolvedTypes<'_>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    let mut reached = BTreeSet::new();
    for tool in tools {
        if let ResolvedOutput::Fields(fields) = &tool.output {
            for field in fields {
                check_field(field, None, faults);
            }
        }
        reached.extend(tool.output_types(types));
    }
    for named in reached.into_iter().filter_map(|at| types.list.get(at)) {
        for field in named.shape.objects().into_iter().flatten() {
            check_field(field, Some(named.name), faults);
        }
    }
}

fn check_field(field: &ResolvedField<'_>, of: Option<&Name>, faults: &mut Faults) {
    secrets::check_result(field, of, faults);
    check_typed(&field.declared.typed(), of, faults);
    if let Some(default) = &field.declared.default {
        refuse("default", default.at, of, faults);
    }
    if looks_secret(&field.name.value) && can_hold_a_secret(&field.api.of) {
        let title = format!("the result's property {} looks like a secret", quoted(field.name));
        faults.push(
            Diagnostic::new(Code::SecretOutput, field.name.at, title)
                .help("leave it out, or show that there is one with `secret: redact`; if it is none, rename it, as `token_name` or `token_count`"),
        );
    }
}

fn check_typed(typed: &Typed<'_>, of: Option<&Name>, faults: &mut Faults) {
    for (key, at, _) in bounds::given(typed) {
        refuse(key, at, of, faults);
    }
    for part in [typed.items, typed.values].into_iter().flatten() {
        check_typed(&part.typed(), of, faults);
    }
}

fn refuse(key: &str, at: crate::source::Place, of: Option<&Name>, faults: &mut Faults) {
    let title = format!("an output cannot have `{key}`: the type of the code would not prove it");
    let fault = Diagnostic::new(Code::OutputConstraint, at, title);
    let help = match key {
        "enum" => "declare a named type with these words",
        "default" => "remove it; a property without a value is left out",
        _ => "remove it, and say it in the description",
    };
    faults.push(match of {
        Some(name) => fault.and(name.at, "a result has this type").help(help),
        None => fault.help(help),
    });
}

/// Names at whose end a secret is.
const SECRETS: &[&[&str]] = &[
    &["password"],
    &["passwords"],
    &["passwd"],
    &["passphrase"],
    &["secret"],
    &["secrets"],
    &["token"],
    &["tokens"],
    &["credential"],
    &["credentials"],
    &["apikey"],
    &["apikeys"],
    &["api", "key"],
    &["api", "keys"],
    &["access", "key"],
    &["access", "keys"],
    &["private", "key"],
    &["private", "keys"],
    &["secret", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["authorization"],
    &["cookie"],
    &["cookies"],
];

/// Words after which the secret itself is still meant.
const STILL_SECRET: &[&str] = &["hash", "plain", "plaintext", "raw", "text", "value"];

/// Words before `token` with which it is a place in a list.
const CURSORS: &[&str] = &["continuation", "cursor", "next", "page", "pagination", "previous", "sync"];

pub(super) fn looks_secret(wire: &str) -> bool {
    let words = names::words(wire);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    while words.len() > 1 && words.last().is_some_and(|last| STILL_SECRET.contains(last)) {
        words.pop();
    }
    let is_cursor = matches!(words.as_slice(), [.., before, "token"] if CURSORS.contains(before));
    !is_cursor && SECRETS.iter().any(|secret| words.ends_with(secret))
}

/// A count or a flag is no secret, whatever it is called.
fn can_hold_a_secret(of: &Type) -> bool {
    match of {
        Type::String | Type::Json => true,
        Type::Array(inner) | Type::Map(inner) => can_hold_a_secret(inner),
        // The properties of an object are looked at by their own names.
        Type::Redacted | Type::Integer | Type::Number | Type::Boolean | Type::Named(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn secrets_are_told_by_the_end_of_their_names() {
        let cases = [
            ("password", true),
            ("userPassword", true),
            ("api_key", true),
            ("apiKey", true),
            ("access_token", true),
            ("tokens", true),
            ("client_secret", true),
            ("password_hash", true),
            ("secret_value", true),
            ("private_key", true),
            ("token_count", false),
            ("max_tokens_used", false),
            ("token_name", false),
            ("secretary", false),
            ("next_page_token", false),
            ("key", false),
            ("public_key", false),
            ("tokenizer", false),
        ];
        for (wire, expected) in cases {
            assert_eq!(looks_secret(wire), expected, "{wire}");
        }
    }
}
