//! The writing door, and that the reading one is none.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{LIMITS, SqliteFile, postgres};
use crate::database::{Database, Error, PreviewRequest, Target, Writer};

const COPY: &str = "INSERT INTO target SELECT id, amount FROM orders WHERE amount > 1000";
const ENDLESS: &str =
    "INSERT INTO target WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1, count(*) FROM n";

fn targets(file: &SqliteFile, name: &'static str) -> Vec<(Target, &'static str)> {
    let postgres = postgres(name).map(|(_, target)| (Target::Postgres(target), "public."));
    [Some((file.target(), "")), postgres].into_iter().flatten().collect()
}

/// The same statement with the schema that PostgreSQL wants, since the session knows none.
fn sql(statement: &str, schema: &str) -> String {
    statement.replace("target", &format!("{schema}target")).replace("FROM orders", &format!("FROM {schema}orders"))
}

async fn count(target: &Target) -> usize {
    let request = PreviewRequest { schema: None, table: "target".to_owned(), rows: 100, condition: None };
    Database::new(target.clone(), LIMITS).preview(&request).await.unwrap().rows.len()
}

#[tokio::test]
async fn all_statements_are_done_or_none() {
    let file = SqliteFile::new().await;
    for (target, schema) in targets(&file, "transaction") {
        let run = async |statements: &[&str]| {
            let writer = Writer::open(&target, LIMITS, CancellationToken::new()).await.unwrap();
            let statements: Vec<_> = statements.iter().map(|statement| sql(statement, schema)).collect();
            let mut counts = Vec::new();
            writer.run(&statements, |count| counts.push(count)).await.map(|()| counts)
        };
        let error = run(&[COPY, "INSERT INTO target VALUES (1, 1)"]).await.unwrap_err();
        assert!(matches!(error, Error::Statement(_)), "{error}");
        assert_eq!(count(&target).await, 0);
        assert_eq!(run(&["DELETE FROM target", COPY]).await.unwrap(), [0, 2]);
        assert_eq!(count(&target).await, 2);
    }
}

#[tokio::test]
async fn what_runs_can_be_cancelled() {
    let file = SqliteFile::new().await;
    for (target, schema) in targets(&file, "cancellation") {
        let token = CancellationToken::new();
        let writer = Writer::open(&target, LIMITS, token.clone()).await.unwrap();
        let statements = [sql(COPY, schema), sql(ENDLESS, schema)];
        // The time gives the statement a chance to begin: before, it is cancelled as well.
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            token.cancel();
        };
        let (done, ()) = tokio::join!(writer.run(&statements, |_| ()), cancelling);
        assert!(matches!(done, Err(Error::Cancelled)), "{done:?}");
        assert_eq!(count(&target).await, 0);
        let refused = Writer::open(&target, LIMITS, token).await.err();
        assert!(matches!(refused, None | Some(Error::Cancelled)));
    }
}

/// Statements that no tool can send, through the door itself.
#[tokio::test]
async fn the_reading_door_writes_nothing() {
    let file = SqliteFile::new().await;
    for (target, schema) in targets(&file, "reading") {
        for statement in ["INSERT INTO target VALUES (9, 9)", "DELETE FROM target", "CREATE TABLE target2 (id int)"] {
            let statement = sql(statement, schema);
            let said = match &target {
                Target::Sqlite { path } => {
                    let mut reader =
                        crate::database::sqlite::open(path, false, LIMITS, CancellationToken::new()).await.unwrap();
                    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut reader).await.unwrap_err().to_string()
                }
                Target::Postgres(target) => {
                    // As the writer, who may: it is the session that does not let it.
                    let login = target.writer.as_ref().unwrap();
                    let mut reader = crate::database::postgres::open(target, login, false, LIMITS).await.unwrap();
                    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut reader).await.unwrap_err().to_string()
                }
            };
            assert!(said.contains("readonly") || said.contains("read-only"), "{said}");
        }
        assert_eq!(count(&target).await, 0);
    }
}

#[tokio::test]
async fn without_credentials_that_write_there_is_no_writer() {
    let Some((_, mut target)) = postgres("shop") else { return };
    target.writer = None;
    let error = Writer::open(&Target::Postgres(target), LIMITS, CancellationToken::new()).await.err().unwrap();
    assert!(matches!(error, Error::NoWriter));
}
