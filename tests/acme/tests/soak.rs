//! Many callers at once for a while, until the server is told to stop in the midst of it: in a test binary of its own, so that
//! nothing else runs meanwhile. In CI for a minute, elsewhere for some seconds.
#![cfg(target_os = "linux")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use toolwright_core::Promise;
use toolwright_tests::{Reply, Revision, Server, promises::assert_kept};

const ACME: &str = env!("CARGO_BIN_EXE_acme");

const TOKENS: usize = 60;
const CONNECTIONS: usize = 500;

/// Every so many connections there is one whose calls leave a record.
const RECORDING: usize = 10;

/// What callers may do, by turns: nothing, read, write, and what only some tools ask for.
const SCOPES: [&[&str]; 4] = [&[], &["notes:read"], &["notes:write"], &["billing:read", "notes:read"]];

fn duration() -> Duration {
    Duration::from_secs(if env::var("CI").as_deref() == Ok("true") { 60 } else { 10 })
}

/// One credential, and whose it is.
struct Caller {
    token: String,
    subject: String,
    name: String,
    scopes: &'static [&'static str],
}

impl Caller {
    fn new(server: &Server, number: usize) -> Self {
        let (subject, name) = (format!("subject-{number}"), format!("key-{number}"));
        let scopes = SCOPES[number % SCOPES.len()];
        Self { token: server.token_for(&subject, &name, scopes), subject, name, scopes }
    }

    fn reads(&self) -> bool {
        self.scopes.iter().any(|scope| scope.starts_with("notes:"))
    }

    fn writes(&self) -> bool {
        self.scopes.contains(&"notes:write")
    }
}

/// What all connections have seen together.
#[derive(Default)]
struct Seen {
    answers: AtomicUsize,
    /// Whose each record is, by its id.
    records: Mutex<BTreeMap<i64, String>>,
    /// Calls that were told that they took too long: whether they have left a record is not known.
    unsure: AtomicUsize,
    /// Whether the server was told to stop, so that a connection can end.
    stopping: AtomicBool,
}

/// One connection, which stays open.
struct Connection {
    http: reqwest::Client,
    url: String,
    caller: Arc<Caller>,
    number: usize,
}

impl Connection {
    /// Calls until there is no answer any more.
    async fn run(self, seen: Arc<Seen>) {
        for id in 0_usize.. {
            let (tool, arguments) = self.choose(id);
            let Ok(reply) = self.call(id, tool, &arguments).await else {
                assert!(seen.stopping.load(Ordering::SeqCst), "call {id} of connection {} has no answer", self.number);
                return;
            };
            seen.answers.fetch_add(1, Ordering::Relaxed);
            assert_eq!(reply.body["id"], json!(id), "{reply:?}");
            self.judge(tool, &reply, &seen);
        }
    }

    fn choose(&self, id: usize) -> (&'static str, Value) {
        match id % 4 {
            0 if self.number.is_multiple_of(RECORDING) && self.caller.reads() => ("check_notes", json!({})),
            1 => ("delete_note", json!({"note_id": "absent"})),
            2 => ("list_notes", json!({})),
            _ => ("whoami", json!({})),
        }
    }

    async fn call(&self, id: usize, tool: &str, arguments: &Value) -> reqwest::Result<Reply> {
        let revision = Revision::ALL[self.number % Revision::ALL.len()];
        let params = revision.parameters(json!({"name": tool, "arguments": arguments}));
        let message = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        let mut request =
            self.http.post(&self.url).bearer_auth(&self.caller.token).header(CONTENT_TYPE, "application/json");
        request = request.header("MCP-Protocol-Version", revision.as_str());
        if revision.is_stateless() {
            request = request.header("Mcp-Method", "tools/call").header("Mcp-Name", tool);
        }
        let answer = request.body(message.to_string()).send().await?;
        let status = Some(answer.status().as_u16());
        let body = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        Ok(Reply { status, challenge: None, retry_after: None, body })
    }

