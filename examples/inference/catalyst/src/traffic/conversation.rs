//! A turn of a conversation with the agent: what is asked, what it looks up, what it answers.

use std::{collections::BTreeMap, f64::consts::TAU};

use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{Agent, Fault, SECOND, Span, Trace, message};

const MODEL: &str = "claude-sonnet-4-5";

/// Writes summaries of what was said before.
const SUMMARY_MODEL: &str = "gpt-4.1-nano";

/// The service in front of the agent's.
const GATEWAY: &str = "chat-gateway";

const MILLISECOND: i64 = SECOND / 1000;

/// How much times and sizes vary: two thirds are within this exponent of their median.
const SPREAD: f64 = 0.5;

/// A turn that goes on.
pub(super) struct Conversation<'a> {
    rng: &'a mut StdRng,
    agent: &'a Agent,
    trace_id: String,
    gateway_span: String,
    agent_span: String,
    begun: i64,
    now: i64,
    /// What the model is given.
    messages: Vec<Value>,
    /// How many tokens that is.
    context: i64,
    error: Option<(String, String)>,
    spans: Vec<Span>,
    planted: Vec<String>,
}

/// How a call of a tool goes.
struct Call {
    tool: &'static str,
    arguments: Value,
    result: Result<Value, (&'static str, &'static str)>,
    /// The median of how long it takes.
    takes: i64,
}

impl Call {
    fn well(tool: &'static str, arguments: Value, result: Value) -> Self {
        Self { tool, arguments, result: Ok(result), takes: 250 * MILLISECOND }
    }

    fn badly(tool: &'static str, arguments: Value, error: &'static str, message: &'static str) -> Self {
        Self { tool, arguments, result: Err((error, message)), takes: 250 * MILLISECOND }
    }
}

impl<'a> Conversation<'a> {
    pub(super) fn begin(rng: &'a mut StdRng, agent: &'a Agent, now: i64) -> Self {
        let trace_id = format!("{:032x}", rng.random::<u128>() | 1);
        let (gateway_span, agent_span) = (span_id(rng), span_id(rng));
        let messages =
            vec![message("system", "You are the support agent of a shop. Look things up before you answer.")];
        let mut conversation = Self {
            rng,
            agent,
            trace_id,
            gateway_span,
            agent_span,
            begun: now,
            now: now + 3 * MILLISECOND,
            messages,
            context: 0,
            error: None,
            spans: Vec::new(),
            planted: Vec::new(),
        };
        // What was said before is in the context: the later the turn, the more.
        conversation.context = conversation.about(900) + conversation.about(500);
        conversation
    }

    /// All that the agent does from question to answer.
    pub(super) fn turn(&mut self, fault: Option<Fault>) {
        let order = self.rng.random_range(10_000..100_000);
        self.messages.push(message("user", &format!("Where is my order {order}?")));
        if self.chance(0.05) || fault == Some(Fault::TokenWaste) {
            self.summarize(fault == Some(Fault::TokenWaste));
        }
        let rounds = self.rng.random_range(1..=4);
        let faulty_round = self.rng.random_range(0..rounds);
        for round in 0..rounds {
            self.look_up(order);
            if let Some(fault) = fault.filter(|_| round == faulty_round) {
                self.plant(fault, order);
            }
        }
        if fault == Some(Fault::DeadEnds) {
            self.ask(MODEL, "tool_calls");
            self.call(Call::well("create_ticket", json!({"order_id": order}), json!({"ticket_id": order * 7})));
            self.planted = vec![self.agent_span.clone()];
        } else if self.chance(0.001) {
            self.error = Some(("ClientDisconnected".to_owned(), "the customer has left".to_owned()));
        } else {
            self.ask(MODEL, "stop");
        }
    }

    /// The trace of the turn.
    pub(super) fn end(mut self) -> Trace {
        let agent = json!(self.agent.name);
        let attributes = [("gen_ai.operation.name", json!("invoke_agent")), ("gen_ai.agent.name", agent)];
        let (parent, id) = (self.gateway_span.clone(), self.agent_span.clone());
        let name = format!("invoke_agent {}", self.agent.name);
        let mut span = self.span(id, Some(parent), &name, self.begun + 2 * MILLISECOND, BTreeMap::from(attributes));
        span.error = self.error.take();
        self.spans.push(span);
        self.now += MILLISECOND;
        let mut gateway = self.span(self.gateway_span.clone(), None, "POST /chat", self.begun, BTreeMap::new());
        GATEWAY.clone_into(&mut gateway.service);
        self.spans.push(gateway);
        Trace { spans: self.spans, planted: self.planted }
    }

