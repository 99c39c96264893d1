//! A server at the other end of a pipe.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

use crate::{Reply, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// The environment variables of a server's `stdio`, as its manifest names them.
#[derive(Debug, Clone, Copy)]
pub struct Variables {
    /// The one with the credential.
    pub credential: &'static str,
    /// The one with the address of a server to forward to.
    pub gateway: &'static str,
}

/// A process of the binary under test that speaks the protocol on its standard streams.
#[derive(Debug)]
pub struct StdioPipe {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    log: Arc<Mutex<String>>,
    logged: JoinHandle<()>,
    own_folder: Option<tempfile::TempDir>,
}

impl StdioPipe {
    /// A process that serves by itself, on the data of a server.
    pub fn beside(server: &Server, variables: Variables, token: Option<&str>) -> Self {
        let environment: Vec<_> = token.map(|token| (variables.credential, token)).into_iter().collect();
        Self::start(server.binary(), server.folder(), &environment, &[])
    }

    /// A process that forwards to a server.
    pub fn through(server: &Server, variables: Variables, token: Option<&str>) -> Self {
        let address = server.address();
        let mut environment = vec![(variables.gateway, address.as_str())];
        environment.extend(token.map(|token| (variables.credential, token)));
        Self::alone(server.binary(), &environment)
    }

    /// Starts `binary stdio` in an empty folder of its own, with these environment variables.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn alone(binary: &str, environment: &[(&str, &str)]) -> Self {
        Self::alone_with(binary, environment, &[])
    }

    /// As [`Self::alone`], with arguments.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn alone_with(binary: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = Self::start(binary, folder.path(), environment, arguments);
        Self { own_folder: Some(folder), ..pipe }
    }

    /// The folder of a process that was started in one of its own.
    pub fn own_folder(&self) -> Option<&Path> {
        self.own_folder.as_ref().map(tempfile::TempDir::path)
    }

    /// Starts `binary stdio` in a folder, with these environment variables and arguments.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(binary: &str, folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.arg("stdio").args(arguments).envs(environment.iter().copied()).current_dir(folder);
        Self::of(command)
    }

    /// Starts any program that speaks the protocol on its standard streams.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn of(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let log = Arc::<Mutex<String>>::default();
        let logged = tokio::spawn(collect(child.stderr.take().expect("piped"), Arc::clone(&log)));
        Self { child, input, output, log, logged, own_folder: None }
    }

    /// Waits for a line of the log with all of these texts.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn wait_for_line(&self, texts: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log.lock().expect("the log").clone();
            if log.lines().any(|line| texts.iter().all(|text| line.contains(text))) {
                return;
            }
            assert!(Instant::now() < deadline, "no line has {texts:?}:\n{log}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes one line.
    ///
    /// # Panics
    /// When the pipe is closed.
    pub async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().expect("an open pipe");
        input.write_all(format!("{line}\n").as_bytes()).await.expect("an open pipe");
        input.flush().await.expect("an open pipe");
    }

    /// Reads the next message.
    ///
    /// # Panics
    /// When none comes, or a line is no JSON: standard output carries the protocol only.
    pub async fn receive(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.expect("an answer in time").expect("an open pipe");
        let line = line.expect("an answer before the end");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"))
    }

    /// Reads the next message, or none when nothing comes within this time.
    ///
    /// # Panics
    /// When the pipe ends, or a line is no JSON.
    pub async fn receive_within(&mut self, time: Duration) -> Option<Value> {
        let line = timeout(time, self.output.next_line()).await.ok()?.expect("an open pipe");
        let line = line.expect("an answer before the end");
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}")))
    }

    /// Asks the process to end, as a service manager does (SIGTERM), while the pipe is open. Then
    /// see [`Self::end`].
    ///
    /// # Panics
    /// When it cannot be asked.
    #[cfg(unix)]
    pub fn terminate(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.expect("an id"), Signal::TERM).expect("a child");
    }

    /// Sends a request and waits for the answer with its id; other messages are passed over.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn request(&mut self, message: &Value) -> Reply {
        self.send(&message.to_string()).await;
        loop {
            let body = self.receive().await;
            if body.get("id") == message.get("id") {
                return Reply { status: None, challenge: None, retry_after: None, body };
            }
        }
    }

    /// Closes the pipe and waits for the process: its exit code, and the rest of both outputs.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn close(mut self) -> (Option<i32>, Vec<String>, String) {
        drop(self.input.take());
        self.end().await
    }

    /// Waits for the process: its exit code, and the rest of both outputs.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let mut rest = Vec::new();
        while let Some(line) = timeout(PATIENCE, self.output.next_line()).await.expect("an end").expect("an open pipe")
        {
            rest.push(line);
        }
        let status = timeout(PATIENCE, self.child.wait()).await.expect("an end").expect("a child");
        timeout(PATIENCE, self.logged).await.expect("an end").expect("the log");
        let log = self.log.lock().expect("the log").clone();
        (status.code(), rest, log)
    }
}

/// Reads on, so that a process never waits for somebody to read its log.
async fn collect(from: impl AsyncRead + Unpin, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().expect("the log");
        log.push_str(&line);
        log.push('\n');
    }
}
