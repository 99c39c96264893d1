//! Slow spans: steps that take far longer than others of their kind and name.
//!
//! What counts is the time that a step takes by itself: what it waits for is a step of its own. It is slow when that is
//! more than [`TIMES_MEDIAN`] times the median of its kind and name (of tool, model or span), more than [`DEVIATIONS`]
//! of their usual deviations, and more than [`FLOOR`] above the median; a median is one of at least [`ENOUGH`] steps.
//! Deviations are those of the logarithms: a tool whose times usually vary by a factor of two is not slow at four times
//! its median. Inferences are compared with those of the same model whose answers are about as long, since the time is
//! that of giving out tokens. Steps that failed are not judged: a time-out is a failure.
//!
//! Claimed and told: the slow steps. One finding for each kind and name, when there are [`FEW`].

use std::collections::BTreeMap;

use super::FEW;
use crate::halo::analysis::{
    finding::{Claims, FindingKind, Found, count, percent, quoted, seconds},
    forest::{Forest, Index},
    span::{Span, Step},
    statistics::{as_f64, median, share_of, usual_factor},
};

/// How many times the median is far above it.
const TIMES_MEDIAN: i64 = 5;

/// How many deviations are no chance: of log-normal times, one in three million is as far out.
const DEVIATIONS: f64 = 5.0;

/// What nobody waits for is not slow, however often the median it is: one second, in nanoseconds.
const FLOOR: i64 = 1_000_000_000;

/// How many steps say what is usual.
const ENOUGH: usize = 20;

/// Steps that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Like<'a> {
    Agent(&'a str),
    Inference(&'a str),
    Tool(&'a str),
    Other(&'a str),
}

impl<'a> Like<'a> {
    fn of(span: &'a Span) -> Self {
        match &span.step {
            Step::Agent { .. } => Self::Agent(&span.name),
            Step::Inference(inference) => Self::Inference(&inference.model),
            Step::Tool(call) => Self::Tool(&call.tool),
            Step::Other => Self::Other(&span.name),
        }
    }
}

/// What was found of steps that have the same kind and name.
#[derive(Default)]
struct Slow {
    /// The slow ones, and what is usual for each.
    spans: Vec<(Index, i64)>,
    /// How many there are in all.
    all: usize,
    /// How long all of them took by themselves.
    total: i64,
}

pub(super) fn find(forest: &Forest, claims: &Claims) -> Vec<Found> {
    let mut alike: BTreeMap<(Like, u32), Vec<Index>> = BTreeMap::new();
    for (index, span) in forest.own().filter(|(_, span)| !span.failed()) {
        alike.entry((Like::of(span), length(span))).or_default().push(index);
    }
    let mut found: BTreeMap<Like, Slow> = BTreeMap::new();
    for ((like, _), spans) in alike {
        judge(forest, claims, &spans, found.entry(like).or_default());
    }
    found.into_iter().filter(|(_, slow)| slow.spans.len() >= FEW).map(|(like, slow)| told(forest, like, slow)).collect()
}

/// How long an answer is, as the number of its binary digits; of other steps it makes no difference.
fn length(span: &Span) -> u32 {
    let tokens = span.inference().and_then(|inference| inference.output_tokens);
    tokens.and_then(i64::checked_ilog2).unwrap_or_default()
}

/// Finds the slow ones among steps that are alike.
fn judge(forest: &Forest, claims: &Claims, spans: &[Index], slow: &mut Slow) {
    let mut times: Vec<i64> = spans.iter().map(|index| forest.self_time(*index)).collect();
    slow.all += spans.len();
    slow.total = times.iter().copied().fold(slow.total, i64::saturating_add);
    let Some(usual) = median(&mut times).filter(|_| times.len() >= ENOUGH) else { return };
    let factor = usual_factor(&times, usual).powf(DEVIATIONS);
    let limit = usual.saturating_mul(TIMES_MEDIAN).max(usual.saturating_add(FLOOR));
    let is_slow = |index: Index| {
        let time = forest.self_time(index);
        time > limit && as_f64(time) > as_f64(usual) * factor
    };
    let found = spans.iter().copied().filter(|index| claims.is_free(*index) && is_slow(*index));
    slow.spans.extend(found.map(|index| (index, usual)));
}

fn told(forest: &Forest, like: Like, Slow { mut spans, all, total }: Slow) -> Found {
    spans.sort_unstable();
    let time = |(index, _): &(Index, i64)| forest.self_time(*index);
    let (longest, usual) = spans.iter().max_by_key(|slow| time(slow)).map_or((0, 0), |slow| (time(slow), slow.1));
    let excess = spans.iter().map(|slow| time(slow) - slow.1).fold(0, i64::saturating_add);
    let cost = share_of(excess, total);
    let (name, what, fix) = match like {
        Like::Tool(name) => (
            name,
            "call",
            format!(
                "Give {} a time limit a few times its median ({}), have it say so when that is reached, and look at what these \
                 calls wait for: their arguments, or the service behind the tool.",
                quoted(name),
                seconds(usual)
            ),
        ),
        Like::Inference(name) => (
            name,
            "request",
            format!(
                "Bound `max_tokens` and set a time limit for requests to {}, and compare these with others in tokens \
                 given out and in the time of day: long answers want a shorter form, a busy provider a second one.",
                quoted(name)
            ),
        ),
        Like::Agent(name) => (
            name,
            "run",
            format!("Look at what {} does between its steps: no step of its own accounts for this time.", quoted(name)),
        ),
        Like::Other(name) => (
            name,
            "step",
            format!(
                "Add spans within {}, so that it can be seen what it waits for, and give it a time limit.",
                quoted(name)
            ),
        ),
    };
    let name_told = quoted(name);
    Found {
        kind: FindingKind::SlowSpans,
        subjects: vec![name.to_owned()],
        title: format!("Some {what}s of {name_told} take far longer than usual"),
        description: format!(
            "{} of {} of {name_told} took up to {} by themselves, where {} is usual for the like. That is {} of all the time spent \
             there.",
            spans.len(),
            count(all, what),
            seconds(longest),
            seconds(usual),
            percent(cost),
        ),
        fix,
        cost,
        spans: spans.into_iter().map(|(index, _)| index).collect(),
    }
}
