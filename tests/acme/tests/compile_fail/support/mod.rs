//! The stores, and a handler for every tool but `list_notes` and `delete_note`.

use acme_tools::*;
use toolwright::{ReadStore, RecordStore, ToolError, WriteStore, mcp_tool};

#[derive(ReadStore)]
pub struct Reading;

#[derive(RecordStore)]
pub struct Recording;

#[derive(WriteStore)]
pub struct Writing;

#[mcp_tool]
async fn add_note(_: &Writing) -> Result<Note, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn print_note(_: &Writing) -> Result<print_note::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn shred_note(_: &Writing) -> Result<shred_note::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn count_notes(_: &Reading) -> Result<count_notes::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn price_notes(_: &Reading) -> Result<price_notes::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn check_notes(_: &Recording) -> Result<check_notes::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn whoami(_: &Reading) -> Result<whoami::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn echo(_: &Reading) -> Result<echo::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn misbehave(_: &Reading) -> Result<misbehave::Output, ToolError> {
    unimplemented!()
}

#[mcp_tool]
async fn misbehave_writing(_: &Writing) -> Result<misbehave_writing::Output, ToolError> {
    unimplemented!()
}
