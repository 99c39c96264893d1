//! What writes the audit log down: in a task of its own, so that no call waits for the database.

use std::{slice, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    AuditStore, Entry, Gaps, Kind, Verdict, Via,
    age::{TRIED, TriedClock, micros},
    refusals::Refusals,
    store::FORGOTTEN_AT_ONCE,
};
use crate::{database::is_refused, shortened::shortened};

/// How many entries wait to be written. A database that takes nothing for so long that there are more gets a gap.
pub(super) const WAITING: usize = 8_192;

/// How many are written at once.
const BATCH: usize = 512;

/// How long the first entry of a batch waits for others: one commit for many.
const GATHERING: Duration = Duration::from_millis(100);

/// How long to wait before a batch is written again that was not: at first, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long the writing of what is left may take once the server ends.
const ENDING: Duration = Duration::from_secs(8);

/// How often refusals that nobody can be told for are written down, and whether something is too old.
const COUNTED: Duration = Duration::from_mins(1);
const SWEPT: Duration = Duration::from_hours(1);

/// What happens when one of these is due.
enum Due {
    Entries,
    Refusals,
    Sweep,
    End,
}

/// Writes until it is told to end.
pub(super) struct Writer {
    pub(super) store: AuditStore,
    /// How long entries are kept, in microseconds.
    pub(super) keep: i64,
    pub(super) entries: mpsc::Receiver<Entry>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) gaps: Arc<Gaps>,
    pub(super) ending: CancellationToken,
}

impl Writer {
    pub(super) async fn run(mut self) {
        let mut batch = Vec::new();
        let mut refusals_at = Instant::now() + COUNTED;
        let mut sweep_at = Instant::now();
        let mut clock = TriedClock::new(Instant::now(), Timestamp::now().as_microsecond());
        loop {
            let due = tokio::select! {
                taken = self.entries.recv_many(&mut batch, BATCH) => if taken == 0 { Due::End } else { Due::Entries },
                () = self.ending.cancelled() => Due::End,
                () = tokio::time::sleep_until(refusals_at) => Due::Refusals,
                () = tokio::time::sleep_until(sweep_at) => Due::Sweep,
            };
            match due {
                Due::Entries => {
                    self.gather(&mut batch).await;
                    self.write(&mut batch).await;
                }
                Due::Refusals => {
                    refusals_at = Instant::now() + COUNTED;
                    batch.extend(self.refusals.take());
                    self.write(&mut batch).await;
                }
                Due::Sweep => sweep_at = Instant::now() + self.sweep(&mut clock).await,
                Due::End => return self.end(batch).await,
            }
        }
    }

