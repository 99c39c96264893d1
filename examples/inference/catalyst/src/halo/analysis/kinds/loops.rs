//! Loops: the same few calls of tools, round after round.
//!
//! In the calls of one run, by their beginnings, a loop is a stretch in which a block of 2 to [`MAX_PERIOD`] calls
//! comes at least [`MIN_ROUNDS`] times on end, where at least two calls of the block are different. Calls are the same
//! when tool, arguments and outcome (result or kind of error) are: a round that finds out something new is no round of
//! a loop. Calls whose arguments were not recorded are the same as no other.
//!
//! Claimed and told: every call of the stretch, with the round that was broken off. One finding for each cycle of
//! tools, whichever of them it begins with. One loop is enough: that many rounds are no chance.

use std::{collections::BTreeMap, ops::Range};

use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, listed, quoted},
    forest::{Forest, Index},
    span::Digest,
    statistics::share,
};

/// How many calls a round can have. Longer ones are hardly the same to the last argument.
const MAX_PERIOD: usize = 12;

/// How many rounds are a loop: one, one to be sure, and one that can bring nothing new.
const MIN_ROUNDS: usize = 3;

/// A call, as far as it can be the same as another.
type Call<'a> = Option<(&'a str, Digest, Option<Digest>, Option<&'a str>)>;

#[derive(Default)]
struct Cycle {
    spans: Vec<Index>,
    loops: usize,
    most_rounds: usize,
}

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut cycles: BTreeMap<Vec<&str>, Cycle> = BTreeMap::new();
    let mut calls_in_all = 0;
    for run in &forest.runs {
        let calls: Vec<_> = run
            .steps
            .iter()
            .filter(|index| claims.is_free(**index))
            .filter_map(|index| Some((*index, forest.span(*index), forest.span(*index).tool_call()?)))
            .collect();
        calls_in_all += calls.len();
        let symbols: Vec<Call> = calls
            .iter()
            .map(|(_, span, call)| Some((call.tool.as_str(), call.arguments?, call.result, span.error.as_deref())))
            .collect();
        for (stretch, period) in stretches(&symbols) {
            let tools: Vec<&str> =
                calls[stretch.start..][..period].iter().map(|(_, _, call)| call.tool.as_str()).collect();
            let cycle = cycles.entry(first_rotation(&tools)).or_default();
            cycle.loops += 1;
            cycle.most_rounds = cycle.most_rounds.max(stretch.len() / period);
            cycle.spans.extend(calls[stretch].iter().map(|(index, ..)| index));
        }
    }
    cycles.into_iter().map(|(tools, cycle)| found(&tools, cycle, calls_in_all)).collect()
}

fn found(tools: &[&str], Cycle { mut spans, loops, most_rounds }: Cycle, calls: usize) -> Found {
    spans.sort_unstable();
    let mut names: Vec<String> = Vec::new();
    for tool in tools {
        let name = quoted(tool);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let path = tools.iter().map(|tool| quoted(tool)).collect::<Vec<_>>().join(" → ");
    let listed = listed(&names);
    Found {
        kind: FindingKind::Loops,
        subjects: tools.iter().map(|&tool| tool.to_owned()).collect(),
        title: format!("The agent goes round in circles: {path}"),
        description: format!(
            "{} the agent made the same calls in the same order round after round, with the same arguments and the same \
             outcome: {} in all, in up to {most_rounds} rounds on end.",
            count(loops, "time"),
            count(spans.len(), "call"),
        ),
        fix: format!(
            "Have the agent's loop notice a round that it has made before: remember tool and arguments of each call of \
             {listed}, and at the second round tell the model that they were made, what they returned, and that it must \
             go on otherwise or answer. Bound the number of steps of a run as well."
        ),
        cost: share(spans.len(), calls),
        spans,
    }
}

/// Stretches in which a block comes again and again, and how long the block is; the shortest blocks first. No call is
/// in two of them.
fn stretches(calls: &[Call]) -> Vec<(Range<usize>, usize)> {
    let mut taken = vec![false; calls.len()];
    let mut found = Vec::new();
    for period in 2..=MAX_PERIOD.min(calls.len() / MIN_ROUNDS) {
        let repeats = |taken: &[bool], at: usize| {
            !taken[at] && !taken[at - period] && calls[at].is_some() && calls[at] == calls[at - period]
        };
        let mut at = period;
        while at < calls.len() {
            let first = at;
            while at < calls.len() && repeats(&taken, at) {
                at += 1;
            }
            let stretch = first - period..at;
            if stretch.len() >= MIN_ROUNDS * period
                && calls[stretch.clone()][..period].iter().any(|call| *call != calls[stretch.start])
            {
                taken[stretch.clone()].fill(true);
                found.push((stretch, period));
            }
            at += 1;
        }
    }
    found
}

/// The first in alphabetical order of the ways to begin a cycle.
fn first_rotation<'a>(tools: &[&'a str]) -> Vec<&'a str> {
    let rotation = |by: usize| {
        let mut tools = tools.to_vec();
        tools.rotate_left(by);
        tools
    };
    (0..tools.len()).map(rotation).min().unwrap_or_default()
}
