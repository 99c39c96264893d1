//! What a person is told when a database does not do what was asked.

use std::{fs, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use toolwright_tests::Postgres;

use super::{LIMITS, SqliteFile, doors, postgres};
use crate::database::{Database, Limits, Login, PostgresTarget, PreviewRequest, Target, Writer};

async fn said(target: Target) -> String {
    Database::new(target, LIMITS).test().await.map_or_else(|error| error.to_string(), |()| "works".to_owned())
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let file = SqliteFile::new().await;
    assert_eq!(said(file.target()).await, "works");
    let at = |name: &str| Target::Sqlite { path: file.folder.path().join(name) };
    fs::write(file.folder.path().join("text.db"), "this is no database, but a text that is long enough to be one")
        .unwrap();
    assert_eq!(said(at("text.db")).await, "the file is not a SQLite database");
    assert_eq!(said(at("missing.db")).await, "the file does not exist");
    assert!(!file.folder.path().join("missing.db").exists(), "it is not made");
    assert_eq!(said(at(".")).await, "the file is not a SQLite database");
    let uri = Target::Sqlite { path: format!("file:{}?mode=rwc", file.path().display()).into() };
    assert_eq!(said(uri).await, "the file does not exist");
}

#[tokio::test]
async fn a_server_that_does_not_answer_says_why() {
    let Some((_, target)) = postgres("shop") else { return };
    assert_eq!(said(Target::Postgres(target.clone())).await, "works");
    let with = |change: fn(&mut PostgresTarget)| {
        let mut target = target.clone();
        change(&mut target);
        Target::Postgres(target)
    };
    let wrong = |target: &mut PostgresTarget| target.reader.password = "another-password".into();
    assert!(said(with(wrong)).await.starts_with("authentication failed"));
    let unknown = |target: &mut PostgresTarget| {
        target.reader = Login { user: "nobody".into(), password: Postgres::PASSWORD.into() }
    };
    assert!(said(with(unknown)).await.starts_with("authentication failed"));
    assert_eq!(said(with(|target| target.database = "missing".into())).await, "the server has no such database");
    assert!(
        said(with(|target| target.host = "no-such-host.invalid".into()))
            .await
            .starts_with("the host cannot be reached")
    );
    assert!(
        said(with(|target| target.tls = crate::database::Tls::Require))
            .await
            .starts_with("the encrypted connection failed")
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut silent = target.clone();
    silent.port = listener.local_addr().unwrap().port();
    let limits = Limits { connect: Duration::from_millis(200), ..LIMITS };
    let error = Database::new(Target::Postgres(silent.clone()), limits).test().await.unwrap_err();
    assert_eq!(error.to_string(), "the database did not answer within 0.2 s");
    drop(listener);
    assert!(said(Target::Postgres(silent)).await.starts_with("the host refuses the connection"));
}

#[tokio::test]
async fn a_table_is_looked_up_before_it_is_asked() {
    let file = SqliteFile::new().await;
    for door in doors(&file).await {
        let said = async |schema: Option<&str>, table: &str| {
            let request =
                PreviewRequest { schema: schema.map(str::to_owned), table: table.to_owned(), rows: 5, condition: None };
            door.preview(&request).await.map_or_else(|error| error.to_string(), |preview| preview.schema)
        };
        for table in
            ["missing", "orders; DROP TABLE orders", "\"orders\"", "orders\" --", "sqlite_schema", "pg_class", ""]
        {
            assert!(said(None, table).await.starts_with(&format!("no table `{table}` in this database")), "{table}");
        }
        assert!(
            said(Some("pg_catalog"), "pg_authid").await.starts_with("no table `pg_authid` in the schema `pg_catalog`")
        );
    }
    let Some((_, target)) = postgres("shop") else { return };
    let door = Database::new(Target::Postgres(target), LIMITS);
    assert_eq!(door.table(None, "orders").await.unwrap().schema, "public");
    assert_eq!(door.table(Some("sales"), "orders").await.unwrap().schema, "sales");
    let error = door.table(None, "leads").await.unwrap_err().to_string();
    assert_eq!(error, "there are tables `leads` in the schemas sales, support: name the schema");
}

/// A view that would never end.
#[tokio::test]
async fn a_statement_that_runs_too_long_is_interrupted() {
    let file = SqliteFile::new().await;
    let endless = "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS i FROM n";
    let writer = Writer::open(&file.target(), LIMITS, CancellationToken::new()).await.unwrap();
    writer.run(&[endless.to_owned()], |_| ()).await.unwrap();
    let mut targets = vec![file.target()];
    if let Some((server, target)) = postgres("endless") {
        server.sql("endless", &format!("{endless}; GRANT SELECT ON endless TO reader"));
        targets.push(Target::Postgres(target));
    }
    let limits = Limits { statement: Duration::from_millis(500), ..LIMITS };
    for target in targets {
        let request = PreviewRequest { schema: None, table: "endless".to_owned(), rows: 5, condition: None };
        let error = Database::new(target, limits).preview(&request).await.unwrap_err();
        assert_eq!(error.to_string(), "the database did not answer within 0.5 s");
    }
}
