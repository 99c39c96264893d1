//! What the analysis knows of a step.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// How many names of parameters are kept of a call: more tell nobody anything.
const MAX_PARAMETERS: usize = 16;

/// A step of a trace. They are ordered by trace, and in a trace by their beginnings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) trace_id: String,
    /// Nanoseconds since 1970.
    pub(crate) started_at: i64,
    pub(crate) span_id: String,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) ended_at: i64,
    /// Whether it is of the agent that is looked at. What others do in its traces explains its own steps.
    pub(crate) is_own: bool,
    pub(crate) name: String,
    pub(crate) step: Step,
    /// The kind of error, when it went wrong.
    pub(crate) error: Option<String>,
    /// How what the error said begins, where that was recorded.
    pub(crate) error_message: Option<String>,
}

/// What a span stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A run of an agent, and whether it has recorded an answer.
    Agent { has_answer: bool },
    /// A request to a model.
    Inference(Inference),
    /// A call of a tool.
    Tool(ToolCall),
    /// Any other.
    Other,
}

/// A request to a model, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Inference {
    pub(crate) model: String,
    pub(crate) input_tokens: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
    /// What was asked, where it was recorded.
    pub(crate) request: Option<Digest>,
    pub(crate) finish: Finish,
}

impl Inference {
    /// The tokens that were paid for.
    pub(crate) fn tokens(&self) -> i64 {
        self.input_tokens.unwrap_or(0).saturating_add(self.output_tokens.unwrap_or(0))
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Finish {
    /// It had no more to say, or it is not known.
    Answered,
    /// It wants tools to be called.
    WantsTools,
    /// It had reached the most tokens that it may give out.
    Truncated,
}

impl Finish {
    /// Understands the reasons of all choices, in the words of several vendors.
    pub(crate) fn of<'a>(reasons: impl IntoIterator<Item = &'a str>) -> Self {
        let one = |reason: &str| match reason.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "max_output_tokens" => Self::Truncated,
            "tool_calls" | "tool_call" | "tool_use" | "function_call" => Self::WantsTools,
            _ => Self::Answered,
        };
        reasons.into_iter().map(one).max().unwrap_or(Self::Answered)
    }
}

/// A call of a tool, and its result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToolCall {
    pub(crate) tool: String,
    /// What it was called with, where it was recorded.
    pub(crate) arguments: Option<Digest>,
    /// The names of the arguments.
    pub(crate) parameters: BTreeSet<String>,
    /// What it returned, where it was recorded.
    pub(crate) result: Option<Digest>,
}

/// What stands for a text of any length: equal for equal JSON, whatever its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u8; 16]);

impl Digest {
    fn of(values: &[Option<&Value>]) -> Self {
        let mut text = Vec::new();
        for value in values {
            match value {
                Some(value) => write_canonical(&parsed(value), &mut text),
                None => text.push(b'-'),
            }
            text.push(0);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&Sha256::digest(&text)[..16]);
        Self(digest)
    }
}

/// JSON that was recorded as text is that JSON.
fn parsed(value: &Value) -> Value {
    let json = value.as_str().filter(|text| text.starts_with(['{', '[']));
    json.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| value.clone())
}

/// Writes JSON so that the order of properties makes no difference. Its depth is bounded by what the parser takes.
fn write_canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(object) => {
            let mut properties: Vec<_> = object.iter().collect();
            properties.sort_unstable_by_key(|(name, _)| *name);
            text.push(b'{');
            for (name, value) in properties {
                text.extend(name.as_bytes());
                text.push(0);
                write_canonical(value, text);
            }
            text.push(b'}');
        }
        Value::Array(items) => {
            text.push(b'[');
            for item in items {
                write_canonical(item, text);
                text.push(b',');
            }
            text.push(b']');
        }
        other => text.extend(other.to_string().as_bytes()),
    }
}

/// What is recorded of a span by OpenTelemetry's names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a>(pub(crate) &'a Map<String, Value>);

impl Recorded<'_> {
    /// What was asked: the messages, and what stands before them. The model is not part of it.
    pub(crate) fn request(self) -> Option<Digest> {
        let parts = ["gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions"];
        let parts = parts.map(|name| self.0.get(name));
        parts[0].is_some().then(|| Digest::of(&parts))
    }

    /// Why the model stopped.
    pub(crate) fn finish(self) -> Finish {
        let reasons = match self.0.get("gen_ai.response.finish_reasons").map(parsed) {
            Some(Value::Array(reasons)) => reasons,
            Some(reason) => vec![reason],
            None => Vec::new(),
        };
        Finish::of(reasons.iter().filter_map(Value::as_str))
    }

    /// The call of a tool.
    pub(crate) fn tool_call(self, tool: String) -> ToolCall {
        let arguments = self.0.get("gen_ai.tool.call.arguments").map(parsed);
        let names = arguments.as_ref().and_then(Value::as_object).into_iter().flat_map(Map::keys);
        ToolCall {
            tool,
            parameters: names.take(MAX_PARAMETERS).cloned().collect(),
            arguments: arguments.as_ref().map(|arguments| Digest::of(&[Some(arguments)])),
            result: self.0.get("gen_ai.tool.call.result").map(|result| Digest::of(&[Some(result)])),
        }
    }

    /// Whether a run has recorded what it answered.
    pub(crate) fn has_answer(self) -> bool {
        self.0.get("gen_ai.output.messages").map(parsed).is_some_and(|messages| match messages {
            Value::Array(messages) => !messages.is_empty(),
            Value::String(text) => !text.is_empty(),
            Value::Null => false,
            _ => true,
        })
    }
}
