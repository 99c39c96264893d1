//! What the rules leave to chance, and which of two kinds tells of what both could.

use serde_json::json;

use super::*;

/// A run of an agent, step by step, each after the other.
struct Run {
    trace: usize,
    at: i64,
    spans: Vec<Span>,
}

impl Run {
    fn new(trace: usize) -> Self {
        let mut run = Self { trace, at: i64::try_from(trace).unwrap() * 1_000_000_000_000, spans: Vec::new() };
        run.push(Step::Agent { has_answer: false }, None);
        run.spans[0].parent_span_id = None;
        run
    }

    fn push(&mut self, step: Step, error: Option<&str>) -> &mut Self {
        self.at += 1_000_000;
        self.spans.push(Span {
            trace_id: format!("{:032x}", self.trace + 1),
            started_at: self.at,
            span_id: format!("{:016x}", self.spans.len() + 1),
            parent_span_id: Some(format!("{:016x}", 1)),
            ended_at: self.at + 900_000,
            is_own: true,
            name: "step".to_owned(),
            step,
            error: error.map(str::to_owned),
            error_message: None,
        });
        self
    }

    /// A call of a tool with an argument, and its result or else the error.
    fn call(&mut self, tool: &str, argument: usize, result: Result<usize, &str>) -> &mut Self {
        let mut attributes = Map::from_iter([("gen_ai.tool.call.arguments".to_owned(), json!({"argument": argument}))]);
        if let Ok(result) = result {
            attributes.insert("gen_ai.tool.call.result".to_owned(), json!(result));
        }
        self.push(Step::Tool(Recorded(&attributes).tool_call(tool.to_owned())), result.err())
    }

    fn infer(&mut self, tokens: i64, request: usize, finish: Finish) -> &mut Self {
        let attributes = Map::from_iter([("gen_ai.input.messages".to_owned(), json!([request]))]);
        let request = Recorded(&attributes).request();
        let (input_tokens, output_tokens) = (Some(tokens), Some(10));
        self.push(
            Step::Inference(Inference { model: "model".to_owned(), input_tokens, output_tokens, request, finish }),
            None,
        )
    }

    fn answer(&mut self) -> Vec<Span> {
        self.infer(100, self.spans.len() + 1_000, Finish::Answered);
        self.spans.clone()
    }
}

/// Many runs, of which the first ones are as a rule wants to see them.
fn runs(all: usize, odd: usize, of_odd: impl Fn(&mut Run)) -> Vec<Span> {
    (0..all)
        .flat_map(|trace| {
            let mut run = Run::new(trace);
            run.call("good", trace, Ok(trace)).call("other", trace, Ok(trace));
            if trace < odd {
                of_odd(&mut run);
            }
            run.answer()
        })
        .collect()
}

fn kinds_of(spans: &[Span]) -> Vec<String> {
    analyse(spans, "").findings.iter().map(|finding| format!("{} {}", kind(finding), finding.occurrences)).collect()
}

