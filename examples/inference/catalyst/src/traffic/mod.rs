//! Traffic that nobody has sent: what a customer support agent would have traced, clean or with faults, for samples and
//! tests. The same seed gives the same traffic.
//!
//! Clean traffic is not spotless. Times vary by factors, contexts grow from turn to turn, tools are called side by side,
//! a ticket is read again once it was changed; here and there a call fails, and is tried once more or given up. What
//! HALO would tell is only in the traces that a [`Fault`] was planted in, with the spans that show it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

mod conversation;
mod otlp;

use conversation::Conversation;
pub use otlp::otlp;

/// A second, in nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// How long it takes until the next conversation begins, at most.
const MAX_PAUSE: i64 = 12 * SECOND;

/// The agent, as its spans name it.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The service that it runs in.
    pub service: String,
    /// What it calls itself.
    pub name: String,
}

/// A span, before it is sent.
#[derive(Debug, Clone)]
pub struct Span {
    /// The service that it is of.
    pub service: String,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The step that it is part of.
    pub parent_span_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Nanoseconds since 1970.
    pub started_at: i64,
    /// Nanoseconds since 1970.
    pub ended_at: i64,
    /// By OpenTelemetry's names.
    pub attributes: BTreeMap<&'static str, Value>,
    /// The kind of error and what it says, when it went wrong.
    pub error: Option<(String, String)>,
}

/// What can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `issue_refund` is called without `currency`, and fails.
    FailingToolCalls,
    /// `lookup_order` is called again and again for the same order.
    RepeatedToolCalls,
    /// `search_articles` takes a minute.
    SlowSpans,
    /// `get_customer` times out, and is tried again at once, three times.
    Retries,
    /// A summary is cut off, or the same summary is asked for twice.
    TokenWaste,
    /// The run ends after `create_ticket`, without an answer.
    DeadEnds,
    /// `search_articles` and `open_article` take turns, to no end.
    Loops,
    /// `read_attachment` returns a whole book.
    OversizedContexts,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::FailingToolCalls,
        Self::RepeatedToolCalls,
        Self::SlowSpans,
        Self::Retries,
        Self::TokenWaste,
        Self::DeadEnds,
        Self::Loops,
        Self::OversizedContexts,
    ];

    /// What HALO calls it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::FailingToolCalls => "failing_tool_calls",
            Self::RepeatedToolCalls => "repeated_tool_calls",
            Self::SlowSpans => "slow_spans",
            Self::Retries => "retries",
            Self::TokenWaste => "token_waste",
            Self::DeadEnds => "dead_ends",
            Self::Loops => "loops",
            Self::OversizedContexts => "oversized_contexts",
        }
    }
}

/// A trace, and what is wrong in it.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Its spans, in no order that means anything.
    pub spans: Vec<Span>,
    /// The ids of the spans that show the fault that was planted.
    pub planted: Vec<String>,
}

/// The traffic of an agent.
#[derive(Debug)]
pub struct Traffic {
    rng: StdRng,
    agent: Agent,
    /// When the next conversation begins.
    next_at: i64,
}

impl Traffic {
    /// The traffic of an agent from an instant on.
    pub fn new(seed: u64, agent: Agent, begin: Timestamp) -> Self {
        let next_at = i64::try_from(begin.as_nanosecond()).unwrap_or(i64::MAX / 2);
        Self { rng: StdRng::seed_from_u64(seed), agent, next_at }
    }

    /// A trace in which nothing is wrong that would be told.
    pub fn clean(&mut self) -> Trace {
        self.trace(None)
    }

    /// A trace with a fault.
    pub fn faulty(&mut self, fault: Fault) -> Trace {
        self.trace(Some(fault))
    }

    /// How long it took, so far.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.next_at)).unwrap_or(Timestamp::MAX)
    }

    fn trace(&mut self, fault: Option<Fault>) -> Trace {
        self.next_at += self.rng.random_range(SECOND..MAX_PAUSE);
        let mut conversation = Conversation::begin(&mut self.rng, &self.agent, self.next_at);
        conversation.turn(fault);
        conversation.end()
    }
}

/// A message by OpenTelemetry's GenAI conventions.
fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "parts": [{"type": "text", "content": content}]})
}
