//! Token waste: tokens that are paid for and lead to nothing. It has two causes.
//!
//! - An answer that is cut off: the model stopped because it had reached the most tokens that it may give out.
//! - An answer that is paid for twice: in one run the same model is asked the very same again, after it had answered.
//!   Requests that go on at the same time are not that: who samples several answers does so on purpose. Requests that
//!   were not recorded are the same as no other.
//!
//! Claimed and told: the answers that are cut off; of equal requests all but the first. One finding for each cause and
//! model, when one run has [`super::FEW`], or as many are in at least [`NOTABLE_SHARE`] of the runs that ask the model.

use std::collections::{BTreeMap, HashMap};

use super::{Sightings, requests_by_model, runs_by, same};
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted},
    forest::{Forest, Index},
    span::{Finish, Inference},
    statistics::{share, share_of},
};

/// From which share of the runs that ask a model on it is told. Each request is paid for, so that less matters than of
/// calls.
const NOTABLE_SHARE: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    CutOff,
    PaidTwice,
}

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut causes: BTreeMap<(Cause, &str), Sightings> = BTreeMap::new();
    for run in &forest.runs {
        let mut of_run: BTreeMap<(Cause, &str), Vec<Index>> = BTreeMap::new();
        let mut answered = HashMap::new();
        for &index in &run.steps {
            let span = forest.span(index);
            let Some(inference) = span.inference().filter(|_| claims.is_free(index) && !span.failed()) else {
                continue;
            };
            let mut is_paid_twice = false;
            if let Some(request) = same(span) {
                let until = answered.entry(request).or_insert(i64::MAX);
                is_paid_twice = *until <= span.started_at;
                *until = span.ended_at.min(*until);
            }
            if inference.finish == Finish::Truncated {
                of_run.entry((Cause::CutOff, &inference.model)).or_default().push(index);
            } else if is_paid_twice {
                of_run.entry((Cause::PaidTwice, &inference.model)).or_default().push(index);
            }
        }
        for (cause, spans) in of_run {
            causes.entry(cause).or_default().add(&spans);
        }
    }
    let requests = requests_by_model(forest);
    let runs = runs_by(forest, |span| Some(&span.inference()?.model));
    let tokens = tokens(forest.inferences().map(|(_, inference)| inference));
    causes
        .into_iter()
        .filter(|((_, model), sightings)| sightings.is_notable(runs[model], NOTABLE_SHARE))
        .map(|((cause, model), sightings)| found(forest, cause, model, sightings, (requests[model], tokens)))
        .collect()
}

fn tokens<'a>(inferences: impl Iterator<Item = &'a Inference>) -> i64 {
    inferences.map(Inference::tokens).fold(0, i64::saturating_add)
}

fn found(
    forest: &Forest,
    cause: Cause,
    model: &str,
    sightings: Sightings,
    (requests, tokens_in_all): (usize, i64),
) -> Found {
    let spans = sightings.sorted();
    let wasted = tokens(spans.iter().filter_map(|index| forest.span(*index).inference()));
    let cost = share_of(wasted, tokens_in_all);
    let model_told = quoted(model);
    let share = percent(share(spans.len(), requests));
    let (wasted, cost_told, requests) = (wasted, percent(cost), count(requests, "request"));
    let number = spans.len();
    let (title, description, fix) = match cause {
        Cause::CutOff => (
            format!("Answers of {model_told} are cut off"),
            format!(
                "{number} of {requests} to {model_told} ({share}) ended because the answer had reached its most tokens. \
                 {wasted} tokens were paid for them, {cost_told} of all."
            ),
            format!(
                "Raise `max_tokens` of these requests to {model_told}, or ask for a shorter form in the prompt; and have \
                 the agent treat the finish reason `length` as a failure, not as an answer."
            ),
        ),
        Cause::PaidTwice => (
            format!("{model_told} is asked the very same again"),
            format!(
                "{number} of {requests} to {model_told} ({share}) had the very same messages as one that it had answered \
                 in the same run. {wasted} tokens were paid for them, {cost_told} of all."
            ),
            format!(
                "Keep the answer of {model_told} for the length of a run, by the messages; and look for the place in the \
                 agent's loop that asks before anything was added to them."
            ),
        ),
    };
    Found { kind: FindingKind::TokenWaste, subjects: vec![model.to_owned()], title, description, fix, cost, spans }
}