/// What runs have beside what is clean, in how many of 100 runs, and what is told of it.
#[test]
fn a_rule_tells_what_is_more_than_chance_and_nothing_else() {
    type Odd = fn(&mut Run);
    let rows: &[(&str, usize, Odd, &[&str])] = &[
        ("two failures", 2, |run| _ = run.call("bad", 7, Err("E")), &[]),
        ("three failures", 3, |run| _ = run.call("bad", 7, Err("E")), &["failing_tool_calls 3"]),
        ("failures that are few for the tool", 4, |run| _ = run.call("good", 700, Err("E")), &[]),
        (
            "failures that are not few for the tool",
            6,
            |run| _ = run.call("good", 700, Err("E")),
            &["failing_tool_calls 6"],
        ),
        ("tried once more", 2, |run| _ = run.call("bad", 7, Err("E")).call("bad", 7, Ok(1)), &[]),
        ("often tried once more", 3, |run| _ = run.call("bad", 7, Err("E")).call("bad", 7, Ok(1)), &["retries 6"]),
        (
            "tried again three times, all in vain",
            1,
            |run| _ = (0..4).fold(run, |run, _| run.call("bad", 7, Err("E"))),
            &["retries 4"],
        ),
        (
            "tried again with other arguments",
            3,
            |run| _ = run.call("bad", 7, Err("E")).call("bad", 8, Ok(1)),
            &["failing_tool_calls 3"],
        ),
        ("asked again twice", 1, |run| _ = (0..3).fold(run, |run, _| run.call("read", 7, Ok(1))), &[]),
        (
            "asked again three times",
            1,
            |run| _ = (0..4).fold(run, |run, _| run.call("read", 7, Ok(1))),
            &["repeated_tool_calls 3"],
        ),
        ("asked again with news", 1, |run| _ = (0..9).fold(run, |run, at| run.call("read", 7, Ok(at))), &[]),
        ("two rounds", 1, |run| _ = (0..2).fold(run, |run, _| run.call("a", 1, Ok(1)).call("b", 1, Ok(1))), &[]),
        (
            "three rounds and a half",
            1,
            |run| _ = (0..3).fold(run, |run, _| run.call("a", 1, Ok(1)).call("b", 1, Ok(1))).call("a", 1, Ok(1)),
            &["loops 7"],
        ),
        (
            "rounds that find out something new",
            1,
            |run| _ = (0..5).fold(run, |run, at| run.call("a", 1, Ok(at)).call("b", 1, Ok(at))),
            &[],
        ),
        (
            "rounds that fail are a loop, and no retries",
            1,
            |run| _ = (0..4).fold(run, |run, _| run.call("a", 1, Err("E")).call("b", 1, Err("E"))),
            &["loops 8"],
        ),
        ("cut off twice", 2, |run| _ = run.infer(100, 1, Finish::Truncated), &[]),
        ("cut off three times", 3, |run| _ = run.infer(100, 1, Finish::Truncated), &["token_waste 3"]),
        (
            "the same request twice, in three runs",
            3,
            |run| _ = run.infer(100, 1, Finish::WantsTools).infer(100, 1, Finish::WantsTools),
            &["token_waste 3"],
        ),
        ("large, but below the floor", 5, |run| _ = run.infer(19_000, 1, Finish::WantsTools), &[]),
        ("oversized", 3, |run| _ = run.infer(21_000, 1, Finish::WantsTools), &["oversized_contexts 3"]),
    ];
    for (name, odd, of_odd, expected) in rows {
        assert_eq!(kinds_of(&runs(100, *odd, of_odd)), *expected, "{name}");
    }
}

/// How runs end, and what is told of that.
#[test]
fn a_run_is_a_dead_end_when_all_of_it_is_there_and_nothing_was_answered() {
    let ended = |runs: usize, end: fn(&mut Run)| -> Vec<String> {
        let spans = (0..100).flat_map(|trace| {
            let mut run = Run::new(trace);
            run.infer(100, trace, Finish::WantsTools).call("look", trace, Ok(1));
            if trace < runs {
                end(&mut run);
            } else {
                _ = run.answer();
            }
            run.spans
        });
        kinds_of(&spans.collect::<Vec<_>>())
    };
    assert_eq!(ended(3, |_| ()), ["dead_ends 3"]);
    assert_eq!(ended(2, |_| ()), [""; 0]);
    // The last tool of most runs is the agent's way to answer.
    assert_eq!(ended(60, |_| ()), [""; 0]);
    assert_eq!(ended(60, |run| run.spans[0].error = Some("E".to_owned())), ["dead_ends 60"]);
    assert_eq!(ended(3, |run| _ = run.infer(100, 9, Finish::WantsTools)), ["dead_ends 3"]);
    assert_eq!(ended(3, |run| run.spans[0].step = Step::Agent { has_answer: true }), [""; 0]);
    // The agent's span comes last, and the run goes on until it does.
    assert_eq!(ended(3, |run| drop(run.spans.remove(0))), [""; 0]);
    // Another agent has the last word.
    assert_eq!(
        ended(3, |run| {
            run.push(Step::Agent { has_answer: false }, None).spans.last_mut().unwrap().is_own = false;
        }),
        [""; 0]
    );
}

