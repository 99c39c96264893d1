//! Findings: what is told of a fault, and by which spans it is seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    forest::{Forest, Index},
    statistics::share,
};

/// How many spans a finding names. Whoever mends an agent looks at a few; a report is read whole.
pub(crate) const MAX_EVIDENCE: usize = 1000;

/// How much of a name of somebody else's is told.
const MAX_NAME: usize = 80;

/// How much of an error's words is told.
const MAX_MESSAGE: usize = 200;

/// The share of what an agent does from which on a fault is grave: every fourth run is what its users talk about.
const HIGH_SHARE: f64 = 0.25;

/// The share from which on a fault is more than a nuisance.
const MEDIUM_SHARE: f64 = 0.05;

/// What an agent does badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FindingKind {
    FailingToolCalls,
    RepeatedToolCalls,
    SlowSpans,
    Retries,
    TokenWaste,
    DeadEnds,
    Loops,
    OversizedContexts,
}

impl FindingKind {
    /// What it is called in a sentence.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::FailingToolCalls => "failing tool calls",
            Self::RepeatedToolCalls => "repeated tool calls",
            Self::SlowSpans => "slow steps",
            Self::Retries => "unchanged retries",
            Self::TokenWaste => "wasted tokens",
            Self::DeadEnds => "runs without an answer",
            Self::Loops => "loops",
            Self::OversizedContexts => "oversized contexts",
        }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    Low,
    Medium,
    High,
}

impl Severity {
    fn of(share: f64) -> Self {
        if share >= HIGH_SHARE {
            Self::High
        } else if share >= MEDIUM_SHARE {
            Self::Medium
        } else {
            Self::Low
        }
    }
}

/// Where a finding was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) trace_id: String,
    /// By their beginnings.
    pub(crate) span_ids: Vec<String>,
}

/// Something that an agent does badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) kind: FindingKind,
    pub(crate) severity: Severity,
    pub(crate) title: String,
    pub(crate) description: String,
    /// How many spans show it, also those beyond the evidence.
    pub(crate) occurrences: usize,
    /// The oldest [`MAX_EVIDENCE`] spans, by trace.
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) fix: String,
}

/// What one kind has found of one cause.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: FindingKind,
    /// The tools and models that it is about.
    pub(super) subjects: Vec<String>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) fix: String,
    /// The share of what the agent spends that goes there, in the measure of the kind.
    pub(super) cost: f64,
    /// The spans that show it: those that would not be there, or would look otherwise, without the fault.
    pub(super) spans: Vec<Index>,
}

impl Found {
    /// The share of the agent's traces, or of what it spends, that it concerns; whichever is larger.
    pub(super) fn share(&self, forest: &Forest) -> f64 {
        share(forest.traces_of(&self.spans), forest.traces).max(self.cost)
    }

    /// What is told of it.
    pub(super) fn told(self, forest: &Forest) -> Finding {
        let severity = Severity::of(self.share(forest));
        let mut evidence: Vec<Evidence> = Vec::new();
        for index in self.spans.iter().take(MAX_EVIDENCE) {
            let span = forest.span(*index);
            match evidence.last_mut() {
                Some(last) if last.trace_id == span.trace_id => last.span_ids.push(span.span_id.clone()),
                _ => evidence.push(Evidence { trace_id: span.trace_id.clone(), span_ids: vec![span.span_id.clone()] }),
            }
        }
        let Self { kind, title, description, fix, spans, .. } = self;
        Finding { kind, severity, title, description, occurrences: spans.len(), evidence, fix }
    }
}

/// Which spans a finding has claimed: what one kind tells, no other tells again.
#[derive(Debug)]
pub(super) struct Claims(Vec<bool>);

impl Claims {
    pub(super) fn none(forest: &Forest) -> Self {
        Self(vec![false; forest.len()])
    }

    pub(super) fn is_free(&self, index: Index) -> bool {
        !self.0[index]
    }

    pub(super) fn claim(&mut self, spans: &[Index]) {
        for index in spans {
            self.0[*index] = true;
        }
    }
}

/// A name that a trace gives, as it stands in a sentence. It is somebody else's text, which models read: it keeps to
/// its quotes, and to a length.
pub(super) fn quoted(name: &str) -> String {
    quoted_within(name, MAX_NAME)
}

fn quoted_within(text: &str, most: usize) -> String {
    let visible = |c: char| if c.is_control() || c == '`' { ' ' } else { c };
    let mut told: String = text.chars().take(most).map(visible).collect();
    if text.chars().nth(most).is_some() {
        told.push('…');
    }
    format!("`{told}`")
}

/// What the errors of steps say, as it goes on after a description: the words of most of them. Nothing where none says
/// anything.
pub(super) fn words_of_errors(forest: &Forest, spans: &[Index]) -> String {
    let mut messages: BTreeMap<&str, usize> = BTreeMap::new();
    for message in spans.iter().filter_map(|index| forest.span(*index).error_message.as_deref()) {
        *messages.entry(message).or_default() += 1;
    }
    match messages.iter().max_by_key(|(_, number)| **number) {
        Some((message, number)) => {
            format!(" {number} of these errors said {}.", quoted_within(message, MAX_MESSAGE))
        }
        None => String::new(),
    }
}

/// Several names in a sentence.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first, last] => format!("{first} and {last}"),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { "less than 1 %".to_owned() } else { format!("{percent:.0} %") }
}

/// A number of things, whose name takes an `s` for several.
pub(super) fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// A time in seconds.
pub(super) fn seconds(nanoseconds: i64) -> String {
    format!("{:.1} s", super::statistics::as_f64(nanoseconds) / 1e9)
}
