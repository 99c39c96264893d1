//! The one place that asks whether a caller may call a tool, use a prompt or read a resource.
//!
//! [`admit`] is the only way to an [`Admitted`] where anybody is served; the other one, [`set_aside`], takes what no
//! process has that serves. A [`crate::Call`] is made of an admitted tool, and
//! handlers take a `Call`; the messages of a prompt are made of an admitted prompt. So the compiler
//! holds that no path leads around the authorization.

use serde_json::{Value, json};
use toolwright_core::{Clause, Missing, Requirement, ScopeId, ScopeSet, Scopes, authorize};

use crate::{
    BoundValue, ServerSpec,
    about::{About, in_words},
    comparison::Comparison,
    spec::{BindingSpec, PromptSpec, ResourceSpec, ToolSpec},
};

/// What a caller can ask for, if they hold what it requires.
pub(crate) trait Operation: 'static {
    /// Name on the wire.
    fn name(&self) -> &'static str;
    /// What a caller must hold.
    fn requirement(&self) -> &Requirement;
}

impl Operation for ToolSpec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

impl Operation for PromptSpec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

impl Operation for ResourceSpec {
    fn name(&self) -> &'static str {
        self.name
    }

    fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

/// That one caller may have one operation, about one thing.
#[derive(Debug)]
pub(crate) struct Admitted<O: Operation> {
    operation: &'static O,
    about: About,
}

impl<O: Operation> Clone for Admitted<O> {
    fn clone(&self) -> Self {
        Self { operation: self.operation, about: self.about.clone() }
    }
}

impl<O: Operation> Admitted<O> {
    pub(crate) fn operation(&self) -> &'static O {
        self.operation
    }

    pub(crate) fn about(&self) -> &About {
        &self.about
    }
}

/// That a caller may not have an operation, and which scopes would change that.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    operation: &'static str,
    required: &'static Requirement,
    about: About,
    held: ScopeSet,
    missing: Missing,
}

/// Decides whether the caller may have the operation, for every transport and for the lists.
pub(crate) fn admit<O: Operation>(
    server: &ServerSpec,
    about: &About,
    operation: &'static O,
) -> Result<Admitted<O>, Denial> {
    let required = operation.requirement();
    let verdict = |held| authorize(server.scopes(), required, held).map_err(|missing| (held, missing));
    // Who reaches nothing holds nothing. One of the values is enough; with none, the refusal is about the
    // one that lacks least.
    let nearer = |best: Result<(), (ScopeSet, Missing)>, held| match (&best, verdict(held)) {
        (Err((_, missing)), Err((_, less))) if less.0.len() > missing.0.len() => best,
        (Ok(()), _) => best,
        (Err(_), next) => next,
    };
    let about = about.clone();
    match about.held().into_iter().fold(verdict(ScopeSet::EMPTY), nearer) {
        Ok(()) => Ok(Admitted { operation, about }),
        Err((held, missing)) => Err(Denial { operation: operation.name(), required, about, held, missing }),
    }
}

/// Admits without asking, for the command that holds the manifest's scopes against the verdict of an API: it has to
/// see what the API says to those whom this gate would stop. Where there is a [`Comparison`], nobody is served.
pub(crate) fn set_aside(_: &Comparison, about: &About, operation: &'static ToolSpec) -> Admitted<ToolSpec> {
    Admitted { operation, about: about.clone() }
}

impl Denial {
    /// The scopes that would have been enough.
    pub(crate) fn missing(&self, server: &ServerSpec) -> Vec<&'static str> {
        self.missing.0.iter().map(|id| name(server.scopes(), *id)).collect()
    }

    /// The scopes that the operation takes: of alternatives the one that is held, or else the first.
    pub(crate) fn needed(&self, server: &ServerSpec) -> Vec<&'static str> {
        let held = server.scopes().widen(self.held);
        let one = |clause: &Clause| {
            let alternatives = clause.alternatives();
            alternatives.iter().find(|id| held.contains(**id)).or(alternatives.first()).copied()
        };
        let ids: ScopeSet = self.required.clauses().iter().filter_map(one).collect();
        server.scopes().names(ids).collect()
    }

    /// The scopes that the credential was given for what this is about.
    fn held(&self, server: &ServerSpec) -> Vec<&'static str> {
        server.scopes().names(self.held).collect()
    }

    /// What the refusal says, for people and models.
    pub(crate) fn message(&self, server: &ServerSpec) -> String {
        let missing = self.missing(server);
        let held = self.held(server);
        let for_value =
            self.value(server).map(|(binding, value)| format!(" for the {} {}", binding.words(), in_words(value)));
        format!(
            "`{operation}` needs the {scopes} {missing}, which this {credential} does not hold{for_value} (it holds: {held}).",
            operation = self.operation,
            scopes = if missing.len() == 1 { "scope" } else { "scopes" },
            missing = missing.join(" and "),
            credential = server.credential.name,
            for_value = for_value.unwrap_or_default(),
            held = if held.is_empty() { "none".to_owned() } else { held.join(", ") },
        )
    }

    /// What the refusal says, for programs.
    pub(crate) fn data(&self, server: &ServerSpec) -> Value {
        let mut data = json!({
            "operation": self.operation,
            "required": required(server.scopes(), self.required),
            "missing": self.missing(server),
            "held": self.held(server),
            "create_at": server.credential.create_at,
        });
        if let Some((binding, value)) = self.value(server) {
            data[binding.name] = value.id.as_str().into();
        }
        data
    }

    fn value<'s>(&'s self, server: &'s ServerSpec) -> Option<(&'s BindingSpec, &'s BoundValue)> {
        Some((server.bound()?, self.about.value()?))
    }
}

fn name(scopes: Scopes<'static>, id: ScopeId) -> &'static str {
    scopes.get(id).name.as_ref()
}

/// The requirement as a manifest writes it: names that are all needed, and `any_of` where one of
/// several is enough.
fn required(scopes: Scopes<'static>, requirement: &Requirement) -> Value {
    requirement
        .clauses()
        .iter()
        .map(|clause| match clause.alternatives() {
            [only] => json!(name(scopes, *only)),
            several => json!({ "any_of": several.iter().map(|id| name(scopes, *id)).collect::<Vec<_>>() }),
        })
        .collect()
}
