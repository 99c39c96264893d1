//! What the spans of a trace have from each other: whose agent each is of, where runs of agents begin, and what the trace
//! comes to.

use std::collections::HashMap;

use crate::traces::{Outcome, SpanKind};

/// A span, as far as it matters for the others of its trace.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span_id: String,
    pub(super) parent_span_id: Option<String>,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) service: String,
    /// The id of the agent that it names.
    pub(super) own_agent: Option<String>,
    pub(super) status: Outcome,
    pub(super) started_at: i64,
    pub(super) duration: i64,
    pub(super) input_tokens: Option<i64>,
    pub(super) output_tokens: Option<i64>,
}

/// What a span has from those above it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// The id of the agent that it is of.
    pub(super) agent: Option<String>,
    /// Whether a run of that agent begins with it.
    pub(super) is_execution: bool,
}

/// What a trace comes to.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    pub(super) root: &'a Node,
    /// The id of the first agent that is named.
    pub(super) agent: Option<&'a str>,
    pub(super) started_at: i64,
    pub(super) duration: i64,
    pub(super) spans: usize,
    pub(super) errors: usize,
    pub(super) input_tokens: i64,
    pub(super) output_tokens: i64,
}

/// The places of the spans of a trace, in their order. Parents that are missing end the way up, as do circles.
pub(super) fn places(nodes: &[Node]) -> Vec<Place> {
    let parents = parents(nodes);
    // The nearest span that names an agent, from each span on; `None` until it is known.
    let mut naming: Vec<Option<Option<usize>>> = vec![None; nodes.len()];
    for start in 0..nodes.len() {
        let (mut way, mut next) = (Vec::new(), Some(start));
        let found = loop {
            let Some(at) = next else { break None };
            if let Some(known) = naming[at] {
                break known;
            }
            if nodes[at].own_agent.is_some() {
                way.push(at);
                break Some(at);
            }
            // Known to lead nowhere, until it is known to lead somewhere: so a circle ends.
            naming[at] = Some(None);
            way.push(at);
            next = parents[at];
        };
        for at in way {
            naming[at] = Some(found);
        }
    }
    let agent = |at: usize| naming[at].flatten().and_then(|naming| nodes[naming].own_agent.clone());
    let place = |(at, node): (usize, &Node)| {
        let agent_above = parents[at].and_then(agent);
        // Spans within a run can repeat its agent's name; one that invokes the agent begins a run of its own.
        let is_execution = node.own_agent.is_some() && (node.kind == SpanKind::Agent || node.own_agent != agent_above);
        Place { agent: agent(at), is_execution }
    };
    nodes.iter().enumerate().map(place).collect()
}

/// What the spans come to, if there are some.
pub(super) fn summary(nodes: &[Node]) -> Option<Summary<'_>> {
    let parents = parents(nodes);
    let order = |at: &usize| (nodes[*at].started_at, nodes[*at].span_id.as_str());
    // Where all are in circles, no span is the first but by its time.
    let roots = (0..nodes.len()).filter(|at| parents[*at].is_none());
    let root = roots.min_by_key(order).or_else(|| (0..nodes.len()).min_by_key(order))?;
    let named = (0..nodes.len()).filter(|at| nodes[*at].own_agent.is_some()).min_by_key(order);
    let started_at = nodes.iter().map(|node| node.started_at).min()?;
    let ended_at = nodes.iter().map(|node| node.started_at.saturating_add(node.duration)).max()?;
    let inferences = || nodes.iter().filter(|node| node.kind == SpanKind::Inference);
    Some(Summary {
        root: &nodes[root],
        agent: named.and_then(|at| nodes[at].own_agent.as_deref()),
        started_at,
        duration: ended_at.saturating_sub(started_at),
        spans: nodes.len(),
        errors: nodes.iter().filter(|node| node.status == Outcome::Error).count(),
        input_tokens: inferences().filter_map(|node| node.input_tokens).sum(),
        output_tokens: inferences().filter_map(|node| node.output_tokens).sum(),
    })
}

/// Where the parent of each span is, if it is there.
fn parents(nodes: &[Node]) -> Vec<Option<usize>> {
    let by_id: HashMap<&str, usize> = nodes.iter().enumerate().map(|(at, node)| (node.span_id.as_str(), at)).collect();
    nodes.iter().map(|node| by_id.get(node.parent_span_id.as_deref()?).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spans of lines `id parent agent`, each a moment after the one before. `-` is nothing, `!` marks an invocation.
    fn nodes(lines: &[&str]) -> Vec<Node> {
        let node = |(at, line): (i64, &&str)| {
            let [span_id, parent, agent] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let some = |text: &str| (text != "-").then(|| text.trim_matches('!').to_owned());
            Node {
                span_id: span_id.to_owned(),
                parent_span_id: some(parent),
                name: span_id.to_owned(),
                kind: if agent.ends_with('!') { SpanKind::Agent } else { SpanKind::Inference },
                service: "shop".to_owned(),
                own_agent: some(agent),
                status: Outcome::Ok,
                started_at: at,
                duration: 10,
                input_tokens: Some(1),
                output_tokens: None,
            }
        };
        (0..).zip(lines).map(node).collect()
    }

    #[test]
    fn a_span_is_of_the_nearest_agent_above_it() {
        for (lines, places_in_words) in [
            (&["a - one!", "b a -", "c b two!", "d c -", "e a -"][..], "one! one two! two one"),
            // In any order, and with a parent that is not there.
            (&["d c -", "c b two!", "b gone -"], "two two! -"),
            // Those that repeat the name are within the run, unless they invoke the agent again.
            (&["a - one", "b a one", "c b one!"], "one! one one!"),
            // Circles lead nowhere, whoever asks first.
            (&["a b -", "b a -", "c b -", "d d -"], "- - - -"),
            (&["x a -", "a b -", "b a one"], "one one one"),
            (&["a a one!"], "one!"),
        ] {
            let words = places(&nodes(lines)).into_iter().map(|Place { agent, is_execution }| {
                format!("{}{}", agent.as_deref().unwrap_or("-"), if is_execution { "!" } else { "" })
            });
            assert_eq!(words.collect::<Vec<_>>().join(" "), places_in_words, "{lines:?}");
        }
    }

    #[test]
    fn a_deep_trace_takes_no_deep_stack() {
        let lines: Vec<_> = (1..20_000).map(|at| format!("{at} {} -", at - 1)).collect();
        let mut lines: Vec<_> = lines.iter().map(String::as_str).collect();
        lines.push("0 - one!");
        assert!(places(&nodes(&lines)).iter().all(|place| place.agent.as_deref() == Some("one")));
    }

    #[test]
    fn a_trace_begins_with_the_first_span_that_has_none_above_it() {
        for (lines, root, agent) in [
            (&["b a -", "a - one!", "c - two!"][..], "a", Some("one")),
            (&["a gone -", "b a two"], "a", Some("two")),
            (&["b a -", "a b -"], "b", None),
        ] {
            let nodes = nodes(lines);
            let summary = summary(&nodes).unwrap();
            assert_eq!((summary.root.span_id.as_str(), summary.agent), (root, agent), "{lines:?}");
            assert_eq!(summary.duration, i64::try_from(lines.len()).unwrap() + 9);
        }
        assert!(summary(&[]).is_none());
    }
}
