//! HALO's reading of an agent's traces: spans in, findings out. It needs no store, no clock and no model.
//!
//! Faults are found by rules, one module of [`kinds`] each: what a finding claims can be looked up in the spans that it
//! names, and the same traces give the same report. A prompt decides what is told first, and nothing else; see
//! [`prompt`].
//!
//! A clean agent is one of which nothing is told. Its tools may fail now and then, and be tried once more; its times may
//! vary by factors, and its contexts grow with the conversation. What the rules leave to chance, each says with its
//! constants.

use finding::{Claims, Found, count, listed};
use forest::Forest;
use prompt::Emphasis;

mod finding;
mod forest;
mod kinds;
mod prompt;
mod span;
mod statistics;
#[cfg(test)]
mod tests;

pub(crate) use finding::Finding;
pub(crate) use span::{Inference, Recorded, Span, Step};

/// How many findings a report has: the gravest. Whoever has more begins with these.
const MAX_FINDINGS: usize = 50;

/// What was found in an agent's traces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Analysis {
    /// How many traces were read.
    pub(crate) traces: usize,
    /// How many spans were read.
    pub(crate) spans: usize,
    /// What was found, in a few sentences.
    pub(crate) summary: String,
    /// Those that the prompt asks about first, then the gravest.
    pub(crate) findings: Vec<Finding>,
}

/// Reads traces in which an agent has a part. The order of spans makes no difference.
pub(crate) fn analyse(spans: &[Span], prompt: &str) -> Analysis {
    let forest = Forest::of(spans);
    let mut claims = Claims::none(&forest);
    let mut found = Vec::new();
    for find in kinds::FINDERS {
        let of_kind = find(&forest, &claims);
        for one in &of_kind {
            claims.claim(&one.spans);
        }
        found.extend(of_kind);
    }
    let emphasis = Emphasis::of(prompt);
    let (asked, others): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|one| emphasis.covers(one));
    let summary = summary(&forest, &emphasis, &asked, &others);
    let findings = gravest_first(&forest, asked).into_iter().chain(gravest_first(&forest, others));
    let findings = findings.take(MAX_FINDINGS).map(|one| one.told(&forest)).collect();
    Analysis { traces: forest.traces, spans: forest.len(), summary, findings }
}

fn gravest_first(forest: &Forest, found: Vec<Found>) -> Vec<Found> {
    let mut found: Vec<_> = found.into_iter().map(|one| (one.share(forest), one)).collect();
    // What weighs the same stays in the order of kinds and names.
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().map(|(_, one)| one).collect()
}

fn summary(forest: &Forest, emphasis: &Emphasis, asked: &[Found], others: &[Found]) -> String {
    let read = format!(
        "{} with {} and {} of the agent were read.",
        count(forest.traces, "trace"),
        count(forest.len(), "span"),
        count(forest.runs.len(), "run")
    );
    let kinds: Vec<String> = emphasis.kinds.iter().map(|kind| kind.phrase().to_owned()).collect();
    let question = if !kinds.is_empty() {
        format!("The prompt asks about {}", listed(&kinds))
    } else if asked.is_empty() {
        "The prompt names none of the faults that are looked for, so that all are told alike".to_owned()
    } else {
        "The prompt names what some findings are about".to_owned()
    };
    let told = match (asked.len(), others.len()) {
        (0, 0) => "nothing was found.".to_owned(),
        (0, 1) if kinds.is_empty() => "1 finding.".to_owned(),
        (0, others) if kinds.is_empty() => format!("{}, the gravest first.", count(others, "finding")),
        (0, others) => format!("nothing of that was found, but {} of other kinds.", count(others, "finding")),
        (1, 0) => "1 finding of that.".to_owned(),
        (asked, 0) => format!("{} of that, the gravest first.", count(asked, "finding")),
        (asked, others) => {
            format!("first {} of that, then {others} of others.", count(asked, "finding"))
        }
    };
    let cut = (asked.len() + others.len()).saturating_sub(MAX_FINDINGS);
    let cut = if cut > 0 { format!(" {cut} more are left out.") } else { String::new() };
    let traces =
        if forest.traces == 0 { " There was nothing to read: the agent has no traces in this time." } else { "" };
    format!("{read} {question}: {told}{cut}{traces}")
}
