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
}

impl About {
    fn template(&self, name: &str) -> Template {
        let Self { title, description, builtin } = self;
        Template {
            name: name.to_owned(),
            title: (*title).to_owned(),
            description: (*description).to_owned(),
            builtin: (*builtin).to_owned(),
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
        },
        AnalysisTemplate::KeyTerms => About {
            title: "Key terms",
            description: "Which words mark the pages?",
            builtin: "The 50 terms that mark the run most, by tf-idf over its items, without stop words.",
        },
        AnalysisTemplate::Quality => About {
            title: "Quality",
            description: "What is wrong with what was collected?",
            builtin: "The pages that failed, those without a word, and those that have the same text.",
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
        },
        ComparisonTemplate::Overlap => About {
            title: "Overlap",
            description: "How much do the runs have in common?",
            builtin: "For each two runs, the pages and the words that both have.",
        },
        ComparisonTemplate::Trends => About {
            title: "Trends",
            description: "What is spoken of more, and what less, from the first run to the last?",
            builtin: "The 10 terms that gain most in 1,000 words, and the 10 that lose most.",
        },
    }
}
