//! What is asked for as the protocol has it, and whether an answer is one.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow};
use rmcp::model::ElicitationSchema;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::answer::{Answer as _, Elicited, Roots, Sampled};
use crate::{
    ServerSpec,
    arguments::Schema,
    spec::{AskKind, AskSpec, ToolSpec},
};

/// The forms of a server, compiled once.
#[derive(Debug)]
pub(super) struct Forms(HashMap<(&'static str, &'static str), Schema>);

impl Forms {
    /// # Errors
    /// When a declared form is none: the generated crate is not of this version.
    pub(super) fn compile(server: &ServerSpec) -> anyhow::Result<Self> {
        let asks = server.tools.iter().flat_map(|tool| tool.asks.iter().map(|ask| (tool.name, *ask)));
        let form = |(operation, ask): (&'static str, &'static AskSpec)| {
            let AskKind::Form { message: _, schema } = ask.kind else { return None };
            Some(
                compile(schema)
                    .map(|schema| ((operation, ask.key), schema))
                    .with_context(|| format!("the form `{}` of `{operation}` does not compile", ask.key)),
            )
        };
        asks.filter_map(form).collect::<anyhow::Result<_>>().map(Self)
    }

    /// A question as the protocol has it, but for its id.
    pub(super) fn request(&self, tool: &ToolSpec, ask: &AskSpec, text: &str) -> Value {
        match ask.kind {
            AskKind::Form { .. } => {
                let schema = self.0.get(&(tool.name, ask.key)).map(Schema::declared);
                json!({ "method": "elicitation/create", "params": { "message": text, "requestedSchema": schema } })
            }
            AskKind::Sample { prompt: _, max_tokens } => json!({
                "method": "sampling/createMessage",
                "params": {
                    "messages": [{ "role": "user", "content": { "type": "text", "text": text } }],
                    "maxTokens": max_tokens,
                },
            }),
            AskKind::Roots => json!({ "method": "roots/list" }),
        }
    }

    /// The answer as its type takes it.
    ///
    /// # Errors
    /// Why it does not fit the question.
    pub(super) fn fit(&self, tool: &ToolSpec, ask: &AskSpec, answer: &Value) -> Result<Value, String> {
        let mut answer = answer.clone();
        match ask.kind {
            AskKind::Form { .. } => {
                if let Elicited::Accepted(content) = Elicited::<Value>::read(&answer)? {
                    let schema = self.0.get(&(tool.name, ask.key)).ok_or("there is no such form")?;
                    answer["content"] = schema.check(content).map_err(|faults| faults.join("; "))?;
                }
            }
            AskKind::Sample { .. } => drop(Sampled::read(&answer)?),
            AskKind::Roots => drop(Roots::read(&answer)?),
        }
        Ok(answer)
    }
}

fn compile(schema: &str) -> anyhow::Result<Schema> {
    let declared: Value = serde_json::from_str(schema)?;
    // What the protocol's library cannot read, it could not write either.
    ElicitationSchema::deserialize(&declared)?;
    Schema::compile(declared).map_err(|error| anyhow!("{error}"))
}
