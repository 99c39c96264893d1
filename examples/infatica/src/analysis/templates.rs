//! What can be looked for.

use infatica_tools::{AnalysisTemplate, ComparisonTemplate, Template};

/// What callers are told of a template.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) title: &'static str,
    /// The question that it answers.
    description: &'static str,
    /// What the built-in analyser answers.
    builtin: &'static str,
    /// What a language model is asked.
    pub(super) instruction: &'static str,
}

impl About {
    fn template(&self, name: &str) -> Template {
        let Self { title, description, builtin, instruction } = self;
        Template {
            name: name.to_owned(),
            title: (*title).to_owned(),
            description: (*description).to_owned(),
            builtin: (*builtin).to_owned(),
            instruction: (*instruction).to_owned(),
        }
    }
}

/// The templates for one run.
pub(crate) fn all_of_run() -> Vec<Template> {
    AnalysisTemplate::ALL.iter().map(|template| of_run(*template).template(template.as_str())).collect()
}

/// A template for one run.
pub(crate) const fn of_run(template: AnalysisTemplate) -> About {
    match template {
        AnalysisTemplate::Summary => About {
            title: "Overview",
            description: "What was collected, and what is it about?",
            builtin: "The run in figures, the 10 terms that mark it most, and its 5 longest pages.",
            instruction: "Sum up what the pages say: first in two or three sentences, then the most important points as a list. \
                          Say it where pages contradict each other.",
        },
        AnalysisTemplate::KeyTerms => About {
            title: "Key terms",
            description: "Which words mark the pages?",
            builtin: "The 50 terms that mark the run most, by tf-idf over its items, without stop words.",
            instruction: "List the 10 to 20 most important terms of the pages: names, products, subjects. For each, say in one \
                          sentence what the pages say of it.",
        },
        AnalysisTemplate::Quality => About {
            title: "Quality",
            description: "What is wrong with what was collected?",
            builtin: "The pages that failed, those without a word, and those that have the same text.",
            instruction: "Judge how useful what was collected is: pages that failed, that are empty, that are error pages or \
                          ask for a login or consent, that repeat others, or that are cut off. Say for each problem what \
                          could be done.",
        },
    }
}

/// The templates for several runs.
pub(crate) fn all_of_comparison() -> Vec<Template> {
    ComparisonTemplate::ALL.iter().map(|template| of_comparison(*template).template(template.as_str())).collect()
}

/// A template for several runs.
pub(crate) const fn of_comparison(template: ComparisonTemplate) -> About {
    match template {
        ComparisonTemplate::Differences => About {
            title: "Differences",
            description: "What has changed from run to run?",
            builtin: "The pages that only one run has, those that changed, with the lines that came and went, and the \
                      terms that tell each run from the others. All runs must be of the same engine.",
            instruction: "Say what has changed from each run to the next, the most important first: what is new, what is gone, \
                          and what says something else than before, with both versions. Leave out what only moved.",
        },
        ComparisonTemplate::Overlap => About {
            title: "Overlap",
            description: "How much do the runs have in common?",
            builtin: "For each two runs, the pages and the words that both have.",
            instruction: "Say what the runs have in common, and what only some of them have: subjects, facts and names.",
        },
        ComparisonTemplate::Trends => About {
            title: "Trends",
            description: "What is spoken of more, and what less, from the first run to the last?",
            builtin: "The 10 terms that gain most in 1,000 words, and the 10 that lose most.",
            instruction: "Say how what the pages speak of has developed from the first run to the last: what comes up, what \
                          goes, and what stays.",
        },
    }
}
