//! A server as a process.

use std::{
    io::{BufRead as _, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio as Pipe},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use crate::{Client, Revision, Stdio};

/// How long a server may take to start, or to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to start a server: which binary, in which folder, with what.
///
/// The folder is a temporary one unless it is given; it goes when the last `Launch` or [`Server`]
/// that uses it is dropped.
#[derive(Debug, Clone)]
pub struct Launch {
    binary: PathBuf,
    folder: Folder,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Folder {
    Temporary(Arc<TempDir>),
    Given(PathBuf),
}

impl Launch {
    /// Starts from the path of a binary: `env!("CARGO_BIN_EXE_acme")`.
    ///
    /// # Panics
    /// When there is no place for temporary files.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let folder = TempDir::with_prefix("toolwright-").expect("a temporary folder");
        Self {
            binary: binary.into(),
            folder: Folder::Temporary(Arc::new(folder)),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Runs in this folder.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Folder::Given(folder.into());
        self
    }

    /// Passes one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The folder that the server runs in: its databases are below it.
    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Temporary(folder) => folder.path(),
            Folder::Given(folder) => folder,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(self.folder()).env_remove("RUST_LOG").envs(self.environment.iter().cloned());
        command
    }

    /// Runs another command of the binary in the same folder (`token list`), to its end.
    ///
    /// # Errors
    /// When the binary does not run at all.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Ran> {
        let output = self.command().args(arguments).stdin(Pipe::null()).output();
        Ok(Ran::of(&output.with_context(|| format!("cannot run {}", self.binary.display()))?))
    }

    /// Makes a token with `token create`.
    ///
    /// # Errors
    /// When the command fails; with what it said.
    pub fn token(&self, name: &str, scopes: &[&str]) -> anyhow::Result<String> {
        self.token_with(name, scopes, &[])
    }

    /// Makes a token with more options: `&["--subject", "someone"]`.
    ///
    /// # Errors
    /// When the command fails; with what it said.
    pub fn token_with(&self, name: &str, scopes: &[&str], options: &[&str]) -> anyhow::Result<String> {
        let mut arguments = vec!["token", "create", "--name", name];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        arguments.extend(options);
        let ran = self.run(&arguments)?;
        ensure!(ran.success, "token create failed: {}", ran.stderr);
        Ok(ran.stdout.trim_end().to_owned())
    }

    /// Starts the server over HTTP on a free port of the loopback address, unless the arguments
    /// say `--listen`, and waits until it listens.
    ///
    /// # Errors
    /// When it ends or does not listen in time; with its log.
    pub async fn start(&self) -> anyhow::Result<Server> {
        let mut command = self.command();
        command.arg("serve").args(&self.arguments);
        if !self.arguments.iter().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Pipe::null()).stdout(Pipe::piped()).stderr(Pipe::piped()).spawn()?;
        let log = Log::default();
        log.follow(child.stderr.take());
        log.follow(child.stdout.take());
        let mut server =
            Server { launch: self.clone(), child, log, address: ([0, 0, 0, 0], 0).into(), path: String::new() };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((address, path)) = server.log.endpoint() {
                (server.address, server.path) = (address, path);
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", server.log());
            }
            ensure!(Instant::now() < deadline, "the server does not listen:\n{}", server.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts the server over standard input and output. `credential` is the name of the
    /// environment variable and what it holds.
    ///
    /// # Errors
    /// When the binary does not run.
    pub fn stdio(&self, credential: Option<(&str, &str)>) -> anyhow::Result<Stdio> {
        let mut command = self.command();
        command.arg("stdio").args(&self.arguments).envs(credential);
        Stdio::start(command)
    }
}

/// What a command of a server printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Whether it succeeded.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A running server. It is killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    launch: Launch,
    child: Child,
    log: Log,
    address: SocketAddr,
    path: String,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its endpoint.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    /// How it was started: for further commands in the same folder, or to start again.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Everything that it wrote so far, to standard error and standard output.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits until the log has a line with each of the texts.
    ///
    /// # Errors
    /// When that takes too long; with the log.
    pub async fn wait_for_line(&self, texts: &[&str]) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.log().lines().any(|line| texts.iter().all(|text| line.contains(text))) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "no line has {texts:?}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The token that the first start printed.
    ///
    /// # Panics
    /// When it printed none.
    pub fn first_token(&self) -> String {
        let log = self.log();
        let after = log.lines().skip_while(|line| !line.contains("it is shown only now")).skip(1);
        let token = after.map(str::trim).find(|line| !line.is_empty());
        token.unwrap_or_else(|| panic!("no first token was printed:\n{log}")).to_owned()
    }

    /// Makes a token with `token create`, while the server runs.
    ///
    /// # Errors
    /// When the command fails; with what it said.
    pub fn token(&self, name: &str, scopes: &[&str]) -> anyhow::Result<String> {
        self.launch.token(name, scopes)
    }

    /// A caller with this token, after the handshake if the revision has one.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn client(&self, token: &str, revision: Revision) -> anyhow::Result<Client> {
        Client::connect(self.url(), Some(token), revision).await
    }

    /// Tells the server to stop, as `Ctrl+C` does, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be told, or does not stop.
    pub async fn terminate(mut self) -> anyhow::Result<(ExitStatus, String)> {
        self.signal_terminate()?;
        self.exited().await
    }

    /// Tells the server to stop and does not wait.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn signal_terminate(&self) -> anyhow::Result<()> {
        terminate(&self.child)
    }

    /// Waits until the server has stopped. Gives its status and its whole log.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn exited(&mut self) -> anyhow::Result<(ExitStatus, String)> {
        let status = exited(&mut self.child).await.with_context(|| self.log())?;
        // The pipes end with the process; what is in them still has to be read.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok((status, self.log()))
    }

    /// Kills the server at once. Gives what it takes to start it again in the same folder.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<Launch> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(self.launch.clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn terminate(child: &Child) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(id.context("the process has no id")?, rustix::process::Signal::TERM)?;
        Ok(())
    }
    #[cfg(not(unix))]
    bail!("process {} cannot be asked to stop on this system", child.id())
}

pub(crate) async fn exited(child: &mut Child) -> anyhow::Result<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        ensure!(Instant::now() < deadline, "the process does not stop");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What a process writes, gathered while it runs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn follow(&self, pipe: Option<impl Read + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let text = Arc::clone(&self.0);
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = text.lock().expect("the log");
                text.push_str(&line);
                text.push('\n');
            }
        });
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("the log").clone()
    }

    /// Where the server says that it listens: the fields `address` and `url` of one line, as text
    /// or as JSON.
    fn endpoint(&self) -> Option<(SocketAddr, String)> {
        let text = self.text();
        let line = text.lines().find(|line| line.contains("listening"))?;
        let field = |name: &str| {
            let start = line.find(&format!("{name}="))? + name.len() + 1;
            line[start..].split_whitespace().next()
        };
        let json = serde_json::from_str::<serde_json::Value>(line).ok();
        let value =
            |name: &str| json.as_ref().map_or_else(|| field(name), |json| json.get(name)?.as_str()).map(str::to_owned);
        let url = value("url")?;
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"))?;
        Some((value("address")?.parse().ok()?, path))
    }
}
