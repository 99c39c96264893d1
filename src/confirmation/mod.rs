//! That a person agrees to a call before it runs, where its tool asks a question.
//!
//! Asked is after the authorization and after the arguments were found valid, and before the handler. A client
//! of a stateless revision that shows forms is told to ask, and sends the answer with the state that it was given. With any
//! other, the call is refused with words for its model and a text that confirms the next one, as the argument
//! `confirmation`. Either way nothing is stored: see [`crate::seal`].

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rmcp::model::{
    BooleanSchema, ElicitRequest, ElicitRequestParams, ElicitationSchema, InputRequest, InputRequests,
    InputRequiredResult, PrimitiveSchemaDefinition,
};
use serde_json::{Map, Value};
use toolwright_core::{
    ErrorCode,
    confirmation::{ARGUMENT, LIFETIME_SECONDS},
};

use crate::{
    Secrets, ServerSpec, ToolError,
    comparison::Comparison,
    conversation::declared_capabilities,
    envelope::inline_version,
    gate::Admitted,
    question::{Questions, code},
    seal::{Purpose, Seal, Sealed},
    spec::ToolSpec,
};

/// The one input that is asked for, and the one property of its form.
const INPUT: &str = "confirmation";
const AGREED: &str = "agreed";

/// What a request says of a confirmation, beside the arguments of its call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// Whether the client can ask a person.
    can_ask: bool,
    /// What it was given when it was told to ask.
    state: Option<String>,
    /// Whether the person has agreed, once they were asked.
    agreed: Option<bool>,
}

impl Said {
    pub(crate) fn of(params: &Map<String, Value>) -> Self {
        let answer = params.get("inputResponses").and_then(|answers| answers.get(INPUT));
        Self {
            can_ask: inline_version(params).is_some() && declared_capabilities(params).forms,
            state: params.get("requestState").and_then(Value::as_str).map(str::to_owned),
            agreed: answer.map(|answer| answer["action"] == "accept" && answer["content"][AGREED] == true),
        }
    }
}

/// A call that can run: [`Confirmations::check`] alone makes one where anybody is served, and handlers run for nothing
/// else.
#[derive(Debug)]
pub(crate) struct Confirmed {
    admitted: Admitted<ToolSpec>,
    arguments: Value,
}

impl Confirmed {
    /// A call that nobody was asked about, for the command that compares who may call what, as
    /// [`crate::gate::set_aside`].
    pub(crate) fn unasked(_: &Comparison, admitted: Admitted<ToolSpec>, arguments: Value) -> Self {
        Self { admitted, arguments }
    }

    /// What is called.
    pub(crate) fn admitted(&self) -> &Admitted<ToolSpec> {
        &self.admitted
    }

    /// The arguments, without what confirms them.
    pub(crate) fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// The call, and the arguments as the tool's input type takes them.
    pub(crate) fn into_parts(self) -> (Admitted<ToolSpec>, Value) {
        (self.admitted, self.arguments)
    }
}

/// Why a call does not run.
#[derive(Debug)]
pub(crate) enum Unconfirmed {
    /// The client is to ask a person.
    Ask(Box<InputRequiredResult>),
    /// The model is told why, and how it goes on where it can; that has a text in it that must stay as it is.
    Tell { error: ToolError, next: Option<String> },
    /// What the client sent back is not what it was given for this call.
    ForeignState,
}

/// Whether calls are confirmed.
#[derive(Debug)]
pub(crate) struct Confirmations {
    server: &'static ServerSpec,
    questions: Arc<Questions>,
}

impl Confirmations {
    pub(crate) fn new(server: &'static ServerSpec, questions: Arc<Questions>) -> Self {
        Self { server, questions }
    }

    /// Whether a call can run, at a time in seconds. Its arguments are valid; what confirms them is taken out.
    ///
    /// # Errors
    /// What is to be done first.
    pub(crate) fn check(
        &self,
        admitted: Admitted<ToolSpec>,
        mut arguments: Value,
        said: &Said,
        secrets: &Secrets,
        now: i64,
    ) -> Result<Confirmed, Unconfirmed> {
        if admitted.operation().question.is_some() {
            let brought = arguments.as_object_mut().and_then(|arguments| arguments.shift_remove(ARGUMENT));
            self.agreed(&admitted, &arguments, brought.as_ref(), said, secrets, now)?;
        }
        Ok(Confirmed { admitted, arguments })
    }

