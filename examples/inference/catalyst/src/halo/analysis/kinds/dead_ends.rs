//! Dead ends: runs that end without an answer.
//!
//! A run is one when all of it is there, and it ended with an error of its own; or after a tool was called, or after a
//! model that wanted tools or failed, without any answer of a model after it. It is none when the agent's span has
//! recorded an answer, when another agent had the last word, or when the run has no requests to models at all, so that
//! nothing is known of answers. Nor when its last tool is the agent's way to answer: at least half of all runs end with
//! it.
//!
//! Claimed and told: the agent's span of the run; where a trace has none, the last step. One finding for each cause: the
//! kind of error, or the last tool. When there are [`FEW`], and at least [`NOTABLE_SHARE`] of all runs.

use std::collections::BTreeMap;

use super::FEW;
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted, words_of_errors},
    forest::{Forest, Index, Run},
    span::Step,
    statistics::share,
};

/// From which share of the runs on it is told. Somebody waited for each of them.
const NOTABLE_SHARE: f64 = 0.01;

/// A run that ends without an answer is lost as a whole; so its share weighs as much as five times that of a fault
/// that a run survives.
const WEIGHT: f64 = 5.0;

/// Where a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End<'a> {
    Error(&'a str),
    Tool(&'a str),
    /// The model had asked for tools.
    Wanting(&'a str),
}

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let runs = forest.runs.iter().filter(|run| run.is_over).count();
    let mut ends: BTreeMap<End, Vec<Index>> = BTreeMap::new();
    for run in &forest.runs {
        if let Some((end, index)) = end(forest, run) {
            ends.entry(end).or_default().push(index);
        }
    }
    ends.retain(|end, spans| {
        let is_usual = matches!(end, End::Tool(_)) && spans.len() * 2 >= runs;
        spans.retain(|index| claims.is_free(*index));
        !is_usual && spans.len() >= FEW && share(spans.len(), runs) >= NOTABLE_SHARE
    });
    ends.into_iter().map(|(end, spans)| found(forest, end, spans, runs)).collect()
}

/// Where a run ended without an answer, if it did, and which span shows it.
fn end<'a>(forest: &Forest<'a>, run: &Run) -> Option<(End<'a>, Index)> {
    if !run.is_over {
        return None;
    }
    if let Some(root) = run.root {
        let span = forest.span(root);
        if let Some(error) = &span.error {
            return Some((End::Error(error), root));
        }
        if span.step == (Step::Agent { has_answer: true }) {
            return None;
        }
    }
    let last = *run.steps.last()?;
    let is_known = run.steps.iter().any(|index| forest.span(*index).inference().is_some());
    if !is_known || run.last_of_others > Some(last) {
        return None;
    }
    let span = forest.span(last);
    let shown = run.root.unwrap_or(last);
    match (&span.step, &span.error) {
        (Step::Tool(call), _) => Some((End::Tool(&call.tool), shown)),
        (Step::Inference(_), Some(error)) => Some((End::Error(error), shown)),
        (Step::Inference(inference), None) if span.wants_tools() => Some((End::Wanting(&inference.model), shown)),
        _ => None,
    }
}

/// What helps against an error that ends runs, by its name.
fn remedy(error: &str) -> String {
    let error_told = quoted(error);
    if error.to_ascii_lowercase().contains("context") {
        return format!(
            "Keep the input below what the model takes: leave out or summarize what is oldest or longest before it is asked. \
             Where {error_told} comes all the same, ask once more with the last messages alone."
        );
    }
    format!(
        "Catch {error_told} where the agent's loop is, and have the model answer with what it knows by then, and say what \
         could not be done."
    )
}

fn found(forest: &Forest, end: End, mut spans: Vec<Index>, runs: usize) -> Found {
    spans.sort_unstable();
    let share = share(spans.len(), runs);
    let figures = format!("{} of {} ({})", spans.len(), count(runs, "run"), percent(share));
    let (subject, title, description, fix) = match end {
        End::Error(error) => {
            let error_told = quoted(error);
            (
                error,
                format!("Runs end with {error_told} and no answer"),
                format!("{figures} ended with the error {error_told}.{}", words_of_errors(forest, &spans)),
                remedy(error),
            )
        }
        End::Tool(tool) => {
            let tool_told = quoted(tool);
            (
                tool,
                format!("Runs end after {tool_told} without an answer"),
                format!(
                    "{figures} ended after a call of {tool_told}: no model was asked again, and nothing was answered."
                ),
                format!(
                    "Ask the model once more after {tool_told}, with its result. Check what ends the loop there: a limit \
                     of steps, a condition on the result, or a result that is taken for the answer."
                ),
            )
        }
        End::Wanting(model) => {
            let model_told = quoted(model);
            (
                model,
                format!("Runs end although {model_told} wants to call tools"),
                format!("{figures} ended after {model_told} had asked for calls of tools, none of which was made."),
                format!(
                    "Make the calls that {model_told} asks for, and ask it again with their results. Where a limit of \
                     steps is reached, ask it once more without tools, so that it answers with what it has."
                ),
            )
        }
    };
    let subjects = vec![subject.to_owned()];
    Found { kind: FindingKind::DeadEnds, subjects, title, description, fix, cost: share * WEIGHT, spans }
}
