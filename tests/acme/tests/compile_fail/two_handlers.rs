use acme_tools::*;
use support::{Reading, Recording, Writing};
use toolwright::{ToolError, mcp_tool};

#[path = "support/mod.rs"]
mod support;
#[path = "support/list_notes.rs"]
mod listing;
#[path = "support/delete_note.rs"]
mod deleting;

#[mcp_tool(delete_note)]
async fn remove_note(_: &Writing) -> Result<delete_note::Output, ToolError> {
    unimplemented!()
}

fn main() {
    handlers(Reading, Recording, Writing);
}
