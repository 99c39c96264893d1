//! The eight kinds of faults, each in a module that says what it is.
//!
//! What one kind claims, no other tells again. They are asked in the order of [`FINDERS`]: the more a kind explains, the
//! earlier. A cycle is more than its repeated calls, an unchanged retry more than the failures in it; that a step was
//! slow is what is left to say of one that has no other fault.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    finding::{Claims, Found},
    forest::{Forest, Index},
    span::{Digest, Span, Step},
    statistics::share,
};

mod dead_ends;
mod failing_tool_calls;
mod loops;
mod oversized_contexts;
mod repeated_tool_calls;
mod retries;
mod slow_spans;
mod token_waste;

/// Finds the faults of a kind among the spans that no kind before it has claimed.
type Finder = fn(&Forest, &Claims) -> Vec<Found>;

/// All kinds, in the order of precedence.
pub(super) const FINDERS: [Finder; 8] = [
    loops::find,
    retries::find,
    failing_tool_calls::find,
    repeated_tool_calls::find,
    token_waste::find,
    oversized_contexts::find,
    dead_ends::find,
    slow_spans::find,
];

/// From how many on something is told. One or two of anything is chance.
const FEW: usize = 3;

/// From which share of a tool's calls, or of the runs that make some, on something is told of it. Below it are the faults that any network has.
const NOTABLE_SHARE: f64 = 0.05;

/// How many calls of each tool the agent has made.
fn calls_by_tool<'a>(forest: &Forest<'a>) -> BTreeMap<&'a str, usize> {
    let mut calls = BTreeMap::new();
    for (_, call) in forest.tool_calls() {
        *calls.entry(call.tool.as_str()).or_default() += 1;
    }
    calls
}

/// In how many of its runs the agent has taken a step with each tool or model.
fn runs_by<'a>(forest: &Forest<'a>, name: impl Fn(&'a Span) -> Option<&'a str>) -> BTreeMap<&'a str, usize> {
    let mut runs = BTreeMap::new();
    for run in &forest.runs {
        let names: BTreeSet<&str> = run.steps.iter().filter_map(|index| name(forest.span(*index))).collect();
        for name in names {
            *runs.entry(name).or_default() += 1;
        }
    }
    runs
}

/// How many requests the agent has made to each model.
fn requests_by_model<'a>(forest: &Forest<'a>) -> BTreeMap<&'a str, usize> {
    let mut requests = BTreeMap::new();
    for (_, inference) in forest.inferences() {
        *requests.entry(inference.model.as_str()).or_default() += 1;
    }
    requests
}

/// What makes two steps the same: whom they ask for what. Nothing, where that was not recorded.
fn same(span: &Span) -> Option<(&str, Digest)> {
    match &span.step {
        Step::Tool(call) => Some((&call.tool, call.arguments?)),
        Step::Inference(inference) => Some((&inference.model, inference.request?)),
        Step::Agent { .. } | Step::Other => None,
    }
}

/// What a cause was seen in: spans, of which those of one run count together.
#[derive(Debug, Default)]
struct Sightings {
    spans: Vec<Index>,
    /// In how many runs.
    runs: usize,
    /// The most in one run.
    most: usize,
}

impl Sightings {
    /// Adds those of one run.
    fn add(&mut self, spans: &[Index]) {
        self.spans.extend(spans);
        self.runs += 1;
        self.most = self.most.max(spans.len());
    }

    /// Whether it is more than chance: several times in one run, or in a notable share of all runs that could show it.
    fn is_notable(&self, runs: usize, notable_share: f64) -> bool {
        self.most >= FEW || self.spans.len() >= FEW && share(self.runs, runs) >= notable_share
    }

    /// The spans in the forest's order.
    fn sorted(mut self) -> Vec<Index> {
        self.spans.sort_unstable();
        self.spans
    }
}
