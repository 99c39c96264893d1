use std::{env, fs};

use super::{Audit, AuditStore, Entry, Kind, Via, Wanted, writer::WAITING};
use crate::{database::Database, spec::AuditSpec};

/// What is in the log once so many events were recorded at once and the server has ended: calls, and gaps with what they count.
async fn recorded(events: usize) -> (usize, Vec<i64>) {
    let folder = env::temp_dir().join(format!("toolwright-audit-{}", rand::random::<u64>()));
    let database = Database::open(&format!("sqlite:{}", folder.join("audit.db").display())).await.expect("a database");
    let audit = Audit::start(AuditSpec { keep_seconds: 86_400, arguments: false }, &database);
    // The writer shares this thread, and takes nothing before it is waited for.
    for _ in 0..events {
        audit.record(Entry::now(Kind::Call, Via::Http));
    }
    audit.finish().await;
    let entries = AuditStore::new(&database).recent(&Wanted::default(), 100_000).await.expect("entries");
    database.close().await;
    fs::remove_dir_all(folder).expect("a folder of our own");
    let (gaps, calls): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.kind == Kind::Gap);
    (calls.len(), gaps.iter().map(|gap| gap.count).collect())
}

#[tokio::test]
async fn what_waits_at_the_end_is_written() {
    for events in [0, 1, 2_000, WAITING] {
        assert_eq!(recorded(events).await, (events, vec![]), "{events}");
    }
}

#[tokio::test]
async fn what_was_not_taken_is_told_as_a_gap() {
    assert_eq!(recorded(WAITING + 100).await, (WAITING, vec![100]));
}
