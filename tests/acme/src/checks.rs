//! Checks of notes: a tool that reads, and leaves a record.

use std::{collections::BTreeSet, path::Path};

use acme_tools::*;
use anyhow::Context as _;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use toolwright::{Call, RecordStore, ToolError, mcp_tool};

use crate::{ReadNotes, testing::go_wrong};

/// A row that is there stays as it is, whoever opens the file: also where one would take its place.
const SCHEMA: &str = "
    create table if not exists checks (
        id integer primary key check (id > 0),
        subject text not null,
        at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) strict;
    create trigger if not exists checks_are_not_changed before update on checks
        begin select raise(abort, 'a check cannot be changed'); end;
    create trigger if not exists checks_are_not_deleted before delete on checks
        begin select raise(abort, 'a check cannot be deleted'); end;
    create trigger if not exists checks_are_not_replaced before insert on checks
        when new.id in (select id from checks)
        begin select raise(abort, 'a check cannot be replaced'); end;
";

/// The notes, to read, and the records of their checks, to append to.
#[derive(RecordStore)]
pub struct CheckNotes {
    notes: ReadNotes,
    checks: Checks,
}

impl CheckNotes {
    pub(crate) async fn open(notes: ReadNotes, file: &Path) -> anyhow::Result<Self> {
        Ok(Self { notes, checks: Checks::open(file).await? })
    }
}

/// The records, in a database that has nothing else. All that can be done with it is to append one.
struct Checks(SqlitePool);

impl Checks {
    async fn open(file: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        let pool = pool.with_context(|| format!("cannot open {}", file.display()))?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await.with_context(|| format!("cannot set up {}", file.display()))?;
        Ok(Self(pool))
    }

    /// The id of the record.
    async fn append(&self, subject: &str) -> Result<i64, ToolError> {
        let inserted = sqlx::query("insert into checks (subject) values (?)").bind(subject).execute(&self.0).await;
        Ok(inserted.map_err(ToolError::internal)?.last_insert_rowid())
    }
}

#[mcp_tool]
async fn check_notes(
    store: &CheckNotes,
    call: &Call,
    input: check_notes::Input,
) -> Result<check_notes::Output, ToolError> {
    // First of all, so that no check is without its record, whatever becomes of the call.
    let check_id = store.checks.append(call.subject()).await?;
    if let Some(how) = input.then {
        go_wrong(how, "").await?;
    }
    let mut said = BTreeSet::new();
    let repeated = store.notes.of(call).into_iter().filter(|note| !said.insert(note.text.clone()));
    Ok(check_notes::Output { check_id, repeated: repeated.map(|note| note.id).collect() })
}
