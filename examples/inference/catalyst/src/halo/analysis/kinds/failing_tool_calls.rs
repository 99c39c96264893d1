//! Failing tool calls: calls of a tool that end with an error, and are not made again unchanged.
//!
//! Claimed and told: every such call. One finding for each tool and kind of error, when there are [`FEW`] and they are
//! at least [`NOTABLE_SHARE`] of the tool's calls. What was tried again unchanged is of `retries`, what is part of a
//! cycle of `loops`.

use std::collections::BTreeMap;

use super::{FEW, NOTABLE_SHARE, calls_by_tool, retries::is_transient};
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted, words_of_errors},
    forest::{Forest, Index},
    statistics::share,
};

/// The share of calls from which on a parameter tells those that fail from the others.
const TELLING_SHARE: f64 = 0.9;

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut causes: BTreeMap<(&str, &str), Vec<Index>> = BTreeMap::new();
    for (index, call) in forest.tool_calls() {
        if let Some(error) = forest.span(index).error.as_deref().filter(|_| claims.is_free(index)) {
            causes.entry((&call.tool, error)).or_default().push(index);
        }
    }
    let calls = calls_by_tool(forest);
    causes.retain(|(tool, _), failing| failing.len() >= FEW && share(failing.len(), calls[tool]) >= NOTABLE_SHARE);
    let parameters = Parameters::of(forest, causes.keys().map(|(tool, _)| *tool));
    causes.into_iter().map(|(cause, failing)| found(forest, cause, failing, calls[cause.0], &parameters)).collect()
}

fn found(
    forest: &Forest,
    (tool, error): (&str, &str),
    failing: Vec<Index>,
    calls: usize,
    parameters: &Parameters,
) -> Found {
    let share = share(failing.len(), calls);
    let (tool_told, error_told) = (quoted(tool), quoted(error));
    let telling = parameters.telling(forest, tool, &failing);
    let (seen, remedy) = match &telling {
        Some((parameter, true)) => (
            format!(" They give {parameter}, which calls that go well leave out."),
            format!("Take {parameter} out of the tool's schema, or say in its description when it can be given."),
        ),
        Some((parameter, false)) => (
            format!(" They leave out {parameter}, which calls that go well give."),
            format!("Make {parameter} required in the tool's schema, and say in its description where it comes from."),
        ),
        None => (String::new(), remedy(error, &tool_told)),
    };
    Found {
        kind: FindingKind::FailingToolCalls,
        subjects: vec![tool.to_owned()],
        title: format!("{tool_told} fails with {error_told}"),
        description: format!(
            "{} of {} of {tool_told} ended with {error_told} ({}).{}{seen}",
            failing.len(),
            count(calls, "call"),
            percent(share),
            words_of_errors(forest, &failing),
        ),
        fix: format!(
            "{remedy} See to it that the error of {tool_told} says what is wrong and what would be right, and that the \
             model reads it, so that it can mend the call."
        ),
        cost: 0.0,
        spans: failing,
    }
}

/// What helps against an error, by its name.
fn remedy(error: &str, tool: &str) -> String {
    let name = error.to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| name.contains(sign));
    if has(&["valid", "schema", "argument", "type", "400", "422", "pars"]) {
        format!(
            "Compare the arguments of these calls with the schema of {tool}: describe each parameter with an example, and bound it with `enum`, `pattern` or `required`."
        )
    } else if has(&["401", "403", "auth", "permission", "forbidden", "denied"]) {
        format!(
            "Follow what the error says: where it asks for an approval or for a limit to be kept, have the agent ask for it or keep it before it calls {tool}; else check the credential that {tool} calls with."
        )
    } else if has(&["404", "notfound", "not_found", "missing", "unknown"]) {
        format!(
            "Have the model get the ids that it gives to {tool} from another tool, and say so in the tool's description: these calls name what is not there."
        )
    } else if is_transient(error) {
        format!(
            "Have {tool} try again by itself with growing pauses, and look at why what it asks is not there in time."
        )
    } else {
        format!("Follow one of these calls of {tool} to where the error is raised.")
    }
}

/// In how many calls of a tool that went well a parameter was given.
#[derive(Default)]
struct Parameters<'a> {
    by_tool: BTreeMap<&'a str, (usize, BTreeMap<&'a str, usize>)>,
}

impl<'a> Parameters<'a> {
    fn of(forest: &Forest<'a>, tools: impl Iterator<Item = &'a str>) -> Self {
        let mut by_tool: BTreeMap<_, _> = tools.map(|tool| (tool, Default::default())).collect();
        for (index, call) in forest.tool_calls() {
            let Some((calls, given)) = by_tool.get_mut(call.tool.as_str()) else { continue };
            // Of a call whose arguments were not recorded it is not known what was given.
            if forest.span(index).failed() || call.arguments.is_none() {
                continue;
            }
            let (calls, given): (&mut usize, &mut BTreeMap<&str, usize>) = (calls, given);
            *calls += 1;
            for parameter in &call.parameters {
                *given.entry(parameter).or_default() += 1;
            }
        }
        Self { by_tool }
    }

    /// The first parameter by which failing calls differ from those that went well, and whether it is given in them.
    fn telling(&self, forest: &Forest, tool: &str, failing: &[Index]) -> Option<(String, bool)> {
        let (calls, given) = self.by_tool.get(tool).filter(|(calls, _)| *calls >= FEW)?;
        let mut failing_calls = 0;
        let mut given_failing: BTreeMap<&str, usize> = BTreeMap::new();
        for call in failing.iter().filter_map(|index| forest.span(*index).tool_call()) {
            failing_calls += usize::from(call.arguments.is_some());
            for parameter in &call.parameters {
                *given_failing.entry(parameter).or_default() += 1;
            }
        }
        if failing_calls < FEW {
            return None;
        }
        let shares = |parameter: &str| {
            let count = |given: &BTreeMap<&str, usize>| given.get(parameter).copied().unwrap_or_default();
            (share(count(&given_failing), failing_calls), share(count(given), *calls))
        };
        given.keys().chain(given_failing.keys()).find_map(|parameter| {
            let (failing, well) = shares(parameter);
            let is_given = failing >= TELLING_SHARE && well <= 1.0 - TELLING_SHARE;
            let is_left_out = failing <= 1.0 - TELLING_SHARE && well >= TELLING_SHARE;
            (is_given || is_left_out).then(|| (quoted(parameter), is_given))
        })
    }
}
