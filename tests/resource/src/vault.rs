//! The server whose issuer is asked about tokens.

use std::process::ExitCode;

use toolwright::{Call, Context, ReadStore, ServerSpec, ToolError, mcp_tool};
use vault_tools::*;

/// The items.
#[derive(ReadStore)]
struct Items;

#[mcp_tool]
async fn get_item(_: &Items, input: get_item::Input) -> Result<get_item::Output, ToolError> {
    Ok(get_item::Output { id: input.item_id })
}

#[mcp_tool]
async fn whoami(_: &Items, call: &Call) -> Result<whoami::Output, ToolError> {
    let identity = call.identity();
    Ok(whoami::Output { token_id: identity.credential_id.clone(), subject: identity.subject.clone() })
}

/// Runs the server as one declaration or another has it.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |_: Context<()>| Ok(handlers(Items)))
}
