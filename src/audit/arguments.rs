//! Arguments as the audit log has them: without secrets, and not more of them than somebody reads.

use serde_json::{Value, json};

use crate::Secrets;

/// How many characters of a text are kept.
const SHOWN: usize = 500;

/// How many items of a list are kept.
const LISTED: usize = 50;

/// How many bytes all of them may have.
const LARGEST: usize = 8_192;

/// The arguments of a call, which are without what the manifest omits already, as JSON.
pub(super) fn recorded(mut arguments: Value, secrets: &Secrets) -> String {
    secrets.redact_result(&mut arguments);
    shorten(&mut arguments, secrets);
    let text = arguments.to_string();
    if text.len() > LARGEST { json!({ "…": format!("{} bytes", text.len()) }).to_string() } else { text }
}

/// Secrets are told by their form everywhere, as in the log, and before they can be cut in two.
fn shorten(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => {
            let clean = secrets.redact_text(text).into_owned();
            *text = match clean.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}…", &clean[..end]),
                None => clean,
            };
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(LISTED);
            items.truncate(LISTED);
            for item in items.iter_mut() {
                shorten(item, secrets);
            }
            if more > 0 {
                items.push(format!("… and {more} more").into());
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                shorten(member, secrets);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
