//! The server that forwarding is tested with: it keeps nothing, and asks an API with its callers' own keys. Beside it
//! stand those whose calls are about something that the key reaches.

pub mod library;
pub mod shelf;

use std::{net::SocketAddr, process::ExitCode};

use clap::Args;
use forwarder_tools::*;
use serde::Serialize;
use serde_json::json;
use toolwright::{
    Call, Context, Handlers, ReadStore, ServerSpec, ToolError, UpstreamReader, UpstreamWriter, WriteStore, mcp_tool,
};

/// The notes, to read.
#[derive(ReadStore)]
struct ReadNotes(UpstreamReader);

/// The notes, to change.
#[derive(WriteStore)]
struct WriteNotes(UpstreamWriter);

#[derive(Serialize)]
struct Query {
    query: Option<String>,
    limit: Option<i64>,
}

#[mcp_tool]
async fn list_notes(
    store: &ReadNotes,
    call: &Call,
    list_notes::Input { query, limit }: list_notes::Input,
) -> Result<list_notes::Output, ToolError> {
    store.0.get(call, &["v1", "notes"], &Query { query, limit }).await
}

#[mcp_tool]
async fn get_note(store: &ReadNotes, call: &Call, input: get_note::Input) -> Result<Note, ToolError> {
    store.0.get(call, &["v1", "notes", &input.note_id], &()).await
}

#[mcp_tool]
async fn create_note(store: &WriteNotes, call: &Call, input: create_note::Input) -> Result<Note, ToolError> {
    store.0.post(call, &["v1", "notes"], &json!({ "text": input.text })).await
}

#[mcp_tool]
async fn delete_note(
    store: &WriteNotes,
    call: &Call,
    input: delete_note::Input,
) -> Result<delete_note::Output, ToolError> {
    let () = store.0.delete(call, &["v1", "notes", &input.note_id]).await?;
    Ok(delete_note::Output { deleted: true })
}

#[mcp_tool]
async fn whoami(_: &ReadNotes, call: &Call) -> Result<whoami::Output, ToolError> {
    let identity = call.identity();
    Ok(whoami::Output {
        key: identity.credential_id.clone(),
        name: identity.credential_name.clone(),
        owner: identity.subject.clone(),
    })
}

/// What the server can be told at its start.
#[derive(Debug, Args)]
struct Options {
    /// The address of an API that stands in, unless the environment names one
    #[arg(long, value_name = "ADDRESS")]
    stand_in: Option<SocketAddr>,
    /// A first key to show
    #[arg(long, value_name = "KEY")]
    introduce: Option<String>,
}

/// Runs the server as one declaration or another has it.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |context: Context<Options>| -> anyhow::Result<Handlers> {
        let upstream = context.upstream()?;
        if let Some(address) = context.args.stand_in.filter(|_| !upstream.is_elsewhere()) {
            upstream.stand_in(address)?;
        }
        if let Some(key) = context.args.introduce.as_deref().filter(|_| context.is_private()) {
            context.introduce(key);
        }
        Ok(handlers(ReadNotes(upstream.reader()), WriteNotes(upstream.writer())))
    })
}
