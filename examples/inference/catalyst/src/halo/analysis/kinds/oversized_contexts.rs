//! Oversized contexts: inferences that take in far more than the agent's others.
//!
//! A context is oversized when it has more than [`TIMES_MEDIAN`] times the median of the agent's own inferences, and
//! more than [`FLOOR`] tokens; a median is one of at least [`ENOUGH`] inferences. That contexts grow with a conversation
//! is as it should be: they grow by a few times.
//!
//! Claimed and told: the oversized inferences. One finding for each model and cause, when there are [`FEW`]. The cause
//! is the tool that was called last before the first oversized inference of the run, if one was: its result has stayed
//! in the context since.

use std::collections::BTreeMap;

use super::FEW;
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted},
    forest::{Forest, Index},
    statistics::{median, share_of},
};

/// How many times the median is far above it.
const TIMES_MEDIAN: i64 = 8;

/// How many tokens are much for any model: below it they cost little, and models read them well.
const FLOOR: i64 = 20_000;

/// How many inferences say what is usual.
const ENOUGH: usize = 20;

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut sizes: Vec<i64> = forest.inferences().filter_map(|(_, inference)| inference.input_tokens).collect();
    let total = sizes.iter().copied().fold(0, i64::saturating_add);
    let Some(usual) = median(&mut sizes).filter(|_| sizes.len() >= ENOUGH) else { return Vec::new() };
    let limit = usual.saturating_mul(TIMES_MEDIAN).max(FLOOR);
    let mut causes: BTreeMap<(&str, Option<&str>), Vec<Index>> = BTreeMap::new();
    for run in &forest.runs {
        let mut last_tool = None;
        let mut cause = None;
        for &index in &run.steps {
            let span = forest.span(index);
            if let Some(call) = span.tool_call() {
                last_tool = Some(call.tool.as_str());
            }
            let Some(inference) = span.inference().filter(|inference| inference.input_tokens > Some(limit)) else {
                continue;
            };
            let cause = *cause.get_or_insert(last_tool);
            if claims.is_free(index) {
                causes.entry((&inference.model, cause)).or_default().push(index);
            }
        }
    }
    let told = |((model, tool), spans)| found(forest, (model, tool), spans, (usual, total));
    causes.into_iter().filter(|(_, spans)| spans.len() >= FEW).map(told).collect()
}

fn found(
    forest: &Forest,
    (model, tool): (&str, Option<&str>),
    mut spans: Vec<Index>,
    (usual, total): (i64, i64),
) -> Found {
    spans.sort_unstable();
    let sizes: Vec<i64> = spans.iter().filter_map(|index| forest.span(*index).inference()?.input_tokens).collect();
    let largest = sizes.iter().copied().max().unwrap_or_default();
    let excess = sizes.iter().map(|size| size - usual).fold(0, i64::saturating_add);
    let cost = share_of(excess, total);
    let model_told = quoted(model);
    let description = format!(
        "{} to {model_told} had up to {largest} tokens of input, where the agent's median is {usual}. What they have above \
         the median is {} of all the input that the agent gives to models.",
        count(spans.len(), "request"),
        percent(cost),
    );
    let (title, fix) = match tool {
        Some(tool) => {
            let tool = quoted(tool);
            (
                format!("What {tool} returns swells the context of {model_told}"),
                format!(
                    "Bound what {tool} returns: give it a `limit` parameter or pages, and put an extract or a summary \
                     into the messages in place of the whole. Take old results out of the messages once they are used."
                ),
            )
        }
        None => (
            format!("{model_told} is given far more than usual from the start"),
            format!(
                "Look at what is put into the messages before the first request to {model_told}: give it the parts that \
                 the question needs, by retrieval. Count the tokens before each request, and put a summary in the place \
                 of the conversation so far before they are more than {} tokens.",
                usual.saturating_mul(TIMES_MEDIAN).max(FLOOR)
            ),
        ),
    };
    let subjects = [Some(model), tool].into_iter().flatten().map(str::to_owned).collect();
    Found { kind: FindingKind::OversizedContexts, subjects, title, description, fix, cost, spans }
}