/// A tool that takes a second in 97 runs, and so long in three.
#[test]
fn a_step_is_slow_by_what_it_does_itself_and_by_what_is_usual() {
    let told = |seconds: i64, usually: fn(usize) -> i64, waits_for_another: bool| {
        let spans = (0..100).flat_map(|trace| {
            let mut run = Run::new(trace);
            run.call("look", trace, Ok(1));
            let span = run.spans.last_mut().unwrap();
            let milliseconds = if trace < 3 { seconds * 1_000 } else { usually(trace) };
            span.ended_at = span.started_at + milliseconds * 1_000_000;
            let mut waited_for = span.clone();
            run.at = span.ended_at;
            run.answer();
            if waits_for_another {
                waited_for.parent_span_id = Some(waited_for.span_id);
                waited_for.span_id = "f".repeat(16);
                // Each has a name of its own, so that it is compared with none.
                (waited_for.name, waited_for.step) = (format!("wait {trace}"), Step::Other);
                run.spans.push(waited_for);
            }
            run.spans
        });
        kinds_of(&spans.collect::<Vec<_>>())
    };
    assert_eq!(told(6, |_| 1_000, false), ["slow_spans 3"]);
    assert_eq!(told(4, |_| 1_000, false), [""; 0]);
    assert_eq!(told(6, |_| 1_000, true), [""; 0]);
    // Far above the median, and below the floor.
    assert_eq!(told(1, |_| 1, false), [""; 0]);
    // What varies by a factor of two is not slow at six times its median.
    assert_eq!(told(6, |trace| [500, 1_000, 2_000][trace % 3], false), [""; 0]);
    assert_eq!(told(200, |trace| [500, 1_000, 2_000][trace % 3], false), ["slow_spans 3"]);
}

#[test]
fn json_is_the_same_whatever_its_spelling() {
    let digest = |value: Value| {
        let attributes = Map::from_iter([("gen_ai.tool.call.arguments".to_owned(), value)]);
        Recorded(&attributes).tool_call(String::new()).arguments
    };
    assert_eq!(digest(json!({"a": 1, "b": [2]})), digest(json!(r#"{"b": [2], "a": 1}"#)));
    assert_ne!(digest(json!({"a": 1, "b": [2]})), digest(json!({"a": 1, "b": [3]})));
    assert_ne!(digest(json!({"a": "1"})), digest(json!({"a": 1})));
    assert_ne!(digest(json!("1")), digest(json!(1)));
}

/// What errors say is somebody else's text: it stays in its quotes, and is told in part.
#[test]
fn what_most_errors_said_is_told_in_quotes() {
    let told = |message: &str| {
        let spans = runs(100, 6, |run| {
            run.call("bad", run.trace, Err("E"));
            let said = if run.trace == 0 { "something else" } else { message };
            run.spans.last_mut().unwrap().error_message = Some(said.to_owned());
        });
        analyse(&spans, "").findings.remove(0).description
    };
    for (message, quoted) in [
        ("give 5 digits", "`give 5 digits`".to_owned()),
        ("a` b\nc", "`a  b c`".to_owned()),
        (&"x".repeat(300), format!("`{}…`", "x".repeat(200))),
    ] {
        let told = told(message);
        assert!(told.ends_with(&format!(" 5 of these errors said {quoted}.")), "{told}");
    }
    let silent = analyse(&runs(100, 6, |run| _ = run.call("bad", run.trace, Err("E"))), "");
    assert!(!silent.findings[0].description.contains("said"), "{silent:?}");
}