    /// Waits a moment for others.
    async fn gather(&mut self, batch: &mut Vec<Entry>) {
        let until = Instant::now() + GATHERING;
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            tokio::select! {
                taken = timeout_at(until, self.entries.recv_many(batch, room)) => if !matches!(taken, Ok(1..)) { return },
                () = self.ending.cancelled() => return,
            }
        }
    }

    /// Writes a batch, and tries again until it is written or the server ends. In the meantime others wait.
    async fn write(&self, batch: &mut Vec<Entry>) {
        let (mut wait, longest) = PATIENCE;
        let mut is_told = false;
        loop {
            self.tell_gap(batch);
            let Err(error) = self.insert(batch).await else {
                if is_told {
                    tracing::info!("the audit log is written again");
                }
                batch.clear();
                return;
            };
            if !is_told {
                tracing::error!(%error, waiting = batch.len() + self.entries.len(), "the audit log is not written; what is new waits");
                is_told = true;
            }
            tokio::select! {
                () = sleep(wait) => wait = longest.min(wait * 2),
                () = self.ending.cancelled() => return,
            }
        }
    }

    /// Writes entries once. Those that the database would refuse for ever are left out, and are a gap: one must not keep
    /// all others waiting.
    async fn insert(&self, entries: &[Entry]) -> sqlx::Result<()> {
        let entries = merged(entries);
        match self.store.insert(&entries).await {
            Err(error) if is_refused(&error) => {}
            done => return done,
        }
        for entry in &entries {
            match self.store.insert(slice::from_ref(entry)).await {
                Err(error) if is_refused(&error) => self.leave_out(entry, &error),
                done => done?,
            }
        }
        Ok(())
    }

    fn leave_out(&self, entry: &Entry, error: &sqlx::Error) {
        let told = |text: &Option<String>| text.as_deref().map(shortened);
        tracing::error!(
            %error,
            kind = entry.kind.as_str(),
            operation = told(&entry.operation),
            credential = told(&entry.credential_id),
            "an entry of the audit log is left out: the database refuses it"
        );
        // Of an entry about a gap, the next one would be refused as well.
        if entry.kind != Kind::Gap {
            self.gaps.add(u64::try_from(entry.count).unwrap_or(1));
        }
    }

    /// Has the log itself say what it lacks.
    fn tell_gap(&self, batch: &mut Vec<Entry>) {
        let dropped = self.gaps.take();
        if dropped > 0 {
            tracing::error!(dropped, "the audit log has a gap: the database did not take all entries");
            batch.push(gap(dropped));
        }
    }

    /// Writes what is left.
    async fn end(mut self, mut batch: Vec<Entry>) {
        self.entries.close();
        let until = Instant::now() + ENDING;
        let mut wait = PATIENCE.0;
        batch.extend(self.refusals.take());
        loop {
            while let Ok(entry) = self.entries.try_recv() {
                batch.push(entry);
            }
            self.tell_gap(&mut batch);
            let length = batch.len().min(BATCH);
            if length == 0 {
                return;
            }
            match timeout_at(until, self.insert(&batch[..length])).await {
                Ok(Ok(())) => drop(batch.drain(..length)),
                Ok(Err(error)) if Instant::now() + wait < until => {
                    tracing::warn!(%error, "the audit log is not written yet");
                    sleep(wait).await;
                    wait *= 2;
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::error!(
                        lost = batch.len(),
                        "the end of the audit log is lost: the database does not take it"
                    );
                    return;
                }
            }
        }
    }

    /// Deletes some of what is too old, and tells when to go on.
    async fn sweep(&self, clock: &mut TriedClock) -> Duration {
        match self.forget(clock).await {
            Ok(FORGOTTEN_AT_ONCE..) => Duration::ZERO,
            Ok(_) => SWEPT,
            Err(error) => {
                tracing::warn!(%error, "what is too old in the audit log is not deleted yet");
                COUNTED
            }
        }
    }

    /// Only time tells whether a clock is right that the process has begun with. Until then it is no later than the log itself knows, without what is so new
    /// that it can be of the same clock.
    async fn forget(&self, clock: &mut TriedClock) -> sqlx::Result<u64> {
        let now = Timestamp::now().as_microsecond();
        let known = if clock.is_believed(Instant::now(), now) {
            Some(now)
        } else {
            self.store.newest(now.saturating_sub(micros(TRIED))).await?
        };
        let Some(known) = known else { return Ok(0) };
        self.store.forget(known.saturating_sub(self.keep)).await
    }
}

fn gap(dropped: u64) -> Entry {
    let count = i64::try_from(dropped).unwrap_or(i64::MAX);
    Entry { outcome: "dropped".to_owned(), count, ..Entry::now(Kind::Gap, Via::Server) }
}

/// The entries with refusals that repeat one another as one: who is refused can ask as often as they like.
fn merged(entries: &[Entry]) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_denied = entry.verdict == Verdict::Denied;
        match merged.iter_mut().find(|other| is_denied && other.repeats(entry)) {
            Some(first) => first.count = first.count.saturating_add(entry.count),
            None => merged.push(entry.clone()),
        }
    }
    merged
}
