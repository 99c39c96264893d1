//! From an empty database to a server, and what keeps it from starting.

use std::thread;

use toolwright_tests::{Postgres, Server};

use super::{DATABASE, call, instance, new_database};
use crate::{ACME, PREFIX, database};

#[test]
fn of_several_that_start_at_once_one_migrates_and_one_makes_the_first_token() {
    for round in 0..3 {
        let name = format!("together_{round}");
        let Some((postgres, url)) = new_database(&name) else { return };
        let servers: Vec<Server> = thread::scope(|scope| {
            let started: Vec<_> = (0..4).map(|_| scope.spawn(|| instance(&url).start())).collect();
            started.into_iter().map(|server| server.join().expect("a server")).collect()
        });
        let printed = servers.iter().filter(|server| server.log().contains(PREFIX)).count();
        assert_eq!(printed, 1);
        assert_eq!(postgres.sql(&name, "SELECT count(*), count(DISTINCT id) FROM toolwright.tokens"), "1|1");
        let migrations =
            "SELECT count(*) = count(DISTINCT version) AND bool_and(success) FROM toolwright._sqlx_migrations";
        assert_eq!(postgres.sql(&name, migrations), "t");
    }
}

#[test]
fn of_several_that_make_a_token_of_one_name_at_once_one_does() {
    let Some((postgres, url)) = new_database("names") else { return };
    let server = instance(&url).start();
    // Each looks for the name before the first one has come to its end.
    postgres.sql(
        "names",
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN new; END $$;
         CREATE TRIGGER slowly BEFORE INSERT ON toolwright.tokens FOR EACH ROW EXECUTE FUNCTION slowly()",
    );
    for name in ["a", "b"] {
        let create = || server.command(&["token", "create", "--name", name, "--scope", "notes:read"]);
        let all: Vec<_> = thread::scope(|scope| {
            let created: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
            created.into_iter().map(|ran| ran.join().expect("a command")).collect()
        });
        assert_eq!(all.iter().filter(|ran| ran.status.success()).count(), 1, "{all:?}");
        let refused = all.iter().filter(|ran| ran.stderr.contains("works already"));
        assert_eq!(refused.count(), 3, "{all:?}");
        let stored = format!("SELECT count(*) FROM toolwright.tokens WHERE name = '{name}'");
        assert_eq!(postgres.sql("names", &stored), "1");
    }
}

#[tokio::test]
async fn an_older_version_goes_on_while_a_newer_one_adds_columns() {
    let Some((postgres, url)) = new_database("columns") else { return };
    let server = instance(&url).start();
    let tokens = ["a", "b", "c"].map(|name| server.token(name, &["notes:read"]));
    for (number, token) in tokens.iter().enumerate() {
        assert_eq!(call(&server, token).await.status, Some(200), "{number} columns more");
        postgres.sql("columns", &format!("ALTER TABLE toolwright.tokens ADD COLUMN newer_{number} TEXT"));
    }
}

#[tokio::test]
async fn an_older_version_starts_after_a_newer_one_has_migrated() {
    let newer = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
                 VALUES (9999, 'newer', CURRENT_TIMESTAMP, TRUE, 'x', 0)";
    if let Some((postgres, url)) = new_database("newer") {
        let token = instance(&url).start().first_token(PREFIX);
        postgres.sql("newer", &format!("SET search_path TO toolwright; {newer}"));
        assert_eq!(call(&instance(&url).start(), &token).await.status, Some(200));
    }
    let mut server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    sqlx::query(newer).execute(&mut database(&server).await).await.expect("a row");
    server.kill();
    let again = Server::of(ACME).folder(server.folder()).start();
    assert_eq!(call(&again, &token).await.status, Some(200));
}

#[tokio::test]
async fn a_role_that_makes_no_schemas_uses_one_that_is_there() {
    let Some((postgres, _)) = new_database("prepared") else { return };
    let said = Server::of(ACME).start().command(&["token", "list", "--database", &postgres.url("writer", "prepared")]);
    assert!(said.stderr.contains("CREATE SCHEMA toolwright AUTHORIZATION"), "{said:?}");
    assert!(!said.stderr.contains(Postgres::PASSWORD), "{said:?}");
    postgres.sql("prepared", "CREATE SCHEMA toolwright AUTHORIZATION writer; CREATE SCHEMA notes AUTHORIZATION writer");
    // Two servers of different kinds can share a database, each with a schema.
    let url = postgres.url("writer", "prepared");
    let (one, other) = (instance(&url).start(), instance(&format!("{url}?schema=notes")).start());
    let (first, second) = (one.first_token(PREFIX), other.first_token(PREFIX));
    assert_eq!(call(&one, &first).await.status, Some(200));
    assert_eq!(call(&other, &second).await.status, Some(200));
    assert_eq!(call(&other, &first).await.status, Some(401), "another server's token");
}

#[test]
fn what_keeps_a_server_from_starting_is_said_without_the_password() {
    let Some((postgres, _)) = new_database("closed") else { return };
    let port = postgres.port();
    let folder = tempfile::tempdir().expect("a folder");
    for (database, said) in [
        ("closed", "password authentication failed for user \"writer\""),
        ("nowhere", "password authentication failed"),
    ] {
        let url = format!("postgres://writer:hunter2@127.0.0.1:{port}/{database}");
        let ran = toolwright_tests::run(ACME, folder.path(), &["--database", &url]);
        assert!(!ran.status.success() && ran.stderr.contains(said), "{ran:?}");
        let place = format!("the token database postgres://127.0.0.1:{port}/{database}: ");
        assert!(ran.stderr.contains(&place) && !ran.stderr.contains("hunter2"), "{ran:?}");
    }
    let url = postgres.url("writer", "nowhere");
    let ran = toolwright_tests::run(ACME, folder.path(), &["--database", &url]);
    assert!(ran.stderr.contains("database \"nowhere\" does not exist"), "{ran:?}");
}

#[test]
fn the_help_shows_no_password() {
    let server = Server::of(ACME).env(DATABASE, "sqlite:hunter2.db").start();
    for arguments in [&["--help"][..], &["token", "create", "--help"]] {
        let help = server.succeed(arguments);
        assert!(help.contains(DATABASE) && !help.contains("hunter2"), "{help}");
    }
}
