//! What the documentation says beside what follows from the declarations.

use super::{
    Faults,
    declared::Sections,
    server::check_line,
    tools::{self, ResolvedTool},
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{Docs, Name, Text},
};

/// The documentation's own texts, and the tools that it calls.
pub(crate) fn resolve(
    declared: &Declared,
    sections: &Sections<'_>,
    tools: &[ResolvedTool<'_>],
    faults: &mut Faults,
) -> api::Docs {
    let absent = Docs::default();
    let docs = declared.manifest.docs.good().unwrap_or(&absent);
    if let Some(advice) = &docs.open_world {
        check_advice(advice, tools, faults);
    }
    let texts = |texts: &[Text]| texts.iter().map(|text| text.value.clone()).collect();
    api::Docs {
        prerequisites: texts(&docs.prerequisites),
        verify: docs.verify.as_ref().map(|text| text.value.clone()),
        curl: match &docs.curl {
            Some(names) => called(names, sections, tools, faults),
            None => tools
                .iter()
                .position(|tool| tool.api.leaves_no_trace() && has_example(tool) && asked(tool).is_none())
                .into_iter()
                .collect(),
        },
        open_world: docs.open_world.as_ref().map(|text| text.value.clone()),
        example_prompts: texts(&docs.example_prompts),
        notes: texts(&docs.notes),
        troubleshooting: docs
            .troubleshooting
            .iter()
            .map(|row| api::Trouble {
                symptom: row.symptom.value.clone(),
                cause: row.cause.as_ref().map(|text| text.value.clone()),
                fix: row.fix.value.clone(),
            })
            .collect(),
        promises: docs
            .promises
            .iter()
            .map(|row| api::OwnPromise {
                sent: row.sent.value.clone(),
                answer: row.answer.value.clone(),
                promised: row.promised.value.clone(),
            })
            .collect(),
    }
}

/// Advice has to be about something.
fn check_advice(advice: &Text, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    check_line(advice, faults);
    if !tools.iter().any(|tool| tool.api.open_world) {
        faults.push(
            Diagnostic::new(Code::UnusedAdvice, advice.at, "no tool reaches systems outside the account")
                .label("about no tool")
                .help("remove the advice, or declare `open_world: true` for the tools that do"),
        );
    }
}

/// The tools to call with curl, as declared.
fn called(names: &[Name], sections: &Sections<'_>, tools: &[ResolvedTool<'_>], faults: &mut Faults) -> Vec<usize> {
    faults.check_once(names.iter().map(|name| (name.value.as_str(), name.at)));
    let mut places = Vec::new();
    for name in names {
        let Some(at) = tools::place(name, sections, faults) else { continue };
        if !has_example(&tools[at]) {
            let title = format!("the tool {} has no example that the documentation could show", quoted(name));
            faults.push(
                Diagnostic::new(Code::MissingExample, name.at, title)
                    .and(tools[at].name.at, "declared here")
                    .help("add one, as `examples: [{title: …, input: {…}}]`, or name another tool"),
            );
        }
        if let Some(ask) = asked(&tools[at]) {
            let title = format!("the tool {} asks while it runs, and curl cannot be asked", quoted(name));
            faults.push(
                Diagnostic::new(Code::MisplacedAsk, name.at, title)
                    .and(ask.at, "what it asks")
                    .help("name another tool, or make the ask `optional`"),
            );
        }
        places.push(at);
    }
    places
}

fn has_example(tool: &ResolvedTool<'_>) -> bool {
    !tool.api.examples.is_empty()
}

/// What a tool asks and cannot do without.
fn asked<'m>(tool: &ResolvedTool<'m>) -> Option<&'m Name> {
    tool.declared.asks.iter().find(|(_, ask)| !ask.optional).map(|(name, _)| name)
}
