//! What fills a prompt: arguments that were given, and what a person is asked for beside them.

use std::collections::BTreeMap;

use rmcp::model::{InputRequests, InputRequiredResult};
use serde_json::{Map, Value};

use super::{Prompts, form::Outcome, unknown};
use crate::{
    conversation::declared_capabilities,
    envelope::inline_version,
    gate::Admitted,
    shortened::shortened,
    spec::{ArgumentValues, PromptArgumentSpec, PromptSpec},
};

/// How many arguments that a prompt does not have are named: a caller can send any number.
const MOST_UNKNOWN: usize = 8;

/// What fills the gaps, by name: texts, numbers and booleans. An empty text is as good as none: forms send it for a
/// field that was left alone.
pub(super) type Arguments = BTreeMap<&'static str, Value>;

/// An authorized prompt, with arguments that fill it, or with what a person is to be asked for first.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedPrompt {
    admitted: Admitted<PromptSpec>,
    arguments: Arguments,
    questions: InputRequests,
}

/// What a request says of asking, beside the arguments of its prompt. In the older revisions nobody is asked for a
/// prompt: what is missing can be given as an argument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    /// Whether requests of its revision say themselves what their client can do.
    pub(super) is_stateless: bool,
    /// Whether the client can show a person a form.
    pub(super) can_ask: bool,
    /// What came of the forms, by their keys.
    pub(super) given: Map<String, Value>,
}

/// Why a prompt is not given.
#[derive(Debug)]
pub(crate) enum Unfilled {
    /// The arguments do not fit: each fault is a sentence that names its argument.
    Faults(Vec<String>),
    /// The client cannot be asked for what is missing; what it says of that.
    CannotAsk(String),
    /// The server's own fault, for its log.
    Broken(String),
}

impl Answers {
    pub(crate) fn of(params: &Map<String, Value>) -> Self {
        let is_stateless = inline_version(params).is_some();
        Self {
            is_stateless,
            can_ask: is_stateless && declared_capabilities(params).forms,
            given: params.get("inputResponses").and_then(Value::as_object).cloned().unwrap_or_default(),
        }
    }
}

impl Prompts {
    /// Holds the arguments and the answers against the prompt.
    ///
    /// # Errors
    /// Every fault at once, or that a client cannot be asked.
    pub(crate) fn fill(
        &self,
        admitted: Admitted<PromptSpec>,
        given: &Map<String, Value>,
        answers: &Answers,
    ) -> Result<AdmittedPrompt, Unfilled> {
        let prompt = admitted.operation();
        let mut arguments = Arguments::new();
        let mut faults = Vec::new();
        for argument in prompt.arguments {
            match self.check(prompt, argument, given.get(argument.name)) {
                Ok(value) => arguments.extend(value.map(|value| (argument.name, value))),
                Err(fault) => faults.extend(fault),
            }
        }
        let declared = |name: &str| prompt.arguments.iter().any(|argument| argument.name == name);
        faults.extend(given.keys().filter(|name| !declared(name)).take(MOST_UNKNOWN).map(|name| unknown(prompt, name)));
        if !faults.is_empty() {
            return Err(Unfilled::Faults(faults));
        }
        let mut questions = InputRequests::new();
        let given = arguments.clone();
        for form in self.forms(prompt) {
            match form.fill(prompt, &given, answers)? {
                Outcome::Filled(fields) => arguments.extend(fields),
                Outcome::Asked(question) => drop(questions.insert(form.key().to_owned(), *question)),
            }
        }
        Ok(AdmittedPrompt { admitted, arguments, questions })
    }

    /// What was given for an argument, if anything was.
    fn check(
        &self,
        prompt: &PromptSpec,
        argument: &PromptArgumentSpec,
        given: Option<&Value>,
    ) -> Result<Option<Value>, Vec<String>> {
        let PromptArgumentSpec { name, required, values } = argument;
        let text = match given {
            None => "",
            Some(Value::String(text)) => text,
            Some(_) => return Err(vec![format!("`{name}` is not text.")]),
        };
        if text.is_empty() {
            return if *required { Err(vec![format!("`{name}` is missing.")]) } else { Ok(None) };
        }
        match values {
            ArgumentValues::Words(words) if !words.contains(&text) => {
                return Err(vec![format!(
                    "`{name}` is one of `{}`, and not `{}`.",
                    words.join("`, `"),
                    shortened(text)
                )]);
            }
            ArgumentValues::Words(_) | ArgumentValues::Text | ArgumentValues::Listed(_) => {}
        }
        match self.forms(prompt).iter().find_map(|form| form.field(name)) {
            Some(field) => field.parse(text).map(Some),
            None => Ok(Some(text.into())),
        }
    }
}

impl AdmittedPrompt {
    pub(crate) fn name(&self) -> &'static str {
        self.spec().name
    }

    pub(super) fn spec(&self) -> &'static PromptSpec {
        self.admitted.operation()
    }

    pub(super) fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// What the client is to ask a person first. Nothing is done before, so that there is no state to bring back.
    pub(crate) fn asks(&self) -> Option<InputRequiredResult> {
        (!self.questions.is_empty()).then(|| InputRequiredResult::from_input_requests(self.questions.clone()))
    }
}
