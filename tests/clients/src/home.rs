//! A home directory in which nobody has lived, and the programs that run in it.

use std::{ffi::OsStr, fs, os::unix::fs::symlink, path::PathBuf, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::timeout,
};

use crate::{
    installed::{CLAUDE, CODEX, GEMINI, MCPB, NODE, OPENCODE, modules},
    outside::Outside,
};

/// How long a program may take for what it is asked: several start at once, on machines that do other things too.
const PATIENCE: Duration = Duration::from_mins(3);

/// What keeps programs from asking for anything but what they are told to.
const SWITCHES: [(&str, &str); 16] = [
    // npx takes what is installed.
    ("npm_config_offline", "true"),
    ("npm_config_update_notifier", "false"),
    ("npm_config_audit", "false"),
    ("npm_config_fund", "false"),
    // Claude Code.
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    // OpenCode.
    ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
    ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
    ("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1"),
    ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
    ("OPENCODE_DISABLE_SHARE", "1"),
    // Gemini CLI.
    ("GEMINI_TELEMETRY_ENABLED", "false"),
    ("GEMINI_CLI_NO_RELAUNCH", "1"),
    ("NO_COLOR", "1"),
];

/// What a program has left behind.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

/// The directory, with variables of its own. What runs in it ends with it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    outside: Outside,
    variables: Vec<(String, String)>,
}

impl Home {
    pub(crate) async fn new() -> Self {
        let home = Self {
            folder: tempfile::tempdir().expect("a folder"),
            outside: Outside::new().await,
            variables: Vec::new(),
        };
        fs::create_dir(home.path("bin")).expect("a folder");
        fs::create_dir(home.path("tmp")).expect("a folder");
        for program in [NODE, CLAUDE, CODEX, GEMINI, OPENCODE, MCPB] {
            symlink(program.path(), home.path("bin").join(program.name)).expect("a link");
        }
        // A project: where npx looks for what is installed.
        fs::create_dir(home.project()).expect("a folder");
        symlink(modules(), home.project().join("node_modules")).expect("a link");
        home
    }

    /// One more variable of everything that runs here.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A place in it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The folder in which programs are started.
    pub(crate) fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Reads a file that a program has written.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A program, to be started as a person who lives here would.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let own = self.path("bin");
        command
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", own.display()))
            .env("LANG", "C.UTF-8")
            .env("TERM", "dumb")
            .envs(SWITCHES)
            .envs(["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map(|name| (name, self.outside.address())))
            .envs(["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1,localhost")))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }

    /// Runs a program of its `bin` to its end.
    ///
    /// # Panics
    /// When it does not come to one.
    pub(crate) async fn run(&self, program: &str, arguments: &[&str]) -> Said {
        finish(self.command(self.path("bin").join(program)).args(arguments), program).await
    }

    /// Runs a text in a shell, as a person pastes it.
    ///
    /// # Panics
    /// When it fails.
    pub(crate) async fn paste(&self, text: &str) -> Said {
        let said = self.shell(text).await;
        assert_eq!(said.code, Some(0), "{text}\n{}\n{}", said.stdout, said.stderr);
        said
    }

    /// The same, however it ends.
    pub(crate) async fn shell(&self, text: &str) -> Said {
        finish(self.command("/bin/sh").args(["-eu", "-c", text]), text).await
    }

    /// What was asked for beyond this machine.
    pub(crate) fn wanted(&self) -> Vec<String> {
        self.outside.wanted()
    }
}

async fn finish(command: &mut Command, what: &str) -> Said {
    finish_with(command, what, "").await
}

/// Runs a command to its end, with a text on its standard input.
///
/// # Panics
/// When it does not come to one.
pub(crate) async fn finish_with(command: &mut Command, what: &str, input: &str) -> Said {
    let mut group = Group::start(command.stdin(Stdio::piped()));
    // It need not read what it is given; what is dropped here ends it.
    let _ = group.child.stdin.take().expect("piped").write_all(input.as_bytes()).await;
    let [mut out, mut err] = [Vec::new(), Vec::new()];
    let mut stdout = group.child.stdout.take().expect("piped");
    let mut stderr = group.child.stderr.take().expect("piped");
    let whole = async {
        let (_, _, status) =
            tokio::join!(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err), group.child.wait());
        status.expect("a child").code()
    };
    let code = timeout(PATIENCE, whole).await;
    let [stdout, stderr] = [out, err].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let code = code.unwrap_or_else(|_| panic!("{what} does not end:\n{stdout}\n{stderr}"));
    Said { stdout, stderr, code }
}

/// A program and everything that it starts, which ends with it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) child: Child,
    id: Pid,
}

impl Group {
    /// Starts a command that makes a process group of its own.
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("an id");
        Self { child, id }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It may have ended already, and there is nobody to tell.
        let _ = kill_process_group(self.id, Signal::KILL);
    }
}
