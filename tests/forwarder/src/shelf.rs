//! The server whose key alone says what a call is about.

use std::process::ExitCode;

use shelf_tools::*;
use toolwright::{Call, Context, Handlers, ReadStore, ServerSpec, ToolError, mcp_tool};

/// Nothing: the call says all that there is.
#[derive(ReadStore)]
struct Shelves;

#[mcp_tool]
async fn read_shelf(_: &Shelves, call: &Call) -> Result<read_shelf::Output, ToolError> {
    Ok(read_shelf::Output { shelf: call.book_shelf().to_owned() })
}

#[mcp_tool]
async fn misdirect(_: &Shelves, call: &Call) -> Result<misdirect::Output, ToolError> {
    Ok(misdirect::Output { shelf: call.book_shelf().to_owned() })
}

/// Runs the server.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |_: Context<()>| -> anyhow::Result<Handlers> { Ok(handlers(Shelves)) })
}
