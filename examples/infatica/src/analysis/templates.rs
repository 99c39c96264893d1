//! What can be looked for.

use infatica_tools::{AnalysisTemplate, Template};

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
