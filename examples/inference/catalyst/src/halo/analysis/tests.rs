//! What is found in traffic whose faults are known, and what is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{span::Finish, *};
use crate::traffic::{self, Agent, Fault, Traffic};

mod hostile;
mod planted;
mod rules;

const DEFAULT_PROMPT: &str = "Find what fails and what wastes time or tokens.";

/// The ids of spans by the kind that was planted, or told.
type ByKind = BTreeMap<String, BTreeSet<(String, String)>>;

fn traffic(seed: u64) -> Traffic {
    let agent = Agent { service: "support".to_owned(), name: "customer-support-agent".to_owned() };
    Traffic::new(seed, agent, "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap())
}

/// What the store would say of a span.
fn read(span: &traffic::Span) -> Span {
    let attributes: Map<String, Value> =
        span.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let recorded = Recorded(&attributes);
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let step = match text("gen_ai.operation.name").as_str() {
        "invoke_agent" => Step::Agent { has_answer: recorded.has_answer() },
        "chat" => Step::Inference(Inference {
            model: text("gen_ai.request.model"),
            input_tokens: attributes["gen_ai.usage.input_tokens"].as_i64(),
            output_tokens: attributes["gen_ai.usage.output_tokens"].as_i64(),
            request: recorded.request(),
            finish: recorded.finish(),
        }),
        "execute_tool" => Step::Tool(recorded.tool_call(text("gen_ai.tool.name"))),
        _ => Step::Other,
    };
    Span {
        trace_id: span.trace_id.clone(),
        started_at: span.started_at,
        span_id: span.span_id.clone(),
        parent_span_id: span.parent_span_id.clone(),
        ended_at: span.ended_at,
        is_own: span.service == "support",
        name: span.name.clone(),
        step,
        error: span.error.as_ref().map(|(error, _)| error.clone()),
        error_message: span.error.as_ref().map(|(_, message)| message.clone()),
    }
}

/// Clean traces, with as many of each of some faults among them; and what was planted.
fn spans(seed: u64, clean: usize, faults: &[Fault], each: usize) -> (Vec<Span>, ByKind) {
    let mut traffic = traffic(seed);
    let (mut spans, mut planted) = (Vec::new(), ByKind::new());
    let total = each * faults.len();
    for at in 0..clean.max(total) {
        if at < clean {
            spans.extend(traffic.clean().spans.iter().map(read));
        }
        // One of each in turn, among the clean ones.
        if at < total {
            let fault = faults[at % faults.len()];
            let trace = traffic.faulty(fault);
            let ids = trace.planted.iter().map(|id| (trace.spans[0].trace_id.clone(), id.clone()));
            planted.entry(fault.kind().to_owned()).or_default().extend(ids);
            spans.extend(trace.spans.iter().map(read));
        }
    }
    (spans, planted)
}

fn kind(finding: &Finding) -> String {
    serde_json::to_value(finding.kind).unwrap().as_str().unwrap().to_owned()
}

/// What is told, in lines.
fn titles(analysis: &Analysis) -> Vec<String> {
    let told = |finding: &Finding| format!("{}: {} {}", kind(finding), finding.title, finding.description);
    analysis.findings.iter().map(told).collect()
}

/// What is told, by kind. No span is told twice, and what is told is in order.
fn told(analysis: &Analysis) -> ByKind {
    let mut told = ByKind::new();
    let mut seen = BTreeSet::new();
    for finding in &analysis.findings {
        let spans: Vec<_> = finding
            .evidence
            .iter()
            .flat_map(|evidence| evidence.span_ids.iter().map(|span| (evidence.trace_id.clone(), span.clone())))
            .collect();
        assert_eq!(finding.occurrences, spans.len(), "{finding:?}");
        for span in &spans {
            assert!(seen.insert(span.clone()), "{span:?} is told twice");
        }
        told.entry(kind(finding)).or_default().extend(spans);
    }
    told
}