    /// One of the things that a support agent does before it answers.
    fn look_up(&mut self, order: i32) {
        let number = self.rng.random_range(0..1_000_000);
        self.ask(MODEL, "tool_calls");
        match self.rng.random_range(0..100) {
            0..30 => self.call(looks_up_order(number)),
            30..50 => self.call(finds_customer(number)),
            50..72 => {
                self.call(searches(number));
                if self.chance(0.5) {
                    self.ask(MODEL, "tool_calls");
                    self.call(opens(number));
                }
            }
            72..82 => self.call_side_by_side(vec![looks_up_order(number), finds_customer(number)]),
            82..86 => {
                // A ticket is read again once it is changed, which is no repetition.
                let ticket = json!({"ticket_id": number});
                self.call(Call::well("get_ticket", ticket.clone(), json!({"state": "open"})));
                self.ask(MODEL, "tool_calls");
                let update = json!({"ticket_id": number, "state": "closed"});
                self.call(Call::well("update_ticket", update, json!({"state": "closed"})));
                self.ask(MODEL, "tool_calls");
                self.call(Call::well("get_ticket", ticket, json!({"state": "closed"})));
            }
            86..89 => {
                let refund = json!({"order_id": order, "amount": number % 100, "currency": "EUR"});
                self.call(Call::well("issue_refund", refund, json!({"refund_id": number})));
            }
            89..92 => self.call(Call::well(
                "create_ticket",
                json!({"order_id": order + number}),
                json!({"ticket_id": number}),
            )),
            92..95 => self.call(Call::well(
                "read_attachment",
                json!({"attachment_id": number}),
                json!({"text": "A receipt."}),
            )),
            // What any network has: something is not there, is tried once more, or is asked once too often.
            95 => self.call(Call::badly("lookup_order", json!({"order_id": number}), "OrderNotFound", "no such order")),
            96 => {
                let call = json!({"query": format!("returns {number}")});
                self.call(Call::badly("search_articles", call, "ConnectionReset", "the connection was closed"));
                self.call(searches(number));
            }
            97 => {
                self.call(finds_customer(number));
                if self.chance(0.3) {
                    self.call(finds_customer(number));
                }
            }
            _ => self.call(searches(number)),
        }
    }

    fn plant(&mut self, fault: Fault, order: i32) {
        let number = self.rng.random_range(1_000_000..2_000_000);
        match fault {
            Fault::FailingToolCalls => {
                self.ask(MODEL, "tool_calls");
                let refund = json!({"order_id": order, "amount": 12});
                self.call(Call::badly("issue_refund", refund, "ValidationError", "`currency` is required"));
                self.planted_since(1);
            }
            Fault::RepeatedToolCalls => {
                self.ask(MODEL, "tool_calls");
                self.call(looks_up_order(number));
                for _ in 0..3 {
                    self.ask(MODEL, "tool_calls");
                    self.call(looks_up_order(number));
                    self.planted_since(1);
                }
            }
            Fault::SlowSpans => {
                self.ask(MODEL, "tool_calls");
                self.call(Call { takes: 60 * SECOND, ..searches(number) });
                self.planted_since(1);
            }
            Fault::Retries => {
                self.ask(MODEL, "tool_calls");
                for _ in 0..3 {
                    let customer = json!({"customer_id": number});
                    self.call(Call::badly("get_customer", customer, "UpstreamTimeout", "no answer in time"));
                    self.planted_since(1);
                }
                self.call(finds_customer(number));
                self.planted_since(1);
            }
            Fault::Loops => {
                for _ in 0..self.rng.random_range(3..=5) {
                    self.ask(MODEL, "tool_calls");
                    self.call(searches(number));
                    self.planted_since(1);
                    self.ask(MODEL, "tool_calls");
                    self.call(opens(number));
                    self.planted_since(1);
                }
            }
            Fault::OversizedContexts => {
                self.ask(MODEL, "tool_calls");
                let book =
                    Call::well("read_attachment", json!({"attachment_id": number}), json!({"text": "A whole book."}));
                self.call(book);
                let size = self.rng.random_range(40_000..90_000);
                self.context += size;
                for _ in 0..2 {
                    self.ask(MODEL, "tool_calls");
                    self.planted_since(1);
                    self.call(Call::well("get_ticket", json!({"ticket_id": self.now}), json!({"state": "open"})));
                }
                self.context -= size;
            }
            // Planted where the turn begins and ends.
            Fault::TokenWaste | Fault::DeadEnds => {}
        }
    }

    /// A summary of what was said before, by another model; wasteful ones are cut off, or asked for twice.
    fn summarize(&mut self, is_wasteful: bool) {
        self.messages.push(message("user", &format!("Summarize what was said before {}.", self.begun)));
        let is_cut_off = is_wasteful && self.begun % 2 == 0;
        self.ask(SUMMARY_MODEL, if is_cut_off { "length" } else { "stop" });
        self.messages.pop();
        if is_wasteful && !is_cut_off {
            // The answer was not kept, and so it is asked the same.
            self.ask(SUMMARY_MODEL, "stop");
            self.messages.pop();
        }
        if is_wasteful {
            self.planted_since(1);
        }
        self.messages.pop();
    }

