//! The server whose key alone says what a call is about.

use std::process::ExitCode;

use shelf_tools::*;
use toolwright::{Call, Context, Elicited, Handlers, ReadStore, ServerSpec, ToolError, mcp_tool};

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

#[mcp_tool]
async fn ask_reader(_: &Shelves, call: &Call) -> Result<ask_reader::Output, ToolError> {
    let subject = match call.ask(ask_reader::asks::Subject).await? {
        Elicited::Accepted(answer) => Some(answer.subject),
        Elicited::Declined | Elicited::Cancelled => None,
    };
    Ok(ask_reader::Output { subject })
}

#[mcp_tool]
async fn suggest(_: &Shelves, call: &Call) -> Result<suggest::Output, ToolError> {
    let words = suggest::asks::Words;
    let sampled = call.ask(call.can_ask(words).then_some(words)).await?;
    Ok(suggest::Output { suggestion: sampled.map_or_else(|| "Anything".to_owned(), |sampled| sampled.text) })
}

/// Runs the server.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |_: Context<()>| -> anyhow::Result<Handlers> { Ok(handlers(Shelves)) })
}
