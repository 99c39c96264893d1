//! A process of the binary under test.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// What a command that ended left behind.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a binary to its end in a folder.
///
/// # Panics
/// When it cannot be started.
pub fn run(binary: &str, folder: &Path, arguments: &[&str]) -> Ran {
    run_with_input(binary, folder, arguments, "")
}

/// Runs a binary to its end in a folder, with a text on its standard input.
///
/// # Panics
/// When it cannot be started.
pub fn run_with_input(binary: &str, folder: &Path, arguments: &[&str], input: &str) -> Ran {
    run_in(Command::new(binary).current_dir(folder), arguments, input)
}

fn run_in(command: &mut Command, arguments: &[&str], input: &str) -> Ran {
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary under test");
    // A command need not read what it is given; what is dropped here ends it.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the binary under test");
    Ran {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// How a server is to be started.
#[derive(Debug)]
pub struct ServerBuilder {
    binary: String,
    through: Vec<String>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    folder: Option<PathBuf>,
}

impl ServerBuilder {
    /// One more argument of `serve`.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Has `serve` be run by another program, which takes the command as its last arguments and becomes it.
    #[must_use]
    pub fn through(mut self, program: &[&str]) -> Self {
        self.through = program.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// A folder that exists, instead of an empty one: for a second start on the same data.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Starts the server and waits until it accepts connections: on a free port of the loopback
    /// address, unless the arguments say `--listen`.
    ///
    /// # Panics
    /// When it ends or says nothing within 20 seconds.
    pub fn start(self) -> Server {
        let owned = self.folder.is_none().then(|| tempfile::tempdir().expect("a folder"));
        let folder = self.folder.clone().unwrap_or_else(|| owned.as_ref().expect("a folder").path().to_owned());
        let own_address = self.arguments.iter().any(|argument| argument == "--listen");
        let address: &[&str] = if own_address { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut command = self.through.iter().chain([&self.binary]);
        let mut child = Command::new(command.next().expect("at least the binary"))
            .args(command)
            .arg("serve")
            .args(address)
            .args(&self.arguments)
            .env_remove("RUST_LOG")
            .envs(self.environment.iter().cloned())
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test");
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().expect("piped"), Arc::clone(&log));
        collect(child.stderr.take().expect("piped"), Arc::clone(&log));
        let Self { binary, environment, .. } = self;
        let mut server = Server { binary, environment, child, log, folder, url: String::new(), _owned: owned };
        server.url = server.wait_until_ready();
        server
    }
}

fn collect(from: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("the log");
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// A running server. It is killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    binary: String,
    environment: Vec<(String, OsString)>,
    child: Child,
    log: Arc<Mutex<String>>,
    folder: PathBuf,
    url: String,
    _owned: Option<tempfile::TempDir>,
}

impl Server {
    /// A server of this binary, in an empty folder, on a free port. Pass `env!("CARGO_BIN_EXE_…")`.
    pub fn of(binary: &str) -> ServerBuilder {
        ServerBuilder {
            binary: binary.to_owned(),
            through: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
        }
    }

    fn wait_until_ready(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            let ready = log.lines().find_map(|line| line.split_once("listening on ").map(|(_, url)| url));
            if let Some(url) = ready {
                let end = url.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(url.len());
                return url[..end].to_owned();
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none() && Instant::now() < deadline, "the server did not come up ({ended:?}):\n{log}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The binary under test.
    pub fn binary(&self) -> &str {
        &self.binary
    }

    /// The server's address: the endpoint's URL without the path.
    pub fn address(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// The endpoint's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Host and port, as in a `Host` header.
    pub fn authority(&self) -> &str {
        let rest = self.url.strip_prefix("http://").unwrap_or(&self.url);
        rest.split_once('/').map_or(rest, |(authority, _)| authority)
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that the server has printed so far.
    ///
    /// # Panics
    /// Never: nothing panics with the log in its hands.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Waits for a line of the log with all of these texts, and gives it.
    ///
    /// # Panics
    /// When none comes within 20 seconds.
    pub fn wait_for_line(&self, texts: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            if let Some(line) = log.lines().find(|line| texts.iter().all(|text| line.contains(text))) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "no line has {texts:?}:\n{log}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The folder that the server runs in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The token that a first start prints.
    ///
    /// # Panics
    /// When none was printed.
    pub fn first_token(&self, prefix: &str) -> String {
        let log = self.log();
        let at = log.find(prefix).unwrap_or_else(|| panic!("no token in:\n{log}"));
        log[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
    }

    /// Runs another command of the same binary in the same folder, with the same environment variables.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        self.command_with_input(arguments, "")
    }

    /// The same with a text on its standard input.
    pub fn command_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(&self.binary);
        run_in(command.envs(self.environment.iter().cloned()).current_dir(&self.folder), arguments, input)
    }

    /// Creates a token with exactly these scopes.
    ///
    /// # Panics
    /// When the command fails.
    pub fn token(&self, name: &str, scopes: &[&str]) -> String {
        self.token_for("local", name, scopes)
    }

    /// Creates a token of another account.
    ///
    /// # Panics
    /// When the command fails.
    pub fn token_for(&self, subject: &str, name: &str, scopes: &[&str]) -> String {
        let mut arguments = vec!["token", "create", "--name", name, "--subject", subject];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let ran = self.command(&arguments);
        assert!(ran.status.success(), "{}", ran.stderr);
        ran.stdout.trim().to_owned()
    }

    /// Revokes a token by its name.
    ///
    /// # Panics
    /// When the command fails.
    pub fn revoke(&self, name: &str) {
        let ran = self.command(&["token", "revoke", name]);
        assert!(ran.status.success(), "{}", ran.stderr);
    }

    /// Ends the server at once, as a power cut does, and keeps its folder.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child");
        self.child.wait().expect("a child");
    }

    /// Asks the server to end, as a service manager does (SIGTERM).
    ///
    /// # Panics
    /// When it cannot be asked.
    #[cfg(unix)]
    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Asks the server to end, as somebody at its terminal does (SIGINT).
    ///
    /// # Panics
    /// When it cannot be asked.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(id.expect("an id"), signal).expect("a child");
    }

    /// Waits until the server has ended, and says how.
    ///
    /// # Panics
    /// When it lives longer than the limit.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server still runs:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, and there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
