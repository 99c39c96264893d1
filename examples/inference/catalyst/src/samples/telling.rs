//! From a story to the spans that its agent would have sent.

use serde_json::{Map, Value, json};

use super::story::{Agent, Conversation, End, Fault, Step, Task, ToolCall};
use crate::id;

/// Over how many hours an agent's runs of one kind are spread.
const HOURS: i64 = 48;

/// How long ago the last run of all began, at least: it has ended by now.
const NEWEST_MINUTES: i64 = 6;

const MILLISECOND: i64 = 1_000_000;
const MINUTE: i64 = 60_000 * MILLISECOND;

/// The ids of the first trace, and of its first request to a model, by which the manifest's examples call them.
const FIRST: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");

/// What fills the gaps.
const PRODUCTS: [&str; 8] = [
    "the trail jacket",
    "a pair of boots",
    "the two-person tent",
    "the down sleeping bag",
    "a pair of poles",
    "the rain trousers",
    "the gas stove",
    "the 40-litre backpack",
];
const CITIES: [&str; 7] = ["Malmo", "Leipzig", "Ghent", "Graz", "Turku", "Lyon", "Porto"];
const NAMES: [&str; 6] = ["Ida", "Bruno", "Chen", "Amara", "Lukas", "Noor"];

/// When a run began: the runs of a kind are spread evenly, and those of another kind lie between them.
pub(super) fn begun(now: i64, conversation: usize, run: u32, runs: u32) -> i64 {
    let between = i64::try_from(conversation).unwrap_or_default() * 7;
    let spread = HOURS * 60 * i64::from(run) / i64::from(runs);
    now - (NEWEST_MINUTES + between + spread) * MINUTE
}

/// Attributes as OTLP has them.
pub(super) fn attributes(object: Value) -> Value {
    let Value::Object(object) = object else { return json!([]) };
    object.into_iter().map(|(key, value)| json!({"key": key, "value": any_value(value)})).collect()
}

fn any_value(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::Array(values) => {
            json!({"arrayValue": {"values": values.into_iter().map(any_value).collect::<Value>()}})
        }
        Value::String(text) => json!({"stringValue": text}),
        Value::Null | Value::Object(_) => json!({}),
    }
}

