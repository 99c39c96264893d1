//! What a run shows.

use std::{cmp::Reverse, collections::HashMap};

use infatica_tools::{AnalysisTemplate, DuplicatePages, PageLength, RunCounts, RunFindings};

use super::{Survey, report::Report, templates};

/// How many key terms an overview has, and how many the template for them.
const SUMMARY_TERMS: usize = 10;
const KEY_TERMS: usize = 50;

/// How many of the longest pages an overview has.
const LONGEST: usize = 5;

/// How many entries each list of what is wrong has, and how many addresses each group of duplicates.
const MAX_WRONG: usize = 50;
const MAX_DUPLICATES: usize = 10;

/// What a survey shows.
pub(crate) fn analyse(survey: Survey, template: AnalysisTemplate) -> Report<RunCounts, RunFindings> {
    let mut remarks = survey.remarks();
    let findings = match template {
        AnalysisTemplate::Summary => {
            RunFindings::Summary { key_terms: survey.vocabulary.key_terms(SUMMARY_TERMS), longest: longest(&survey) }
        }
        AnalysisTemplate::KeyTerms => RunFindings::KeyTerms { key_terms: survey.vocabulary.key_terms(KEY_TERMS) },
        AnalysisTemplate::Quality => quality(&survey, &mut remarks),
    };
    Report {
        about: templates::of_run(template),
        figures: survey.counts(),
        findings,
        remarks,
        excerpts: survey.excerpts,
    }
}

fn longest(survey: &Survey) -> Vec<PageLength> {
    let mut pages: Vec<_> = survey.pages.iter().filter(|page| page.words > 0).collect();
    pages.sort_by_key(|page| Reverse(page.words));
    pages.truncate(LONGEST);
    pages.into_iter().map(|page| PageLength { url: page.url.clone(), words: page.words }).collect()
}

fn quality(survey: &Survey, remarks: &mut Vec<String>) -> RunFindings {
    let mut failed = survey.failed.clone();
    let empty = survey.pages.iter().filter(|page| page.words == 0).map(|page| page.url.clone());
    let mut empty: Vec<String> = empty.collect();
    let mut duplicates = duplicates(survey);
    cut(&mut failed, "pages that failed", remarks);
    cut(&mut empty, "empty pages", remarks);
    cut(&mut duplicates, "groups of duplicates", remarks);
    RunFindings::Quality { failed, empty, duplicates }
}

/// Groups of pages that have words, and the same text, in the order of their first pages.
fn duplicates(survey: &Survey) -> Vec<DuplicatePages> {
    let mut groups: Vec<DuplicatePages> = Vec::new();
    let mut group_of = HashMap::new();
    for page in survey.pages.iter().filter(|page| page.words > 0) {
        let at = *group_of.entry(page.text).or_insert(groups.len());
        if at == groups.len() {
            groups.push(DuplicatePages { pages: 0, urls: Vec::new() });
        }
        let group = &mut groups[at];
        group.pages += 1;
        if group.urls.len() < MAX_DUPLICATES {
            group.urls.push(page.url.clone());
        }
    }
    groups.retain(|group| group.pages > 1);
    groups
}

/// Leaves the first entries of a list, and says so.
fn cut<T>(list: &mut Vec<T>, what: &str, remarks: &mut Vec<String>) {
    if list.len() > MAX_WRONG {
        remarks.push(format!("Of {} {what}, only the first {MAX_WRONG} are listed.", list.len()));
        list.truncate(MAX_WRONG);
    }
}
