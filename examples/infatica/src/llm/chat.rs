//! What is sent to an endpoint, and what it answers:
//! <https://platform.openai.com/docs/api-reference/chat/create>, as far as others speak it, too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Trouble;

/// How many characters the name of a model can have that an endpoint reports.
const MAX_MODEL: usize = 100;

/// A message to a model.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    role: &'static str,
    content: String,
}

impl Message {
    /// What the model is to do.
    pub(crate) fn system(content: impl Into<String>) -> Self {
        Self { role: "system", content: content.into() }
    }

    /// What it is to do it with.
    pub(crate) fn user(content: impl Into<String>) -> Self {
        Self { role: "user", content: content.into() }
    }
}

/// How many tokens a completion took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Those of the messages.
    pub(crate) prompt: u32,
    /// Those of the answer.
    pub(crate) completion: u32,
}

/// The body of a request. It has what every endpoint knows, and nothing else: a limit of the answer's
/// length, for one, has two names, and each has endpoints that refuse it.
pub(super) fn question(model: &str, messages: &[Message]) -> Value {
    json!({"model": model, "messages": messages, "stream": false})
}

/// The body of an answer, as far as it is read.
#[derive(Debug, Deserialize)]
pub(super) struct ChatCompletion {
    model: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Content,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Content {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// An answer that can be used.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) model: Option<String>,
    pub(super) tokens: Option<Tokens>,
}

impl Answer {
    /// The one choice that was asked for, if it is whole.
    pub(super) fn read(answer: ChatCompletion) -> Result<Self, Trouble> {
        let ChatCompletion { model, choices, usage } = answer;
        let Choice { message, finish_reason } = choices.into_iter().next().ok_or(Trouble::Empty)?;
        match finish_reason.as_deref() {
            Some("length") => return Err(Trouble::CutOff),
            Some("content_filter") => return Err(Trouble::Withheld),
            _ if message.refusal.is_some() => return Err(Trouble::Withheld),
            _ => {}
        }
        let text = message.content.filter(|text| !text.trim().is_empty()).ok_or(Trouble::Empty)?;
        let tokens =
            usage.and_then(|usage| Some(Tokens { prompt: usage.prompt_tokens?, completion: usage.completion_tokens? }));
        Ok(Self { text, model, tokens })
    }
}

/// The name of a model as it can be shown, whatever the endpoint says.
pub(super) fn model_name(reported: &str) -> String {
    reported.chars().filter(|character| !character.is_control()).take(MAX_MODEL).collect()
}
