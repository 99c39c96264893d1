//! What belongs to what: the steps of traces as trees, and the runs of the agent in them.
//!
//! What comes in is somebody else's, and can be anything: parents that are not there, or that are their own
//! grandchildren, clocks that disagree, one trace that is as long as all others. Everything here takes one pass over
//! the sorted spans, or follows each edge once.

use std::{
    collections::{HashMap, HashSet},
    iter::repeat_n,
};

use super::span::{Finish, Inference, Span, Step, ToolCall};

/// The place of a span in the forest.
pub(super) type Index = usize;

/// Spans as trees. Each is named by its place; places are in the order of traces, and in a trace of beginnings.
#[derive(Debug)]
pub(super) struct Forest<'a> {
    spans: Vec<&'a Span>,
    /// Which trace each is of, by number.
    trace_of: Vec<usize>,
    /// How long each took by itself, without what it waited for, in nanoseconds.
    self_times: Vec<i64>,
    pub(super) runs: Vec<Run>,
    /// How many traces there are.
    pub(super) traces: usize,
}

/// What the agent did from a question to its answer: all below the outermost of its agent spans, or, where a trace has
/// none of them, all of its steps in the trace.
#[derive(Debug)]
pub(super) struct Run {
    /// The agent's span.
    pub(super) root: Option<Index>,
    /// Its own inferences and calls of tools, by their beginnings.
    pub(super) steps: Vec<Index>,
    /// Whether all of it is here. Spans are sent when they end, so that the parent of what goes on is not there yet.
    pub(super) is_over: bool,
    /// The last of what other agents did for it.
    pub(super) last_of_others: Option<Index>,
}

impl<'a> Forest<'a> {
    /// The forest of spans that come in any order. Of spans with the same ids one counts, always the same.
    pub(super) fn of(spans: &'a [Span]) -> Self {
        let spans = sorted(spans);
        let mut traces = 0;
        let mut trace_of = Vec::with_capacity(spans.len());
        for trace in spans.chunk_by(|one, next| one.trace_id == next.trace_id) {
            trace_of.extend(repeat_n(traces, trace.len()));
            traces += 1;
        }
        let parents = Parents::of(&spans);
        let self_times = self_times(&spans, &parents.of);
        let runs = runs(&spans, &parents);
        Self { spans, trace_of, self_times, runs, traces }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn span(&self, index: Index) -> &'a Span {
        self.spans[index]
    }

    /// How many traces these spans are of. They are in the forest's order.
    pub(super) fn traces_of(&self, spans: &[Index]) -> usize {
        spans.chunk_by(|one, next| self.trace_of[*one] == self.trace_of[*next]).count()
    }

    pub(super) fn self_time(&self, index: Index) -> i64 {
        self.self_times[index]
    }

    /// The agent's own spans.
    pub(super) fn own(&self) -> impl Iterator<Item = (Index, &'a Span)> {
        self.spans.iter().copied().enumerate().filter(|(_, span)| span.is_own)
    }

    /// The agent's own requests to models.
    pub(super) fn inferences(&self) -> impl Iterator<Item = (Index, &'a Inference)> {
        self.own().filter_map(|(index, span)| Some((index, span.inference()?)))
    }

    /// The agent's own calls of tools.
    pub(super) fn tool_calls(&self) -> impl Iterator<Item = (Index, &'a ToolCall)> {
        self.own().filter_map(|(index, span)| Some((index, span.tool_call()?)))
    }
}

impl Span {
    pub(super) fn inference(&self) -> Option<&Inference> {
        if let Step::Inference(inference) = &self.step { Some(inference) } else { None }
    }

    pub(super) fn tool_call(&self) -> Option<&ToolCall> {
        if let Step::Tool(call) = &self.step { Some(call) } else { None }
    }

    pub(super) fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// How long it took. Where clocks disagree it can end before it began, which is no time.
    pub(super) fn duration(&self) -> i64 {
        self.ended_at.saturating_sub(self.started_at).max(0)
    }

    /// Whether a model wants more to be done.
    pub(super) fn wants_tools(&self) -> bool {
        self.inference().is_some_and(|inference| inference.finish == Finish::WantsTools)
    }
}

/// The spans by the beginnings of their traces, then by their own; of those with the same ids only the first.
fn sorted(spans: &[Span]) -> Vec<&Span> {
    let mut begun: HashMap<&str, i64> = HashMap::new();
    for span in spans {
        let begun = begun.entry(&span.trace_id).or_insert(i64::MAX);
        *begun = span.started_at.min(*begun);
    }
    let mut sorted: Vec<_> = spans.iter().map(|span| (begun[span.trace_id.as_str()], span)).collect();
    sorted.sort_unstable();
    let mut seen = HashSet::new();
    sorted.into_iter().map(|(_, span)| span).filter(|span| seen.insert((&span.trace_id, &span.span_id))).collect()
}