    /// Has the last spans show the fault.
    fn planted_since(&mut self, spans: usize) {
        let steps = self.spans.iter().rev().filter(|span| span.attributes.contains_key("gen_ai.operation.name"));
        self.planted.extend(steps.take(spans).map(|span| span.span_id.clone()));
    }

    /// A request to a model.
    fn ask(&mut self, model: &str, finish: &str) {
        let begun = self.now;
        let output = self.about(if finish == "stop" { 220 } else { 60 });
        self.now += self.about(400 * MILLISECOND) + output * self.about(9 * MILLISECOND);
        let attributes = [
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.request.model", json!(model)),
            ("gen_ai.usage.input_tokens", json!(self.context)),
            ("gen_ai.usage.output_tokens", json!(output)),
            ("gen_ai.response.finish_reasons", json!([finish])),
            ("gen_ai.input.messages", json!(self.messages)),
            ("gen_ai.output.messages", json!([message("assistant", "Let me see.")])),
        ];
        let (id, parent) = (span_id(self.rng), self.agent_span.clone());
        let span = self.span(id, Some(parent), &format!("chat {model}"), begun, BTreeMap::from(attributes));
        self.spans.push(span);
        self.messages.push(message("assistant", &format!("Let me see ({output}).")));
        self.context += output;
    }

    fn call(&mut self, call: Call) {
        self.call_side_by_side(vec![call]);
    }

    /// Calls that begin together.
    fn call_side_by_side(&mut self, calls: Vec<Call>) {
        let begun = self.now;
        let mut ended = begun;
        for call in calls {
            self.now = begun;
            self.call_one(call);
            ended = ended.max(self.now);
        }
        self.now = ended + MILLISECOND;
    }

    fn call_one(&mut self, Call { tool, arguments, result, takes }: Call) {
        let (begun, id) = (self.now, span_id(self.rng));
        let queried = self.now + MILLISECOND;
        self.now += self.about(40 * MILLISECOND);
        if self.chance(0.6) {
            let query = span_id(self.rng);
            let query = self.span(query, Some(id.clone()), "SELECT shop", queried, BTreeMap::new());
            self.spans.push(query);
        }
        self.now += self.about(takes);
        let mut attributes = BTreeMap::from([
            ("gen_ai.operation.name", json!("execute_tool")),
            ("gen_ai.tool.name", json!(tool)),
            ("gen_ai.tool.call.arguments", arguments),
        ]);
        let told = match &result {
            Ok(result) => {
                attributes.insert("gen_ai.tool.call.result", result.clone());
                result.to_string()
            }
            Err((_, message)) => (*message).to_owned(),
        };
        let parent = self.agent_span.clone();
        let mut span = self.span(id, Some(parent), &format!("execute_tool {tool}"), begun, attributes);
        span.error = result.err().map(|(error, message)| (error.to_owned(), message.to_owned()));
        self.spans.push(span);
        self.messages.push(message("tool", &told));
        self.context += self.about(90);
    }

    /// A span of the agent's service that ends now.
    fn span(
        &self,
        span_id: String,
        parent_span_id: Option<String>,
        name: &str,
        started_at: i64,
        attributes: BTreeMap<&'static str, Value>,
    ) -> Span {
        Span {
            service: self.agent.service.clone(),
            trace_id: self.trace_id.clone(),
            span_id,
            parent_span_id,
            name: name.to_owned(),
            started_at,
            ended_at: self.now.max(started_at),
            attributes,
            error: None,
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.rng.random::<f64>() < probability
    }

    /// A number by the log-normal distribution, as times and sizes are.
    fn about(&mut self, median: i64) -> i64 {
        // Box and Muller's way to the normal distribution.
        let radius = (-2.0 * (1.0 - self.rng.random::<f64>()).ln()).sqrt();
        let normal = radius * (TAU * self.rng.random::<f64>()).cos();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a number about another")]
        let number = (median as f64 * (normal * SPREAD).exp()) as i64;
        number.max(1)
    }
}

fn span_id(rng: &mut StdRng) -> String {
    // Zero is no id.
    format!("{:016x}", rng.random::<u64>() | 1)
}

fn looks_up_order(number: i32) -> Call {
    Call::well("lookup_order", json!({"order_id": number}), json!({"order_id": number, "state": "shipped"}))
}

fn finds_customer(number: i32) -> Call {
    Call::well("get_customer", json!({"customer_id": number}), json!({"customer_id": number, "name": "Ada"}))
}

fn searches(number: i32) -> Call {
    Call::well("search_articles", json!({"query": format!("returns {number}")}), json!({"articles": [number]}))
}

fn opens(number: i32) -> Call {
    Call::well("open_article", json!({"article_id": number}), json!({"text": "Within thirty days."}))
}