    /// Whether a person has agreed to this call.
    fn agreed(
        &self,
        call: &Admitted<ToolSpec>,
        arguments: &Value,
        brought: Option<&Value>,
        said: &Said,
        secrets: &Secrets,
        now: i64,
    ) -> Result<(), Unconfirmed> {
        let (tool, about) = (call.operation(), call.about());
        let purpose = if said.can_ask { Purpose::ClientConfirms } else { Purpose::ModelConfirms };
        let seal = Seal::of(about.caller().credential(), purpose);
        let sealed = Sealed::of(self.server, tool, about, arguments);
        let ask = || self.ask(call, arguments, secrets).map_err(ToolError::internal);
        if said.can_ask {
            match (&said.state, said.agreed) {
                (Some(state), _) if !seal.opens(state, sealed, now) => Err(Unconfirmed::ForeignState),
                (Some(_), Some(true)) => Ok(()),
                (Some(_), Some(false)) => Err(declined()),
                (Some(_) | None, _) => Err(asked(ask()?, seal.close(sealed, now))),
            }
        } else {
            let why = match brought.and_then(Value::as_str) {
                Some(text) if seal.opens(text, sealed, now) => return Ok(()),
                Some(_) => "what came as `confirmation` is not for this call with these arguments, or too old",
                None => "nobody has agreed to this call yet",
            };
            Err(told(tool, why, &ask()?, &seal.close(sealed, now)))
        }
    }
}

impl Confirmations {
    /// The question, with what the call costs and which of what the credential reaches it is about.
    fn ask(&self, call: &Admitted<ToolSpec>, arguments: &Value, secrets: &Secrets) -> Result<String, minijinja::Error> {
        let tool = call.operation();
        let costs = tool.costs.map(|costs| format!("It costs {costs}."));
        let bound = self.server.bound().zip(call.about().value());
        let bound = bound.map(|(binding, value)| {
            let name = value.name.as_ref().map(|name| format!(" ({})", code(name))).unwrap_or_default();
            format!("{}: {}{name}.", binding.heading(), code(&value.id))
        });
        let question = self.questions.about(tool, arguments, secrets)?;
        Ok([question].into_iter().chain(costs).chain(bound).collect::<Vec<_>>().join(" "))
    }
}

impl Unconfirmed {
    /// What is told where nobody can be asked.
    pub(crate) fn into_error(self) -> ToolError {
        match self {
            Self::Tell { error, next: _ } => error,
            Self::Ask(_) | Self::ForeignState => ToolError::internal("a call that nobody made asks for a confirmation"),
        }
    }
}

impl From<ToolError> for Unconfirmed {
    fn from(error: ToolError) -> Self {
        Self::Tell { error, next: None }
    }
}

fn declined() -> Unconfirmed {
    let message = "the user has not agreed, and nothing was done. Do not call this again unless they ask for it";
    ToolError::new(ErrorCode::NotConfirmed, message).into()
}

/// What makes the client ask.
fn asked(question: String, state: String) -> Unconfirmed {
    let agreed = PrimitiveSchemaDefinition::Boolean(BooleanSchema::new().title("I agree"));
    let schema = ElicitationSchema::new([(AGREED.to_owned(), agreed)].into()).with_required(vec![AGREED.to_owned()]);
    let form = ElicitRequestParams::FormElicitationParams { meta: None, message: question, requested_schema: schema };
    let inputs = InputRequests::from([(INPUT.to_owned(), InputRequest::Elicitation(ElicitRequest::new(form)))]);
    Unconfirmed::Ask(Box::new(InputRequiredResult::new(Some(inputs), Some(state))))
}

/// What makes the model ask.
fn told(tool: &ToolSpec, why: &str, question: &str, text: &str) -> Unconfirmed {
    let next = format!(
        "Once they agree, call `{}` again with the same arguments and with `{ARGUMENT}` set to `{text}`, within {} \
         minutes. If they do not agree, leave it.",
        tool.name,
        LIFETIME_SECONDS / 60
    );
    let error = ToolError::new(ErrorCode::NotConfirmed, format!("{why}. Ask the user: {question}"));
    Unconfirmed::Tell { error, next: Some(next) }
}
