use acme_tools::*;
use support::{Reading, Recording, Writing};

#[path = "support/mod.rs"]
mod support;
#[path = "support/list_notes.rs"]
mod listing;

fn main() {
    handlers(Reading, Recording, Writing);
}
