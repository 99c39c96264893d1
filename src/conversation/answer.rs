//! What clients answer, as handlers read it.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use toolwright_core::ErrorCode;

use crate::ToolError;

/// What comes back from an [`super::Ask`]. The runtime has all of them.
pub trait Answer: Sized + Send + sealed::Sealed {
    /// The answer out of what the protocol has.
    ///
    /// # Errors
    /// What does not fit the type.
    #[doc(hidden)]
    fn read(answer: &Value) -> Result<Self, String>;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Elicited<T> {}
    impl Sealed for super::Sampled {}
    impl Sealed for super::Roots {}
}

/// What a person did with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elicited<T> {
    /// They filled it in.
    Accepted(T),
    /// They said no.
    Declined,
    /// They closed it and said nothing.
    Cancelled,
}

impl<T> Elicited<T> {
    /// What they filled in, for a handler that cannot do without.
    ///
    /// # Errors
    /// `not_answered`, when they did not.
    pub fn accepted(self) -> Result<T, ToolError> {
        let message = match self {
            Self::Accepted(answer) => return Ok(answer),
            Self::Declined => {
                "the user declined to answer what the tool asked; do not call it again unless they ask for it"
            }
            Self::Cancelled => "the user closed what the tool asked without an answer",
        };
        Err(ToolError::new(ErrorCode::NotAnswered, message))
    }
}

impl<T: DeserializeOwned + Send> Answer for Elicited<T> {
    fn read(answer: &Value) -> Result<Self, String> {
        match answer["action"].as_str() {
            Some("accept") => T::deserialize(&answer["content"]).map(Self::Accepted).map_err(|error| error.to_string()),
            Some("decline") => Ok(Self::Declined),
            Some("cancel") => Ok(Self::Cancelled),
            _ => Err("`action` is neither `accept` nor `decline` nor `cancel`".to_owned()),
        }
    }
}

/// What a client's model said to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sampled {
    /// Its words.
    pub text: String,
    /// Whose words they are.
    pub role: Role,
    /// Which model said them, as the client calls it.
    pub model: String,
    /// Why it stopped, as `endTurn` or `maxTokens`, where the client tells.
    pub stop_reason: Option<String>,
}

/// Who says something in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Answer for Sampled {
    fn read(answer: &Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Said {
            role: Role,
            content: Value,
            model: String,
            stop_reason: Option<String>,
        }
        let Said { role, content, model, stop_reason } =
            Said::deserialize(answer).map_err(|error| error.to_string())?;
        let blocks = match &content {
            Value::Array(blocks) => blocks.as_slice(),
            block => std::slice::from_ref(block),
        };
        let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
        if texts.is_empty() {
            return Err("`content` has no text".to_owned());
        }
        Ok(Self { text: texts.join("\n"), role, model, stop_reason })
    }
}

/// The folders and files that a client works on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Roots {
    /// Each of them, in the client's order.
    pub roots: Vec<Root>,
}

/// A folder or a file that a client works on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Root {
    /// Its URI, of the scheme `file`.
    pub uri: String,
    /// Its name for people, where the client has one.
    pub name: Option<String>,
}

impl Answer for Roots {
    fn read(answer: &Value) -> Result<Self, String> {
        Self::deserialize(answer).map_err(|error| error.to_string())
    }
}
