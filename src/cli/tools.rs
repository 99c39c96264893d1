//! `tools`: the tools, the prompts and the resources with what they need, in the terminal.

use toolwright_core::Requirement;

use crate::{
    ServerSpec,
    spec::{PromptArgumentSpec, PromptSpec},
};

/// The tools, and beneath them the prompts and the resources of a server that has some.
pub(super) fn table(spec: &ServerSpec) -> String {
    let prompts = (!spec.prompts.is_empty()).then(|| prompt_table(spec));
    let resources = (!spec.resources.is_empty()).then(|| resource_table(spec));
    [Some(tool_table(spec)), prompts, resources].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// One line a tool, in the order of the list.
fn tool_table(spec: &ServerSpec) -> String {
    let header = ["TOOL", "GROUP", "ACCESS", "SCOPE"].map(str::to_owned);
    let rows = spec.tools.iter().map(|tool| {
        let access = if tool.records { "read, records".to_owned() } else { tool.access.as_str().to_owned() };
        [tool.name.to_owned(), tool.group.to_owned(), access, needs(spec, &tool.requirement)]
    });
    aligned(std::iter::once(header).chain(rows).collect::<Vec<_>>().as_slice())
}

/// One line a prompt, in the order of the list.
fn prompt_table(spec: &ServerSpec) -> String {
    let header = ["PROMPT", "ARGUMENTS", "SCOPE"].map(str::to_owned);
    let rows =
        spec.prompts.iter().map(|prompt| [prompt.name.to_owned(), takes(prompt), needs(spec, &prompt.requirement)]);
    aligned(std::iter::once(header).chain(rows).collect::<Vec<_>>().as_slice())
}

/// One line a resource, in the order of the lists.
fn resource_table(spec: &ServerSpec) -> String {
    let header = ["RESOURCE", "URI", "SCOPE"].map(str::to_owned);
    let rows = spec
        .resources
        .iter()
        .map(|resource| [resource.name.to_owned(), resource.uri.to_owned(), needs(spec, &resource.requirement)]);
    aligned(std::iter::once(header).chain(rows).collect::<Vec<_>>().as_slice())
}

/// The arguments, in brackets those that can be left out.
fn takes(prompt: &PromptSpec) -> String {
    if prompt.arguments.is_empty() {
        return "(none)".to_owned();
    }
    let shown = prompt.arguments.iter().map(
        |PromptArgumentSpec { name, required, values: _ }| {
            if *required { (*name).to_owned() } else { format!("[{name}]") }
        },
    );
    shown.collect::<Vec<_>>().join(" ")
}

fn needs(spec: &ServerSpec, requirement: &Requirement) -> String {
    if requirement.is_session() {
        return "(signed in)".to_owned();
    }
    let clause = |clause: &toolwright_core::Clause| {
        let names: Vec<_> = clause.alternatives().iter().map(|id| spec.scopes().get(*id).name.as_ref()).collect();
        names.join(" or ")
    };
    let clauses: Vec<_> = requirement.clauses().iter().map(clause).collect();
    match clauses.as_slice() {
        [only] => only.clone(),
        several => several
            .iter()
            .map(|clause| if clause.contains(" or ") { format!("({clause})") } else { clause.clone() })
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

/// A table for the terminal: each column is as wide as its widest cell. The first row is the header.
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
