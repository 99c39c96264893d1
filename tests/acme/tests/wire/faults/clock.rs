//! A clock that is set, forward and back: by libfaketime, beneath everything that asks for the time.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Client, Revision, Server, ServerBuilder, promises::assert_kept, skipped};

use crate::{
    ACME, ACME_LIMITS, SCOPES,
    audit::{change, log},
    confirmation::brought,
    limits::is_refused,
    operations::get,
};

const PATIENCE: Duration = Duration::from_secs(20);
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The clock of a server and of its commands; all else has another.
struct Clock {
    library: PathBuf,
    folder: tempfile::TempDir,
}

impl Clock {
    /// The right one, if there is the library. As with a program, a test that lacks it says so, and fails in CI.
    fn new() -> Option<Self> {
        let library = fs::read_dir("/usr/lib").ok().into_iter().flatten().flatten().find_map(|entry| {
            Some(entry.path().join("faketime/libfaketimeMT.so.1")).filter(|library| library.exists())
        });
        if library.is_none() {
            skipped("libfaketime is not installed");
        }
        let clock = Self { library: library?, folder: tempfile::tempdir().expect("a folder") };
        clock.set(0);
        Some(clock)
    }

    /// Sets it so many seconds from the right time.
    fn set(&self, seconds: i64) {
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{seconds:+}")).expect("a file");
        fs::rename(new, self.file()).expect("a file");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// A server that goes by it. Only the time of the day is set: no clock that measures can be.
    fn rules(&self, server: ServerBuilder) -> ServerBuilder {
        let file: &Path = &self.file();
        server
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

fn client(server: &Server, token: &str) -> Client {
    Client::http(server.url(), Some(token), Revision::V2025_11_25)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_expires_by_the_clock_and_by_nothing_else() {
    let Some(clock) = Clock::new() else { return };
    let server = clock.rules(Server::of(ACME)).start();
    let brief = server.command(&["token", "create", "--name", "brief", "--scope", "notes:read", "--expires", "1h"]);
    let mut brief = client(&server, brief.stdout.trim());
    let mut calls = 0;
    for (offset, is_good) in [(0, true), (2 * HOUR, false), (0, true), (-2 * DAY, true), (HOUR + 60, false), (0, true)]
    {
        clock.set(offset);
        let reply = brief.call("list_notes", json!({})).await;
        if is_good {
            assert_eq!(reply.structured()["notes"], json!([]), "{offset}");
            calls += 1;
        } else {
            assert_kept(Promise::ExpiredCredential, &reply, &offset.to_string());
        }
        assert_eq!(get(server.authority(), "/readyz").await.status, 200, "{offset}");
    }
    // What was made in the future is good, and its use is written down by the clock as it is.
    clock.set(DAY);
    let mut later = client(&server, &server.token("later", &["notes:read"]));
    assert_eq!(later.call("list_notes", json!({})).await.status, Some(200));
    clock.set(0);
    assert_eq!(later.call("list_notes", json!({})).await.status, Some(200));
    calls += 2;
    // Each of them is in the log, in the order of the clock.
    let deadline = Instant::now() + PATIENCE;
    while log(&server, &["--since", "40d"])
        .iter()
        .filter(|entry| entry["kind"] == "call" && entry["outcome"] == "ok")
        .count()
        < calls
    {
        assert!(Instant::now() < deadline, "{calls} calls: {:?}", log(&server, &["--since", "40d"]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_agreed_to_holds_for_its_time_and_never_longer() {
    let Some(clock) = Clock::new() else { return };
    let server = clock.rules(Server::of(ACME)).start();
    let mut client = client(&server, &server.token("owner", &SCOPES));
    let call = json!({"note_id": "n1"});
    for (asked, answered, holds) in [(0, 60, true), (0, 660, false), (0, -30, true), (DAY, 0, false), (HOUR, 0, false)]
    {
        clock.set(asked);
        let confirmation = brought(&client.call("print_note", call.clone()).await);
        clock.set(answered);
        let mut confirmed = call.clone();
        confirmed["confirmation"] = json!(confirmation);
        let reply = client.call("print_note", confirmed).await;
        assert_eq!(!reply.is_tool_error(), holds, "asked at {asked}, answered at {answered}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_gives_no_calls_and_takes_none() {
    let Some(clock) = Clock::new() else { return };
    let server = clock.rules(Server::of(ACME_LIMITS)).start();
    let mut client = client(&server, &server.token("busy", &["notes:read"]));
    for offset in [DAY, -DAY] {
        clock.set(0);
        while !is_refused(&client.call("whoami", json!({})).await) {}
        let refused = client.call("whoami", json!({})).await;
        clock.set(offset);
        // A minute's calls would be back by the clock; one can be, by the time that passes.
        let mut passed = 0;
        let refused = loop {
            let reply = client.call("whoami", json!({})).await;
            if is_refused(&reply) {
                break reply;
            }
            passed += 1;
            assert!(passed < 6, "{offset}: {refused:?}");
        };
        let seconds = refused.error_data()["retry_after"].as_u64().expect("a number");
        assert!(seconds <= 5, "{offset}: nobody waits longer: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_far_ahead_deletes_nothing_of_the_audit_log() {
    let Some(clock) = Clock::new() else { return };
    let mut server = clock.rules(Server::of(ACME)).start();
    server.token("right", &["notes:read"]);
    let right = log(&server, &[]);
    let again = |server: &mut Server| {
        server.terminate();
        assert!(server.wait(PATIENCE).success());
        clock.rules(Server::of(ACME).folder(server.folder())).start()
    };
    // What is too old in any case goes at each start, by which is seen that something goes.
    let ancient = "INSERT INTO audit (id, at, kind, via, verdict, outcome) VALUES ('ancient', 1, 'call', 'http', 'allowed', 'ok')";
    let swept = async |server: &Server| {
        let deadline = Instant::now() + PATIENCE;
        while log(server, &[]).iter().any(|entry| entry["id"] == "ancient") {
            assert!(Instant::now() < deadline, "nothing is deleted");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };

    // The acme server keeps the log for 30 days. What it has of the wrong clock is no reason to believe that one at the next start.
    change(&server, None, ancient).await;
    clock.set(400 * DAY);
    let mut wrong = again(&mut server);
    swept(&wrong).await;
    wrong.token("wrong", &["notes:read"]);
    change(&wrong, None, ancient).await;
    let mut wrong = again(&mut wrong);
    swept(&wrong).await;
    clock.set(0);
    let mended = again(&mut wrong);
    let left = log(&mended, &["--since", "40d"]);
    assert!(right.iter().all(|entry| left.contains(entry)), "{right:#?}\n{left:#?}");
}
