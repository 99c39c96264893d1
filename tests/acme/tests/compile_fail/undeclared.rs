use acme_tools::*;
use toolwright::{Call, ReadStore, ToolError, WriteStore, mcp_tool};

#[derive(ReadStore)]
struct Reading;
#[derive(WriteStore)]
struct Writing;

#[mcp_tool]
async fn list_notes(_store: &Reading, _call: &Call, _input: list_notes::Input) -> Result<list_notes::Output, ToolError> {
    Ok(list_notes::Output { notes: Vec::new() })
}

#[mcp_tool]
async fn delete_note(_store: &Writing, _input: delete_note::Input) -> Result<delete_note::Output, ToolError> {
    todo!()
}

#[mcp_tool]
async fn archive_note(store: &Writing, input: archive_note::Input) -> Result<archive_note::Output, ToolError> {
    todo!()
}

fn main() {
    let _ = handlers(Reading, Writing);
}
