//! The one place that asks whether a caller may call a tool.
//!
//! [`admit`] is the only way to an [`Admitted`], a [`crate::Call`] is made of nothing else, and
//! handlers take a `Call`: the compiler holds that no path leads around the authorization.

use std::sync::Arc;

use serde_json::{Value, json};
use toolwright_core::{Missing, Requirement, ScopeId, Scopes, authorize};

use crate::{Identity, ServerSpec, spec::ToolSpec};

/// That one caller may call one tool.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    tool: &'static ToolSpec,
    identity: Arc<Identity>,
}

impl Admitted {
    pub(crate) fn tool(&self) -> &'static ToolSpec {
        self.tool
    }

    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }
}

/// That a caller may not call a tool, and which scopes would change that.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    tool: &'static ToolSpec,
    identity: Arc<Identity>,
    missing: Missing,
}

/// Decides whether the caller may call the tool, for every transport and for the lists.
pub(crate) fn admit(
    server: &ServerSpec,
    identity: &Arc<Identity>,
    tool: &'static ToolSpec,
) -> Result<Admitted, Denial> {
    let identity = Arc::clone(identity);
    match authorize(server.scopes(), &tool.requirement, identity.grants) {
        Ok(()) => Ok(Admitted { tool, identity }),
        Err(missing) => Err(Denial { tool, identity, missing }),
    }
}

impl Denial {
    /// The scopes that would have been enough.
    pub(crate) fn missing(&self, server: &ServerSpec) -> Vec<&'static str> {
        self.missing.0.iter().map(|id| name(server.scopes(), *id)).collect()
    }

    /// The scopes that the credential was given.
    fn held(&self, server: &ServerSpec) -> Vec<&'static str> {
        server.scopes().names(self.identity.grants).collect()
    }

    /// What the refusal says, for people and models.
    pub(crate) fn message(&self, server: &ServerSpec) -> String {
        let missing = self.missing(server);
        let held = self.held(server);
        format!(
            "`{tool}` needs the {scopes} {missing}, which this {credential} does not hold (it holds: {held}).",
            tool = self.tool.name,
            scopes = if missing.len() == 1 { "scope" } else { "scopes" },
            missing = missing.join(" and "),
            credential = server.credential.name,
            held = if held.is_empty() { "none".to_owned() } else { held.join(", ") },
        )
    }

    /// What the refusal says, for programs.
    pub(crate) fn data(&self, server: &ServerSpec) -> Value {
        json!({
            "operation": self.tool.name,
            "required": required(server.scopes(), &self.tool.requirement),
            "missing": self.missing(server),
            "held": self.held(server),
            "create_at": server.credential.create_at,
        })
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
