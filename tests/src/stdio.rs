//! One caller over standard input and output.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio as Pipe},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::{
    Revision,
    server::{Log, exited, terminate},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that is talked to over its standard input and output. It is killed when it is dropped.
#[derive(Debug)]
pub struct Stdio {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: Log,
    next_id: i64,
}

impl Stdio {
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Pipe::piped()).stdout(Pipe::piped()).stderr(Pipe::piped()).spawn()?;
        let log = Log::default();
        log.follow(child.stderr.take());
        let output = child.stdout.take().context("the process has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Ok(Self { child, input, lines, log, next_id: 1 })
    }

    /// Sends a line as it is.
    ///
    /// # Errors
    /// When the server does not read.
    pub fn send_line(&mut self, line: &str) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the input is closed")?;
        input.write_all(format!("{line}\n").as_bytes())?;
        Ok(input.flush()?)
    }

    /// The next line of the output.
    ///
    /// # Errors
    /// When none comes in time, or the output has ended.
    pub fn next_line(&mut self) -> anyhow::Result<String> {
        self.next_line_within(PATIENCE)?.context("no answer in time")
    }

    /// The next line of the output, or nothing when none comes in this time.
    ///
    /// # Errors
    /// When the output has ended.
    pub fn next_line_within(&mut self, time: Duration) -> anyhow::Result<Option<String>> {
        match self.lines.recv_timeout(time) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("the output has ended:\n{}", self.log.text()),
        }
    }

    /// Sends a request with a new id, and gives the answer to it. Answers to other requests that
    /// come before it are dropped.
    ///
    /// # Errors
    /// When no answer comes in time, or a line is not JSON.
    pub fn request(&mut self, revision: Revision, method: &str, params: Value) -> anyhow::Result<Value> {
        let id = self.next_id;
        self.next_id += 1;
        self.send_line(&revision.request(id, method, params).to_string())?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let line = self.next_line()?;
            let answer: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
            if answer["id"] == id {
                return Ok(answer);
            }
        }
        bail!("no answer to {method}")
    }

    /// What the server wrote to standard error so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Closes the input and waits until the server has ended. Gives its status and the lines that
    /// nobody has read.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn close(mut self) -> anyhow::Result<(ExitStatus, Vec<String>)> {
        self.input = None;
        self.ended().await
    }

    /// Tells the server to stop, as `Ctrl+C` does, while its input is open, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be told, or does not end.
    pub async fn terminate(mut self) -> anyhow::Result<(ExitStatus, Vec<String>)> {
        terminate(&self.child)?;
        self.ended().await
    }

    async fn ended(&mut self) -> anyhow::Result<(ExitStatus, Vec<String>)> {
        let status = exited(&mut self.child).await?;
        let mut rest = Vec::new();
        // The output has ended with the process.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            rest.push(line);
        }
        Ok((status, rest))
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
