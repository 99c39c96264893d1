//! An effect of a tool, as a row of a table.

use serde_json::{Value, json};

/// What is looked at in an answer.
pub(super) type Look = fn(&Value) -> Value;

/// That a tool changes something: another shows `before` until it was called, and then `after`. A
/// text such as `$run` in arguments stands for a value of an earlier answer.
pub(crate) struct Effect {
    pub(crate) given: Vec<Step>,
    pub(crate) by: (&'static str, Value),
    /// A name for a value of the answer, and its place.
    pub(crate) keeps: Option<(&'static str, &'static str)>,
    /// What the audit log has of it: the action, and the name of the value that is the object's id.
    pub(crate) recorded: Option<(&'static str, &'static str)>,
    pub(super) shown_by: (&'static str, Value),
    pub(super) look: Look,
    /// `null` where the tool that shows it finds nothing yet.
    pub(super) before: Value,
    pub(super) after: Value,
}

/// What is done first.
#[derive(Clone)]
pub(crate) enum Step {
    /// A call; a name for a value of its answer, and its place.
    Keep(&'static str, Value, &'static str, &'static str),
    /// Calls until the answer has this value at this place.
    Until(&'static str, Value, &'static str, &'static str),
    /// A change of the database, where no tool brings about what is needed.
    Change(&'static str),
}

/// The start of an effect: a call that changes something.
pub(super) fn by(tool: &'static str, arguments: Value) -> Effect {
    Effect {
        given: Vec::new(),
        by: (tool, arguments),
        keeps: None,
        recorded: None,
        shown_by: ("", Value::Null),
        look: Value::clone,
        before: Value::Null,
        after: Value::Null,
    }
}

impl Effect {
    pub(super) fn given(mut self, steps: Vec<Step>) -> Self {
        self.given = steps;
        self
    }

    pub(super) fn keeping(mut self, name: &'static str, place: &'static str) -> Self {
        self.keeps = Some((name, place));
        self
    }

    pub(super) fn recorded_as(mut self, action: &'static str, object: &'static str) -> Self {
        self.recorded = Some((action, object));
        self
    }

    pub(super) fn shown_by(
        self,
        tool: &'static str,
        arguments: Value,
        look: Look,
        before: Value,
        after: Value,
    ) -> Self {
        Self { shown_by: (tool, arguments), look, before, after, ..self }
    }

    /// The tools that show something of it: the one that shows the change, and those whose answer
    /// the call takes up.
    pub(super) fn shows(&self) -> impl Iterator<Item = &'static str> {
        let taken_up = self.given.iter().filter_map(|step| match step {
            Step::Keep(tool, _, name, _) if self.by.1.to_string().contains(&json!(name).to_string()) => Some(*tool),
            _ => None,
        });
        taken_up.chain([self.shown_by.0])
    }
}
