//! Which of what a credential reaches a call is about: the step between who calls and the scopes, where
//! grants are bound to the values of a binding.

use std::sync::Arc;

use serde_json::{Map, Value};
use toolwright_core::{ErrorCode, ScopeSet};

use crate::{
    BoundGrants, BoundValue, Grants, ServerSpec, ToolError,
    arguments::Schemas,
    caller::Caller,
    shortened::shortened,
    spec::{BindingSource, BindingSpec, ToolSpec},
};

/// How many values a message names: a credential can reach any number.
const MOST_NAMED: usize = 20;

/// Somebody who calls, and what about. The authorization is asked with the grants for exactly that.
#[derive(Debug, Clone)]
pub(crate) struct About {
    caller: Arc<Caller>,
    value: Option<BoundValue>,
}

impl About {
    /// Nothing in particular, as a list: it is enough that the credential allows something for one of the
    /// values that it reaches.
    pub(crate) fn anything(caller: &Arc<Caller>) -> Self {
        Self { caller: Arc::clone(caller), value: None }
    }

    /// What a call of a tool is about. The argument that names it is taken out: the handler is told by the
    /// call alone.
    ///
    /// # Errors
    /// What the caller is told instead of a result: the argument is not one, the credential does not reach what
    /// it names, or nothing is named and the credential does not say which is meant.
    pub(crate) fn of_call(
        server: &ServerSpec,
        schemas: &Schemas,
        caller: &Arc<Caller>,
        tool: &ToolSpec,
        arguments: &mut Map<String, Value>,
    ) -> Result<Self, ToolError> {
        let Some(binding) = server.bound().filter(|_| !tool.requirement.is_session()) else {
            return Ok(Self::anything(caller));
        };
        let Grants::Bound(reached) = &caller.identity().grants else {
            return Err(ToolError::internal("the verifier does not say what the credential reaches"));
        };
        let reached = Reached { server, binding, grants: reached };
        let given = match binding.from {
            BindingSource::Argument => arguments.get(binding.name),
            BindingSource::Credential | BindingSource::Path(_) => None,
        };
        let value = match given {
            None => reached.meant()?,
            Some(Value::String(named)) if !named.is_empty() => reached.named(named)?,
            // The schema says what it has to be, and does not take this.
            Some(_) => {
                let faults = schemas.check(tool, std::mem::take(arguments)).err();
                return Err(faults.unwrap_or_else(|| ToolError::internal("the schema takes what names nothing")));
            }
        };
        let value = value.clone();
        if binding.from == BindingSource::Argument {
            arguments.shift_remove(binding.name);
        }
        Ok(Self { caller: Arc::clone(caller), value: Some(value) })
    }

    /// Everything that calls of a tool can be about.
    pub(crate) fn each(server: &ServerSpec, caller: &Arc<Caller>, tool: &ToolSpec) -> Vec<Self> {
        let about = |value: &BoundValue| Self { caller: Arc::clone(caller), value: Some(value.clone()) };
        match &caller.identity().grants {
            Grants::Bound(reached) if server.bound().is_some() && !tool.requirement.is_session() => {
                reached.values().iter().map(about).collect()
            }
            Grants::Bound(_) | Grants::Whole(_) => vec![Self::anything(caller)],
        }
    }

    pub(crate) fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// What it is about, by its id: an account, or another value of the binding.
    pub(crate) fn id(&self) -> Option<&str> {
        self.value.as_ref().map(|value| value.id.as_str()).or_else(|| self.caller.account())
    }

    /// The value of the binding.
    pub(crate) fn value(&self) -> Option<&BoundValue> {
        self.value.as_ref()
    }

    /// The scopes that are held: one set, or, about anything, one for each value.
    pub(crate) fn held(&self) -> Vec<ScopeSet> {
        match &self.value {
            Some(value) => vec![value.scopes],
            None => self.caller.identity().grants.sets().collect(),
        }
    }
}

/// What a credential reaches, and the words for it.
struct Reached<'a> {
    server: &'a ServerSpec,
    binding: &'a BindingSpec,
    grants: &'a BoundGrants,
}

impl<'a> Reached<'a> {
    /// The value of a call that names none.
    fn meant(&self) -> Result<&'a BoundValue, ToolError> {
        if let [only] = self.grants.values() {
            return Ok(only);
        }
        self.grants.default_value().ok_or_else(|| self.required())
    }

    /// The value with this id or name. What the credential does not reach is not looked for, so that nobody
    /// learns whether it exists.
    fn named(&self, named: &str) -> Result<&'a BoundValue, ToolError> {
        let values = self.grants.values();
        if let Some(value) = values.iter().find(|value| value.id == named) {
            return Ok(value);
        }
        let lower = named.to_lowercase();
        let is_called = |value: &&BoundValue| value.name.as_deref() == Some(named);
        let is_nearly_called =
            |value: &&BoundValue| value.name.as_ref().is_some_and(|name| name.to_lowercase() == lower);
        let mut called: Vec<&BoundValue> = values.iter().filter(is_called).collect();
        if called.is_empty() {
            called = values.iter().filter(is_nearly_called).collect();
        }
        match called.as_slice() {
            [only] => Ok(only),
            several => Err(self.not_found(named, several)),
        }
    }

    fn required(&self) -> ToolError {
        let (credential, words) = (self.server.credential.name, self.binding.words());
        let heading = self.binding.heading();
        let message = match (self.grants.values(), self.binding.from) {
            ([], _) => format!("{heading} ID is required: this {credential} reaches no {words}. Use one that does"),
            (values, BindingSource::Argument) => format!(
                "{heading} ID is required: this {credential} reaches more than one {words} and has no default. Name \
                 one in `{}`: {}",
                self.binding.name,
                listed(values.iter())
            ),
            (_, BindingSource::Credential | BindingSource::Path(_)) => format!(
                "{heading} ID is required: this {credential} reaches more than one {words} and has no default. Use \
                 one that reaches only one {words}, or that has a default"
            ),
        };
        ToolError::new(ErrorCode::BindingRequired, message)
    }

    fn not_found(&self, named: &str, called: &[&BoundValue]) -> ToolError {
        let (credential, words, shown) = (self.server.credential.name, self.binding.words(), shortened(named));
        let what = if called.is_empty() {
            let all = match self.grants.values() {
                [] => "none".to_owned(),
                values => listed(values.iter()),
            };
            format!(
                "this {credential} reaches no {words} with the id or the name `{shown}`. It reaches {all}; for another \
                 one, use another {credential}"
            )
        } else {
            format!("more than one {words} is called `{shown}`. Name one by its id: {}", listed(called.iter().copied()))
        };
        ToolError::new(ErrorCode::BindingNotFound, format!("{} not found: {what}", self.binding.heading()))
    }
}

/// Values by their ids, each with its name.
fn listed<'v>(values: impl ExactSizeIterator<Item = &'v BoundValue>) -> String {
    let more = values.len().saturating_sub(MOST_NAMED);
    let mut shown: Vec<String> = values.take(MOST_NAMED).map(in_words).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// A value as people and models are told of it.
pub(crate) fn in_words(value: &BoundValue) -> String {
    let id = shortened(&value.id);
    value.name.as_ref().map_or_else(|| format!("`{id}`"), |name| format!("`{id}` ({})", shortened(name)))
}
