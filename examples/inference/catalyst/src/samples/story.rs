//! What agents of the samples do, as `samples/` tells it.
//!
//! Texts have gaps, such as `{product}`, which each run fills otherwise.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// An agent, and all that it was asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    pub(super) name: String,
    /// The services that it runs in, and the share of the runs that each has.
    pub(super) services: BTreeMap<String, f64>,
    pub(super) model: String,
    pub(super) instructions: String,
    /// How many milliseconds a call of each tool takes.
    pub(super) tools: BTreeMap<String, u64>,
    pub(super) conversations: Vec<Conversation>,
}

/// What an agent is asked, and what it does then.
#[derive(Debug, Deserialize)]
pub(super) struct Conversation {
    /// How often something like it is asked.
    pub(super) runs: u32,
    #[serde(flatten)]
    pub(super) task: Task,
    /// What else the last request to a model records, where it answers.
    #[serde(default)]
    pub(super) attributes: Map<String, Value>,
}

/// A question, and the way to its answer.
#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub(super) question: String,
    pub(super) steps: Vec<Step>,
    #[serde(flatten)]
    pub(super) end: End,
    /// Whether the answer is longer than the model may write.
    #[serde(default)]
    pub(super) is_cut_off: bool,
}

/// How a run ends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    Answer(String),
    Error(Fault),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    Tool(ToolCall),
    Agent {
        /// The name of another agent, which is given a task.
        agent: String,
        #[serde(flatten)]
        task: Box<Task>,
    },
    Model {
        model_error: Fault,
        /// How much the model was given, where that was too much.
        input_tokens: Option<u64>,
    },
}

/// A call of a tool, for which a model has asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolCall {
    pub(super) tool: String,
    pub(super) arguments: Value,
    #[serde(default)]
    pub(super) result: Value,
    pub(super) error: Option<Fault>,
    /// How often it is made, unchanged. What fails is tried again at once; else the model asks for it again.
    #[serde(default = "once")]
    pub(super) times: u32,
    /// How long it takes, where that is not as usual.
    pub(super) milliseconds: Option<u64>,
    /// How much larger the context is for the result, where it is long.
    pub(super) result_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    pub(super) r#type: String,
    pub(super) message: String,
}

fn once() -> u32 {
    1
}

/// How many of the runs a share of them is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small number")]
pub(super) fn share_of(runs: u32, share: f64) -> u32 {
    (f64::from(runs) * share).floor().max(0.0) as u32
}
