//! Real SQLite files and a real PostgreSQL server, asked through the doors that tools use.

mod doors;
mod errors;
mod fragments;
mod hostile;
mod writing;

use std::{path::PathBuf, sync::Once, time::Duration};

use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use toolwright_tests::Postgres;

use super::{Database, Limits, Login, PostgresTarget, Target, Tls};

const LIMITS: Limits = Limits { connect: Duration::from_secs(20), statement: Duration::from_secs(20) };

/// A file with `sqlite.sql`.
struct SqliteFile {
    folder: TempDir,
}

impl SqliteFile {
    async fn new() -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap() };
        let options = SqliteConnectOptions::new().filename(file.path()).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute(include_str!("sqlite.sql")).await.unwrap();
        connection.close().await.unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    fn target(&self) -> Target {
        Target::Sqlite { path: self.path() }
    }
}

/// The database of the shared server with that SQL, under a name for each test that changes it.
fn postgres(name: &'static str) -> Option<(&'static Postgres, PostgresTarget)> {
    static SHOP: Once = Once::new();
    let server = Postgres::shared()?;
    if name == "shop" {
        SHOP.call_once(|| server.database("shop", include_str!("postgres.sql")));
    } else {
        server.database(name, include_str!("postgres.sql"));
    }
    let login = |user: &str| Login { user: user.to_owned(), password: Postgres::PASSWORD.into() };
    let target = PostgresTarget {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        database: name.to_owned(),
        reader: login("reader"),
        writer: Some(login("writer")),
        tls: Tls::Disable,
    };
    Some((server, target))
}

/// The door to each engine that there is on this machine.
async fn doors(file: &SqliteFile) -> Vec<Database> {
    let postgres = postgres("shop").map(|(_, target)| Target::Postgres(target));
    [Some(file.target()), postgres].into_iter().flatten().map(|target| Database::new(target, LIMITS)).collect()
}
