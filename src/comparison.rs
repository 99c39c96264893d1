//! Whether the manifest and the API that it forwards to agree on who may call what: every tool is called with
//! every key, and the scopes of the manifest are held against what the API allows.
//!
//! The API is asked also for what the manifest refuses, so that the gate has to be set aside
//! ([`gate::set_aside`]). That takes a [`Comparison`], which owns the verifier and the handlers of its process: the
//! process that has one has no [`crate::server::Server`], and nothing that came over a wire ever meets one.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

use crate::operations::traces::Parent;
use crate::{
    Grants, Handlers, Secrets, ServerSpec, ToolError,
    about::{About, in_words},
    caller::{Caller, Named},
    changes::Changes,
    confirmation::Confirmed,
    conversation::{Capabilities, Conversation},
    credential::{Presented, Verifier},
    gate,
    limits::Slot,
    refusal::Refusal,
    runner::Runner,
    spec::{CaseSpec, ToolSpec, VerifySpec},
};

/// A process that compares, and serves nobody.
pub(crate) struct Comparison {
    spec: &'static ServerSpec,
    verifier: Verifier,
    secrets: Secrets,
    runner: Runner,
}

/// What came of one call.
pub(crate) struct Finding {
    pub(crate) tool: &'static str,
    /// Where the key came from; never the key itself.
    pub(crate) key: String,
    /// What the call was about, by its id.
    pub(crate) about: Option<String>,
    /// The same, as people are told of it.
    about_in_words: Option<String>,
    /// Whether the manifest allows it; if not, what is missing.
    pub(crate) expected: Result<(), Vec<&'static str>>,
    pub(crate) found: Verdict,
}

/// What the API said of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did what was asked, or could have been asked for it in another state.
    Allowed,
    /// It refused, since the key may not.
    Refused,
    /// It cannot be told from this answer.
    Unclear(String),
    /// The tool was not called: it asks its client while it runs, and nobody is here who could answer.
    NotAsked,
}

impl Verdict {
    /// By the answer of the handler. What is not known to come after the API's verdict is none.
    fn of(answer: Option<Result<Value, ToolError>>) -> Self {
        let error = match answer {
            Some(Ok(_)) => return Self::Allowed,
            Some(Err(error)) => error,
            None => return Self::Unclear("the call was stopped".to_owned()),
        };
        match error.code() {
            ErrorCode::InsufficientScope => Self::Refused,
            ErrorCode::InvalidArguments | ErrorCode::NotFound | ErrorCode::WrongState | ErrorCode::OutOfCredits => {
                Self::Allowed
            }
            _ => Self::Unclear(error.to_string()),
        }
    }

    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Unclear(_) => "unclear",
            Self::NotAsked => "not asked",
        }
    }
}

impl Finding {
    pub(crate) fn expected_in_words(&self) -> &'static str {
        if self.expected.is_ok() { "allowed" } else { "refused" }
    }

    /// Where the two differ, what that is and what to change.
    pub(crate) fn difference(&self) -> Option<String> {
        let Self { tool, key, about: _, about_in_words, expected, found } = self;
        let about = about_in_words.as_ref().map(|about| format!(" about {about}")).unwrap_or_default();
        let call = format!("`{tool}` with {key}{about}");
        match (expected, found) {
            (Ok(()), Verdict::Allowed) | (Err(_), Verdict::Refused) | (_, Verdict::NotAsked) => None,
            (Err(missing), Verdict::Allowed) => Some(format!(
                "{call}: expected refused, found allowed. The manifest asks for {}, which the key does not hold, and the \
                 API asks for less: correct `scope` of `{tool}` in the manifest, or have the API refuse it.",
                missing.join(" and ")
            )),
            (Ok(()), Verdict::Refused) => Some(format!(
                "{call}: expected allowed, found refused. The key holds what the manifest asks for, and the API asks for \
                 more: correct `scope` of `{tool}` in the manifest, or have the API allow it."
            )),
            (_, Verdict::Unclear(why)) => Some(format!(
                "{call}: expected {}, found no verdict ({why}). Mend what kept the API from one, or the first example of \
                 `{tool}` in the manifest, and compare again.",
                self.expected_in_words()
            )),
        }
    }
}

