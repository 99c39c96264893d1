//! As Google's models are asked: `POST …:generateContent` and `…:streamGenerateContent`.

use serde_json::{Value, json};

use super::{Reply, Turn, each, events};

pub(super) fn read(body: &Value, is_streamed: bool) -> Turn {
    let declared = each(&body["tools"]).flat_map(|tools| each(&tools["functionDeclarations"]));
    let parts = each(&body["contents"]).flat_map(|content| each(&content["parts"]));
    let results = parts.filter_map(|part| part.get("functionResponse"));
    Turn {
        tools: declared.map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect(),
        results: results.map(|result| result["response"].to_string()).collect(),
        is_streamed,
    }
}

pub(super) fn write(reply: &Reply<'_>, is_streamed: bool) -> String {
    let part = match reply {
        Reply::Call { tool, arguments, .. } => json!({"functionCall": {"name": tool, "args": arguments}}),
        Reply::Say(text) => json!({"text": text}),
    };
    let answer = json!({
        "candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
        "modelVersion": "stub",
    });
    if is_streamed { events(&[answer]) } else { answer.to_string() }
}