/// The parent of each span, as far as it is there.
struct Parents {
    of: Vec<Option<Index>>,
    /// Whether a span names a parent that is not there.
    is_missing: Vec<bool>,
}

impl Parents {
    fn of(spans: &[&Span]) -> Self {
        let mut parents = Self { of: vec![None; spans.len()], is_missing: vec![false; spans.len()] };
        let mut begin = 0;
        for trace in spans.chunk_by(|one, next| one.trace_id == next.trace_id) {
            let places: HashMap<&str, Index> =
                trace.iter().zip(begin..).map(|(span, index)| (span.span_id.as_str(), index)).collect();
            for (span, index) in trace.iter().zip(begin..) {
                if let Some(parent) = &span.parent_span_id {
                    parents.of[index] = places.get(parent.as_str()).copied();
                    parents.is_missing[index] = parents.of[index].is_none();
                }
            }
            begin += trace.len();
        }
        parents.cut_cycles();
        parents
    }

    /// Has every span that is its own ancestor be without a parent.
    fn cut_cycles(&mut self) {
        const UNSEEN: usize = 0;
        // In which walk each was seen first: a walk that meets itself has found a cycle.
        let mut seen_in = vec![UNSEEN; self.of.len()];
        let mut cyclic = Vec::new();
        for start in 0..self.of.len() {
            let walk = start + 1;
            let mut at = Some(start);
            while let Some(index) = at {
                if seen_in[index] != UNSEEN {
                    break;
                }
                seen_in[index] = walk;
                at = self.of[index];
            }
            if let Some(first) = at.filter(|index| seen_in[*index] == walk) {
                let mut member = first;
                loop {
                    cyclic.push(member);
                    // All members of a cycle have a parent.
                    member = self.of[member].unwrap_or(first);
                    if member == first {
                        break;
                    }
                }
            }
        }
        for index in cyclic {
            self.of[index] = None;
        }
    }

    /// What `of_span` says of the outermost ancestor-or-self of each for which it says something.
    fn outermost<T: Copy>(&self, of_span: impl Fn(Index) -> Option<T>) -> Vec<Option<T>> {
        let mut found: Vec<Option<Option<T>>> = vec![None; self.of.len()];
        let mut path = Vec::new();
        for start in 0..self.of.len() {
            let mut at = Some(start);
            let mut above = None;
            while let Some(index) = at {
                if let Some(known) = found[index] {
                    above = known;
                    break;
                }
                path.push(index);
                at = self.of[index];
            }
            while let Some(index) = path.pop() {
                above = above.or_else(|| of_span(index));
                found[index] = Some(above);
            }
        }
        found.into_iter().map(Option::flatten).collect()
    }
}

/// How long each span took without the time in which any child of it went on.
fn self_times(spans: &[&Span], parents: &[Option<Index>]) -> Vec<i64> {
    let mut times: Vec<i64> = spans.iter().map(|span| span.duration()).collect();
    // Until when the children seen so far go on: spans come by their beginnings.
    let mut covered: Vec<i64> = spans.iter().map(|span| span.started_at).collect();
    for (child, parent) in spans.iter().zip(parents) {
        let Some(parent) = *parent else { continue };
        let from = child.started_at.max(covered[parent]);
        let until = child.ended_at.min(spans[parent].ended_at);
        if until > from {
            times[parent] -= until - from;
            covered[parent] = until;
        }
    }
    times
}

fn runs(spans: &[&Span], parents: &Parents) -> Vec<Run> {
    let is_root = |index: Index| spans[index].is_own && matches!(spans[index].step, Step::Agent { .. });
    let roots = parents.outermost(|index| is_root(index).then_some(index));
    let incomplete = parents.outermost(|index| parents.is_missing[index].then_some(()));
    let mut runs: Vec<Run> = Vec::new();
    let mut by_root: HashMap<Option<Index>, usize> = HashMap::new();
    let mut trace = None;
    for (index, span) in spans.iter().enumerate() {
        if trace != Some(&span.trace_id) {
            trace = Some(&span.trace_id);
            // Steps without a root are one run a trace.
            by_root.remove(&None);
        }
        let root = roots[index];
        let is_step = span.is_own && matches!(span.step, Step::Inference(_) | Step::Tool(_));
        let is_others = !span.is_own && root.is_some();
        if !is_step && !is_others && root != Some(index) {
            continue;
        }
        let run = *by_root.entry(root).or_insert_with(|| {
            runs.push(Run { root, steps: Vec::new(), is_over: true, last_of_others: None });
            runs.len() - 1
        });
        let run = &mut runs[run];
        if is_step {
            run.steps.push(index);
        }
        if is_others && matches!(span.step, Step::Agent { .. }) {
            run.last_of_others = Some(index);
        }
        run.is_over &= root.is_some() || incomplete[index].is_none();
    }
    runs
}
