//! Retries: calls that fail, and are made again unchanged.
//!
//! A chain is two or more attempts in one run at the same call of a tool (the same arguments) or the same request to a
//! model, where all but the last failed, and each began after the one before had ended. Calls whose arguments were not
//! recorded are in no chain.
//!
//! Claimed and told: every attempt of a chain, from the first failure to the last attempt, whether that went well or
//! not. One finding for each tool or model and kind of error (that of the first failure). It is told when some chain
//! has [`super::FEW`] attempts again, or when as many attempts again are a notable share of the calls: that a call which
//! failed once is tried once more is as it should be.

use std::collections::{BTreeMap, HashMap};

use super::{FEW, NOTABLE_SHARE, calls_by_tool, requests_by_model, same};
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted},
    forest::{Forest, Index},
    span::Step,
    statistics::{share, share_of},
};

/// Whom is asked in vain (a tool, or else a model), and with which error.
type Cause<'a> = (bool, &'a str, &'a str);

#[derive(Default)]
struct Chains {
    spans: Vec<Index>,
    number: usize,
    /// The attempts after the first of each chain.
    again: usize,
    /// The most of them in one chain.
    most: usize,
    /// How many chains ended well.
    successes: usize,
}

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut causes: BTreeMap<Cause, Chains> = BTreeMap::new();
    for run in &forest.runs {
        for chain in chains(forest, claims, &run.steps) {
            let [first, .., last] = chain[..] else { continue };
            let (span, last) = (forest.span(first), forest.span(last));
            let (Some((name, _)), Some(error)) = (same(span), &span.error) else { continue };
            let chains = causes.entry((matches!(span.step, Step::Tool(_)), name, error)).or_default();
            chains.number += 1;
            chains.again += chain.len() - 1;
            chains.most = chains.most.max(chain.len() - 1);
            chains.successes += usize::from(!last.failed());
            chains.spans.extend(chain);
        }
    }
    let (calls, requests) = (calls_by_tool(forest), requests_by_model(forest));
    let is_notable = |(is_tool, name, _): &Cause, chains: &Chains| {
        let all = if *is_tool { &calls } else { &requests }.get(name).copied().unwrap_or_default();
        chains.most >= FEW || chains.again >= FEW && share(chains.again, all) >= NOTABLE_SHARE
    };
    causes
        .into_iter()
        .filter(|(cause, chains)| is_notable(cause, chains))
        .map(|(cause, chains)| found(forest, cause, chains))
        .collect()
}

/// The chains of a run.
fn chains(forest: &Forest, claims: &Claims, steps: &[Index]) -> Vec<Vec<Index>> {
    let mut chains: Vec<Vec<Index>> = Vec::new();
    let mut latest = HashMap::new();
    for &index in steps {
        let span = forest.span(index);
        let Some(call) = same(span).filter(|_| claims.is_free(index)) else { continue };
        // A tool can be called as a model is.
        let call = (span.tool_call().is_some(), call);
        let chain = latest.get(&call).copied().filter(|chain: &usize| {
            let before = chains[*chain].last().map(|last| forest.span(*last));
            before.is_some_and(|before| before.failed() && before.ended_at <= span.started_at)
        });
        if let Some(chain) = chain {
            chains[chain].push(index);
        } else {
            latest.insert(call, chains.len());
            chains.push(vec![index]);
        }
    }
    chains.retain(|chain| chain.len() > 1);
    chains
}

fn found(forest: &Forest, (is_tool, name, error): Cause, chains: Chains) -> Found {
    let Chains { mut spans, number, again, most, successes } = chains;
    spans.sort_unstable();
    let spent = |index: &Index| forest.span(*index).duration();
    let waited = spans.iter().map(spent).fold(0, i64::saturating_add);
    let in_all = forest.own().filter(|(_, span)| matches!(span.step, Step::Tool(_) | Step::Inference(_)));
    let in_all = in_all.map(|(_, span)| span.duration()).fold(0, i64::saturating_add);
    let (name_told, error_told) = (quoted(name), quoted(error));
    let what = if is_tool { "call" } else { "request" };
    let remedy = if is_transient(error) {
        format!(
            "Retry inside the code that makes the {what}, with growing pauses and a limit of two attempts, so that the model \
             is not asked in between; then report the failure as final."
        )
    } else {
        format!(
            "{error_told} does not go away by itself: have the failure say which argument is wrong and what would be \
             right, and have the agent refuse the same {what} a second time."
        )
    };
    Found {
        kind: FindingKind::Retries,
        subjects: vec![name.to_owned()],
        title: format!("{name_told} fails with {error_told} and is tried again unchanged"),
        description: format!(
            "{} of {name_told} failed and came again unchanged, {} in all, up to {most} for one {what}; {} of them ended well. They took {} of the time of the \
             agent's calls.",
            count(number, what),
            count(again, "time"),
            if successes == 0 { "none".to_owned() } else { successes.to_string() },
            percent(share_of(waited, in_all)),
        ),
        fix: remedy,
        cost: share_of(waited, in_all),
        spans,
    }
}

/// Whether an error can be gone the next time, by its name.
pub(super) fn is_transient(error: &str) -> bool {
    const SIGNS: [&str; 11] =
        ["timeout", "time-out", "timed", "429", "rate", "unavailable", "overloaded", "502", "503", "504", "connection"];
    let error = error.to_ascii_lowercase();
    SIGNS.iter().any(|sign| error.contains(sign))
}
