//! As Anthropic's models are asked: `POST /v1/messages`.

use serde_json::{Value, json};

use super::{Reply, Turn, each, text};

pub(super) fn read(body: &Value) -> Turn {
    let name = |tool: &Value| tool["name"].as_str().unwrap_or_default().to_owned();
    let blocks = each(&body["messages"]).flat_map(|message| each(&message["content"]));
    let results = blocks.filter(|block| block["type"] == "tool_result");
    Turn {
        tools: each(&body["tools"]).map(name).collect(),
        results: results.map(|result| text(&result["content"])).collect(),
        is_streamed: body["stream"] == true,
    }
}

pub(super) fn write(reply: &Reply<'_>, is_streamed: bool) -> String {
    let (reason, block) = match reply {
        Reply::Call { id, tool, arguments } => {
            ("tool_use", json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": tool, "input": arguments}))
        }
        Reply::Say(text) => ("end_turn", json!({"type": "text", "text": text})),
    };
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    let mut message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "stub",
        "content": [block], "stop_reason": reason, "stop_sequence": null, "usage": usage,
    });
    if !is_streamed {
        return message.to_string();
    }
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    let (start, delta) = match reply {
        Reply::Call { arguments, .. } => {
            let mut start = block.clone();
            start["input"] = json!({});
            (start, json!({"type": "input_json_delta", "partial_json": arguments.to_string()}))
        }
        Reply::Say(text) => (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": text})),
    };
    let stopped = json!({"stop_reason": reason, "stop_sequence": null});
    let events = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": start}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": stopped, "usage": {"output_tokens": 1}}),
        json!({"type": "message_stop"}),
    ];
    let named = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.iter().map(named).collect()
}
