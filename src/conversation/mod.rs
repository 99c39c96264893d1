//! What is said between a request and its answer: how far a call is, what its tool logs, and what its handler asks the client for.
//!
//! Messages go into the request's [`outbox`], which its transport empties: over HTTP the answer is a stream then, over stdio
//! they are lines. How is asked depends on the revision: see [`rounds`] and [`waiting`].

mod answer;
mod ask;
mod capabilities;
mod forms;
mod log;
mod opening;
pub(crate) mod outbox;
mod progress;
mod rounds;
pub(crate) mod session;
mod waiting;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rmcp::model::{InputRequests, InputRequiredResult};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

use self::{
    ask::{Answers, Question},
    forms::Forms,
    outbox::Outbox,
    progress::Reports,
    rounds::{ByKey, Inputs, Rounds},
};
use crate::{
    Secrets, ServerSpec, ToolError,
    about::About,
    gate::Admitted,
    observation::Era,
    question::Questions,
    seal::{Purpose, Seal, Sealed},
    shortened::shortened,
    spec::{AskSpec, ToolSpec},
};

pub use answer::{Elicited, Role, Root, Roots, Sampled};
pub use ask::{Ask, Asks, Reworded};
pub(crate) use capabilities::{Capabilities, MissingCapabilities};
pub use log::Level;
pub(crate) use log::Levels;
pub(crate) use opening::{Client, Handshake, Opening, declared_capabilities, log_level};
pub use progress::Progress;
pub(crate) use waiting::{Asked, Waiting};

/// What the conversations of a server share.
#[derive(Debug)]
pub(crate) struct Conversations {
    server: &'static ServerSpec,
    questions: Arc<Questions>,
    forms: Forms,
    secrets: Secrets,
    /// What clients of the older revisions want to hear.
    pub(crate) levels: Levels,
    /// What they were asked.
    pub(crate) waiting: Waiting,
}

/// What is said about one call.
#[derive(Debug)]
pub(crate) struct Conversation {
    tool: &'static ToolSpec,
    outbox: Outbox,
    reports: Option<Reports>,
    level: Option<Level>,
    secrets: Secrets,
    capabilities: Capabilities,
    asking: Option<Asking>,
}

/// How a tool asks its client.
#[derive(Debug)]
struct Asking {
    shared: Arc<Conversations>,
    /// What stands in the gaps of its questions.
    arguments: Value,
    /// How often each question was asked.
    counts: Mutex<HashMap<&'static str, u32>>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// With the answer to the request, which comes again.
    Rounds { rounds: Rounds, seal: Box<Seal>, about: About },
    /// With requests of the server's own, before the answer.
    Requests { asked: Asked, until: Instant, cancelled: CancellationToken },
}

/// A question as it goes to the client.
struct Put {
    ask: &'static AskSpec,
    /// Its key on the wire. The second time that a call asks the same, it is another question.
    key: String,
    request: Value,
}

/// What a client sent back is not what it was given for this call.
#[derive(Debug)]
pub(crate) struct ForeignState;

impl Conversations {
    /// # Errors
    /// When a declared form is none: the generated crate is not of this version.
    pub(crate) fn new(
        server: &'static ServerSpec,
        questions: Arc<Questions>,
        secrets: Secrets,
    ) -> anyhow::Result<Self> {
        let forms = Forms::compile(server)?;
        Ok(Self { server, questions, forms, secrets, levels: Levels::default(), waiting: Waiting::default() })
    }

    /// Begins the conversation about a call with valid arguments, at a time in seconds.
    ///
    /// # Errors
    /// When the client sent back another state than the one that it was given for this call.
    pub(crate) fn begin(
        self: &Arc<Self>,
        call: &Admitted<ToolSpec>,
        arguments: &Value,
        opening: Opening,
        cancelled: &CancellationToken,
        now: i64,
    ) -> Result<Conversation, ForeignState> {
        let Opening { era, capabilities, inputs, outbox, progress_token, level } = opening;
        let tool = call.operation();
        let way = match era {
            _ if tool.asks.is_empty() => None,
            Era::Modern => Some(self.rounds(call, arguments, inputs, now)?),
            Era::Legacy => {
                let until = Instant::now() + patience(self.server.limits.call_seconds);
                let asked = Asked::from(&**call.about().caller());
                Some(Way::Requests { asked, until, cancelled: cancelled.clone() })
            }
        };
        let asking = way.map(|way| Asking {
            shared: Arc::clone(self),
            arguments: arguments.clone(),
            counts: Mutex::default(),
            way,
        });
        let reports = progress_token.map(Reports::wanted);
        Ok(Conversation { tool, outbox, reports, level, secrets: self.secrets.clone(), capabilities, asking })
    }

