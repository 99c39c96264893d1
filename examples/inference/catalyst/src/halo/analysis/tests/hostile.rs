//! Traces that no agent sends: they panic nowhere, and take no more time than others.

use super::*;

/// A step of an agent, which begins at its number.
fn step(number: usize, parent: Option<usize>, step: Step) -> Span {
    let at = i64::try_from(number).unwrap() * 1_000;
    Span {
        trace_id: "1".repeat(32),
        started_at: at,
        span_id: format!("{number:016x}"),
        parent_span_id: parent.map(|parent| format!("{parent:016x}")),
        ended_at: at + 500,
        is_own: true,
        name: "step".to_owned(),
        step,
        error: None,
        error_message: None,
    }
}

fn call() -> Step {
    Step::Tool(Recorded(&Map::new()).tool_call("tool".to_owned()))
}

fn agent() -> Step {
    Step::Agent { has_answer: false }
}

#[test]
fn nothing_at_all_is_told_of_nothing() {
    let analysis = analyse(&[], "");
    assert_eq!((analysis.traces, analysis.spans, analysis.findings.len()), (0, 0, 0));
    assert!(analysis.summary.contains("the agent has no traces"), "{}", analysis.summary);
}

#[test]
fn parents_that_are_missing_or_in_a_circle_end_nowhere() {
    let spans = vec![
        step(0, Some(0), call()),
        step(1, Some(3), agent()),
        step(2, Some(1), call()),
        step(3, Some(2), agent()),
        step(4, Some(3), call()),
        step(5, Some(99), call()),
        step(6, Some(5), agent()),
    ];
    let expected = analyse(&spans, "");
    assert_eq!((expected.traces, expected.spans), (1, 7));
    for by in 1..spans.len() {
        let mut spans = spans.clone();
        spans.rotate_left(by);
        assert_eq!(analyse(&spans, ""), expected);
    }
}

#[test]
fn a_span_that_comes_twice_counts_once() {
    let (mut spans, _) = spans(50, 100, &Fault::ALL, 6);
    let expected = analyse(&spans, "");
    spans.extend(spans.clone());
    assert_eq!(analyse(&spans, ""), expected);
}

#[test]
fn clocks_that_disagree_give_no_time() {
    let mut spans: Vec<_> = (0..60).map(|number| step(number, number.checked_sub(1), agent())).collect();
    for (at, span) in spans.iter_mut().enumerate() {
        span.ended_at = [i64::MIN, span.started_at, i64::MAX][at % 3];
        if at % 5 == 0 {
            span.started_at = [i64::MAX, i64::MIN][at % 2];
        }
    }
    assert_eq!(analyse(&spans, "").spans, 60);
}

#[test]
fn what_was_not_recorded_is_not_the_same() {
    let spans: Vec<_> = (0..100).map(|number| step(number + 1, None, call())).collect();
    assert_eq!(titles(&analyse(&spans, "")), [""; 0]);
}

#[test]
fn numbers_at_their_ends_add_up() {
    let inference = |tokens| {
        let finish = Finish::Truncated;
        Step::Inference(Inference {
            model: "`m`\n".to_owned(),
            input_tokens: tokens,
            output_tokens: tokens,
            request: None,
            finish,
        })
    };
    let spans: Vec<_> = [Some(i64::MAX), Some(i64::MIN), Some(-1), None]
        .into_iter()
        .cycle()
        .take(40)
        .enumerate()
        .map(|(number, tokens)| step(number, None, inference(tokens)))
        .collect();
    let analysis = analyse(&spans, "");
    // The name of a model is somebody else's text, and stays within its quotes.
    assert_eq!(analysis.findings[0].title, "Answers of ` m  ` are cut off");
}

#[test]
fn a_trace_can_have_fifty_thousand_spans() {
    const SPANS: usize = 50_000;
    let chain: Vec<_> = (0..SPANS).map(|number| step(number, number.checked_sub(1), agent())).collect();
    assert_eq!(analyse(&chain, "").spans, SPANS);
    // The same two calls, round after round: the cycle is looked for with every period.
    let calls = ["a", "b"].map(|tool| {
        let arguments = Map::from_iter([("gen_ai.tool.call.arguments".to_owned(), Value::from("x"))]);
        Recorded(&arguments).tool_call(tool.to_owned())
    });
    let round = |number: usize| step(number, (number > 0).then_some(0), Step::Tool(calls[number % 2].clone()));
    let mut rounds: Vec<_> = (0..SPANS).map(round).collect();
    rounds[0].step = agent();
    let analysis = analyse(&rounds, "");
    assert_eq!((analysis.findings.len(), analysis.findings[0].occurrences), (1, SPANS - 1));
    let evidence: usize = analysis.findings[0].evidence.iter().map(|evidence| evidence.span_ids.len()).sum();
    assert_eq!(evidence, finding::MAX_EVIDENCE);
    // All of them begin and end together.
    let mut together = rounds;
    for span in &mut together {
        (span.started_at, span.ended_at) = (7, 7);
    }
    assert_eq!(analyse(&together, "").spans, SPANS);
}

/// How long it takes is printed, and compared with nothing: `cargo test -p catalyst --release -- --nocapture a_hundred`.
#[test]
fn a_hundred_thousand_spans_are_read() {
    let (spans, planted) = spans(60, 7_800, &Fault::ALL, 100);
    let begun = std::time::Instant::now();
    let analysis = analyse(&spans, DEFAULT_PROMPT);
    println!("{} spans in {:?}", analysis.spans, begun.elapsed());
    assert!(analysis.spans > 100_000, "{}", analysis.spans);
    assert_eq!(told(&analysis), planted, "{:#?}", titles(&analysis));
}