/// Tells one run.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    agent: &'a Agent,
    trace_id: String,
    /// What the gaps are filled with.
    gaps: [(&'static str, String); 4],
    /// How far the story is.
    now: i64,
    spans: Vec<Value>,
}

/// What a model has been told in a run of an agent.
struct Context {
    parent: String,
    messages: Vec<Value>,
    /// What long results add, beyond what is recorded of them.
    more_tokens: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(agent: &'a Agent, service: &str, conversation: usize, run: u32, begun: i64) -> Self {
        let is_first =
            conversation == 0 && run == 0 && agent.name == "customer-support-agent" && service == "support-api";
        let seed = id::fingerprint(&format!("{service}/{}/{conversation}/{run}", agent.name));
        let trace_id = if is_first { FIRST.0.to_owned() } else { seed.clone() };
        let pick = |at: usize, among: &[&str]| among[byte(&seed, at) % among.len()].to_owned();
        let order = 10_000 + byte(&seed, 0) * 256 + byte(&seed, 1);
        let gaps = [
            ("{order}", order.to_string()),
            ("{product}", pick(2, &PRODUCTS)),
            ("{city}", pick(3, &CITIES)),
            ("{name}", pick(4, &NAMES)),
        ];
        Self { agent, trace_id, gaps, now: begun, spans: Vec::new() }
    }

    /// The spans of the run, and of the request that it answers.
    pub(super) fn tell(mut self, conversation: &Conversation) -> Vec<Value> {
        let (began, request) = (self.now, self.next_id());
        self.spans.push(Value::Null);
        self.pass(4);
        let agent = self.agent;
        self.run(&agent.name, &request, &conversation.task, &conversation.attributes);
        self.pass(3);
        let failed = matches!(conversation.task.end, End::Error(_));
        let status = if failed { json!({"code": 2}) } else { json!({}) };
        let route = json!({"http.request.method": "POST", "http.route": "/messages", "http.response.status_code": if failed { 500 } else { 200 }});
        self.spans[0] = self.span(&request, "", "POST /messages", began, route, &status);
        self.spans
    }

    /// A run of an agent.
    fn run(&mut self, agent: &str, parent: &str, task: &Task, recorded: &Map<String, Value>) {
        let (began, at, own) = (self.now, self.spans.len(), self.next_id());
        self.spans.push(Value::Null);
        self.pass(6);
        let question = json!({"role": "user", "parts": [{"type": "text", "content": self.fill(&task.question)}]});
        let mut context = Context { parent: own.clone(), messages: vec![question], more_tokens: 0 };
        for step in &task.steps {
            self.step(&mut context, step);
        }
        let mut run = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent});
        let status = match &task.end {
            End::Answer(answer) => {
                let answer = self.fill(answer);
                let part = json!({"type": "text", "content": answer});
                let reason = if task.is_cut_off { "length" } else { "stop" };
                self.answer(&context, &part, reason, recorded);
                json!({})
            }
            End::Error(fault) => {
                run["error.type"] = json!(fault.r#type);
                json!({"code": 2, "message": self.fill(&fault.message)})
            }
        };
        self.pass(2);
        self.spans[at] = self.span(&own, parent, &format!("invoke_agent {agent}"), began, run, &status);
    }

    fn step(&mut self, context: &mut Context, step: &Step) {
        match step {
            Step::Tool(call) => self.call(context, call),
            Step::Agent { agent, task } => {
                let parent = context.parent.clone();
                self.run(agent, &parent, task, &Map::new());
            }
            Step::Model { model_error: Fault { r#type, message }, input_tokens } => {
                let (began, own) = (self.now, self.next_id());
                self.pass(350);
                let mut request = self.request(context);
                request["error.type"] = json!(r#type);
                if let Some(tokens) = input_tokens {
                    request["gen_ai.usage.input_tokens"] = json!(tokens);
                }
                let status = json!({"code": 2, "message": self.fill(message)});
                self.add_inference(&own, context, began, request, &status);
            }
        }
    }

    /// A call of a tool, as often as it is made, each time after a model has asked for it.
    fn call(&mut self, context: &mut Context, call: &ToolCall) {
        let ToolCall { tool, arguments, result, error, times, milliseconds, result_tokens } = call;
        let (arguments, result) = (self.fill(&arguments.to_string()), self.fill(&result.to_string()));
        let usual = self.agent.tools.get(tool).copied().unwrap_or(100);
        for attempt in 0..*times {
            if attempt == 0 || error.is_none() {
                let part = json!({"type": "tool_call", "name": tool, "arguments": arguments});
                self.answer(context, &part, "tool_calls", &Map::new());
                context.messages.push(json!({"role": "assistant", "parts": [part]}));
            }
            let (began, own) = (self.now, self.next_id());
            self.pass(milliseconds.unwrap_or(usual));
            let mut attributes = json!({
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.arguments": arguments,
            });
            let (status, response) = match error {
                None => {
                    attributes["gen_ai.tool.call.result"] = json!(result);
                    (json!({}), result.clone())
                }
                Some(Fault { r#type, message }) => {
                    attributes["error.type"] = json!(r#type);
                    let message = self.fill(message);
                    (json!({"code": 2, "message": message}), message)
                }
            };
            let span = self.span(&own, &context.parent, &format!("execute_tool {tool}"), began, attributes, &status);
            self.spans.push(span);
            if error.is_none() || attempt + 1 == *times {
                context
                    .messages
                    .push(json!({"role": "tool", "parts": [{"type": "tool_call_response", "response": response}]}));
            }
        }
        context.more_tokens += result_tokens.unwrap_or_default();
    }

    /// A request to the model that goes well.
    fn answer(&mut self, context: &Context, part: &Value, reason: &str, recorded: &Map<String, Value>) {
        let (began, own) = (self.now, self.next_id());
        let message = json!([{"role": "assistant", "parts": [part], "finish_reason": reason}]);
        let output_tokens = if reason == "length" { 1024 } else { tokens(&part.to_string()) };
        self.pass(300 + 12 * output_tokens);
        let mut request = self.request(context);
        request["gen_ai.output.messages"] = json!(message.to_string());
        request["gen_ai.response.finish_reasons"] = json!([reason]);
        request["gen_ai.usage.output_tokens"] = json!(output_tokens);
        for (name, value) in recorded {
            let value = value.as_str().map_or_else(|| value.clone(), |text| json!(self.fill(text)));
            request[name] = value;
        }
        self.add_inference(&own, context, began, request, &json!({}));
    }

    /// What the model is asked.
    fn request(&self, context: &Context) -> Value {
        let messages = json!(context.messages).to_string();
        json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": self.agent.model,
            "gen_ai.system_instructions": self.agent.instructions,
            "gen_ai.usage.input_tokens": 400 + tokens(&messages) + context.more_tokens,
            "gen_ai.input.messages": messages,
        })
    }

    fn add_inference(&mut self, own: &str, context: &Context, began: i64, request: Value, status: &Value) {
        let span = self.span(own, &context.parent, &format!("chat {}", self.agent.model), began, request, status);
        self.spans.push(span);
    }

    /// A span that ends now.
    fn span(&self, own: &str, parent: &str, name: &str, began: i64, recorded: Value, status: &Value) -> Value {
        json!({
            "traceId": self.trace_id,
            "spanId": own,
            "parentSpanId": parent,
            "name": name,
            "startTimeUnixNano": began.to_string(),
            "endTimeUnixNano": self.now.to_string(),
            "attributes": attributes(recorded),
            "status": status,
        })
    }

    /// The id of the span that is told next.
    fn next_id(&self) -> String {
        // The request, the run, and then the first question to the model.
        if self.trace_id == FIRST.0 && self.spans.len() == 2 {
            return FIRST.1.to_owned();
        }
        id::fingerprint(&format!("{}/{}", self.trace_id, self.spans.len()))[..16].to_owned()
    }

    /// Lets about so many milliseconds pass.
    fn pass(&mut self, milliseconds: u64) {
        let chance = byte(&id::fingerprint(&format!("{}/{}/time", self.trace_id, self.now)), 0);
        // From four fifths to six fifths.
        let parts = 8 * 256 + i64::try_from(4 * chance).unwrap_or_default();
        let milliseconds = i64::try_from(milliseconds).unwrap_or_default();
        self.now += milliseconds * MILLISECOND / (10 * 256) * parts;
    }

    fn fill(&self, text: &str) -> String {
        self.gaps.iter().fold(text.to_owned(), |text, (gap, filling)| text.replace(gap, filling))
    }
}

/// About how many tokens a text has.
fn tokens(text: &str) -> u64 {
    u64::try_from(text.len() / 4 + 1).unwrap_or_default()
}

/// A byte of a fingerprint.
fn byte(fingerprint: &str, at: usize) -> usize {
    fingerprint.get(2 * at..2 * at + 2).and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or_default()
}