    fn rounds(
        &self,
        call: &Admitted<ToolSpec>,
        arguments: &Value,
        inputs: Inputs,
        now: i64,
    ) -> Result<Way, ForeignState> {
        let about = call.about().clone();
        let seal = Seal::of(about.caller().credential(), Purpose::Asked);
        let carried = match &inputs.state {
            // Answers without a state are a client's that knows the questions: they are its own either way.
            None => ByKey::new(),
            Some(state) => {
                let sealed = Sealed::of(self.server, call.operation(), &about, arguments);
                let carried = seal.open(state, sealed, now).ok_or(ForeignState)?;
                serde_json::from_slice(&carried).map_err(|_| ForeignState)?
            }
        };
        Ok(Way::Rounds { rounds: Rounds::new(inputs, carried), seal: Box::new(seal), about })
    }
}

/// How long a client has to answer: nine tenths of the call's time, so that the handler can still say so.
fn patience(call_seconds: u64) -> Duration {
    Duration::from_secs(call_seconds) * 9 / 10
}

impl Conversation {
    /// One with nobody, for the command that compares who may call what.
    pub(crate) fn silent(tool: &'static ToolSpec, secrets: Secrets) -> Self {
        let capabilities = Capabilities::default();
        Self { tool, outbox: Outbox::default(), reports: None, level: None, secrets, capabilities, asking: None }
    }

    pub(crate) fn progress(&self, progress: Progress) {
        let redact = |text: &str| self.secrets.redact_text(text).into_owned();
        if let Some(message) = self.reports.as_ref().and_then(|reports| reports.message(progress, redact)) {
            self.outbox.offer(&message);
        }
    }

    pub(crate) fn log(&self, level: Level, text: &str) {
        if !self.tool.logs {
            tracing::error!(tool = self.tool.name, "a tool logs to its client that does not declare `logs`");
        } else if self.level.is_some_and(|least| level >= least) {
            self.outbox.offer(&log::message(self.tool.name, level, &self.secrets.redact_text(text)));
        }
    }

    pub(crate) fn can_ask(&self, ask: &AskSpec) -> bool {
        self.asking.is_some() && self.capabilities.has(ask)
    }

    /// # Errors
    /// When an answer is missing, for whatever reason.
    pub(crate) async fn ask<A: Asks>(&self, asks: &A) -> Result<A::Answers, ToolError> {
        let questions = {
            let mut questions = Vec::new();
            asks.questions(&mut questions);
            if questions
                .iter()
                .enumerate()
                .any(|(place, question)| questions[..place].iter().any(|before| before.ask.key == question.ask.key))
            {
                return Err(ToolError::internal(format!("`{}` asks the same twice at once", self.tool.name)));
            }
            questions.iter().map(|question| self.put(question)).collect::<Result<Vec<_>, _>>()?
        };
        asks.read(&Answers(self.answers(&questions).await?))
    }

    /// A question in words.
    fn put(&self, question: &Question<'_>) -> Result<Put, ToolError> {
        let Question { ask, text } = *question;
        if !self.tool.asks.contains(&ask) {
            return Err(ToolError::internal(format!(
                "`{}` asks `{}`, which it does not declare",
                self.tool.name, ask.key
            )));
        }
        let Some(Asking { shared, arguments, counts, .. }) =
            self.asking.as_ref().filter(|_| self.capabilities.has(ask))
        else {
            return Err(missing(self.tool, &MissingCapabilities::only(ask)));
        };
        let text = match text {
            Some(text) => self.secrets.redact_text(text).into_owned(),
            None => shared.questions.asked(self.tool, ask, arguments, &self.secrets).map_err(ToolError::internal)?,
        };
        let time = {
            // A panic while the lock was held leaves counts that are as good as before.
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            let time = counts.entry(ask.key).or_default();
            *time += 1;
            *time
        };
        let key = if time == 1 { ask.key.to_owned() } else { format!("{}#{time}", ask.key) };
        Ok(Put { ask, key, request: shared.forms.request(self.tool, ask, &text) })
    }

