//! Repeated tool calls: the same call of a tool, made again in one run although it had been answered.
//!
//! A call repeats an earlier one of its run when tool and arguments are the same, the earlier one had gone well and
//! ended before it, and nothing new came of it: both results are recorded and equal; or, where one is not recorded, no
//! other tool was called in between, which could have changed something. Calls that failed are not repeats, nor
//! repeated; calls whose arguments were not recorded neither.
//!
//! Claimed and told: the repeats, not the call that they repeat, which was needed. One finding for each tool, when one
//! run has [`super::FEW`] repeats of it, or as many are in at least [`NOTABLE_SHARE`] of the runs that call the tool.

use std::collections::{BTreeMap, HashMap};

use super::{NOTABLE_SHARE, Sightings, calls_by_tool, runs_by, same};
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted, seconds},
    forest::{Forest, Index},
    statistics::share,
};

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut tools: BTreeMap<&str, Sightings> = BTreeMap::new();
    for run in &forest.runs {
        for (tool, repeats) in repeats(forest, claims, &run.steps) {
            tools.entry(tool).or_default().add(&repeats);
        }
    }
    let calls = calls_by_tool(forest);
    let runs = runs_by(forest, |span| Some(&span.tool_call()?.tool));
    tools
        .into_iter()
        .filter(|(tool, sightings)| sightings.is_notable(runs[tool], NOTABLE_SHARE))
        .map(|(tool, sightings)| found(forest, tool, sightings, calls[tool]))
        .collect()
}

/// The repeats in a run, by tool.
fn repeats<'a>(forest: &Forest<'a>, claims: &Claims, steps: &[Index]) -> BTreeMap<&'a str, Vec<Index>> {
    let mut repeats: BTreeMap<&str, Vec<Index>> = BTreeMap::new();
    let mut answered = HashMap::new();
    // How often another tool was called than the time before.
    let (mut turns, mut last_tool) = (0, None);
    for &index in steps {
        let span = forest.span(index);
        let Some(call) = span.tool_call() else { continue };
        if last_tool.replace(&call.tool) != Some(&call.tool) {
            turns += 1;
        }
        if span.failed() || !claims.is_free(index) {
            continue;
        }
        let Some(key) = same(span) else { continue };
        if let Some((before, turn)) = answered.get(&key) {
            let before: &Index = before;
            let (before, turn): (_, &usize) = (forest.span(*before), turn);
            let is_news = match (before.tool_call().and_then(|before| before.result), call.result) {
                (Some(before), Some(now)) => before != now,
                _ => *turn != turns,
            };
            if before.ended_at <= span.started_at && !is_news {
                repeats.entry(&call.tool).or_default().push(index);
            }
        }
        answered.insert(key, (index, turns));
    }
    repeats
}

fn found(forest: &Forest, tool: &str, sightings: Sightings, calls: usize) -> Found {
    let most = sightings.most;
    let spans = sightings.sorted();
    let waited = spans.iter().map(|index| forest.span(*index).duration()).fold(0, i64::saturating_add);
    let share = share(spans.len(), calls);
    let tool_told = quoted(tool);
    Found {
        kind: FindingKind::RepeatedToolCalls,
        subjects: vec![tool.to_owned()],
        title: format!("{tool_told} is asked again for what it has answered"),
        description: format!(
            "{} of {} of {tool_told} had been made in the same run with the same arguments, and brought nothing new \
             ({}); up to {most} in one run. They took {}, beside the requests to the model around them.",
            spans.len(),
            count(calls, "call"),
            percent(share),
            seconds(waited),
        ),
        fix: format!(
            "Keep the results of {tool_told} for the length of a run, by arguments, and answer from there. Check that \
             results stay in the messages that the model is given, and where it waits for a change, have the tool wait."
        ),
        cost: 0.0,
        spans,
    }
}
