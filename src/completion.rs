//! How an argument of a prompt goes on: with a word of its choice, or with what a tool lists.

use std::collections::HashSet;

use rmcp::model::CompletionInfo;
use serde_json::{Map, Value};
use toolwright_core::ErrorCode;

use crate::{ToolError, redaction::REDACTED, server::AdmittedCall, spec::CompletionSpec};

/// What an argument is completed from, and what was typed of it.
#[derive(Debug, Clone)]
pub(crate) struct Completion {
    pub(crate) from: Candidates,
    pub(crate) typed: String,
}

/// Where values come from.
#[derive(Debug, Clone)]
pub(crate) enum Candidates {
    /// They are declared.
    Declared(&'static [&'static str]),
    /// A tool lists them.
    Listed(&'static CompletionSpec, Result<AdmittedCall, ToolError>),
}

impl CompletionSpec {
    /// The arguments of the call that lists the values.
    ///
    /// # Errors
    /// When the declared input is no JSON object: the generated crate is not of this version.
    pub(crate) fn arguments(&self, typed: &str) -> serde_json::Result<Map<String, Value>> {
        let mut arguments: Map<String, Value> = serde_json::from_str(self.input)?;
        if let Some(argument) = self.takes(typed) {
            arguments.insert(argument.to_owned(), typed.into());
        }
        Ok(arguments)
    }

    /// The argument of the tool that takes this text.
    fn takes(&self, typed: &str) -> Option<&'static str> {
        self.typed.filter(|_| !typed.is_empty())
    }

    /// What is suggested upon the tool's answer.
    ///
    /// # Errors
    /// The tool's own. That it does not take what was typed is none: then nothing goes on like that.
    pub(crate) fn complete(&self, answer: Result<Value, ToolError>, typed: &str) -> Result<CompletionInfo, ToolError> {
        let result = match answer {
            Ok(result) => result,
            Err(error) if error.code() == ErrorCode::InvalidArguments && self.takes(typed).is_some() => Value::Null,
            Err(error) => return Err(error),
        };
        let values: Vec<&str> = follow(&result, self.values).into_iter().filter_map(Value::as_str).collect();
        // With a part kept back, it is no value any more.
        let whole = values.iter().copied().filter(|value| !value.contains(REDACTED));
        let mut shown = matching(whole, typed);
        if self.total_of(&result).is_some_and(|total| total > values.len()) {
            // Some of those that the tool did not list can go on like that too.
            shown.total = None;
            shown.has_more = Some(true);
        }
        Ok(shown)
    }

    fn total_of(&self, result: &Value) -> Option<usize> {
        let total = follow(result, self.total?).first()?.as_u64();
        total.and_then(|total| usize::try_from(total).ok())
    }
}

/// The values that begin with what was typed, in any case: each once, in their order, and as many as
/// the protocol allows.
pub(crate) fn matching<'v>(values: impl Iterator<Item = &'v str>, typed: &str) -> CompletionInfo {
    let typed = typed.to_lowercase();
    let mut seen = HashSet::new();
    let matching = values.filter(|value| value.to_lowercase().starts_with(&typed) && seen.insert(*value));
    let all: Vec<&str> = matching.collect();
    let mut shown = CompletionInfo::default();
    shown.total = u32::try_from(all.len()).ok();
    shown.has_more = Some(all.len() > CompletionInfo::MAX_VALUES);
    shown.values = all.into_iter().take(CompletionInfo::MAX_VALUES).map(str::to_owned).collect();
    shown
}

/// Everything at the end of a path; a list stands for each of its items.
fn follow<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    match (value, path) {
        (Value::Array(items), _) => items.iter().flat_map(|item| follow(item, path)).collect(),
        (value, []) => vec![value],
        (value, [step, rest @ ..]) => value.get(step).map(|next| follow(next, rest)).unwrap_or_default(),
    }
}
