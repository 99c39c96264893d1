//! What data flows become, and what they do to real databases.

mod bench;
mod cases;
mod edits;
mod running;
