use acme_tools::*;
use support::{Reading, Recording, Writing};
use toolwright::{ToolError, mcp_tool};

#[path = "support/mod.rs"]
mod support;
#[path = "support/list_notes.rs"]
mod listing;

#[mcp_tool]
async fn delete_note(_: &Writing, _: list_notes::Input) -> Result<delete_note::Output, ToolError> {
    unimplemented!()
}

fn main() {
    handlers(Reading, Recording, Writing);
}
