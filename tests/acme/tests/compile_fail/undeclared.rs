use acme_tools::*;
use support::{Reading, Recording, Writing};
use toolwright::mcp_tool;

#[path = "support/mod.rs"]
mod support;
#[path = "support/list_notes.rs"]
mod listing;
#[path = "support/delete_note.rs"]
mod deleting;

#[mcp_tool]
async fn archive_note(_: &Writing, _: archive_note::Input) -> Result<archive_note::Output, toolwright::ToolError> {
    unimplemented!()
}

fn main() {
    handlers(Reading, Recording, Writing);
}
