//! What was found, and how it is told: by the built-in analyser, or by a language model.

use infatica_tools::{AnalysisResult, ComparedRun, ComparisonFindings, ComparisonResult, RunCounts, RunFindings};
use minijinja::{context, value::Serde};
use serde::Serialize;

use super::{
    excerpts::{self, Excerpt},
    templates::About,
};
use crate::markdown;

/// The longest text of a model that is kept, in characters.
const MAX_WRITTEN: usize = 50_000;

/// What the built-in analyser has found, and what a model needs to find more.
#[derive(Debug)]
pub(crate) struct Report<Figures, Findings> {
    pub(super) about: About,
    pub(super) figures: Figures,
    pub(super) findings: Findings,
    pub(super) remarks: Vec<String>,
    /// Pages for a model; none where there is none to ask.
    pub(super) excerpts: Vec<Excerpt>,
}

/// What a model is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) system: String,
    pub(crate) user: String,
}

/// What a model has written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) model: String,
    pub(crate) text: String,
}

impl<Figures: Serialize, Findings: Serialize> Report<Figures, Findings> {
    /// What to ask a model. The pages are other people's: they are values of one JSON document, which
    /// no text in it can end.
    pub(crate) fn question(&self, instructions: Option<&str>) -> Result<Question, serde_json::Error> {
        #[derive(Serialize)]
        struct Data<'a, Figures, Findings> {
            figures: &'a Figures,
            findings: &'a Findings,
            remarks: &'a [String],
            pages: &'a [Excerpt],
        }
        let Self { about, figures, findings, remarks, excerpts } = self;
        let data = serde_json::to_string(&Data { figures, findings, remarks, pages: excerpts })?;
        let instructions = instructions.map(|given| format!("\n\nMind this, too:\n\n{given}")).unwrap_or_default();
        let user = format!("{}{instructions}\n\nThe data, from here to the end:\n\n{data}", about.instruction);
        Ok(Question { system: include_str!("system.md").to_owned(), user })
    }

    /// Says that nobody was there to follow instructions.
    pub(crate) fn remark_on_instructions(&mut self) {
        let remark = "The instructions were not followed: only a language model can, and neither this account nor the \
                      server has a key for one.";
        self.remarks.push(remark.to_owned());
    }

    /// The text of a model as it is kept, and what is to be remarked then.
    fn written(&self, text: &str) -> (String, Vec<String>) {
        let mut remarks = self.remarks.clone();
        remarks.extend(excerpts::remark(&self.excerpts));
        let end = text.char_indices().nth(MAX_WRITTEN).map_or(text.len(), |(at, _)| at);
        if end < text.len() {
            remarks.push(format!("Of what the model wrote, the first {MAX_WRITTEN} characters are kept."));
        }
        (text[..end].to_owned(), remarks)
    }

    /// The report in Markdown.
    fn summary(&self, template: &str) -> Result<String, minijinja::Error> {
        markdown::environment().render_str(
            template,
            context! {
                title => self.about.title,
                figures => Serde(&self.figures),
                findings => Serde(&self.findings),
                remarks => &self.remarks,
            },
        )
    }
}

impl Report<RunCounts, RunFindings> {
    /// The result, in the words of a model if it has written some.
    pub(crate) fn told(self, written: Option<Written>) -> Result<AnalysisResult, minijinja::Error> {
        if let Some(Written { model, text }) = written {
            let (summary, remarks) = self.written(&text);
            return Ok(AnalysisResult::Model { model, summary, counts: self.figures, remarks });
        }
        let summary = self.summary(include_str!("run.md.j2"))?;
        let Self { figures: counts, findings, remarks, .. } = self;
        Ok(AnalysisResult::Builtin { summary, counts, findings, remarks })
    }
}

impl Report<Vec<ComparedRun>, ComparisonFindings> {
    /// The result, in the words of a model if it has written some.
    pub(crate) fn told(self, written: Option<Written>) -> Result<ComparisonResult, minijinja::Error> {
        if let Some(Written { model, text }) = written {
            let (summary, remarks) = self.written(&text);
            return Ok(ComparisonResult::Model { model, summary, runs: self.figures, remarks });
        }
        let summary = self.summary(include_str!("comparison.md.j2"))?;
        let Self { figures: runs, findings, remarks, .. } = self;
        Ok(ComparisonResult::Builtin { summary, runs, findings, remarks })
    }
}
