use acme_tools::*;
use support::{Reading, Recording, Writing};
use toolwright::mcp_tool;

#[path = "support/mod.rs"]
mod support;
#[path = "support/list_notes.rs"]
mod listing;

#[mcp_tool]
async fn delete_note(_: &Writing) {
    unimplemented!()
}

fn main() {
    handlers(Reading, Recording, Writing);
}
