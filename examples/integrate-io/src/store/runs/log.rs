//! The logs of runs.

use integrate_io_tools::Run;
use sqlx::SqliteConnection;
use toolwright::Secrets;

use crate::store::StoreError;

/// A run's log, without secrets.
#[derive(Debug, Default)]
pub(crate) struct Log {
    numbers: Vec<i64>,
    lines: Vec<String>,
}

impl Log {
    /// The log of a run. Its secrets are taken out of all of it at once: one can begin in a line that is
    /// returned to nobody.
    pub(crate) async fn load(
        connection: &mut SqliteConnection,
        run: &Run,
        secrets: &Secrets,
    ) -> Result<Self, StoreError> {
        let rows = "SELECT line, text FROM run_log WHERE run = ?1 ORDER BY line";
        let rows: Vec<(i64, String)> = sqlx::query_as(rows).bind(run.id).fetch_all(connection).await?;
        let (numbers, mut lines): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        secrets.redact_lines(&mut lines);
        Ok(Self { numbers, lines })
    }

    /// How many lines were written to it. It keeps the first and the last of them.
    pub(crate) fn total(&self) -> i64 {
        self.numbers.last().copied().unwrap_or_default()
    }

    /// Its last lines, oldest first.
    pub(crate) fn tail(&self, lines: i64) -> Vec<String> {
        let skipped = self.lines.len().saturating_sub(usize::try_from(lines).unwrap_or_default());
        self.lines[skipped..].to_vec()
    }

    /// The lines that it keeps, each with its number from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (i64, &str)> {
        self.numbers.iter().copied().zip(self.lines.iter().map(String::as_str))
    }
}