impl Comparison {
    pub(crate) fn new(spec: &'static ServerSpec, verifier: Verifier, secrets: Secrets, handlers: Handlers) -> Self {
        Self {
            spec,
            verifier,
            secrets,
            runner: Runner::new(spec, handlers, Arc::default(), Arc::new(Changes::new(spec))),
        }
    }

    /// Calls every tool with a key, about everything that the key reaches. What writes is written.
    ///
    /// # Errors
    /// When the key is not good, or reaches nothing that calls could be about.
    pub(crate) async fn of_key(&self, name: &str, key: &str) -> anyhow::Result<Vec<Finding>> {
        let refused = |refusal: Refusal| anyhow!("the key in {name} cannot be used: {}", refusal.message());
        let caller = self.caller(key).await.map_err(refused)?;
        if let (Some(binding), Grants::Bound(reached)) = (self.spec.bound(), &caller.identity().grants) {
            let words = binding.words();
            ensure!(
                !reached.values().is_empty(),
                "the key in {name} reaches no {words}: nothing can be compared with it"
            );
        }
        let mut findings = Vec::new();
        for case in self.cases() {
            let (tool, arguments) = self.arguments(case)?;
            for about in About::each(self.spec, &caller, tool) {
                findings.push(self.call(name, tool, &about, arguments.clone()).await);
            }
        }
        Ok(findings)
    }

    async fn caller(&self, key: &str) -> Result<Arc<Caller>, Refusal> {
        let authenticated = self.verifier.authenticate(self.spec, Presented::Bearer(key)).await?;
        let accounts = self.verifier.accounts();
        Caller::resolve(self.spec, accounts, &self.secrets, authenticated, Named::Only).await.map(Arc::new)
    }

    fn cases(&self) -> &'static [CaseSpec] {
        match &self.spec.credential.verify {
            VerifySpec::Tokens(_) | VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => &[],
            VerifySpec::Upstream(upstream) => upstream.cases,
        }
    }

    /// The arguments of a case without the one that says what a call is about: it is said otherwise here.
    fn arguments(&self, case: &CaseSpec) -> anyhow::Result<(&'static ToolSpec, Map<String, Value>)> {
        let mut arguments: Map<String, Value> =
            serde_json::from_str(case.input).context("a generated case is broken")?;
        if let Some(binding) = self.spec.bound() {
            arguments.shift_remove(binding.name);
        }
        Ok((case.tool, arguments))
    }

    async fn call(&self, key: &str, tool: &'static ToolSpec, about: &About, arguments: Map<String, Value>) -> Finding {
        let expected = gate::admit(self.spec, about, tool);
        let found = if Capabilities::default().lacks(tool.asks).is_some() {
            Verdict::NotAsked
        } else {
            Verdict::of(self.answer(tool, about, arguments).await)
        };
        let value = about.value();
        Finding {
            tool: tool.name,
            key: key.to_owned(),
            about: value.map(|value| value.id.clone()),
            about_in_words: value.map(in_words),
            expected: expected.map(|_| ()).map_err(|denial| denial.missing(self.spec)),
            found,
        }
    }

    /// What the handler answers, with the gate set aside, and without a client that could be told or asked anything.
    async fn answer(
        &self,
        tool: &'static ToolSpec,
        about: &About,
        arguments: Map<String, Value>,
    ) -> Option<Result<Value, ToolError>> {
        let admitted = gate::set_aside(self, about, tool);
        let call = Confirmed::unasked(self, admitted, Value::Object(arguments));
        let conversation = Arc::new(Conversation::silent(tool, self.secrets.clone()));
        let (slot, cancelled) = (Slot::uncounted(self), CancellationToken::new());
        self.runner.run(call, conversation, slot, Parent::default(), cancelled).await
    }

    /// Waits for the calls that still run.
    pub(crate) async fn finish(&self) {
        self.runner.finished().await;
        self.verifier.finish().await;
    }
}
