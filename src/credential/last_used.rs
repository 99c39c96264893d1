//! When a token was last used, written down beside the requests and not within them.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::timeout,
};

use crate::database::{Database, either};

/// A use is written down when the last one is this long ago, in seconds.
const RESOLUTION: i64 = 60;

/// How many uses wait to be written. More are dropped: a later request tells again.
const WAITING: usize = 256;

/// How long the writing of what is left may take once the server ends.
const ENDING: Duration = Duration::from_secs(8);

/// Whether a use is to be written down after the last one. That can be in the future: a clock was set back.
pub(super) fn is_past(last: Option<i64>, now: i64) -> bool {
    last.is_none_or(|last| last.abs_diff(now) >= RESOLUTION.unsigned_abs())
}

/// Writes the times of last use in a task of its own.
pub(super) struct LastUsed {
    notes: mpsc::Sender<Note>,
    writer: AbortHandle,
}

enum Note {
    Used {
        id: String,
        at: i64,
    },
    /// Everything before it is written when it is answered.
    Finish(oneshot::Sender<()>),
}

impl LastUsed {
    pub(super) fn start(database: Database) -> Self {
        let (notes, waiting) = mpsc::channel(WAITING);
        let writer = tokio::spawn(write(database, waiting)).abort_handle();
        Self { notes, writer }
    }

    /// Notes a use; never waits.
    pub(super) fn note(&self, id: &str, at: i64) {
        if let Ok(place) = self.notes.try_reserve() {
            place.send(Note::Used { id: id.to_owned(), at });
        }
    }

    /// Writes what is still waiting, as far as the database takes it in time.
    pub(super) async fn finish(&self) {
        let (finished, done) = oneshot::channel();
        let written = async {
            if self.notes.send(Note::Finish(finished)).await.is_ok() {
                // Without an answer the writer is gone, and with it whatever waited.
                let _ = done.await;
            }
        };
        if timeout(ENDING, written).await.is_err() {
            // Its connection is closed with it, so that nobody waits for that either.
            self.writer.abort();
            tracing::warn!("when tokens were last used was not written down: the database does not take it");
        }
    }
}

async fn write(database: Database, mut waiting: mpsc::Receiver<Note>) {
    // Requests that came before the first one was written down tell the same again.
    let mut written: HashMap<String, i64> = HashMap::new();
    while let Some(note) = waiting.recv().await {
        let (id, at) = match note {
            Note::Used { id, at } => (id, at),
            Note::Finish(finished) => {
                let _ = finished.send(());
                continue;
            }
        };
        if !is_past(written.get(&id).copied(), at) {
            continue;
        }
        let result = either!(&database, connection => {
            // Another instance may have written the same down.
            let query = sqlx::query(
                "UPDATE tokens SET last_used_at = $1
                 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at + $3 <= $1 OR last_used_at >= $1 + $3)",
            );
            query.bind(at).bind(&id).bind(RESOLUTION).execute(connection).await.map(drop)
        });
        if written.len() >= WAITING {
            // What is older holds nothing back.
            written.retain(|_, last| !is_past(Some(*last), at));
        }
        match result {
            Ok(()) => drop(written.insert(id, at)),
            Err(error) => tracing::warn!(%error, "a token's last use was not written down"),
        }
    }
}
