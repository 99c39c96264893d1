//! A disk that takes nothing for a while, as it is full or cannot be written to. What needs no disk goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use toolwright_tests::{Client, Reply, Revision, Server, run, skipped};

use crate::{
    ACME, PREFIX,
    operations::{collect, get, operations},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A new mount namespace, in which the server's folder is a small disk of its own; it ends with the server.
const OWN_DISK: [&str; 8] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    r#"mount -t tmpfs -o size=8m tmpfs "$PWD" && cd "$PWD" && exec "$@""#,
    "sh",
];

/// The same folder through a mount of the server's own that is read-only. A kernel makes no file system read-only under files that are open for
/// writing, so that a server can only be started on one.
const READ_ONLY: [&str; 8] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    r#"mount --bind "$PWD" "$PWD" && mount -o remount,bind,ro "$PWD" && cd "$PWD" && exec "$@""#,
    "sh",
];

/// The limit that stands for writes that fail would end the process else.
const UNLIMITED: [&str; 4] = ["sh", "-c", r#"trap '' XFSZ; exec "$@""#, "sh"];

/// Whether a process can have a disk of its own here. As with a program, a test that cannot says so, and fails in CI.
fn has_namespaces() -> bool {
    let mut tried = Command::new(OWN_DISK[0]);
    tried.args(&OWN_DISK[1..4]).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
    let works = tried.status().is_ok_and(|status| status.success());
    works || skipped("this machine allows no mount namespaces to users")
}

/// The folder in which the server runs, as the server sees it.
fn inside(server: &Server) -> PathBuf {
    format!("/proc/{}/cwd", server.id()).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    if !has_namespaces() {
        return;
    }
    let server = Server::of(ACME).through(&OWN_DISK).arg("--operations-listen=127.0.0.1:0").start();
    let filler = inside(&server).join("filler");
    let fill = || {
        let mut file = fs::File::create(&filler).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
    };
    survives(&server, fill, || fs::remove_file(&filler).expect("a file"), "database or disk is full").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_is_read_only() {
    if !has_namespaces() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let start = || Server::of(ACME).folder(folder.path()).start();
    let mut server = start();
    let token = server.first_token(PREFIX);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    let mut acknowledged = BTreeSet::new();
    // One that was killed leaves more files behind.
    for is_killed in [true, false] {
        acknowledged.insert(check(&mut client).await.expect("a disk that works"));
        if is_killed {
            server.kill();
        } else {
            server.terminate();
            assert!(server.wait(PATIENCE).success());
        }
        let before = files(folder.path());
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["token", "create", "--name", "new", "--scope", "notes:read"],
            &["token", "list"],
            &["audit"],
        ] {
            let ran = run(READ_ONLY[0], folder.path(), &[&READ_ONLY[1..], &[ACME], command].concat());
            let why = "acme: cannot write to the token database data/acme.db: it has to be where the server may write: \
                       Read-only file system";
            assert!(ran.stderr.contains(why), "{command:?}: {}", ran.stderr);
            assert_eq!((ran.status.code(), &*ran.stdout), (Some(1), ""), "{command:?}");
        }
        assert!(files(folder.path()) == before, "nothing is changed");
        server = start();
        assert_eq!(kept(&server).await.checks, acknowledged, "what was acknowledged is there");
        client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    }
}

/// What is in the files of a server.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder.join("data")).expect("the data");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| (path.clone(), fs::read(&path).expect("a file"))).collect()
}

/// What a running server meets on a disk that the kernel gave up, and has made read-only for that: files that are open, and in which every write fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_writes_fail() {
    let server = Server::of(ACME).through(&UNLIMITED).arg("--operations-listen=127.0.0.1:0").start();
    let limit = |current: Option<u64>| {
        let process = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
        let maximum = getrlimit(Resource::Fsize).maximum;
        prlimit(process, Resource::Fsize, Rlimit { current, maximum }).expect("a limit");
    };
    let own = getrlimit(Resource::Fsize).current;
    survives(&server, || limit(Some(0)), || limit(own), "disk I/O error").await;
}

async fn survives(server: &Server, breaks: impl FnOnce(), heals: impl FnOnce(), says: &str) {
    const CALLS: usize = 25;
    let operations = operations(server);
    let token = server.first_token(PREFIX);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    let mut acknowledged = BTreeSet::new();
    let mut called = 0;
    for _ in 0..CALLS {
        acknowledged.insert(check(&mut client).await.expect("a disk that works"));
        called += 1;
    }

    breaks();
    // What has to be recorded does not run without its record, and the log says why.
    let refused = check(&mut client).await.expect_err("a disk that takes nothing");
    called += 1;
    assert!(refused.text().starts_with("internal: the server failed; its log has the details"), "{refused:?}");
    server.wait_for_line(&["ERROR", "a tool failed", says]);
    // All else is answered, with the audit log waiting.
    for _ in 0..CALLS {
        assert_eq!(client.call("whoami", json!({})).await.structured()["subject"], "local");
        called += 1;
    }
    server.wait_for_line(&["ERROR", "the audit log is not written; what is new waits"]);
    let ready = get(&operations, "/readyz").await;
    assert_eq!(ready.status, 200, "credentials are checked and calls are answered: {ready:?}");
    let failures = collect(&operations).await.sum("toolwright_errors", &[("reason", "internal")]);
    assert_eq!(failures, 1, "and whoever runs it is told of what is not");

    heals();
    let deadline = Instant::now() + PATIENCE;
    loop {
        called += 1;
        if let Ok(id) = check(&mut client).await {
            assert!(acknowledged.insert(id), "{id} was given twice");
            break;
        }
        assert!(Instant::now() < deadline, "it does not recover:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.wait_for_line(&["the audit log is written again"]);
    loop {
        let kept = kept(server).await;
        if kept.calls == called {
            assert_eq!(kept.checks, acknowledged, "what was acknowledged is there, and nothing else");
            assert_eq!(kept.gaps, 0);
            return;
        }
        assert!(Instant::now() < deadline + PATIENCE, "{called} calls were made, and {} are recorded", kept.calls);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The id of a check's record.
async fn check(client: &mut Client) -> Result<i64, Reply> {
    let reply = client.call("check_notes", json!({})).await;
    if reply.is_tool_error() {
        return Err(reply);
    }
    Ok(reply.structured()["check_id"].as_i64().expect("a number"))
}

/// What is on the disk.
struct Kept {
    checks: BTreeSet<i64>,
    calls: usize,
    gaps: usize,
}

/// Reads a copy, since only the server itself sees a disk of its own.
async fn kept(server: &Server) -> Kept {
    let copy = tempfile::tempdir().expect("a folder");
    let data = copy.path().join("data");
    fs::create_dir(&data).expect("a folder");
    for entry in fs::read_dir(inside(server).join("data")).expect("the data") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), data.join(entry.file_name())).expect("a copy");
    }
    let lines = audit(copy.path());
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    let options = SqliteConnectOptions::new().filename(data.join("acme-checks.db"));
    let mut checks = options.connect().await.expect("the records");
    let ids: Vec<i64> = sqlx::query_scalar("select id from checks").fetch_all(&mut checks).await.expect("the records");
    Kept { checks: ids.into_iter().collect(), calls: of("call"), gaps: of("gap") }
}

fn audit(folder: &Path) -> Vec<Value> {
    let ran = run(ACME, folder, &["audit", "--format", "json", "--limit", "100000"]);
    assert!(ran.status.success(), "{}", ran.stderr);
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
