//! Tools that show what the runtime hands to a handler, and what it does with one that goes wrong.

use std::{path::PathBuf, thread, time::Duration};

use acme_tools::*;
use toolwright::{Call, Redacted, ToolError, mcp_tool};

use crate::{ReadNotes, WriteNotes};

/// Together longer than a call of this server may take; the first alone is, too.
const BLOCKING: Duration = Duration::from_millis(2500);
const WAITING: Duration = Duration::from_millis(500);

#[mcp_tool]
async fn whoami(_store: &ReadNotes, call: &Call) -> Result<whoami::Output, ToolError> {
    let identity = call.identity();
    Ok(whoami::Output {
        subject: identity.subject.clone(),
        key: identity.credential_name.clone(),
        key_secret: Redacted,
    })
}

#[mcp_tool]
async fn echo(_store: &ReadNotes, _call: &Call, input: echo::Input) -> Result<echo::Output, ToolError> {
    Ok(echo::Output { arguments: serde_json::to_value(input).map_err(ToolError::internal)? })
}

#[mcp_tool]
async fn misbehave(_store: &ReadNotes, _call: &Call, input: misbehave::Input) -> Result<misbehave::Output, ToolError> {
    let unfinished = Unfinished::begin("misbehave");
    let done = go_wrong(input.how, &input.text).await;
    std::mem::forget(unfinished);
    done.map(|()| misbehave::Output { survived: true, last_words: None })
}

#[mcp_tool]
async fn misbehave_writing(
    store: &WriteNotes,
    call: &Call,
    input: misbehave_writing::Input,
) -> Result<misbehave_writing::Output, ToolError> {
    begin("misbehave_writing");
    go_wrong(input.how, &input.text).await?;
    store.add(call.subject(), input.text, None, Vec::new());
    Ok(misbehave_writing::Output { survived: true })
}

/// Says when a call begins.
fn begin(tool: &str) {
    eprintln!("{tool} began");
}

/// Says when a call ends before it has come to its end.
struct Unfinished(&'static str);

impl Unfinished {
    fn begin(tool: &'static str) -> Self {
        begin(tool);
        Self(tool)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        eprintln!("{} was dropped", self.0);
    }
}

/// Background work that panics once there is a file.
pub(crate) async fn panic_after(file: PathBuf) {
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("background work that panics");
}

/// Blocking takes the thread with it, as handlers do that call what is not asynchronous; who then
/// waits can be stopped.
pub(crate) async fn go_wrong(how: Misbehaviour, text: &str) -> Result<(), ToolError> {
    match how {
        Misbehaviour::Panic => panic!("a handler that panics"),
        Misbehaviour::Hang => std::future::pending().await,
        Misbehaviour::Fail => Err(ToolError::wrong_state("this tool was asked to fail")),
        Misbehaviour::Leak => {
            tracing::warn!(text, "leaking");
            Err(ToolError::unavailable(text))
        }
        Misbehaviour::Block => {
            thread::sleep(BLOCKING);
            tokio::time::sleep(WAITING).await;
            Ok(())
        }
    }
}
