//! A store for tests, filled with what `tests/data/runs.sql` has, but for its schedules and runs.

use std::path::Path;

use clap::Parser as _;
use sqlx::AssertSqlSafe;
use toolwright::Secrets;

use super::{Files, Stores, open};

/// The account whose things a test is about, and another one.
pub(crate) const MINE: &str = "mine";
pub(crate) const THEIRS: &str = "theirs";

#[derive(clap::Parser)]
struct CommandLine {
    #[command(flatten)]
    files: Files,
}

/// Opens the store in a folder, and fills it where it is new.
pub(crate) async fn stores(folder: &Path) -> Stores {
    let path = folder.join("store.db");
    let is_new = !path.exists();
    let options = CommandLine::parse_from(["test".as_ref(), "--store".as_ref(), path.as_os_str()]);
    let stores = open(&options.files, &Secrets::default()).await.unwrap();
    if is_new {
        let fixture = include_str!("../../tests/data/runs.sql");
        let fixture = fixture.replace("MINE", &format!("'{MINE}'")).replace("THEIRS", &format!("'{THEIRS}'"));
        let fixture = fixture + "DELETE FROM runs; DELETE FROM schedules;";
        sqlx::raw_sql(AssertSqlSafe(fixture)).execute(&stores.write.pool).await.unwrap();
    }
    stores
}
