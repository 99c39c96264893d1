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

/// How many lines of a log are kept from its beginning, and how many from its end.
const FIRST_LINES: i64 = 500;
const LAST_LINES: i64 = 1500;

/// How many characters a line can have.
const MAX_LINE: usize = 2000;

/// The lines of a text, each no longer than a line can be.
pub(super) fn lines_of(text: &str) -> Vec<String> {
    let short = |line: &str| match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    text.lines().map(short).collect()
}

/// Appends lines to the log of a run. Of a long log the middle is dropped: the beginning says what ran,
/// and the end how it went. The lines keep their numbers, which show the gap.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    run: i64,
    now: i64,
    lines: &[String],
) -> Result<(), StoreError> {
    let last = "SELECT ifnull(max(line), 0) FROM run_log WHERE run = ?1";
    let mut last: i64 = sqlx::query_scalar(last).bind(run).fetch_one(&mut *connection).await?;
    for line in lines {
        last += 1;
        sqlx::query("INSERT INTO run_log (run, line, at, text) VALUES (?1, ?2, ?3, ?4)")
            .bind(run)
            .bind(last)
            .bind(now)
            .bind(line)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("DELETE FROM run_log WHERE run = ?1 AND line > ?2 AND line <= ?3")
        .bind(run)
        .bind(FIRST_LINES)
        .bind(last - LAST_LINES)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    #[tokio::test]
    async fn a_long_log_keeps_its_beginning_and_its_end() {
        let mut store = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let table = "CREATE TABLE run_log (run INTEGER, line INTEGER, at INTEGER, text TEXT, PRIMARY KEY (run, line))";
        sqlx::raw_sql(table).execute(&mut store).await.unwrap();
        for batch in 0..50 {
            let lines: Vec<String> = (1..=100).map(|line| format!("line {}", batch * 100 + line)).collect();
            append(&mut store, 7, 0, &lines).await.unwrap();
            append(&mut store, 8, 0, &lines[..1]).await.unwrap();
        }
        let kept = "SELECT line FROM run_log WHERE run = ?1 AND text = 'line ' || line ORDER BY line";
        let kept: Vec<i64> = sqlx::query_scalar(kept).bind(7).fetch_all(&mut store).await.unwrap();
        assert_eq!(kept, (1..=500).chain(3501..=5000).collect::<Vec<_>>());
        let others = "SELECT count(*) FROM run_log WHERE run = 8";
        assert_eq!(sqlx::query_scalar::<_, i64>(others).fetch_one(&mut store).await.unwrap(), 50);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = "é".repeat(3000);
        assert_eq!(lines_of(&format!("a\n{long}\r\n")), ["a".to_owned(), "é".repeat(2000) + "…"]);
    }
}
