//! As OpenAI's models are asked, and many others: `POST /v1/chat/completions`.

use serde_json::{Value, json};

use super::{Reply, Turn, each, events, text};

pub(super) fn read(body: &Value) -> Turn {
    let name = |tool: &Value| tool["function"]["name"].as_str().unwrap_or_default().to_owned();
    let results = each(&body["messages"]).filter(|message| message["role"] == "tool");
    Turn {
        tools: each(&body["tools"]).map(name).collect(),
        results: results.map(|result| text(&result["content"])).collect(),
        is_streamed: body["stream"] == true,
    }
}

pub(super) fn write(reply: &Reply<'_>, is_streamed: bool) -> String {
    let (reason, message) = match reply {
        Reply::Call { id, tool, arguments } => {
            let function = json!({"name": tool, "arguments": arguments.to_string()});
            let call = json!({"index": 0, "id": id, "type": "function", "function": function});
            ("tool_calls", json!({"role": "assistant", "content": null, "tool_calls": [call]}))
        }
        Reply::Say(text) => ("stop", json!({"role": "assistant", "content": text})),
    };
    let answer = |kind: &str, choice: Value| json!({"id": "c", "object": kind, "created": 0, "model": "stub", "choices": [choice]});
    if !is_streamed {
        let choice = json!({"index": 0, "message": message, "finish_reason": reason});
        return answer("chat.completion", choice).to_string();
    }
    let chunk = |delta: Value, reason: Value| {
        answer("chat.completion.chunk", json!({"index": 0, "delta": delta, "finish_reason": reason}))
    };
    format!("{}data: [DONE]\n\n", events(&[chunk(message, Value::Null), chunk(json!({}), json!(reason))]))
}
