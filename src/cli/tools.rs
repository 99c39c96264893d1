//! `tools`: the tools and what they need, in the terminal.

use toolwright_core::Requirement;

use crate::ServerSpec;

/// One line a tool, in the order of the list.
pub(super) fn table(spec: &ServerSpec) -> String {
    let header = ["TOOL", "GROUP", "ACCESS", "SCOPE"].map(str::to_owned);
    let rows = spec.tools.iter().map(|tool| {
        [tool.name.to_owned(), tool.group.to_owned(), tool.access.as_str().to_owned(), needs(spec, &tool.requirement)]
    });
    aligned(std::iter::once(header).chain(rows).collect::<Vec<_>>().as_slice())
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
