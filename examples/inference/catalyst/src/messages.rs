//! What was asked and answered, as OpenTelemetry's conventions for generative AI record it: `gen_ai.input.messages` and
//! `gen_ai.output.messages`, <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>.
//!
//! A message's text is in `parts` of type `text`. Older instrumentations, and those that record what a vendor's API
//! takes, have it in `content`, as a text or as parts. On a span, all can be one text of JSON.

use serde_json::{Value, json};

/// The last message of a person.
pub(crate) fn question(messages: &Value) -> Option<String> {
    let messages = messages_of(messages)?;
    let role_is = |message: &&Value, role: &str| message.get("role").and_then(Value::as_str) == Some(role);
    let mut of_person = messages.iter().rev().filter(|message| role_is(message, "user"));
    text_of(of_person.next()?)
}

/// The answer's text: that of the first message, as each is a choice of its own.
pub(crate) fn answer(messages: &Value) -> Option<String> {
    text_of(messages_of(messages)?.first()?)
}

/// Messages with their text in `parts`, as the conventions have them, whatever form they come in. What else they have is
/// left out.
pub(crate) fn in_parts(messages: &Value) -> Value {
    let in_parts = |message: &Value| {
        let parts = text_of(message).map(|text| json!({"type": "text", "content": text}));
        json!({"role": message.get("role"), "parts": parts.into_iter().collect::<Vec<_>>()})
    };
    messages_of(messages).unwrap_or_default().iter().map(in_parts).collect()
}

/// The messages, also where they are JSON in a text.
fn messages_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(messages) => Some(messages.clone()),
        Value::String(text) => match serde_json::from_str(text).ok()? {
            Value::Array(messages) => Some(messages),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a message, unless it has none, as one that only calls tools.
fn text_of(message: &Value) -> Option<String> {
    let parts = message.get("parts").or_else(|| message.get("content"))?;
    let text = match parts {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(text_of_part).collect::<Vec<_>>().join("\n"),
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The text of a part, which the conventions call `content` and vendors call `text`.
fn text_of_part(part: &Value) -> Option<&str> {
    let is_text = matches!(part.get("type")?.as_str()?, "text" | "input_text" | "output_text");
    is_text.then(|| part.get("content").or_else(|| part.get("text"))?.as_str()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_question_of_a_person_and_the_first_answer_are_found() {
        let text = |text| json!({"type": "text", "content": text});
        let asked = json!([
            {"role": "system", "parts": [text("Be polite.")]},
            {"role": "user", "parts": [text("Hello")]},
            {"role": "assistant", "parts": [text("Hello!")]},
            {"role": "user", "parts": [text(" Where is"), {"type": "blob", "content": "aaaa"}, text("my order? ")]},
            {"role": "assistant", "parts": [{"type": "tool_call", "name": "find", "arguments": {}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "response": "it is there"}]},
        ]);
        let answered = json!([
            {"role": "assistant", "finish_reason": "stop",
             "parts": [{"type": "reasoning", "content": "Hm."}, text("It is there.")]},
            {"role": "assistant", "finish_reason": "stop", "parts": [text("Another choice.")]},
        ]);
        for (asked, answered) in
            [(asked.clone(), answered.clone()), (asked.to_string().into(), answered.to_string().into())]
        {
            assert_eq!(question(&asked).as_deref(), Some("Where is\nmy order?"));
            assert_eq!(answer(&answered).as_deref(), Some("It is there."));
        }
    }

    #[test]
    fn content_is_read_as_text_and_as_parts() {
        for content in
            [json!("Where?"), json!([{"type": "text", "text": "Where?"}, {"type": "image_url", "image_url": {}}])]
        {
            let messages = json!([{"role": "user", "content": content}]);
            assert_eq!(
                (question(&messages), answer(&messages)),
                (Some("Where?".to_owned()), Some("Where?".to_owned()))
            );
        }
    }

    #[test]
    fn what_has_no_text_is_passed_over() {
        for messages in [
            json!(null),
            json!([]),
            json!(3),
            json!("not JSON"),
            json!("{\"role\": \"user\"}"),
            json!([3]),
            json!([{"role": "user"}]),
            json!([{"role": "user", "content": null}]),
            json!([{"role": "user", "content": "  "}]),
            json!([{"role": "user", "parts": []}]),
            json!([{"role": "user", "parts": [{"content": "of no type"}, {"type": "text"}, {"type": "text", "content": 3}]}]),
            json!([{"role": "user", "parts": [{"type": "tool_call", "name": "find"}]}]),
        ] {
            assert_eq!((question(&messages), answer(&messages)), (None, None), "{messages}");
        }
        assert_eq!(question(&json!([{"role": "assistant", "content": "Hello!"}])), None);
    }
}
