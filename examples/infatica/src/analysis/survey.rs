//! What is kept of a run while its items go by, one after the other.

use std::{cmp::Reverse, collections::BTreeMap};

use infatica_tools::{Engine, FailedPage, Item, ItemCounts, ItemStatus, RunCounts, Share};
use sha2::{Digest as _, Sha256};
use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use super::{
    excerpts::{self, Excerpt},
    numbers::count,
    vocabulary::{MAX_DISTINCT, Vocabulary},
    words::{Language, Words},
};
use crate::{collect::text_of, store::runs::items::Collected};

/// How many values are counted one by one.
const MAX_SHARES: usize = 20;

/// A run, as far as it was counted.
#[derive(Debug)]
pub(crate) struct Survey {
    engine: Engine,
    /// How much of each page is kept for a model.
    share: Option<excerpts::Share>,
    items: ItemCounts,
    characters: i64,
    by_host: BTreeMap<String, i64>,
    by_http_status: BTreeMap<String, i64>,
    by_language: BTreeMap<String, i64>,
    pub(super) vocabulary: Vocabulary,
    /// The pages that were collected, in the order of the run.
    pub(super) pages: Vec<Page>,
    pub(super) failed: Vec<FailedPage>,
    pub(super) excerpts: Vec<Excerpt>,
}

/// SHA-256: pages with the same one are the same.
pub(super) type Fingerprint = [u8; 32];

/// A page that was collected.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) item_id: String,
    pub(super) url: String,
    pub(super) words: i64,
    /// Of its text, without the space around it.
    pub(super) text: Fingerprint,
    /// Of what was kept of it.
    pub(super) content: Fingerprint,
}

impl Survey {
    /// A survey of a run whose pages were kept by this engine. With a share, it has so much of each
    /// page for a model.
    pub(crate) fn new(engine: Engine, share: Option<excerpts::Share>) -> Self {
        Self {
            engine,
            share,
            items: ItemCounts { total: 0, queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0 },
            characters: 0,
            by_host: BTreeMap::new(),
            by_http_status: BTreeMap::new(),
            by_language: BTreeMap::new(),
            vocabulary: Vocabulary::default(),
            pages: Vec::new(),
            failed: Vec::new(),
            excerpts: Vec::new(),
        }
    }

    /// Counts an item.
    pub(crate) fn add(&mut self, collected: Collected) {
        let Collected { item, media_type, content } = collected;
        self.count(&item);
        if let Some(content) = content {
            let text = text_of(self.engine, media_type.as_deref(), &content);
            let words = Words::of(&text);
            let language = Language::of(&words);
            self.characters += count(text.graphemes(true));
            if let Some(language) = language {
                *self.by_language.entry(language.code().to_owned()).or_default() += 1;
            }
            self.excerpts.extend(self.share.map(|share| Excerpt::of(&item.url, &text, share)));
            self.pages.push(Page {
                item_id: item.id,
                url: item.url,
                words: self.vocabulary.add(&words, language),
                text: Sha256::digest(text.trim()).into(),
                content: Sha256::digest(&content).into(),
            });
        } else if item.status == ItemStatus::Failed {
            self.failed.push(FailedPage { url: item.url, error: item.error.unwrap_or_default() });
        }
    }

    fn count(&mut self, item: &Item) {
        self.items.total += 1;
        let items = match item.status {
            ItemStatus::Queued => &mut self.items.queued,
            ItemStatus::Running => &mut self.items.running,
            ItemStatus::Completed => &mut self.items.completed,
            ItemStatus::Failed => &mut self.items.failed,
            ItemStatus::Cancelled => &mut self.items.cancelled,
        };
        *items += 1;
        if let Some(host) = Url::parse(&item.url).ok().as_ref().and_then(Url::host_str) {
            *self.by_host.entry(host.to_owned()).or_default() += 1;
        }
        if let Some(status) = item.http_status {
            *self.by_http_status.entry(status.to_string()).or_default() += 1;
        }
    }

    /// The run in figures.
    pub(super) fn counts(&self) -> RunCounts {
        RunCounts {
            items: self.items.clone(),
            words: self.vocabulary.words(),
            distinct_words: self.vocabulary.distinct(),
            characters: self.characters,
            by_host: shares(&self.by_host),
            by_http_status: shares(&self.by_http_status),
            by_language: shares(&self.by_language),
        }
    }

    /// What the figures leave out.
    pub(super) fn remarks(&self) -> Vec<String> {
        let ItemCounts { total, completed, .. } = self.items;
        let mut remarks = Vec::new();
        if completed < total {
            remarks.push(format!("{} of {total} items were not collected, and say nothing here.", total - completed));
        }
        if self.vocabulary.is_full() {
            remarks.push(format!("Only the first {MAX_DISTINCT} different words are told apart."));
        }
        for (what, values) in [("hosts", &self.by_host), ("HTTP statuses", &self.by_http_status)] {
            if values.len() > MAX_SHARES {
                remarks
                    .push(format!("Of {} {what}, only the {MAX_SHARES} with the most items are named.", values.len()));
            }
        }
        remarks
    }
}

/// The values that the most items have, most first; of equal ones, those that come first.
fn shares(counts: &BTreeMap<String, i64>) -> Vec<Share> {
    let mut shares: Vec<Share> =
        counts.iter().map(|(value, items)| Share { value: value.clone(), items: *items }).collect();
    // The sort is stable, and the map is in order.
    shares.sort_by_key(|share| Reverse(share.items));
    shares.truncate(MAX_SHARES);
    shares
}
