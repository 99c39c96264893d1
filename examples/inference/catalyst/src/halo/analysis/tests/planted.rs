//! Clean traffic, and the eight faults in it.

use super::*;

#[test]
fn of_clean_traffic_nothing_is_told() {
    for seed in 0..5 {
        let (spans, _) = spans(seed, 600, &[], 0);
        let analysis = analyse(&spans, DEFAULT_PROMPT);
        assert_eq!(titles(&analysis), [""; 0], "seed {seed}");
        assert_eq!(analysis.traces, 600);
        assert!(analysis.summary.ends_with("nothing was found."), "{}", analysis.summary);
    }
}

#[test]
fn each_planted_fault_is_told_with_exactly_its_spans() {
    for (seed, fault) in (10..).zip(Fault::ALL) {
        let (spans, planted) = spans(seed, 400, &[fault], 16);
        let analysis = analyse(&spans, DEFAULT_PROMPT);
        assert_eq!(told(&analysis), planted, "{fault:?}: {:#?}", titles(&analysis));
    }
}

#[test]
fn all_planted_faults_together_are_told_apart() {
    for seed in 20..23 {
        let (spans, planted) = spans(seed, 400, &Fault::ALL, 16);
        let analysis = analyse(&spans, DEFAULT_PROMPT);
        assert_eq!(told(&analysis), planted, "seed {seed}: {:#?}", titles(&analysis));
        assert_eq!(planted.len(), 8);
        for finding in &analysis.findings {
            let (title, fix) = (&finding.title, &finding.fix);
            assert!(title.contains('`') && finding.description.contains(char::is_numeric), "{finding:?}");
            assert!(fix.len() > 60 && fix.ends_with('.'), "{finding:?}");
        }
    }
}

#[test]
fn the_order_of_spans_makes_no_difference() {
    let (mut spans, _) = spans(30, 200, &Fault::ALL, 12);
    let expected = analyse(&spans, DEFAULT_PROMPT);
    spans.reverse();
    assert_eq!(analyse(&spans, DEFAULT_PROMPT), expected);
    // A permutation by steps of a number that has no factor in common with the length.
    let step = (1_009..).step_by(2).find(|step| spans.len() % step != 0 && gcd(*step, spans.len()) == 1).unwrap();
    let shuffled: Vec<_> = (0..spans.len()).map(|at| spans[at * step % spans.len()].clone()).collect();
    assert_eq!(analyse(&shuffled, DEFAULT_PROMPT), expected);
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn the_prompt_decides_what_comes_first_and_is_told_in_the_summary() {
    let (spans, _) = spans(40, 300, &Fault::ALL, 12);
    for (prompt, first, summary) in [
        (
            "Which steps are slow?",
            &["slow_spans"][..],
            "The prompt asks about slow steps: first 1 finding of that, then",
        ),
        (
            "why is it so EXPENSIVE",
            &["token_waste", "oversized_contexts"],
            "The prompt asks about wasted tokens and oversized contexts",
        ),
        ("Does it loop?", &["loops"], "The prompt asks about loops"),
        ("Look at `issue_refund`.", &["failing_tool_calls"], "The prompt names what some findings are about"),
        ("Say something nice.", &[], "The prompt names none of the faults that are looked for"),
    ] {
        let analysis = analyse(&spans, prompt);
        assert!(analysis.summary.contains(summary), "{prompt}: {} {:#?}", analysis.summary, titles(&analysis));
        let asked = analysis.findings.iter().take_while(|finding| first.contains(&kind(finding).as_str())).count();
        let of_kind = analysis.findings.iter().filter(|finding| first.contains(&kind(finding).as_str())).count();
        assert_eq!(asked, of_kind, "{prompt}: {:?}", titles(&analysis));
        let rest: Vec<_> = analysis.findings[asked..].iter().map(|finding| finding.severity).collect();
        assert!(rest.is_sorted_by(|one, next| one >= next), "{prompt}: {rest:?}");
        assert_eq!(analysis.findings.iter().map(kind).collect::<BTreeSet<_>>().len(), 8, "{prompt}");
    }
}
