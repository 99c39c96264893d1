//! What a prompt asks about.
//!
//! It is read for words, and is no instruction to a model: words of the eight kinds, and names of tools and models that
//! findings are about, decide what is told first. Whatever else it says changes nothing.

use super::finding::{FindingKind, Found};

/// Beginnings of words, and the kinds that they ask about.
const WORDS: &[(&str, &[FindingKind])] = {
    use FindingKind::{
        DeadEnds, FailingToolCalls, Loops, OversizedContexts, RepeatedToolCalls, Retries, SlowSpans, TokenWaste,
    };
    &[
        ("fail", &[FailingToolCalls, Retries, DeadEnds]),
        ("error", &[FailingToolCalls, Retries, DeadEnds]),
        ("exception", &[FailingToolCalls, DeadEnds]),
        ("broken", &[FailingToolCalls, DeadEnds]),
        ("tool", &[FailingToolCalls, RepeatedToolCalls]),
        ("repeat", &[RepeatedToolCalls, Loops]),
        ("duplicate", &[RepeatedToolCalls, TokenWaste]),
        ("redundant", &[RepeatedToolCalls, TokenWaste]),
        ("again", &[RepeatedToolCalls, Retries, Loops]),
        ("cach", &[RepeatedToolCalls, TokenWaste]),
        ("slow", &[SlowSpans]),
        ("latenc", &[SlowSpans]),
        ("time", &[SlowSpans, Retries]),
        ("timing", &[SlowSpans]),
        ("wait", &[SlowSpans]),
        ("fast", &[SlowSpans]),
        ("speed", &[SlowSpans]),
        ("duration", &[SlowSpans]),
        ("performance", &[SlowSpans]),
        ("long", &[SlowSpans]),
        ("retr", &[Retries]),
        ("attempt", &[Retries]),
        ("flak", &[Retries, FailingToolCalls]),
        ("token", &[TokenWaste, OversizedContexts]),
        ("cost", &[TokenWaste, OversizedContexts]),
        ("money", &[TokenWaste, OversizedContexts]),
        ("expens", &[TokenWaste, OversizedContexts]),
        ("cheap", &[TokenWaste, OversizedContexts]),
        ("spend", &[TokenWaste, OversizedContexts]),
        ("truncat", &[TokenWaste]),
        ("cut", &[TokenWaste]),
        ("dead", &[DeadEnds]),
        ("answer", &[DeadEnds]),
        ("unanswered", &[DeadEnds]),
        ("unfinished", &[DeadEnds]),
        ("incomplete", &[DeadEnds, TokenWaste]),
        ("crash", &[DeadEnds]),
        ("abort", &[DeadEnds]),
        ("give", &[DeadEnds]),
        ("loop", &[Loops]),
        ("circle", &[Loops]),
        ("cycl", &[Loops]),
        ("stuck", &[Loops, DeadEnds]),
        ("context", &[OversizedContexts]),
        ("prompt", &[OversizedContexts]),
        ("history", &[OversizedContexts]),
        ("large", &[OversizedContexts]),
        ("big", &[OversizedContexts]),
        ("oversize", &[OversizedContexts]),
        ("bloat", &[OversizedContexts]),
    ]
};

/// What a prompt asks about.
#[derive(Debug)]
pub(super) struct Emphasis {
    /// In lower case, for the names in it.
    prompt: String,
    /// The kinds that it names, in the order of the words.
    pub(super) kinds: Vec<FindingKind>,
}

impl Emphasis {
    /// Reads a prompt.
    pub(super) fn of(prompt: &str) -> Self {
        let prompt = prompt.to_lowercase();
        let mut kinds = Vec::new();
        for word in prompt.split(|c: char| !c.is_alphanumeric()) {
            let named = WORDS.iter().filter(|(begin, _)| word.starts_with(begin));
            for kind in named.flat_map(|(_, kinds)| kinds.iter().copied()) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        Self { prompt, kinds }
    }

    /// Whether it asks about what was found, by its kind or by the name of what it is about.
    pub(super) fn covers(&self, found: &Found) -> bool {
        self.kinds.contains(&found.kind) || found.subjects.iter().any(|subject| self.names(subject))
    }

    /// Whether a name stands in it as a word of its own.
    fn names(&self, subject: &str) -> bool {
        let subject = subject.to_lowercase();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        !subject.is_empty()
            && self.prompt.match_indices(&subject).any(|(begin, _)| {
                let before = self.prompt[..begin].chars().next_back();
                let after = self.prompt[begin + subject.len()..].chars().next();
                !before.is_some_and(is_part) && !after.is_some_and(is_part)
            })
    }
}
