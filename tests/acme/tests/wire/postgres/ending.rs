//! A server that is to end while the database takes nothing.

use std::time::Duration;

use toolwright_tests::{Postgres, Server};

use super::{call, instance, new_database};

/// How many last uses wait to be written; PostgreSQL works on each for as long as a statement may take.
const TOKENS: usize = 6;

/// A server whose tokens were used, and none of those uses can be written down.
async fn busy(name: &str) -> Option<Server> {
    let (postgres, url) = new_database(name)?;
    let server = instance(&url).start();
    let never =
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN new; END $$;
                 CREATE TRIGGER never BEFORE UPDATE ON toolwright.tokens FOR EACH ROW EXECUTE FUNCTION never()";
    postgres.sql(name, never);
    for number in 0..TOKENS {
        let token = server.token(&format!("used {number}"), &["notes:read"]);
        assert_eq!(call(&server, &token).await.status, Some(200));
    }
    Some(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gives_up_what_is_not_written_in_time() {
    let Some(mut server) = busy("ending").await else { return };
    server.terminate();
    assert_eq!(server.wait(Duration::from_secs(30)).code(), Some(0), "{}", server.log());
    assert!(server.log().contains("when tokens were last used was not written down"), "{}", server.log());
    assert!(!server.log().contains(Postgres::PASSWORD), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tells_it_twice_waits_for_nothing() {
    for (name, status) in [("terminated_twice", 143), ("interrupted_twice", 130)] {
        let Some(mut server) = busy(name).await else { return };
        server.terminate();
        server.wait_for_line(&["shutting down"]);
        if status == 143 {
            server.terminate();
        } else {
            server.interrupt();
        }
        assert_eq!(server.wait(Duration::from_secs(5)).code(), Some(status), "{}", server.log());
    }
}
