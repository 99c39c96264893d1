//! Calls that the manifest's scopes are held against an API with: each tool needs arguments that it can be called with.

use super::{Faults, tools::ResolvedTool};
use crate::{
    api::{Credential, Verify},
    diagnostic::{Code, Diagnostic, quoted},
};

/// Every tool takes a call without arguments, or has an example.
pub(super) fn check(credential: Option<&Credential>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    if !credential.is_some_and(|credential| matches!(credential.verify, Verify::Upstream(_))) {
        return;
    }
    for tool in tools.iter().filter(|tool| tool.api.examples.is_empty()) {
        let Some(field) = tool.input.iter().find(|field| field.api.required) else { continue };
        let title = format!("the tool {} has no example that it could be called with", quoted(tool.name));
        faults.push(
            Diagnostic::new(Code::MissingExample, tool.name.at, title).and(field.name.at, "this has to be there").help(
                "add one, as `examples: [{title: …, input: {…}}]`: `contract` calls every tool with its first example",
            ),
        );
    }
}
