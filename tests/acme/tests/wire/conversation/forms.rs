//! Forms as a manifest declares them: what the protocol makes of each field, and what the handler is given.

use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, Transport};

use super::{connect, start};

/// The forms of `fill_in`, as they have to be on the wire.
fn forms() -> [(&'static str, &'static str, Value); 2] {
    let meals = json!([
        {"const": "none", "title": "Nothing at all"},
        {"const": "vegan", "title": "Without animals"},
        {"const": "fish", "title": "Fish of the day"},
    ]);
    let details = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Name", "description": "How you are called.", "minLength": 2, "maxLength": 40, "default": "John Doe"},
            "address": {"type": "string", "description": "Where you are reached.", "format": "email"},
            "site": {"type": "string", "description": "Where you are read.", "format": "uri"},
            "birthday": {"type": "string", "description": "When you were born.", "format": "date"},
            "seen": {"type": "string", "description": "When you were seen last.", "format": "date-time"},
            "age": {"type": "integer", "description": "How old you are.", "minimum": 0, "maximum": 150, "default": 30},
            "score": {"type": "number", "description": "How good you are.", "minimum": 0.0, "default": 95.5},
            "verified": {"type": "boolean", "description": "Whether you are known.", "default": true},
            "status": {"type": "string", "description": "What you do.", "enum": ["active", "inactive", "pending"], "default": "active"},
            "place": {"type": "string", "description": "Where you sit.", "enum": ["aisle", "window"]},
            "meal": {"type": "string", "description": "What you eat.", "oneOf": meals, "default": "vegan"},
            "days": {"type": "array", "description": "When you fly.", "minItems": 1, "maxItems": 2, "items": {"type": "string", "enum": ["mo", "tu", "we"]}},
            "places": {"type": "array", "description": "Where you would sit.", "items": {"type": "string", "enum": ["aisle", "window"]}},
            "meals": {"type": "array", "description": "What you would eat.", "items": {"anyOf": meals}, "default": ["fish"]},
            "flightClass": {"type": "string", "description": "A name that is no snake case."},
        },
        "required": ["name"],
    });
    let legacy = json!({
        "type": "object",
        "properties": {"old": {"type": "string", "title": "Old", "enum": ["a", "b"], "enumNames": ["First", "Second"], "default": "a"}},
        "required": ["old"],
    });
    [("details", "Tell about yourself.", details), ("legacy", "And in the old way?", legacy)]
}

/// With whole numbers in one form.
fn unified(mut form: Value) -> Value {
    if let Some(minimum) = form.pointer_mut("/properties/score/minimum") {
        *minimum = json!(minimum.as_f64());
    }
    form
}

fn accept(content: impl Into<Value>) -> Value {
    let content = content.into();
    json!({"action": "accept", "content": content})
}

async fn answered(client: &mut Client, answers: Value) -> toolwright_tests::Reply {
    client.request("tools/call", json!({"name": "fill_in", "inputResponses": answers})).await
}

#[tokio::test]
async fn every_field_is_one_of_the_protocol() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = connect(&server, transport, Revision::V2026_07_28, json!({"elicitation": {}})).await;
        let reply = client.call("fill_in", json!({})).await;
        for (key, message, form) in forms() {
            let params = &reply.result()["inputRequests"][key]["params"];
            assert_eq!(params["message"], message, "{transport:?}");
            assert_eq!(unified(params["requestedSchema"].clone()), form, "{transport:?} {key}");
            let names =
                |form: &Value| form["properties"].as_object().expect("fields").keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&params["requestedSchema"]), names(&form), "{transport:?}: in their order");
        }
    }
}

/// What a person fills in, and what the handler makes of it.
fn fillings() -> [(Value, Value); 2] {
    let least = json!({"name": "Ada"});
    let completed = json!({
        "name": "Ada", "age": 30, "score": 95.5, "verified": true, "status": "active", "meal": "vegan", "meals": ["fish"],
    });
    let most = json!({
        "name": "Ada", "address": "ada@example.com", "site": "https://example.com/a", "birthday": "1815-12-10",
        "seen": "1852-11-27T12:00:00Z", "age": 36, "score": 1.5, "verified": false, "status": "pending", "place": "aisle",
        "meal": "none", "days": ["mo", "we"], "places": ["window", "aisle"], "meals": [], "flightClass": "economy",
    });
    [(least, completed), (most.clone(), most)]
}

#[tokio::test]
async fn the_answer_has_the_types_of_the_form() {
    let server = start();
    for transport in Transport::ALL {
        for (filled, given) in fillings() {
            let expected = json!({"details": given, "legacy": {"old": "b"}});
            let can = json!({"elicitation": {}});
            let mut newer = connect(&server, transport, Revision::V2026_07_28, can.clone()).await;
            let answers = json!({"details": accept(filled.clone()), "legacy": accept(json!({"old": "b"}))});
            assert_eq!(answered(&mut newer, answers).await.structured(), &expected, "{transport:?}");
            let mut older = connect(&server, transport, Revision::V2025_11_25, can).await;
            let respond = |question: &Value| {
                let is_old = question["params"]["requestedSchema"]["properties"].get("old").is_some();
                let answer = if is_old { json!({"old": "b"}) } else { filled.clone() };
                Some(json!({"result": accept(answer)}))
            };
            let heard = older.converse("tools/call", json!({"name": "fill_in", "arguments": {}}), respond).await;
            assert_eq!(heard.reply.structured(), &expected, "{transport:?}");
        }
    }
}

#[tokio::test]
async fn what_a_field_does_not_take_is_asked_again() {
    let server = start();
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, json!({"elicitation": {}})).await;
    let wrong = [
        ("name", json!("A")),
        ("name", json!("A".repeat(41))),
        ("name", json!(5)),
        ("address", json!("nowhere")),
        ("site", json!("x")),
        ("birthday", json!("yesterday")),
        ("seen", json!("1852-11-27")),
        ("age", json!(151)),
        ("age", json!(1.5)),
        ("age", json!("30")),
        ("score", json!(-1)),
        ("verified", json!("yes")),
        ("status", json!("gone")),
        ("place", json!("wing")),
        ("meal", json!("meat")),
        ("meal", json!("Without animals")),
        ("days", json!([])),
        ("days", json!(["mo", "tu", "we"])),
        ("days", json!(["su"])),
        ("places", json!("aisle")),
        ("places", json!(["wing"])),
        ("meals", json!(["meat"])),
    ];
    for (field, value) in wrong {
        let mut content = json!({"name": "Ada"});
        content[field] = value;
        let answers = json!({"details": accept(content.clone()), "legacy": {"action": "decline"}});
        let reply = answered(&mut client, answers).await;
        let asked = reply.result()["inputRequests"].as_object().unwrap_or_else(|| panic!("{content}: {reply:?}"));
        assert_eq!(asked.keys().collect::<Vec<_>>(), ["details"], "{content}");
    }
}