    /// Holds an answer against who asked, and against what they may do.
    fn judge(&self, tool: &str, reply: &Reply, seen: &Seen) {
        let caller = &self.caller;
        let allowed = match tool {
            "whoami" => true,
            "delete_note" => caller.writes(),
            _ => caller.reads(),
        };
        if !allowed {
            assert_kept(Promise::MissingScope, reply, &caller.name);
            let held: BTreeSet<&str> = caller.scopes.iter().copied().collect();
            let told = reply.error_data()["held"].as_array().expect("scopes").iter();
            assert_eq!(told.filter_map(Value::as_str).collect::<BTreeSet<_>>(), held, "{reply:?}");
            return;
        }
        if reply.is_tool_error() {
            let late = ["timed_out: ", "outcome_unknown: "].iter().any(|begin| reply.text().starts_with(begin));
            assert!(late, "{tool} of {}: {reply:?}", caller.name);
            seen.unsure.fetch_add(usize::from(tool == "check_notes"), Ordering::Relaxed);
            return;
        }
        assert_kept(Promise::ManyCallers, reply, &caller.name);
        match tool {
            "whoami" => {
                let own = json!({"subject": caller.subject, "key": caller.name, "key_secret": "[redacted]"});
                assert_eq!(reply.structured(), &own);
            }
            "check_notes" => {
                let id = reply.structured()["check_id"].as_i64().expect("a number");
                let before = seen.records.lock().expect("the records").insert(id, caller.subject.clone());
                assert_eq!(before, None, "{id} was given twice");
            }
            _ => {}
        }
    }
}

/// Memory of a process that is its own, in KiB.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The most of it until then.
async fn most_memory(server: &Server, until: Instant) -> u64 {
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(memory(server));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_for_a_while_and_a_stop_in_the_midst_of_it() {
    let mut server = Server::of(ACME).start();
    let callers: Vec<_> = (0..TOKENS).map(|number| Arc::new(Caller::new(&server, number))).collect();
    let seen = Arc::<Seen>::default();
    let started = Instant::now();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().expect("a client");
            let caller = Arc::clone(&callers[number % TOKENS]);
            let connection = Connection { http, url: server.url().to_owned(), caller, number };
            tokio::spawn(connection.run(Arc::clone(&seen)))
        })
        .collect();

    // Of the first half the most is compared with the most of the second.
    let early = most_memory(&server, started + duration() / 2).await;
    let answers = seen.answers.load(Ordering::Relaxed);
    let late = most_memory(&server, started + duration()).await;

    seen.stopping.store(true, Ordering::SeqCst);
    server.terminate();
    for connection in connections {
        connection.await.expect("what a connection has seen is as it should be");
    }
    assert_eq!(server.wait(Duration::from_mins(1)).code(), Some(0), "{}", server.log());
    assert!(answers > 2 * CONNECTIONS, "{answers} answers are too few to tell");
    assert!(late <= early + early / 4, "{early} KiB became {late} KiB");

    // Every record was told to whoever made it, and what was told is there.
    let options = SqliteConnectOptions::new().filename(server.folder().join("data/acme-checks.db"));
    let mut checks = options.connect().await.expect("the records");
    let rows: Vec<(i64, String)> =
        sqlx::query_as("select id, subject from checks").fetch_all(&mut checks).await.expect("the records");
    let stored: BTreeMap<i64, String> = rows.into_iter().collect();
    let told = seen.records.lock().expect("the records").clone();
    assert!(told.len() > 10, "{} records are too few to tell", told.len());
    for (id, subject) in &told {
        assert_eq!(stored.get(id), Some(subject), "a record that was told is another one, or gone");
    }
    let untold = stored.len() - told.len();
    let unsure = seen.unsure.load(Ordering::Relaxed);
    assert!(untold <= unsure, "{untold} records were told to nobody, and {unsure} calls took too long");
}
