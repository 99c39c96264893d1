//! What several runs show, one beside the other.

use std::collections::BTreeMap;

use infatica_tools::{
    ComparedRun, ComparisonFindings, ComparisonTemplate, PageChange, PagesOfRun, RunPair, TermsOfRun,
};
use url::Url;

use super::{
    Survey,
    excerpts::Excerpt,
    lines::Lines,
    numbers::{count, share},
    report::Report,
    survey::Page,
    templates,
    vocabulary::{Vocabulary, common, distinctive, trends},
};
/// How many terms tell a run from the others, or rise, or fall.
const TERMS: usize = 10;

/// How many addresses and changes each list has.
const MAX_PAGES: usize = 50;

/// Runs to be compared, in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    runs: Vec<ComparedRun>,
    vocabularies: Vec<Vocabulary>,
    /// The pages of each run by their addresses.
    pages: Vec<BTreeMap<String, Page>>,
    remarks: Vec<String>,
    excerpts: Vec<Excerpt>,
}

/// A page in a run.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// The place of the run in the comparison.
    pub(crate) run: usize,
    run_id: String,
    pub(crate) item_id: String,
}

/// A page that is not the same in a run and in the last one before it that has the page.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    url: String,
    pub(crate) old: Version,
    pub(crate) new: Version,
}

impl Change {
    /// What has changed, by what the two runs have kept of the page.
    pub(crate) fn told(self, old: &str, new: &str) -> PageChange {
        let (added, removed) = (Lines::missing(new, old), Lines::missing(old, new));
        PageChange {
            url: self.url,
            from_run_id: self.old.run_id,
            to_run_id: self.new.run_id,
            added_lines: added.count,
            removed_lines: removed.count,
            added: added.first,
            removed: removed.first,
        }
    }
}

/// What became of the pages that several runs have.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    unchanged: i64,
    changed: i64,
    /// The first that have changed, by address.
    pub(crate) first: Vec<Change>,
}

impl Comparison {
    /// Adds the next run.
    pub(crate) fn add(&mut self, run_id: &str, name: String, survey: Survey) {
        self.remarks.extend(survey.remarks().into_iter().map(|remark| format!("Run {run_id}: {remark}")));
        self.runs.push(ComparedRun { run_id: run_id.to_owned(), name, counts: survey.counts() });
        self.excerpts.extend(survey.excerpts.into_iter().map(|excerpt| excerpt.of_run(run_id)));
        let mut pages = BTreeMap::new();
        for page in survey.pages {
            // Two items of a run can have one address: the first counts.
            pages.entry(address(&page.url)).or_insert(page);
        }
        self.pages.push(pages);
        self.vocabularies.push(survey.vocabulary);
    }

    /// What has changed from run to run.
    pub(crate) fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for (url, versions) in self.pages_of_all() {
            for pair in versions.windows(2) {
                let [(old_run, old), (new_run, new)] = pair else { continue };
                if old.content == new.content {
                    changes.unchanged += 1;
                    continue;
                }
                changes.changed += 1;
                if changes.first.len() < MAX_PAGES {
                    let (old, new) = (self.version(*old_run, old), self.version(*new_run, new));
                    changes.first.push(Change { url: url.to_owned(), old, new });
                }
            }
        }
        changes
    }

    fn version(&self, run: usize, page: &Page) -> Version {
        Version { run, run_id: self.runs[run].run_id.clone(), item_id: page.item_id.clone() }
    }

    /// Every page by its address, with each run that has it.
    fn pages_of_all(&self) -> BTreeMap<&str, Vec<(usize, &Page)>> {
        let mut all: BTreeMap<&str, Vec<(usize, &Page)>> = BTreeMap::new();
        for (run, pages) in self.pages.iter().enumerate() {
            for (address, page) in pages {
                all.entry(address).or_default().push((run, page));
            }
        }
        all
    }

    /// How the runs differ; `told` are the first of the changes.
    pub(crate) fn differences(
        mut self,
        changes: &Changes,
        told: Vec<PageChange>,
    ) -> Report<Vec<ComparedRun>, ComparisonFindings> {
        let all = self.pages_of_all();
        let mut only = Vec::new();
        let mut cut = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            let urls = all.iter().filter(|(_, versions)| matches!(versions[..], [(one, _)] if one == at));
            let mut urls: Vec<String> = urls.map(|(url, _)| (*url).to_owned()).collect();
            let (run_id, pages) = (run.run_id.clone(), count(&urls));
            if urls.len() > MAX_PAGES {
                urls.truncate(MAX_PAGES);
                cut.push(format!("Of {pages} pages that only {run_id} has, only the first {MAX_PAGES} are listed."));
            }
            only.push(PagesOfRun { run_id, pages, urls });
        }
        if count(&told) < changes.changed {
            cut.push(format!("Of {} changes, only the first {MAX_PAGES} are listed.", changes.changed));
        }
        let terms = |(at, run): (usize, &ComparedRun)| TermsOfRun {
            run_id: run.run_id.clone(),
            terms: distinctive(&self.vocabularies, at, TERMS),
        };
        let findings = ComparisonFindings::Differences {
            pages_in_all: count(all.values().filter(|versions| versions.len() == self.runs.len())),
            only,
            unchanged: changes.unchanged,
            changed: changes.changed,
            changes: told,
            key_terms: self.runs.iter().enumerate().map(terms).collect(),
        };
        self.remarks.extend(cut);
        self.report(ComparisonTemplate::Differences, findings)
    }

    /// How much the runs have in common.
    pub(crate) fn overlap(self) -> Report<Vec<ComparedRun>, ComparisonFindings> {
        let mut pairs = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            for (other_at, other) in self.runs.iter().enumerate().skip(at + 1) {
                let (pages, other_pages) = (&self.pages[at], &self.pages[other_at]);
                let shared: Vec<_> =
                    pages.iter().filter_map(|(url, page)| Some((page, other_pages.get(url)?))).collect();
                let all_pages = count(pages) + count(other_pages) - count(&shared);
                let (common_words, all_words) = common(&self.vocabularies[at], &self.vocabularies[other_at]);
                pairs.push(RunPair {
                    run_id: run.run_id.clone(),
                    other_run_id: other.run_id.clone(),
                    shared_pages: count(&shared),
                    identical_pages: count(shared.iter().filter(|(page, other)| page.content == other.content)),
                    page_overlap: share(count(&shared), all_pages),
                    word_overlap: share(common_words, all_words),
                });
            }
        }
        self.report(ComparisonTemplate::Overlap, ComparisonFindings::Overlap { pairs })
    }

    /// Which terms come and go.
    pub(crate) fn trends(self) -> Report<Vec<ComparedRun>, ComparisonFindings> {
        let (rising, falling) = trends(&self.vocabularies, TERMS);
        self.report(ComparisonTemplate::Trends, ComparisonFindings::Trends { rising, falling })
    }

    fn report(
        self,
        template: ComparisonTemplate,
        findings: ComparisonFindings,
    ) -> Report<Vec<ComparedRun>, ComparisonFindings> {
        let Self { runs, remarks, excerpts, .. } = self;
        Report { about: templates::of_comparison(template), figures: runs, findings, remarks, excerpts }
    }
}

/// What a page is known by: its URL as the collector reads it, without the place in the page.
fn address(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    parsed.set_fragment(None);
    parsed.into()
}