    async fn answers(&self, questions: &[Put]) -> Result<ByKey, ToolError> {
        let Some(Asking { shared, way, .. }) = &self.asking else { return Ok(ByKey::new()) };
        let fit = |ask: &AskSpec, answer: &Value| shared.forms.fit(self.tool, ask, answer);
        match way {
            Way::Rounds { rounds, .. } => {
                let answered = |Put { ask, key, request }: &Put| {
                    let answer = rounds.answer(key, request, |answer| fit(ask, answer).ok())?;
                    Some((ask.key.to_owned(), answer))
                };
                // Every question is noted, also after one without an answer.
                let answers: Vec<_> = questions.iter().map(answered).collect();
                let answers: Option<ByKey> = answers.into_iter().collect();
                answers.ok_or_else(|| not_answered("the client is asked before the tool goes on"))
            }
            Way::Requests { asked, until, cancelled } => {
                let answers = self.request(&shared.waiting, asked, questions);
                let answers = tokio::select! {
                    answers = timeout_at(*until, answers) => answers,
                    () = cancelled.cancelled() => return Err(not_answered("the client has gone")),
                };
                let answers = answers.unwrap_or_else(|_| Err(not_answered("the client did not answer in time")))?;
                let mut fitting = ByKey::new();
                for (Put { ask, .. }, answer) in questions.iter().zip(answers) {
                    let why =
                        |why| not_answered(&format!("what the client answered to `{}` does not fit: {why}", ask.key));
                    fitting.insert(ask.key.to_owned(), fit(ask, &answer).map_err(why)?);
                }
                Ok(fitting)
            }
        }
    }

    /// Sends the questions, and waits until each is answered.
    async fn request(&self, waiting: &Waiting, asked: &Asked, questions: &[Put]) -> Result<Vec<Value>, ToolError> {
        let mut tickets = Vec::with_capacity(questions.len());
        for Put { ask, key: _, request } in questions {
            let ticket = waiting.open(asked.clone()).map_err(ToolError::internal)?;
            let mut message =
                Map::from_iter([("jsonrpc".to_owned(), json!("2.0")), ("id".to_owned(), json!(ticket.id))]);
            message.extend(request.as_object().cloned().unwrap_or_default());
            let sent = self.outbox.send(Value::Object(message).to_string()).await;
            sent.map_err(|_| not_answered("the client has gone"))?;
            tickets.push((ask.key, ticket));
        }
        let mut answers = Vec::with_capacity(tickets.len());
        for (key, mut ticket) in tickets {
            let outcome = ticket.answered().await.ok_or_else(|| not_answered("the client has gone"))?;
            answers.push(outcome.map_err(|error| {
                let said = shortened(error["message"].as_str().unwrap_or_default());
                not_answered(&format!("the client answered `{key}` with an error: `{said}`"))
            })?);
        }
        Ok(answers)
    }

    /// What the client is told that has to answer first, once the handler has asked and has given up for that; at a time in seconds.
    pub(crate) fn input_required(&self, error: &ToolError, now: i64) -> Option<InputRequiredResult> {
        let Asking { shared, arguments, way, .. } = self.asking.as_ref()?;
        let Way::Rounds { rounds, seal, about } = way else { return None };
        let (open, answered) = rounds.open().filter(|_| error.code() == ErrorCode::NotAnswered)?;
        let inputs: serde_json::Result<InputRequests> =
            open.into_iter().map(|(key, request)| Ok((key, serde_json::from_value(request)?))).collect();
        let inputs =
            inputs.inspect_err(|error| tracing::error!(%error, "a question is not one of the protocol")).ok()?;
        let carried = Value::Object(answered).to_string();
        let sealed = Sealed::of(shared.server, self.tool, about, arguments);
        let state = seal.close_on(carried.as_bytes(), sealed, now);
        Some(InputRequiredResult::new(Some(inputs), Some(state)))
    }
}

fn not_answered(why: &str) -> ToolError {
    ToolError::new(ErrorCode::NotAnswered, why)
}

/// What is told where a client cannot be asked.
pub(crate) fn missing(tool: &ToolSpec, lacking: &MissingCapabilities) -> ToolError {
    ToolError::new(ErrorCode::MissingCapability, lacking.message(tool.name))
}
